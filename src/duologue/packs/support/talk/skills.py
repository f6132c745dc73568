"""How the pack answers within a turn: the survey's thanks, approved answers, advice with offers; and where nothing else would be
sent, one question, then a person. Knows what was read of the message, no model.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from duologue.kit.text import EMAIL, Lang
from duologue.packs.support import repository
from duologue.packs.support.intents.labels import label_of
from duologue.packs.support.intents.terms import has_han
from duologue.packs.support.minds import minds_of
from duologue.packs.support.mood.survey import read_answer
from duologue.packs.support.shop.order_changes import CAN_MOVE, match_address
from duologue.packs.support.shop.orders import open_shop
from duologue.packs.support.talk.details import describe
from duologue.packs.support.talk.fallback import (
    ASKED,
    Progress,
    Understanding,
    decide_step,
    hand_back,
    is_vague,
    render_question,
)
from duologue.packs.support.talk.offers import ADVICE, make_card, move, render_offers
from duologue.packs.support.talk.reading import COURTESIES, find_survey
from duologue.packs.support.talk.surveys import answer_survey, render_thanks
from duologue.packs.support.tools import match_order
from duologue.sdk import Message, Reply, Skill, SkillContext

SURE_OF_WORDS = 0.97
TORN, TORN_VAGUE, BALANCE = 0.75, 0.35, 0.5
"""Probability of the two likeliest intents together from which it is asked which is meant, and the least share of the second in
the first; of a short message less is enough."""
WANTS = "support_wants"
"""Key in a message's data: what the person was asked for."""
DETAILS = "support_details"
"""Key in a message's data: it told what the catalogue says of what was offered."""
_OWN = re.compile(r"\b(?:my|mine|our|i|i've|i'm|we)\b|我|咱|到哪|没收到|没到|没动|不动|未收到", re.IGNORECASE)
"""Words of somebody who waits for something of his own, rather than asks how it is done."""
_WHICH_ORDER: Mapping[Lang, str] = {
    "en": "I can look that up. What is the order number (it begins with RO-), and which e-mail address was the order placed with?",
    "zh": "我可以帮您查询。请告诉我订单号（以 RO- 开头）和下单时使用的邮箱。",
}
_WHICH_NUMBER: Mapping[Lang, str] = {
    "en": "Thank you. I also need the order number: RO- and six digits, in the confirmation e-mail and on the delivery note. If "
    "you cannot find it, say so here and a colleague will look.",
    "zh": "谢谢。还需要订单号：RO- 加六位数字，在确认邮件和送货单上。如果找不到，请在这里告诉我，由同事来查。",
}
_WHICH_ADDRESS: Mapping[Lang, str] = {
    "en": "I can ask for order {number} to be sent elsewhere; it is not packed yet. Where to? Please write: change the address to: "
    "name, street, town, postcode.",
    "zh": "订单 {number} 还没有打包，可以申请改地址。请这样写：地址改成：收件人、省市区、街道门牌、邮编。",
}
_MOVES = re.compile(
    r"\b(?:change|wrong|new|different|update|correct|another|old)\b[^.?!\n]{0,40}\bad+ress\b"
    r"|\bad+ress\b[^.?!\n]{0,30}\b(?:wrong|changed?|updated?)\b|(?:改|换|错)[^，。！？\n]{0,8}地址|地址[^，。！？\n]{0,8}(?:改|换|错)",
    re.IGNORECASE,
)
"""A wish that an order goes elsewhere."""
_NAMED = re.compile(rf"{EMAIL.pattern}|\bRO[-\s]?\d{{6}}\b", re.IGNORECASE)
_SIZE = re.compile(
    r"\b(?:what|which) size\b|\bsize (?:do|should|shall) (?:i|we)\b|尺码|多大码|什么码|[选穿买拿]多大|几码|哪个码", re.IGNORECASE
)
"""A question after a size."""
MOST_BESIDE = 6
"""Words beside an address that answers the question for one."""
_GOODBYE: Mapping[Lang, str] = {"en": "You're welcome. I am here if anything else comes up.", "zh": "不客气，还有问题随时告诉我。"}


def _read(context: SkillContext) -> Mapping[str, Any]:
    """What was read of the message; of several in a row, of those that are surely about something, with all that they want."""
    read = [reading.data for reading in context.readings if reading.name == "message"]
    matters = [data for data in read if any(one["intent"] not in COURTESIES for one in data.get("intents", ()))] or read
    sure = [data for data in matters if data.get("understanding") == "sure"]
    if len(sure) < 2:
        return (sure or matters or [{}])[-1]
    wanted = {one["intent"]: one for data in sure for one in data["intents"]}
    return {**sure[-1], "intents": list(wanted.values()), "slots": [slot for data in sure for slot in data["slots"]]}


async def thank_for_answer(context: SkillContext) -> Reply | None:
    """The person answered the survey in words."""
    message, lang = context.turn.message, context.turn.lang
    if not _read(context).get("survey_answer"):
        return None
    survey, answer = await find_survey(context.host, message), read_answer(message.body)
    if survey is None or answer is None:
        return None
    await answer_survey(
        context.host, message.workspace_id, survey, answer.score, answer.remark, person_id=context.turn.conversation.person_id
    )
    lang = context.turn.conversation.lang
    return Reply(render_thanks(answer.score, lang), SURE_OF_WORDS, lang=lang, is_settled=True)


async def say_goodbye(context: SkillContext) -> Reply | None:
    """The person needs nothing more, and says so in more words than small talk knows."""
    data, lang = _read(context), context.turn.lang
    if data.get("understanding") != "sure" or [one["intent"] for one in data["intents"]] != ["thanks_goodbye"]:
        return None
    return Reply(_GOODBYE[lang], data["intents"][0]["confidence"], is_settled=True)


async def ask_for_order(context: SkillContext) -> Reply | None:
    """The person asks where an order is and did not say which: asked for once, for the shop's system knows the answer."""
    data, turn = _read(context), context.turn
    is_about_one = data.get("understanding") == "sure" and [one["intent"] for one in data["intents"]] == ["order_status"]
    said = " ".join([turn.question, *turn.asked_before])
    was_asked = any(WANTS in message.data for message in turn.history)
    if not is_about_one or was_asked or match_order(said) or not _OWN.search(turn.question):
        return None
    return Reply(_WHICH_ORDER[turn.lang], SURE_OF_WORDS, data={WANTS: "order"}, is_settled=True)


async def ask_for_address(context: SkillContext) -> Reply | None:
    """The person wants an order sent elsewhere, showed which one is theirs, and did not say where to; asked for once."""
    turn = context.turn
    texts = [*turn.asked_before, turn.question]
    wish = next((text for text in reversed(texts) if len(_NAMED.sub(" ", text).split()) > 1 or has_han(_NAMED.sub(" ", text))), "")
    said = "\n".join(reversed(texts))
    number = match_order(said)
    if number is None or not _MOVES.search(wish) or match_address(f"{wish}\n{number['number']}"):
        return None
    if any(message.data.get(WANTS) == "address" for message in turn.history):
        return None
    order = open_shop(context.host.folder, turn.conversation.workspace_id).find(number["number"])
    shown = {m[0].casefold() for m in EMAIL.finditer(said)}
    if order is None or order["customer"]["email"].casefold() not in shown or order["status"] not in CAN_MOVE:
        return None
    text = _WHICH_ADDRESS[turn.lang].format(number=number["number"])
    return Reply(text, SURE_OF_WORDS, data={WANTS: "address"}, is_settled=True)


async def ask_for_number(context: SkillContext) -> Reply | None:
    """The person wrote an address and no order number: without both no order is looked up; asked for once."""
    turn = context.turn
    said = " ".join([turn.question, *turn.asked_before])
    is_short = len(EMAIL.sub(" ", turn.question).split()) <= MOST_BESIDE
    if not EMAIL.search(turn.question) or not is_short or match_order(said) or _read(context).get("understanding") is None:
        return None
    if any(message.data.get(WANTS) == "number" for message in turn.history):
        return Reply("", 0.0, hand_over="failed_turns", team="orders")
    return Reply(_WHICH_NUMBER[turn.lang], SURE_OF_WORDS, data={WANTS: "number"}, is_settled=True)


async def answer_approved(context: SkillContext) -> Reply | None:
    """One sure intent for which a member approved an answer, in a message that is not about a certain order."""
    data = _read(context)
    if data.get("understanding") != "sure" or len(data["intents"]) != 1 or any(slot["kind"] == "order" for slot in data["slots"]):
        return None
    one, lang = data["intents"][0], context.turn.lang
    async with context.host.read() as tx:
        known = await repository.list_answers(tx, context.turn.conversation.workspace_id)
    body = next((answer.body for answer in known if answer.intent == one["intent"] and answer.lang == lang), "")
    if not body or body in [m.body for m in context.turn.history if m.author_kind != "person"]:
        return None
    return Reply(body, one["confidence"], data={"support_intent": one["intent"]}, is_settled=True)


async def advise(context: SkillContext) -> Reply | None:
    """The person asked what to buy or book: the offers that were chosen for this message, as a card."""
    data, here, lang = _read(context), context.turn.conversation, context.turn.lang
    asks = data.get("understanding") == "sure" and ADVICE in [one["intent"] for one in data["intents"]]
    if _SIZE.search(context.turn.question):
        return None  # which size, and not which thing: the knowledge has tables
    if not (asks or data.get("refines")) or here.mode != "autopilot":
        return None
    async with context.host.read() as tx:
        made = await repository.list_offers(tx, here.workspace_id, conversation_id=here.id)
    asked_at = {message.created_at for message in (*context.turn.unheard, context.turn.message)}
    fresh = [offer for offer in made if offer.state == "proposed" and offer.at in asked_at]
    if not fresh:
        return None
    _, items = await minds_of(context.host).shop(context.host, here.workspace_id)
    for offer in fresh:
        await move(context.host, here.workspace_id, offer.id, ("proposed",), "shown", "ai", context.turn.message.created_at)
    shown = [m.data["card"] for m in context.turn.history if m.data.get("card", {}).get("kind") == "Offers"]
    card = make_card(fresh, items, lang)
    same = bool(shown) and {o["title"] for o in shown[-1]["offers"]} == {o["title"] for o in card["offers"]}
    return Reply(render_offers(fresh, items, lang, same=same), 0.9, data={"card": card})


def find_offered(history: Sequence[Message]) -> list[str]:
    """Titles of what was offered last, where nothing but its details was spoken of since."""
    for message in reversed(history):
        card = message.data.get("card") or {}
        if card.get("kind") == "Offers":
            return [offer["title"] for offer in card["offers"]]
        if message.author_kind in ("ai", "expert") and DETAILS not in message.data:
            return []
    return []


async def describe_offers(context: SkillContext) -> Reply | None:
    """The person asks something of what was offered right before ("is it heavy?"), and the catalogue tells it."""
    turn, here = context.turn, context.turn.conversation
    offered = find_offered(turn.history)
    if not offered or any(slot["kind"] == "order" for slot in _read(context).get("slots", ())):
        return None
    _, items = await minds_of(context.host).shop(context.host, here.workspace_id)
    by_title = {name: item for item in items.values() for name in (item.title, item.title_zh) if name}
    shown = [by_title[title] for title in offered if title in by_title]
    said = describe(turn.question, shown, turn.lang)
    return None if said is None else Reply(said, SURE_OF_WORDS, data={DETAILS: True}, is_settled=True)


async def ask_once(context: SkillContext) -> Reply | None:
    """Nothing would be sent: ask which is meant or for other words, once; then a person. Only where it may speak alone."""
    data, turn = _read(context), context.turn
    if turn.conversation.mode != "autopilot" or turn.instruction or "understanding" not in data or context.answer is None:
        return None
    progress = find_progress(turn.history)
    understanding: Understanding = data["understanding"]
    if not progress.has_asked:
        if turn.failed_before:
            return None  # it adds to what a colleague was asked already
        is_torn = understanding == "unsure" and _is_torn([chance for _, chance in data["likely"][:2]], is_vague(turn.question))
        if not is_torn and (understanding == "sure" or not is_vague(turn.question)):
            return None  # a whole question that the knowledge does not answer: a draft, or a person
        understanding = "unsure" if is_torn else "outside"
    step, _ = decide_step(progress, "outside" if understanding == "sure" else understanding)
    if step == "hand_over":
        kept = context.answer  # a draft for whoever takes over
        return Reply(kept.body, 0.0, lang=kept.lang, citations=kept.citations, hand_over="failed_turns", team=data["route"]["team"])
    goes_on = any(
        message.author_kind in ("ai", "expert") and message.data.get("made_of") != "small_talk" for message in turn.history
    )
    names = [] if goes_on and is_vague(turn.question) else data["options"]  # a few words add to what was spoken of
    step = "rephrase" if step == "clarify" and not names else step
    options = [label_of(intent, turn.lang) for intent in names]
    return Reply(render_question(step, options, turn.lang, goes_on=goes_on), SURE_OF_WORDS, data={ASKED: step}, is_settled=True)


def _is_torn(chances: Sequence[float], is_short: bool) -> bool:
    if is_short:
        return sum(chances) >= TORN_VAGUE
    return len(chances) > 1 and sum(chances) >= TORN and chances[1] >= BALANCE * chances[0]


def find_progress(history: tuple[Message, ...]) -> Progress:
    """Whether the last thing said to the person was a question of ours; what a person or an answer said since opens all again."""
    said = [message for message in history if message.author_kind in ("ai", "expert")]
    return Progress(has_asked=True) if said and ASKED in said[-1].data else hand_back()


SKILLS = (
    Skill("survey", thank_for_answer),
    Skill("goodbye", say_goodbye),
    Skill("approved", answer_approved),
    Skill("order", ask_for_order),
    Skill("address", ask_for_address),
    Skill("number", ask_for_number),
    Skill("details", describe_offers),
    Skill("advice", advise),
    Skill("ask", ask_once, when="last"),
)
