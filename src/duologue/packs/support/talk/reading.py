"""What is read of each message of a person: intents, slots, mood, how the dialogue goes, where it belongs; alarms and offers.

Sees every message once, whoever is in control. What it returns is kept with the message; alarms and proposals are stored in the
same transaction. Knows the models by `minds`, and no page.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from duologue.kit.ids import new_id
from duologue.kit.text import EMAIL, Lang, spell_out
from duologue.packs.support import repository
from duologue.packs.support.minds import Mind, Models, minds_of, think
from duologue.packs.support.model import Alarm
from duologue.packs.support.mood.alarms import AlarmGate, find_trend
from duologue.packs.support.mood.dialogue_features import Turn
from duologue.packs.support.mood.lexicon import is_plain_question, is_question, weigh
from duologue.packs.support.mood.survey import read_answer
from duologue.packs.support.policy import POLICY
from duologue.packs.support.talk.budget import read_budget
from duologue.packs.support.talk.fallback import ASKED, is_vague
from duologue.packs.support.talk.offers import ADVICE, propose
from duologue.packs.support.talk.routing import find_route
from duologue.sdk import Host, Message, ReadContext, Reader, ReadingAlarm, Seen, WriteTx, find_small_talk

LEAST_SURE, MOST_SURE = 0.5, 0.9
"""The confidence of being sure is the model's own (95 % right on held-out examples) within these bounds."""
CLEAR, TIMES = 0.5, 3.0
"""It is also clear what is meant where it is likelier than not, and so many times as likely as the next; not of a word or two."""
GRIEVANCE, GRIEVANCE_FROM = "complaint", 0.4
"""A complaint that nobody sees costs more than a person who is called in vain: it counts from this probability, of the message or
of a part, if that may be one. Of 60 complaints that were kept from learning 50 pass, of 60 calm ones 6."""
ASKED_FROM = 0.65
"""A question without a bad word ("Will you ever sell bicycles?") is one from this probability only: of 100 complaints to develop on
none is lost."""
LIKELY = 0.12
"""Probability from which an intent is worth asking about."""
MAX_OPTIONS = 3
SOLVED = ("thanks_goodbye",)
COURTESIES = ("thanks_goodbye", "greeting", "human")
NEVER_ASKED = (*COURTESIES, GRIEVANCE)
"""Nobody is asked whether he means to complain."""

MOST_NEED = 80
"""Characters of what adds to a need; more is a matter of its own."""
_DECLINES = re.compile(
    r"\b(?:no|nope|not|don'?t|thanks?|thx|bye|cheers|never ?mind|ok(?:ay)?|cool|great|nice|perfect)\b"
    r"|算了|不用|不[买要想]|谢|再见|拜|好的|^好|^行|^嗯",
    re.IGNORECASE,
)
"""Words of somebody who adds nothing to what he looks for."""
_ADDRESS = re.compile(
    rf"(?:\b(?:my|the)\s+(?:e-?mail\s*)?(?:address)?\s*(?:is|:)\s*|(?:我的)?邮箱(?:地址)?[是为：:\s]*)?(?:{EMAIL.pattern})",
    re.IGNORECASE,
)
"""An e-mail address, with what introduces it."""
_HELLO = re.compile(
    r"^\W*(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening))(?: (?:there|all|team|guys))?[\s,.!]+(?=\w)"
    r"|^\W*(?:你好|您好|哈喽|嗨|亲|在吗)[\s,，。!！~～]+(?=\w)",
    re.IGNORECASE,
)
"""A greeting before something else."""

_CALM: Mapping[Lang, str] = {
    "en": "I am sorry that this is going badly. A colleague has been asked to take over and will read this conversation first.",
    "zh": "非常抱歉给您带来了不好的体验。已请同事接手，他会先阅读之前的对话。",
}


async def read_message(context: ReadContext) -> Seen:
    """Read one message. What the person sends to answer the survey is not read as a question."""
    host, here, message = context.host, context.conversation, context.message
    if await find_survey(host, message) is not None and read_answer(message.body) is not None:
        return Seen({"survey_answer": True})
    mind = await minds_of(host).of(host, here.workspace_id)
    said = [*context.history, message]
    data = await think(lambda: look(mind, said, context))
    earlier = [r.data for r in await host.list_readings(here.workspace_id, conversation_id=here.id) if r.seq > here.episode_seq]
    topic = data["intents"][0]["intent"] if data["understanding"] == "sure" else None
    is_matter = topic not in (None, "human") and data["route"]["mode"] == "human" and find_small_talk(message.body) is None
    is_news = (data["is_alarming"] or is_matter) and await _is_news(context)
    is_angry = data["is_alarming"] and is_news
    data["refines"] = _refines(said, data)
    offers = [] if is_angry else await propose(host, here, message, data, earlier)
    kept = None
    if is_news:
        kept = Alarm(new_id("sal"), here.workspace_id, here.id, here.desk_id, here.person_id, data["trend"], message.created_at)

    async def store(tx: WriteTx) -> None:
        for offer in offers:
            await repository.add(tx, offer)
        if kept is not None:
            await repository.add(tx, kept)

    is_new_topic = topic is not None and topic not in SOLVED and topic not in ("greeting", here.topic)
    raised = None
    if is_angry:
        raised = ReadingAlarm("angry", "bad_feedback", data["route"]["team"], _CALM)
    elif is_matter and (is_news or here.controller.kind == "ai"):
        raised = ReadingAlarm(f"topic_{topic}"[:32], "policy_topic", data["route"]["team"])
    return Seen(data, topic=topic if is_new_topic else None, alarm=raised, effect=store)


async def find_survey(host: Host, message: Message) -> str | None:
    """The id of the survey that was the last thing said before a message, None where it was something else."""
    said = await host.list_messages(message.workspace_id, message.conversation_id, public_only=True)
    before = [m for m in said if m.seq < message.seq and m.kind != "marker"]
    return before[-1].data.get("survey") if before else None


def look(mind: Mind, said: Sequence[Message], context: ReadContext) -> dict[str, Any]:
    """All that is kept of a message, as JSON. `said` ends with it."""
    text = said[-1].body
    slots = [asdict(slot) for slot in mind.slots.read(text, context.message.created_at.date())]
    mood = weigh(text)
    data: dict[str, Any] = {
        "version": mind.version,
        "intents": [],
        "understanding": "outside",
        "options": [],
        "slots": slots,
        "mood": max(-1.0, min(1.0, mood.value / 4)),
        "sentiment": "positive" if mood.value > 1 else "negative" if mood.value < -1 else "neutral",
        "emotion": "",
        "scores": [],
        "trend": 3.0,
        "is_alarming": False,
    }
    if mind.models is not None:
        dialogue = [Turn("user" if message.author_kind == "person" else "assistant", message.body) for message in said]
        data |= read_with(mind.models, dialogue, _bare(text, slots))
    names = [one["intent"] for one in data["intents"] if one["is_in_scope"]] if data["understanding"] != "outside" else []
    data["route"] = asdict(find_route(names, mind.routes, is_angry=data["sentiment"] == "negative" and data["mood"] < -0.5))
    return data


def _refines(said: Sequence[Message], data: Mapping[str, Any]) -> bool:
    """Whether a message says of the offers before it what they may cost or are for; our own questions between don't count."""
    heard = [m for m in said[:-1] if m.author_kind in ("ai", "expert") and ASKED not in m.data]
    if not heard or (heard[-1].data.get("card") or {}).get("kind") != "Offers":
        return False
    text = said[-1].body
    if read_budget([text]) is not None:
        return True
    is_other = data["understanding"] == "sure" and data["intents"][0]["intent"] not in (ADVICE, "product_question")
    is_named = any(slot["kind"] == "order" for slot in data["slots"]) or EMAIL.search(text)
    return not (is_other or is_named or is_question(text) or _DECLINES.search(text)) and len(text) <= MOST_NEED


def _bare(text: str, slots: Sequence[Mapping[str, Any]]) -> str:
    """The text, spelt out, without greeting, order numbers and addresses, which say nothing of what is wanted; the whole where
    nothing else is left."""
    out = text
    for slot in slots:
        out = out.replace(slot["text"], " ") if slot["kind"] == "order" else out
    out = spell_out(_HELLO.sub("", _ADDRESS.sub(" ", out)))
    return out if any(c.isalpha() for c in out) else text


def read_with(models: Models, dialogue: Sequence[Turn], bare: str) -> dict[str, Any]:
    """What the models say of the last turn, whose intents are read of `bare`, and of how the dialogue goes."""
    readings = models.intents.read(bare, GRIEVANCE, GRIEVANCE_FROM)
    if readings[0].intent == GRIEVANCE and not _may_complain(readings[0].text, readings[0].confidence):
        readings = models.intents.read(bare)
    feeling = models.sentiment.read(dialogue[-1].text)
    satisfaction = models.satisfaction.read(dialogue)
    scores = [turn.score for turn in satisfaction.turns]
    trend = find_trend(scores)
    first = readings[0]
    sure = min(max(models.intents.sure, LEAST_SURE), MOST_SURE)
    likely = [(first.intent, first.confidence), *first.alternatives]
    options = [intent for intent, chance in likely if chance >= LIKELY and intent not in NEVER_ASKED][:MAX_OPTIONS]
    if len(options) == 1 and first.confidence < CLEAR:  # one doubtful guess is no choice: the next one stands beside it
        options += [intent for intent, _ in likely if intent not in (*NEVER_ASKED, *options)][:1]
    is_clear = first.confidence >= CLEAR and first.confidence >= TIMES * (first.alternatives[0][1] if first.alternatives else 0.0)
    is_sure = first.confidence >= sure or (is_clear and not is_vague(bare))
    if first.intent == GRIEVANCE and _may_complain(first.text, first.confidence):
        is_sure = first.confidence >= GRIEVANCE_FROM
    elif first.intent == GRIEVANCE and is_vague(bare) and weigh(bare).bad >= 0:
        is_sure = first.confidence >= MOST_SURE
    elif first.intent == GRIEVANCE and (_is_graver(bare) or (is_plain_question(bare) and weigh(bare).bad == 0)):
        is_sure = False  # a person is called for a complaint: asked first where nothing bad is said; graver things go another way
    mood, sentiment = feeling.score, feeling.label
    if sentiment == "negative" and is_sure and first.intent in SOLVED and weigh(dialogue[-1].text).value >= 0:
        mood, sentiment = 0.0, "neutral"  # "no that's all, thanks" denies nothing
    understanding = "outside" if not first.is_in_scope or not (is_sure or options) else "sure" if is_sure else "unsure"
    return {
        "intents": [
            {
                "intent": one.intent,
                "confidence": round(one.confidence, 4),
                "is_in_scope": bool(one.is_in_scope),
                "text": one.text[:200],
                "others": [[intent, round(chance, 4)] for intent, chance in one.alternatives],
            }
            for one in readings
        ],
        "understanding": understanding,
        "options": options if understanding == "unsure" else [],
        "likely": [[intent, round(chance, 4)] for intent, chance in likely[:MAX_OPTIONS]],
        "sentiment": sentiment,
        "mood": round(mood, 3),
        "emotion": feeling.emotion,
        "scores": [round(score, 2) for score in scores],
        "satisfaction": {"score": round(satisfaction.score, 2), "low": satisfaction.low, "high": satisfaction.high,
                         "level": satisfaction.level},
        "causes": [[dialogue[turn.index].text[:200], round(turn.change, 2)] for turn in satisfaction.causes],
        "trend": round(trend.level, 3),
        "is_alarming": trend.is_alarming,
    }  # fmt: skip


def _may_complain(text: str, confidence: float) -> bool:
    """Whether a likely complaint may be one: no plain question, nor a few words of which none is bad ("about money"), nor what the
    policy gives to people for a graver reason ("I burned my hand")."""
    if _is_graver(text) or is_plain_question(text):
        return False
    is_doubtful = is_vague(text) or (is_question(text) and confidence < ASKED_FROM)
    return weigh(text).bad < 0 or not is_doubtful


def _is_graver(text: str) -> bool:
    """Whether the policy gives a text to people, and not as a complaint."""
    topic = POLICY.find_topic(text)
    return topic is not None and topic.name != GRIEVANCE


async def _is_news(context: ReadContext) -> bool:
    """Whether a supervisor is told: nobody was told of this conversation lately, by trend or topic, and not told too often."""
    here, now = context.conversation, context.message.created_at
    async with context.host.read() as tx:
        recent = await repository.list_alarms(tx, here.workspace_id, now - timedelta(hours=1))
    gate = AlarmGate()
    for alarm in recent:
        gate.admit(alarm.desk_id, alarm.conversation_id, alarm.at.timestamp())
    return gate.admit(here.desk_id, here.id, now.timestamp())


READER = Reader("message", read_message)
