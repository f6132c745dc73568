"""Is a mention meant? Negated, past, somebody else's or only talked about: read from the words around it, in two languages.

After the ConText algorithm (Harkema, Dowling, Thornblade and Chapman, J Biomed Inform 2009; NegEx, 2001): triggers before and after
a mention, triggers that only look like one, and words that end a scope. Triggers are in `rules/context.yaml`. Answers to questions
are read in `answers.py`. It knows no concept and no rule.
"""

import re
from dataclasses import dataclass
from functools import cache

from duologue.kit.text import Lang
from duologue.packs.health.language.phrases import fold, load_rules


@dataclass(frozen=True, slots=True)
class Assertion:
    """How a mention is meant. None set: present, now, of the person whom the talk is about."""

    negated: bool = False
    historical: bool = False
    hypothetical: bool = False
    family: bool = False

    @property
    def is_present(self) -> bool:
        return not (self.negated or self.historical or self.hypothetical or self.family)


@dataclass(frozen=True, slots=True)
class _Triggers:
    sentence: re.Pattern[str]
    clause: re.Pattern[str]
    pseudo: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    historical: re.Pattern[str]
    current: re.Pattern[str]
    hypothetical: re.Pattern[str]
    family: re.Pattern[str]
    follow_up: re.Pattern[str]


@cache
def _triggers(lang: Lang) -> _Triggers:
    data = {k: [_split(p) for p in v] for k, v in load_rules("context.yaml")[lang].items()}
    edge = (r"(?<!\w)", r"(?!\w)") if lang == "en" else ("", "")
    return _Triggers(
        **{
            k: re.compile(f"{edge[0]}(?:{'|'.join(v)}){edge[1]}" if k not in ("sentence", "clause") else "|".join(v))
            for k, v in data.items()
        }
    )


def _split(pattern: str) -> str:
    """A pattern that also reads transcripts in which "don't" is two words: "do n't"."""
    return re.sub(r"(?<=\w)n't", " ?n't", pattern)


def _around(border: re.Pattern[str], text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch between the nearest borders before `start` and after `end`."""
    left = 0
    for m in border.finditer(text, 0, start + 1):
        if m.end() <= start:
            left = m.end()
    right = border.search(text, end)
    return left, right.start() if right else len(text)


def assess(text: str, start: int, end: int, lang: Lang) -> Assertion:
    """How the mention `text[start:end]` is meant."""
    t = _triggers(lang)
    folded = fold(text)
    s0, s1 = _around(t.sentence, folded, start, end)
    c0, c1 = _around(t.clause, folded, start, end)
    sentence, clause = folded[s0:s1], folded[max(c0, s0) : min(c1, s1)]
    question = folded[s1 : s1 + 1] == "?"
    current = bool(t.current.search(clause)) or folded[s0 : max(c0, s0)].endswith((" and now ", " but now "))
    rest = folded[s1 : s1 + 80]
    past = bool(t.historical.search(clause)) or bool(t.follow_up.match(rest.lstrip(".,; \n")))
    asked = bool(t.hypothetical.search(sentence))
    kin = t.family.search(clause)
    return Assertion(
        negated=is_negated(folded, start, end, lang),
        historical=past and not current,
        hypothetical=asked and (not current or question),
        family=bool(kin) and not current,
    )


def is_negated(text: str, start: int, end: int, lang: Lang) -> bool:
    """Whether a trigger before or after the mention, within its scope, says that it is absent."""
    t = _triggers(lang)
    folded = fold(text)
    c0, c1 = _around(t.clause, folded, start, end)
    before, after = folded[c0:start], folded[end:c1]
    if _EXCEPT.match(folded[end:]):
        return False
    before = t.pseudo.sub(lambda m: "#" * len(m.group()), folded[c0:c1])[: len(before)]
    for m in t.before.finditer(before):
        if _reaches(before[m.end() :], lang, m.group()):
            return True
    after = t.pseudo.sub(lambda m: "#" * len(m.group()), after)
    return bool(t.after.match(after) or _LISTED.match(folded[end:]))


_EXCEPT = re.compile(r",? (?:except|other than|apart from|aside from|(?:with|on|after) (?:\w+ ){1,3}only\b)")
"""What is there after all, in its place: "denied rashes, except where he had dressings"."""
_LISTED = re.compile(
    r"(?: use)?(?: ?: ?|, )(?:none|no(?=[.,;\n]|$)|never|nil|negative|denie[sd]|non-?smoker|无|没有|否认|阴性|\(-\))"
)
"""A heading with its entry: "Alcohol use: none"."""


def is_supposed(text: str, start: int, end: int, lang: Lang) -> bool:
    """Whether a mention's own clause is only supposed; what stands beside one is not ("call if under 90, mine is 85")."""
    t, folded = _triggers(lang), fold(text)
    c0, c1 = _around(t.clause, folded, start, end)
    return bool(t.hypothetical.search(folded[c0:c1]))


def is_past(text: str, lang: Lang) -> bool:
    """Whether an answer as a whole tells of the past and of nothing that lasts: "once, as a baby"."""
    t, folded = _triggers(lang), fold(text)
    return bool(t.historical.search(folded)) and not t.current.search(folded)


def opens_negation(stretch: str, lang: Lang) -> bool:
    """Whether a stretch of text holds a trigger that negates what follows it."""
    t = _triggers(lang)
    return bool(t.before.search(t.pseudo.sub("#", fold(stretch))))


_OWN_CLAUSE = re.compile(
    r"^ ?,|\b(?:i|i've|i'm|i'd|he|she|they|we|it's|some|just|only|occasional(?:ly)?|rare(?:ly)?|social(?:ly)?)\b"
)
"""What ends the reach of a bare "no": its comma, a subject of its own, or what is there instead ("no fever, some chills")."""


def _reaches(between: str, lang: Lang, trigger: str) -> bool:
    """Whether a trigger's scope spans `between`: ten words in English; in Chinese the list that it opens, or three characters."""
    if lang == "en":
        if trigger in ("no", "nope") and _OWN_CLAUSE.search(between):
            return False
        if trigger.endswith("n't") and "," in between and not re.search(r"have|has|had|any|feel|get|notice", between.split(",")[0]):
            return False
        if trigger == "non":
            return len(between.split()) <= 1
        opens_list = between.count(",") >= 2 and (
            trigger.startswith(("deni", "negative for", "no history of", "no complaint", "no evidence of"))
            or re.search(r"\b(?:or|nor) ", between)
        )
        return len(between.split()) <= (30 if opens_list else 10)
    if trigger.endswith("不"):
        return len(between) <= 1
    return len(between) <= 30 if re.search(r"[、,和或及]", between) else len(between) <= 8
