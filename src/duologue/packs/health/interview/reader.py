"""Reads every message of a patient before anything else: red flags by rules, and the answer to the question of consent.

No model takes part, and it runs whoever is in control. An alarm keeps an escalation in the same transaction and tells the person
what to do meanwhile.
"""

from duologue.kit.ids import new_id
from duologue.packs.health import repository
from duologue.packs.health.interview.consultation import Said, consent_of, lang_of, new_alarms, said_of
from duologue.packs.health.interview.history import URGENT, meanwhile
from duologue.packs.health.redflags.escalation import Escalation
from duologue.packs.health.redflags.rules import Alarm
from duologue.sdk import Message, ReadContext, Reader, ReadingAlarm, Seen, WriteTx

CLINICIANS = "clinicians"


def talk_of(messages: tuple[Message, ...]) -> list[Said]:
    """The public talk, oldest first."""
    return [said_of(m.author_kind, m.body, m.seq, m.data) for m in messages if m.author_kind in ("person", "ai", "expert")]


async def read_message(context: ReadContext) -> Seen:
    """Alarms that the message causes, and consent."""
    here, message = context.conversation, context.message
    # The whole talk and not the last messages: what was said at its beginning decides what a word means at its end.
    texts = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    before = tuple(m for m in texts if m.kind == "text" and here.episode_seq < m.seq < message.seq)
    talk = [*talk_of(before), said_of("person", message.body, message.seq, message.data)]
    lang = lang_of(talk, here.lang)
    alarms = new_alarms(talk, lang)
    grave = [a for a in alarms if a.state == "raised" and a.level <= URGENT]
    agreed, agreed_before = consent_of(talk, lang), consent_of(talk[:-1], lang)
    now = context.host.clock.now()

    async def keep(tx: WriteTx) -> None:
        if agreed is not None and agreed != agreed_before:
            await repository.keep_consent(tx, here.workspace_id, here.id, here.person_id, agreed, now)
            await repository.note_audit(tx, here.workspace_id, here.person_id, "consent", here.id, now, {"given": agreed})
        if grave:
            escalation = Escalation(
                new_id("esc"), here.workspace_id, here.id, here.person_id, message.id, min(a.level for a in grave),
                tuple(a.rule for a in grave), tuple(a.title for a in grave), "notified", now, now, now, 1,
            )  # fmt: skip
            await repository.keep_escalation(tx, escalation)
            detail = {"rules": list(escalation.rules), "version": grave[0].version, "level": escalation.level}
            await repository.note_audit(tx, here.workspace_id, "rules", "escalated", here.id, now, detail)

    number = context.host.settings.health_emergency_number
    notice = {"en": meanwhile("en", number), "zh": meanwhile("zh", number)}
    alarm = ReadingAlarm("red_flag", "policy_topic", CLINICIANS, notice) if grave else None  # type: ignore[arg-type]
    return Seen({"alarms": [_plain(a) for a in alarms]}, topic="red_flag" if grave else None, alarm=alarm, effect=keep)


def _plain(alarm: Alarm) -> dict[str, object]:
    return {"rule": alarm.rule, "version": alarm.version, "level": alarm.level, "state": alarm.state, "title": alarm.title}


RED_FLAGS = Reader("red_flags", read_message, is_vital=True)
