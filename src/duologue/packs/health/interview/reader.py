"""Reads every message of a patient before anything else: red flags by rules, and the answer to the question of consent.

No model takes part, and it runs whoever is in control. What sounds like danger to the house's own guard is judged here too, and
here alone (`redflags/danger.py`): it knows the place's number, and the queue that calls until somebody comes. An alarm keeps an
escalation in the same transaction and tells the person what to do meanwhile.
"""

from collections.abc import Sequence

from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.packs.health import repository
from duologue.packs.health.audit.repository import note_audit
from duologue.packs.health.interview.consultation import Said, again_alarms, consent_of, lang_of, new_alarms, said_of, turns_of
from duologue.packs.health.interview.history import grave_of, is_for_oneself, meanwhile
from duologue.packs.health.redflags.danger import heard_alarms
from duologue.packs.health.redflags.escalation import Escalation
from duologue.packs.health.redflags.rules import Alarm
from duologue.sdk import Message, ReadContext, Reader, ReadingAlarm, Seen, WriteTx

CLINICIANS, RED_FLAG = "clinicians", "red_flag"
LANGS: tuple[Lang, ...] = ("en", "zh")


def talk_of(messages: tuple[Message, ...]) -> list[Said]:
    """The public talk, oldest first."""
    return [said_of(m.author_kind, m.body, m.seq, m.data) for m in messages if m.author_kind in ("person", "ai", "expert")]


def find_back_at(messages: Sequence[Message]) -> int:
    """Where a clinician last handed the talk back to the assistant; 0 where none did."""
    return max((m.seq for m in messages if m.kind == "marker" and m.data.get("code") == "handed_back"), default=0)


def _alarms_of(talk: Sequence[Said], lang: Lang, back_at: int) -> list[Alarm]:
    """Alarms that the last message causes: new ones; known ones told anew; and what the house's guard hears and the rules doubt."""
    alarms = new_alarms(talk, lang)
    known = {a.rule for a in grave_of(alarms)}
    heard = heard_alarms(turns_of([s for s in talk if s.seq > back_at], whole=True), lang)
    for alarm in (*again_alarms(talk, lang, back_at), *heard):
        if alarm.state == "raised" and alarm.rule not in known:
            known.add(alarm.rule)
            alarms.append(alarm)
    return alarms


async def read_message(context: ReadContext) -> Seen:
    """Alarms that the message causes, and consent."""
    here, message = context.conversation, context.message
    # The whole talk and not the last messages: what was said at its beginning decides what a word means at its end.
    texts = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    before = tuple(m for m in texts if m.kind == "text" and here.episode_seq < m.seq < message.seq)
    talk = [*talk_of(before), said_of("person", message.body, message.seq, message.data)]
    lang = lang_of(talk, here.lang)
    alarms = _alarms_of(talk, lang, find_back_at(texts) if here.controller.kind == "ai" else 0)
    grave = grave_of(alarms)
    agreed, agreed_before = consent_of(talk, lang), consent_of(talk[:-1], lang)
    now = context.host.clock.now()

    async def keep(tx: WriteTx) -> None:
        if agreed is not None and agreed != agreed_before:
            await repository.keep_consent(tx, here.workspace_id, here.id, here.person_id, agreed, now)
            await note_audit(tx, here.workspace_id, here.person_id, "consent", here.id, now, {"given": agreed})
        if grave:
            escalation = Escalation(
                new_id("esc"), here.workspace_id, here.id, here.person_id, message.id, min(a.level for a in grave),
                tuple(a.rule for a in grave), tuple(a.title for a in grave), "notified", now, now, now, 1,
            )  # fmt: skip
            await repository.keep_escalation(tx, escalation)
            detail = {"rules": list(escalation.rules), "version": grave[0].version, "level": escalation.level}
            await note_audit(tx, here.workspace_id, "rules", "escalated", here.id, now, detail)

    number = context.host.settings.health_emergency_number
    oneself = is_for_oneself(grave)
    notice: dict[Lang, str] = {at: meanwhile(at, number, for_oneself=oneself) for at in LANGS}
    alarm = ReadingAlarm(RED_FLAG, "policy_topic", CLINICIANS, notice) if grave else None
    return Seen({"alarms": [_plain(a) for a in alarms]}, topic=RED_FLAG if grave else None, alarm=alarm, effect=keep)


def _plain(alarm: Alarm) -> dict[str, object]:
    return {"rule": alarm.rule, "version": alarm.version, "level": alarm.level, "state": alarm.state, "title": alarm.title}


RED_FLAGS = Reader("red_flags", read_message, is_vital=True, judges_danger=True)
