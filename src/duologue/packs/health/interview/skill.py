"""Takes the history inside a turn, one question at a time, in words that people wrote; no model decides here."""

from collections.abc import Sequence

from duologue.kit.text import Lang
from duologue.packs.health.interview.consultation import Said, lang_of, next_step
from duologue.packs.health.interview.reader import CLINICIANS, RED_FLAG, find_back_at, talk_of
from duologue.packs.health.policy import (
    CANT_PRESCRIBE,
    CANT_SAY,
    OFF_TOPIC,
    TO_GO_ON,
    asks_opinion,
    asks_prescription,
    is_off_topic,
    only_asks_prescription,
)
from duologue.packs.health.redflags.deciding import is_aside
from duologue.sdk import Message, Reply, Skill, SkillContext

SURE = 0.99
SEEN: dict[Lang, str] = {
    "en": "A clinician has seen what you told me and decides about it; if it gets worse, call {number} at once. To go on: ",
    "zh": "医生已经看到您说的情况，由医生决定；如果加重，请立即拨打 {number}。我们继续：",
}
"""Leads the first words after a clinician handed an alarm back: nothing that he has not lowered himself is lowered by it."""


async def take_history(context: SkillContext) -> Reply | None:
    """The next question; at the end a word of thanks. Nothing once a question of the model's own is wanted (an expert's wish)."""
    turn = context.turn
    if turn.instruction:
        return None
    talk = talk_of((*turn.history, *turn.unheard, turn.message))
    lang = lang_of(talk, turn.conversation.lang)
    asked = {s.key for s in talk}
    wants = asks_prescription(turn.question)
    if "done" in asked or "declined" in asked:
        return _leave(lang) if wants else None
    if wants and (stands := _find_standing(talk)) and only_asks_prescription(turn.question, lang):
        words = CANT_PRESCRIBE[lang] + TO_GO_ON[lang] + _bare(stands.text, lang)
        return Reply(words, SURE, lang, data={"health": {"key": stands.key}}, is_settled=True, team=CLINICIANS)
    if is_off_topic(turn.question, lang) and len(talk) > 1:
        pending = _find_standing(talk)
        words = f"{OFF_TOPIC[lang]} {_bare(pending.text, lang)}" if pending else OFF_TOPIC[lang]
        return Reply(words, SURE, lang, data={"health": {"key": pending.key if pending else ""}}, is_settled=True)
    asks = asks_opinion(turn.question, lang) and len(talk) > 1
    if asks and is_aside(turn.question):  # nothing else is said: the question that stands is put once more
        pending = _find_standing(talk)
        if pending and not pending.key.startswith("redflag:"):
            words = CANT_SAY[lang] + _bare(pending.text, lang)
            return Reply(words, SURE, lang, data={"health": {"key": pending.key}}, is_settled=True)
    number, here = context.host.settings.health_emergency_number, turn.conversation
    messages = await context.host.list_messages(here.workspace_id, here.id, public_only=True)
    step = next_step(talk, lang, number, find_back_at(messages))
    is_first = _is_first_since_alarm(messages)
    if is_first:
        lead = SEEN[lang].format(number=number)
    elif wants:
        lead = CANT_PRESCRIBE[lang] + (TO_GO_ON[lang] if step.kind == "ask" and len(talk) > 1 else "")
    else:
        lead = CANT_SAY[lang] if asks and step.kind == "ask" else ""
    return Reply(lead + step.text, SURE, lang, data={"health": {"key": step.key}}, is_settled=True, team=CLINICIANS)


def _find_standing(talk: Sequence[Said]) -> Said | None:
    """The question that was put last."""
    return next((s for s in reversed(talk) if s.author == "assistant" and s.key), None)


def _bare(question: str, lang: Lang) -> str:
    """A question without what led it."""
    for lead in (OFF_TOPIC[lang], CANT_SAY[lang], CANT_PRESCRIBE[lang], TO_GO_ON[lang]):
        question = question.removeprefix(lead).strip()
    return question


def _leave(lang: Lang) -> Reply:
    """A wish for a prescription with nothing left to ask: a clinician's."""
    return Reply(CANT_PRESCRIBE[lang].strip(), SURE, lang, is_settled=True, hand_over="policy_topic", team=CLINICIANS)


def _is_first_since_alarm(messages: Sequence[Message]) -> bool:
    """Whether a clinician has handed back what an alarm had brought him, and the assistant has not spoken since."""
    back_at = find_back_at(messages)
    before = find_back_at([m for m in messages if m.seq < back_at])
    was_alarm = any(m.kind == "notice" and m.data.get("code") == RED_FLAG and before < m.seq < back_at for m in messages)
    return was_alarm and not any(m.author_kind == "ai" and m.seq > back_at for m in messages)


HISTORY = Skill("history", take_history)
