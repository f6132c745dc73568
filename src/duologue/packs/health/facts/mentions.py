"""What a text names: the lexicon's entries with their places, their sentence and their attributes. Knows no dialogue."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from duologue.kit.text import Lang
from duologue.packs.health.facts.graph import Kind
from duologue.packs.health.language.phrases import fold, load_rules

READING = {name: re.compile("|".join(parts)) for name, parts in load_rules("reading.yaml").items()}
ALLERGENS = frozenset({"latex", "peanuts", "shellfish", "pollen"})
"""What is a fact only as an allergy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing that the lexicon knows. `evidence` is its code in DDXPlus, where it has one."""

    concept: str
    kind: Kind
    pattern: re.Pattern[str]
    icd10: str = ""
    evidence: str = ""


@cache
def entries(lang: Lang) -> tuple[Entry, ...]:
    """The lexicon of a language."""
    column = 1 if lang == "en" else 2
    out = [
        Entry(name, row[0], re.compile(_edged(row[column], lang)), row[3], row[4]) for name, row in load_rules("facts.yaml").items()
    ]
    for english, chinese in load_rules("drugs.yaml").items():
        words = english if lang == "en" else f"{chinese}|{english}"
        out.append(Entry(english.split("|")[0].rstrip("?"), "medication", re.compile(_edged(words, lang))))
    return tuple(out)


def _edged(words: str, lang: Lang) -> str:
    return rf"(?<![a-z])(?:{words})(?![a-z])" if lang == "en" else f"(?:{words})"


@lru_cache(maxsize=2048)
def find_mentions(text: str, lang: Lang) -> tuple[tuple[Entry, int, int], ...]:
    """What a text names, in order. A name inside a longer one is none: "coughing up blood" is no cough."""
    folded = fold(text)
    found = [(entry, m) for entry in entries(lang) for m in entry.pattern.finditer(folded)]
    whole = [(e, m) for e, m in found if not any(_holds(n, m) for o, n in found if o is not e)]
    return tuple((e, m.start(), m.end()) for e, m in whole)


def find_named(text: str, lang: Lang) -> tuple[tuple[Entry, int, int], ...]:
    """Each thing that a text names once, where it stands first."""
    first: dict[str, tuple[Entry, int, int]] = {}
    for entry, start, end in find_mentions(text, lang):
        first.setdefault(f"{entry.kind}/{entry.concept}", (entry, start, end))
    return tuple(first.values())


def _holds(outer: re.Match[str], inner: re.Match[str]) -> bool:
    return outer.start() <= inner.start() and inner.end() <= outer.end() and outer.span() != inner.span()


def sentence_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The place of the sentence around a mention; a point inside a number ends none."""
    left = max(text.rfind(c, 0, start) for c in ".。!?！？\n") + 1
    while left and text[left - 1] == "." and text[left : left + 1].isdigit():
        left = max(text.rfind(c, 0, left - 1) for c in ".。!?！？\n") + 1
    ends = (i for c in ".。!?！？\n" if (i := text.find(c, end)) >= 0 and not text[i : i + 2].strip(".").isdigit())
    return left, min(ends, default=len(text))


def is_pain(concept: str) -> bool:
    """Whether a complaint is one of pain, of which a character can be asked."""
    return bool(READING["aches"].search(concept))


def read_detail(text: str, start: int, end: int, kind: str, lang: Lang) -> dict[str, str]:
    """Attributes in the words that were used, from the sentence of the mention; a dose behind it goes first."""
    left, right = sentence_of(text, start, end)
    folded = fold(text)
    patterns = (
        {"dose": READING["dose"]}
        if kind == "medication"
        else {
            "duration": READING["duration"],
            "severity": READING["severity"],
            "side": READING["side"],
            "course": READING["course"],
        }
    )
    if kind in ("allergy", "social", "condition"):
        patterns = {"condition": {"duration": READING["duration"]}, "social": {"amount": READING["amount"]}}.get(kind, {})
    if kind == "symptom" and READING["aches"].search(folded[start:end]):
        patterns = {**patterns, "character": READING["character"]}
    if kind == "symptom" and len([e for e, at, _ in find_mentions(text, lang) if e.kind == "symptom" and left <= at < right]) <= 1:
        patterns = {**patterns, "onset": READING["onset"]}
    out = {}
    for name, pattern in patterns.items():
        behind = pattern.search(folded, end, right) if name == "dose" else None
        m = behind or pattern.search(folded, left, right)
        if m is None and name == "side" and len(find_mentions(text, lang)) == 1:
            m = pattern.search(folded, end)
        if m:
            out[name] = " ".join(g for g in m.groups() if g) if name != "dose" else m.group().strip()
    return out
