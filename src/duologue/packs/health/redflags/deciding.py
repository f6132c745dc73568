"""The question that decides a red flag in doubt, whether a talk has put it, and what its answer says. Knows rules by name only."""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.language.answers import read_answer
from duologue.packs.health.language.context import opens_negation
from duologue.packs.health.language.phrases import fold, load_rules

UNNAMED = "unnamed"
"""The name of what no rule names and a classifier suspects."""


@cache
def _questions() -> dict[str, list[str]]:
    return dict(load_rules("questions.yaml"))


def deciding_question(rule: str, lang: Lang) -> str:
    """What is asked at once where a rule, or a classifier's likeness to one, leaves open whether it holds."""
    column = 0 if lang == "en" else 1
    general = _questions()[UNNAMED][column]
    return general if rule in ("", UNNAMED) or rule not in _questions() else f"{_questions()[rule][column]} {general}"


def is_asked(rule: str, after: int, turns: Sequence[Turn]) -> bool:
    """Whether the rule's question was put, in either language, later than the turn `after`."""
    return any(asks_about(t, rule, after) for t in turns)


def is_denied(rule: str, after: int, turns: Sequence[Turn], lang: Lang) -> bool:
    """Whether it was put and its last answer denies all of it."""
    answers = [(q, a) for q, a in pairwise(turns) if asks_about(q, rule, after) and a.role == "patient"]
    return bool(answers) and denies(answers[-1][0].text, answers[-1][1].text, lang)


def asks_about(turn: Turn, rule: str, after: int) -> bool:
    """Whether a turn later than `after` puts the rule's question."""
    words = (deciding_question(rule, "en"), deciding_question(rule, "zh"))
    return turn.role == "clinician" and turn.index > after and turn.text.endswith(words)


_BUT = re.compile(r"\b(?:but|except|though|although)\b|但|不过|只是|就是|可是|除了")
_WORD = re.compile(r"[a-z']{4,}")
_HAN_PAIR = re.compile(r"(?=([\u4e00-\u9fff]{2}))")
_STOP = (
    "there with have does been than when that this from more much into after before right still pain ache hurt person something"
    " somebody happening 有没 没有 现在 还在 或者 伴有 疼痛 很疼 有点 一点"
)
_IDLE = frozenset(_STOP.split())


def denies(question: str, answer: str, lang: Lang) -> bool:
    """Whether an answer denies all that a deciding question asks for; "no, but it is getting worse" takes up a part of it."""
    if read_answer(answer, detect_lang(answer, lang)) != "no":
        return False
    folded = fold(answer)
    contrast = _BUT.search(folded)
    if contrast is None:
        return True
    left = folded[contrast.end() :]
    if opens_negation(left, detect_lang(answer, lang)):
        return True
    return not (_content(fold(question)) & _content(left))


def _content(folded: str) -> set[str]:
    """Stems of the words, and pairs of characters, that carry a matter."""
    words = {w[:5] for w in _WORD.findall(folded) if w not in _IDLE}
    return words | {p for p in _HAN_PAIR.findall(folded) if p not in _IDLE}
