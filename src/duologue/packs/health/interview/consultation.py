"""A consultation as its messages tell it: consent first, then the history, one question at a time; read back from what was asked.

The state is the talk itself: each of the assistant's messages carries `data["health"]["key"]`. Knows no storage and asks no model.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.facts.mentions import find_mentions
from duologue.packs.health.interview.history import Interview, Step, find_evaded, put_again, to_ask
from duologue.packs.health.language.answers import read_answer
from duologue.packs.health.language.phrases import fold, load_lexicon
from duologue.packs.health.redflags.deciding import UNNAMED, deciding_question, denies, evades, find_pending
from duologue.packs.health.redflags.rules import Alarm, raise_level, red_flags

Author = Literal["person", "assistant", "expert"]
CONSENT = "consent"
NOTICE: dict[Lang, str] = {
    "en": "I'm the clinic's assistant, a program and no clinician. I ask about your complaint and write a draft for the clinician,"
    " who will read it with you. It stays in this clinic. In an emergency call {number}. May I ask and take this down? (yes / no)",
    "zh": "我是诊所的助手，是程序，不是医生。我会询问您的情况并为医生写一份草稿，由医生与您核对。"
    "内容只留在本诊所。紧急情况请拨打 {number}。我可以询问并记录吗？（可以 / 不可以）",
}
DECLINED: dict[Lang, str] = {
    "en": "That is fine: I take nothing down. A clinician will talk with you here.",
    "zh": "没问题，我不会记录。医生会在这里与您沟通。",
}
FIRST: dict[Lang, str] = {
    "en": "I'm the clinic's assistant, a program. In an emergency call {number}. Before anything else, for your safety: ",
    "zh": "我是诊所的助手，是程序。紧急情况请拨打 {number}。为了您的安全，先问一句：",
}
"""Leads a rule's question that cannot wait for consent; nothing is taken down till then. What a classifier suspects waits."""
ASK_AGAIN: dict[Lang, str] = {
    "en": "I only take down what you tell me if you agree. May I? (yes / no)",
    "zh": "只有您同意，我才会记录。可以吗？（可以 / 不可以）",
}
_YES = re.compile(
    r"\W*(?:(?:oh|um+|uh|well|hi|hello|hey|and|so|i said|嗯+|哦|噢|那|那就|都|医生)[,，\s]*)*"
    r"(?:(?:yes|yeah|yep|yup|ya|yea|aye|y|sure|ok(?:ay|ey|ie)?|k|agreed?|i agree|fine|go (?:ahead|on|for it)|i consent|i do|"
    r"of course|certainly|absolutely|definitely|please do|alright|all right|no (?:problem|worries)|sounds good|you (?:may|can)|"
    r"that(?:'s| is) (?:fine|ok(?:ay)?|alright|good)|(?:i )?(?:don't|do not) mind|happy to|works for me|why not|by all means|"
    r"if you (?:must|like|want))(?![a-z'])|please\W*$"
    r"|(?:可以|同意|行|好|是|能|没问题|不介意|不反对|随便|当然|愿意|要|对|嗯|恩|中|成|(?:你|您)?(?:记|问)吧)(?:的|啊|吧|呀|哒|滴|嘞|呢|可以|好|行)*"
    r"(?=$|[\s,，。.!！~～;；、]|你|您|请|就|我|问|记|谢|那|开始|来|医生|大夫))",
    re.I,
)
"""A yes in so many words. Nothing else is one: "39.4" or 急死我了 agree to nothing."""
_NO_OBJECTION = re.compile(r"^(?:i )?(?:don't|do not) mind\b|^no (?:problem|worries)|没问题|不介意|不反对")
_NO = ("不可以", "不同意", "不行", "不要", "不用", "disagree", "rather not", "i don't", "don't", "no thanks")
_TAKES_BACK = re.compile(
    r"\b(?:not|don't|do not|without|wait|rather)\b.{0,25}\b(?:writ\w+|record\w*|tak\w+|not\w+|ask\w*|want|agree|consent|sure)\b"
    r"|(?:不|别|先不|没)[^,。，]{0,5}(?:记|写|问|想|同意|愿意)|好像"
)
"""What makes no clear yes of an answer that opens with one ("okay, but don't write it down", "可以不记录吗"); it is asked again."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the talk. `key`: what the assistant asked with it, if it did."""

    author: Author
    text: str
    seq: int
    key: str = ""


def said_of(author: str, text: str, seq: int, data: dict[str, Any]) -> Said:
    """A message as the consultation sees it."""
    key = str((data.get("health") or {}).get("key", ""))
    return Said("person" if author == "person" else "assistant" if author == "ai" else "expert", text, seq, key)


def lang_of(talk: Sequence[Said], default: Lang) -> Lang:
    """The language that the person writes, whatever the page was set to; short answers weigh little."""
    return detect_lang(" ".join(s.text for s in talk if s.author == "person"), default)


def consent_of(talk: Sequence[Said], lang: Lang) -> bool | None:
    """Whether the person agreed: the last answer to the question counts; None where none was clear."""
    given: bool | None = None
    for before, after in pairwise(talk):
        if before.key == CONSENT and after.author == "person":
            answer = _agrees(after.text, lang)
            given = given if answer is None else answer
    return given


def _agrees(text: str, lang: Lang) -> bool | None:
    plain = fold(text).strip()
    beyond = _NO_OBJECTION.sub("", plain).strip()
    if beyond.startswith(_NO):
        return False
    if _TAKES_BACK.search(beyond) or plain.endswith(("?", "？", "吗", "吗。")):
        return None
    if _YES.match(plain):
        return True
    spoken = detect_lang(text, lang)
    is_no = read_answer(text, spoken) == "no" and not re.match(r"\W*(?:没有|没|无|正常|none|never)", plain)
    return False if is_no and not find_mentions(text, spoken) else None


def turns_of(talk: Sequence[Said], *, whole: bool = False) -> list[Turn]:
    """The dialogue for facts and note, indexed by place in `talk`; the question of consent and its bare answer are left out.

    `whole`: for alarms, all that is more than a clear yes or no: "help me" may be what somebody answers.
    """
    out = []
    for i, s in enumerate(talk):
        answers = i and talk[i - 1].key == CONSENT and s.author == "person"
        if s.key == CONSENT or (answers and _is_bare(s.text, and_clear=whole)):
            continue
        out.append(Turn(i, "patient" if s.author == "person" else "clinician", s.text))
    return out


def _is_bare(text: str, *, and_clear: bool) -> bool:
    """Whether an answer is short and names nothing of health; `and_clear`, and says yes or no besides."""
    lang = detect_lang(text)
    if len(text) >= 40 or find_mentions(text, lang) or any(True for _ in load_lexicon(lang).find(text)):
        return False
    return not and_clear or _agrees(text, lang) is not None


def new_alarms(talk: Sequence[Said], lang: Lang) -> list[Alarm]:
    """Alarms of which the last message of the talk is the cause: not there before it, or graver now."""
    turns = turns_of(talk, whole=True)
    if not turns or turns[-1].index != len(talk) - 1:
        return []
    found = red_flags(turns, lang)
    known = red_flags(turns[:-1], lang) if len(turns) > 1 else []
    before = {_identity(a) for a in known}
    now = [a for a in found if _identity(a) not in before]
    question = find_pending(turns)
    key = talk[question.index].key if question is not None else ""
    if question is not None and key.startswith("redflag:") and not denies(question.text, turns[-1].text, lang):
        rule = key.split(":", 1)[1]
        # what only a classifier suspected is no more once a rule has its say about the same words; the answer counts all the same
        put = [a for a in found if a.rule == rule and a.state == "ask"] or [
            a for a in known if a.rule == rule == UNNAMED and a.state == "ask"
        ]
        now += [raised(a) for a in put if not evades(turns, a.like or a.rule)]
    return now


def _identity(alarm: Alarm) -> tuple[str, str, int]:
    """What makes an alarm the same as one before: its rule and state, and its turn where no rule names it."""
    return alarm.rule, alarm.state, alarm.evidence[0].turn if alarm.rule == UNNAMED else -1


def raised(alarm: Alarm) -> Alarm:
    """The alarm, no longer only asked about."""
    return Alarm(alarm.rule, alarm.version, alarm.level, "raised", alarm.title, alarm.source, alarm.evidence)


def again_alarms(talk: Sequence[Said], lang: Lang, back_at: int) -> list[Alarm]:
    """Alarms of the last message by what was said since a clinician handed the talk back (at `back_at`): known ones, told anew."""
    return new_alarms([s for s in talk if s.seq > back_at], lang) if back_at else []


def next_step(talk: Sequence[Said], lang: Lang, number: str, back_at: int = 0) -> Step:
    """What the assistant says to the last message, which is the person's.

    `back_at`: where a clinician handed the talk back, having seen all before it.
    """
    agreed = consent_of(talk, lang)
    asked = [s for s in talk if s.key == CONSENT]
    if agreed is None:
        turns = turns_of(talk, whole=True)
        alarms = tuple(red_flags(turns, lang, wide=False)) if turns else ()
        if evaded := find_evaded(alarms, turns):
            return Step("ask", put_again(evaded, lang), f"redflag:{evaded.rule}", alarms, raise_level(alarms))
        doubt = to_ask(alarms, turns, {s.key for s in talk})
        if doubt:
            question = deciding_question(doubt.like or doubt.rule, lang)
            return Step("ask", FIRST[lang].format(number=number) + question, f"redflag:{doubt.rule}", alarms, raise_level(alarms))
        words = NOTICE if not asked else ASK_AGAIN
        return Step("ask", words[lang].format(number=number), CONSENT, (), 5)
    if not agreed:
        return Step("done", DECLINED[lang], "declined", (), 5)
    interview = Interview(lang, number)
    turns = turns_of(talk)
    for s in talk:
        if s.author == "assistant" and s.key and s.key != CONSENT:
            interview.note_asked(s.key, s.text)
    seen = [t for t in turns if talk[t.index].seq < back_at]
    if seen:
        interview.turns = seen
        interview.resume()
    if not turns or turns[-1].index != len(talk) - 1:
        interview.turns = turns
        return interview.go_on()
    interview.turns = turns[:-1]
    return interview.hear(turns[-1].text)
