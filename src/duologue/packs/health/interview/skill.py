"""Takes the history inside a turn, one question at a time, in words that people wrote; no model decides here."""

from duologue.packs.health.interview.consultation import lang_of, next_step, said_of
from duologue.packs.health.interview.reader import CLINICIANS, talk_of
from duologue.packs.health.policy import OFF_TOPIC, is_off_topic
from duologue.sdk import Reply, Skill, SkillContext

SURE = 0.99


async def take_history(context: SkillContext) -> Reply | None:
    """The next question; at the end a word of thanks. Nothing once a question of the model's own is wanted (an expert's wish)."""
    turn = context.turn
    if turn.instruction:
        return None
    talk = [*talk_of(turn.history), said_of("person", turn.question, turn.message.seq, turn.message.data)]
    lang = lang_of(talk, turn.conversation.lang)
    asked = {s.key for s in talk}
    if "done" in asked or "declined" in asked:
        return None
    if is_off_topic(turn.question, lang) and len(talk) > 1:
        pending = next((s for s in reversed(talk) if s.author == "assistant" and s.key), None)
        words = f"{OFF_TOPIC[lang]} {pending.text.removeprefix(OFF_TOPIC[lang]).strip()}" if pending else OFF_TOPIC[lang]
        return Reply(words, SURE, lang, data={"health": {"key": pending.key if pending else ""}}, is_settled=True)
    step = next_step(talk, lang, context.host.settings.health_emergency_number)
    return Reply(step.text, SURE, lang, data={"health": {"key": step.key}}, is_settled=True, team=CLINICIANS)


HISTORY = Skill("history", take_history)
