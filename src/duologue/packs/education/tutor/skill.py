"""The tutor in a conversation: takes up a question that the learner is stuck on, and goes on where the last message left it.

Knows the items of the class's course and what can be worked out from the question itself (a linear equation, a sum); takes up
nothing else. The state stays with the tutor's messages, the key in none of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from duologue.kit.text import Lang, normalise
from duologue.packs.education.course import FOR_PEOPLE
from duologue.packs.education.library.service import open_library
from duologue.packs.education.maths.linear import solve_linear, value_of
from duologue.packs.education.tutor.tutor import Tutor, TutorState, read_state
from duologue.packs.education.tutor.wording import say_in_own_words
from duologue.packs.education.tutor.words import say
from duologue.sdk import Message, Reply, Skill, SkillContext

SURE = 0.95
KEEP = "tutor"
"""Key in a message's data: the question that is worked on and how far the ladder was climbed."""
_STUCK = re.compile(
    r"\b(?:stuck|can'?t (?:solve|do|get)|cannot (?:solve|do)|don'?t know how|help me (?:with|solve)"
    r"|how (?:do|can|should) i (?:solve|do|work out)|where (?:is|did) (?:my|i).{0,20}(?:mistake|wrong)|what did i do wrong"
    r"|is (?:this|my (?:solution|answer|work)) (?:right|correct)|check my|homework)\b"
    r"|卡住|不会(?:做|解|算)|怎么(?:解|做|算)|帮我(?:解|做|算|看)|哪里错|错在哪|对不对|检查(?:一下)?我|作业",
    re.IGNORECASE,
)
_LEAVE = re.compile(
    r"\b(?:another|other|new) question\b|\bstop\b|\bthanks?\b|\bthank you\b|\bbye\b|\bhuman\b"
    r"|换一?[道个]题|谢谢|再见|不做了|转人工",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\b(?:next|another|one more|more like)\b|再来|下一[道个题]|还有吗|换一?[道个]", re.IGNORECASE)
_ABOUT = re.compile(r"^\s*(?:what (?:is|are|does)|why|when|什么是|什么叫|为什么)", re.IGNORECASE)
_BEGS = re.compile(r"\b(?:answer|result|solution|key|it|this|x)\b|答案|结果|得数|多少", re.IGNORECASE)
_QUESTION = re.compile(
    r"(?:[\d.()\s+\-−*/×÷]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+=(?:[\d.()\s+\-−*/×÷]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+"
    r"|(?:(?<![\w)）])[-−]\s*)?\d[\d.()\s/]*(?:[-−+*×÷/]\s*\(?\d[\d.()\s/]*)+"
)
"""An equation or a sum, with the sign in front of it: −1/2 + 1/3 is another question than 1/2 + 1/3."""


Items = Sequence[Mapping[str, Any]]


def find_item(text: str, items: Items) -> dict[str, Any] | None:
    """The question that a message is about: an item of the course whose words or equation it holds, an equation, or a sum."""
    bare = _bare(text)
    for item in items:
        if _bare(item["text"]) in bare:
            return dict(item)
    for match in _QUESTION.finditer(text):
        asked = match[0].strip()
        for item in items:
            own = _QUESTION.search(item["text"])
            if own and len(_bare(asked)) > 3 and _bare(own[0]) == _bare(asked):
                return dict(item)
        if solved := solve_linear(asked):
            return {"id": "", "type": "equation", "text": asked, "key": f"{solved[0]} = {solved[1]}"}
        value = value_of(asked) if "=" not in asked else None
        if value is not None:
            return {"id": "", "type": "number", "text": asked, "key": str(value)}
    return None


def _is_about(text: str) -> bool:
    """A question on the material, which the knowledge answers with citations."""
    return bool(_ABOUT.match(text)) and not _BEGS.search(text) and not re.search(r"\d", text)


def _bare(text: str) -> str:
    return re.sub(r"[\s.。?？!！,，]+", "", normalise(text)).casefold()


async def tutor_on(context: SkillContext) -> Reply | None:
    """A move of the tutor, or nothing where the learner is not at work on a question."""
    turn = context.turn
    if turn.instruction or not turn.question.strip():
        return None
    lang, text = turn.lang, turn.question
    is_stuck, before = _STUCK.search(text) is not None, _last(turn.history)
    if not is_stuck and before is None:
        return None
    async with context.host.read() as tx:
        library = await open_library(tx, turn.conversation.workspace_id)

    def items_in(which: Lang) -> Items:
        return [asdict(one) for one in library.course(which).items]

    kept = _find_kept(before, items_in)
    item = find_item(text, items_in(lang)) if is_stuck else None
    if item is None and kept is not None and kept["state"].get("is_solved") and _NEXT.search(text):
        return _go_on(kept, items_in(kept["lang"]))
    if item is None and kept is not None and not _LEAVE.search(text) and not _is_about(text):
        if kept["state"].get("is_solved"):
            return None
        item, state, lang = kept["item"], read_state(kept["state"]), kept["lang"]
    elif item is not None:
        is_same = kept is not None and kept["item"]["text"] == item["text"]
        state = read_state(kept["state"]) if kept is not None and is_same else TutorState()
    else:
        return None
    others = (
        [one for one in items_in(lang) if one.get("skills") == item.get("skills") and one["id"] != item["id"]] if item["id"] else []
    )
    tutor = Tutor(item, lang, others)
    prepared = tutor.reply(state, text)
    said = await say_in_own_words(context.host, turn.conversation.workspace_id, tutor, prepared, text)
    data = {KEEP: {"id": item["id"], "text": item["text"], "lang": lang, "state": said.state.to_json(), "move": said.move}}
    return Reply(said.text, SURE, lang, data=data, is_settled=said.text == prepared.text)


def _go_on(kept: Mapping[str, Any], items: Items) -> Reply | None:
    """Another question of the same kind, for who has solved one and asks for more; nothing where the course has no other."""
    item, lang = kept["item"], kept["lang"]
    alike = [one for one in items if one["type"] not in FOR_PEOPLE and _kind(one, item) == _kind(item, item)]
    places = [k for k, one in enumerate(alike) if one["text"] == item["text"]]
    if len(alike) <= len(places):
        return None
    other = alike[(places[0] + 1 if places else len(item["text"])) % len(alike)]
    state = TutorState(level=0)
    data = {KEEP: {"id": other["id"], "text": other["text"], "lang": lang, "state": state.to_json(), "move": "begin"}}
    return Reply(say("another", lang, problem=other["text"]), SURE, lang, data=data, is_settled=True)


def _kind(one: Mapping[str, Any], item: Mapping[str, Any]) -> Any:
    """What two questions share: the skills; for one that the course does not have, what its sum or equation is made of."""
    if item["id"]:
        return one.get("skills"), one["type"]
    run = _QUESTION.search(one["text"])
    return (re.search("[a-z]", run[0]) is None, frozenset(re.findall(r"[-−+*×÷/(]", run[0]))) if run else None


def _last(history: tuple[Message, ...]) -> dict[str, Any] | None:
    """What stays with the last thing said to the learner, if the tutor said it."""
    said = [message for message in history if message.author_kind in ("ai", "expert")]
    return (said[-1].data.get(KEEP) or None) if said else None


def _find_kept(kept: Mapping[str, Any] | None, items_in: Callable[[Lang], Items]) -> dict[str, Any] | None:
    """The question that is worked on, with its item found again; the key is in no message."""
    if kept is None:
        return None
    lang: Lang = "zh" if kept.get("lang") == "zh" else "en"
    items = items_in(lang)
    if kept["id"]:
        item = next((dict(one) for one in items if one["id"] == kept["id"]), None)
    else:
        item = find_item(str(kept["text"]), items)
    return {"item": item, "state": kept["state"], "lang": lang} if item else None


TUTOR = Skill("tutor", tutor_on)
