"""What an answer says to the question before it: yes, no, both in parts, or unclear. Two languages; knows no concept.

Openings are in `rules/answers.yaml`.

NegEx and ConText see one sentence; "Fever?" – "No" is two turns. What is neither yes nor no stays unknown and is asked again.
"""

import re
from functools import cache
from typing import Literal

from duologue.kit.text import Lang
from duologue.packs.health.language.phrases import fold, load_rules

Polarity = Literal["yes", "no", "unknown", "other"]


@cache
def _openings() -> dict[str, dict[str, re.Pattern[str]]]:
    loaded = load_rules("answers.yaml")
    return {kind: {lang: re.compile(p) for lang, p in by.items()} for kind, by in loaded.items() if kind != "functions"}


@cache
def _functions(lang: Lang) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((concept, re.compile(p)) for concept, p in load_rules("answers.yaml")["functions"][lang].items())


def lost_functions(question: str, lang: Lang) -> list[str]:
    """The concepts that a "no" to a question names, because it asks for what a well person does ("Is the baby feeding?")."""
    folded = fold(question)
    return [concept for concept, pattern in _functions(lang) if pattern.search(folded)]


def is_question(text: str, lang: Lang) -> bool:
    """Whether a turn asks: by its mark or its form."""
    folded = fold(text).strip()
    if "?" in folded or re.match(
        r"(?:please )?(?:tell|describe|show|talk to) (?:me|us)\b|describe|(?:请|您|你)*(?:先)?(?:说说|讲讲)", folded
    ):
        return True
    if lang == "zh":
        return bool(
            re.search(r"吗|有没有|是不是|呢\W*$|会不会|多久|哪|几|什么|怎么样|么\W*$|没有过?\W*$|[疼痛吐]不[疼痛吐]|否", folded)
        )
    return bool(re.match(r"(?:any|do|does|did|have|has|are|is|was|were|can|could|what|when|where|how|which|who|why|and)\b", folded))


def find_question(text: str, lang: Lang) -> int:
    """Where the question proper begins: the asking sentences at the end of a turn; the turn's length where there are none."""
    folded = fold(text)
    start = len(folded)
    for m in reversed(list(_SENTENCE.finditer(folded))):
        asks = _ASKS.match(m.group()) if lang == "en" else is_question(m.group(), lang)
        if not (m.group().rstrip().endswith("?") or asks):
            break
        start = m.start()
    if start < len(folded) and len(folded[start:].split()) <= _POINTS_BACK and _LIKE_THAT.search(folded[start:]):
        start = max((m.start() for m in _SENTENCE.finditer(folded, 0, start)), default=start)
    return start


_POINTS_BACK = 9
"""Words of a question that has no matter of its own; a longer one ends in "anything like that?" and means what it names itself."""
_LIKE_THAT = re.compile(r"\b(?:like that|like this|about that|any of (?:that|those|these))\b|这种|这样的")
"""What sends a question back to the sentence before it."""


_SENTENCE = re.compile(r"(?:[^.?!。\n]|\.(?=\d))+[.?!。\n]*")
_ASKS = re.compile(
    r"\s*(?:(?:and|so|okay|ok|now|alright|all right|then|,|um|uh) ?)*"
    r"(?:any|do|does|did|have|has|are|is|was|were|can|could|what|where|how|which|who)\b"
)
_CONFIRMS = {
    "en": re.compile(
        r"\s*(?:uh|um|oh|well)?,? ?"
        r"(?:yes|yeah|yep|yup|correct|right|exactly|that's (?:right|correct|true)|that is (?:right|correct))\b"
    ),
    "zh": re.compile(r"\s*(?:嗯,?)?(?:对|是的|没错|是啊)"),
}  # fmt: skip


def confirms(text: str, lang: Lang) -> bool:
    """Whether an answer confirms what was just said to it."""
    return bool(_CONFIRMS[lang].match(fold(text)))


def says_so(text: str, lang: Lang) -> bool:
    """Whether an answer opens with a plain yes or no, and doesn't merely tell more."""
    folded = fold(text).strip()
    return bool(_openings()["no"][lang].match(folded) or _openings()["yes"][lang].match(folded))


def read_answer(text: str, lang: Lang) -> Polarity:
    """What an answer says, from its opening words: `other` says something that is neither a yes nor a no."""
    folded = fold(text).strip()
    unclear = _openings()["unknown"][lang].search(folded)
    unclear = unclear if unclear and unclear.start() < 40 else None
    is_late = unclear and unclear.start() > 6 and re.match(r"(?:yes|yeah|yep|no|nope|nah)\b", folded)
    if unclear and not is_late:
        return "unknown"
    if _openings()["no"][lang].match(folded):
        return "no"
    if _openings()["no_later"][lang].search(folded) and not re.search(
        r"^(?:yes|yeah|yep|sometimes)\b|^有|^是|\b(?:except|apart from|but)\b|除了|就是|但", folded
    ):
        return "no"
    if _openings()["yes"][lang].match(folded) or (lang == "zh" and re.match(r"嗯+\W*$", folded)):
        return "yes"
    if folded.endswith("?"):
        return "other"
    return "yes" if _openings()["elaborates"][lang].search(folded) else "other"


_SCORE = re.compile(
    r"\W*(?:(?:it'?s|its|i'?d say|about|around|maybe|like|just|an?(?= )|大概|大约|差不多|应该|就|也就)\W*)*"
    r"(?:10|\d|[一二三四五六七八九十]|one|two|three|four|five|six|seven|eight|nine|ten)\s?(?:(?:/|out of) ?10|分)?(?:吧|左右)?\W*"
)
_ASKS_A_FIGURE = re.compile(
    r"\bhow (?:many|much|bad|often|long|old|far|severe|strong)|\b(?:scale|score|number|0 to 10)\b|几|多少|多久|多长|多大|打分|分"
)


def is_score(question: str, answer: str) -> bool:
    """Whether a question that asks for no figure got a bare one up to ten: it says neither yes nor no, and belongs elsewhere."""
    return bool(_SCORE.fullmatch(fold(answer).strip())) and not _ASKS_A_FIGURE.search(fold(question))


_ASKS_SCORE = re.compile(r"\b0 (?:to|-) 10\b|\b(?:out of|to) (?:10|ten)\b|\bscale\b|打.{0,2}分|几分|10是最重|十分")
_FIRST_NUMBER = re.compile(
    r"(?<![\d.])(10|\d)(?![\d.])|\b(one|two|three|four|five|six|seven|eight|nine|ten)\b|([一二三四五六七八九十])"
)
_NUMBERS = {w: i for i, w in enumerate(["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"], 1)}
_NUMBERS |= {c: i for i, c in enumerate("一二三四五六七八九十", 1)}


def asks_score(question: str) -> bool:
    """Whether a question asks how bad something is in figures: its own words ("at its worst") are answered by no figure."""
    return bool(_ASKS_SCORE.search(fold(question)))


def read_score(answer: str) -> int | None:
    """The first figure up to ten of an answer."""
    m = _FIRST_NUMBER.search(fold(answer))
    if m is None:
        return None
    return int(m[1]) if m[1] else _NUMBERS[m[2] or m[3]]
