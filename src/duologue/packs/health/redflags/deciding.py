"""The question that decides a red flag in doubt, whether a talk has put it, and what its answer says. Knows rules by name only."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import takewhile

from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.facts.dialogue import Turn
from duologue.packs.health.language.answers import is_question, read_answer, says_so
from duologue.packs.health.language.context import opens_negation
from duologue.packs.health.language.measures import derive_concepts, find_measures
from duologue.packs.health.language.phrases import fold, load_lexicon, load_rules

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


@cache
def _deciding() -> tuple[str, ...]:
    """All deciding questions in both languages, the longest first: each ends as the general one does."""
    langs: tuple[Lang, ...] = ("en", "zh")
    return tuple(sorted({deciding_question(rule, lang) for rule in _questions() for lang in langs}, key=len, reverse=True))


def is_asked(rule: str, after: int, turns: Sequence[Turn]) -> bool:
    """Whether the rule's question was put, in either language, later than the turn `after`."""
    return any(asks_about(t, rule, after) for t in turns)


def is_denied(rule: str, after: int, turns: Sequence[Turn], lang: Lang) -> bool:
    """Whether it was put and its last answer denies all of it."""
    put = [i for i, t in enumerate(turns) if asks_about(t, rule, after)]
    if not put:
        return False
    said = list(takewhile(lambda t: t.role == "patient", turns[put[-1] + 1 :]))
    answer = next((t for t in said if not is_aside(t.text)), None)
    return answer is not None and denies(turns[put[-1]].text, answer.text, lang)


def asks_about(turn: Turn, rule: str, after: int) -> bool:
    """Whether a turn later than `after` puts the rule's question."""
    words = (deciding_question(rule, "en"), deciding_question(rule, "zh"))
    return turn.role == "clinician" and turn.index > after and turn.text.endswith(words)


_ASIDE = re.compile(
    r"^\W*(?:(?:it'?s|it is|its|i'?d say|about|around|maybe|roughly|like|is|just|an?(?= )"
    r"|大概|大约|差不多|应该|是|有|烧到|最高)\W*)*"
    r"(?:\d{1,3}(?:[.,]\d{1,2})?|[一二三四五六七八九十]{1,3}|one|two|three|four|five|six|seven|eight|nine|ten)"
    r"\s?(?:(?:/|out of)\s?10|°\s?[cf]?|degrees?(?: celsius)?|[cf]\b|度\d?|[分级])?(?:吧|左右|的)?\W*$",
    re.I,
)


def is_aside(answer: str) -> bool:
    """Whether an answer is a figure, a measure or a question and nothing else: it answers nothing. A time says yes, that long."""
    return _ASIDE.match(answer) is not None or _only_measures(answer) or _only_asks(answer) or _only_wants(answer)


_WANTS = re.compile(
    r"\W*(?:(?:please|so|and|ok|doctor)\W+)*(?:can|could|will|would) (?:you|i|we|he|she|the doctor)\b[^.!?,;]*"
    r"\b(?:prescri\w+|antibiotics?|refills?|medic\w+|painkillers?|pills?|tablets?)\b[^.!?,;]*\W*(?:please|thanks?|thank you)?\W*"
    r"|\W*(?:(?:那|请问|医生|大夫)[,，\s]*)*(?:能不能|可不可以|能|可以|麻烦|请|帮我)"
    r"[^,，。!！?？]{0,8}(?:开|配|续)[^,，。!！?？]{0,10}[吗吧么呢]?\W*(?:谢谢)?\W*",
    re.I,
)


@lru_cache(maxsize=2048)
def _only_wants(answer: str) -> bool:
    """Whether it asks for a medicine and names nothing else that the lexicon knows; 能 in 能给我开点头孢吗 is no yes."""
    if not _WANTS.fullmatch(answer):
        return False
    return all(m.concept in _IN_A_WISH for m in load_lexicon(detect_lang(answer)).find(answer))


_IN_A_WISH = frozenset({"harm_intent", "trauma_danger", "vision_trouble"})
"""What the lexicon finds in a bare wish and nobody tells: an intent in "could I", a head in 头孢."""


@lru_cache(maxsize=2048)
def _only_measures(answer: str) -> bool:
    """Whether it tells measures that are no alarm ("sugar was 180 mg/dl", 血压152/94), and next to nothing else."""
    lang = detect_lang(answer)
    if not any(True for _ in find_measures(answer, lang)) or {c for c, _, _ in derive_concepts(answer, lang)} - {"no_fever"}:
        return False
    rest = _MEASURED.sub(" ", fold(answer))
    return len(_HAN.findall(rest)) + len(re.findall(r"[a-z']+", rest)) <= _LEFT


_MEASURED = re.compile(
    r"\b(?:blood|sugar|glucose|bp|pressure|pulse|heart|rate|temp\w*|sats?|oxygen|mg|dl|mmol|l|mmhg|bpm|f|c|degrees?|is|was|at|of|the|my|"
    r"it|and|about|a|on|this|morning)\b|血压|血糖|心率|心跳|脉搏|体温|度|分|毫米汞柱|是|大概|今天|早上|刚|量的?|[\d./%]+"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LEFT = 2
"""Words, or Chinese characters, that may stand beside a measure."""


@lru_cache(maxsize=2048)
def _only_asks(answer: str) -> bool:
    """Whether it asks something back and names nothing that a rule or the lexicon knows ("so what have I got?")."""
    lang = detect_lang(answer)
    if not is_question(answer, lang) or says_so(answer, lang) or read_answer(answer, lang) == "no" or "都没" in answer:
        return False
    return not any(True for _ in load_lexicon(lang).find(answer))


def find_pending(turns: Sequence[Turn]) -> Turn | None:
    """The question that the last turn, the patient's, is the first to answer; asides before it are no answer."""
    if not turns or turns[-1].role != "patient":
        return None
    before = next((t for t in reversed(turns[:-1]) if t.role != "patient" or not is_aside(t.text)), None)
    return before if before is not None and before.role != "patient" else None


def without_evaded(turns: Sequence[Turn]) -> list[Turn]:
    """The turns as they answer each other: an aside stands before the deciding question that it does not answer, and a question
    that got nothing else when it was put for the first time is left out, for what it names was not told."""
    out: list[Turn] = []
    put: set[str] = set()
    for i, turn in enumerate(turns):
        words = next((w for w in _deciding() if turn.text.endswith(w)), "") if turn.role == "clinician" else ""
        said = list(takewhile(lambda t: t.role == "patient", turns[i + 1 :])) if words else []
        asides = list(takewhile(lambda t: is_aside(t.text), said))
        is_evaded = bool(asides) and len(asides) == len(said) and words not in put
        put.add(words)
        if turn in out:  # an aside that stands before its question already
            continue
        out += [*(asides if not is_evaded and len(asides) < len(said) else []), *([] if is_evaded else [turn])]
    return out


def evades(turns: Sequence[Turn], rule: str) -> bool:
    """Whether the rule's question was put once and the last turn says something else: then it is put once more."""
    return is_aside(turns[-1].text) and sum(asks_about(t, rule, -1) for t in turns) == 1


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
