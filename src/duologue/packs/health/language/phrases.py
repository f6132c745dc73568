"""Phrases as data: a small pattern language for lexicons, compiled to regular expressions. Knows no medicine.

A phrase is a regular expression with four additions: `<name>` stands for a word class of the same file; a blank matches any short
run of blanks and punctuation in English and nothing in Chinese; `~` is a gap of up to five words (eight characters in Chinese) that
crosses no sentence end and is the only capturing group; `A & B` matches any order with a gap of up to eight words (fourteen
characters).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import yaml

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang

RULES = Path(__file__).parents[1] / "rules"
_SPACE = {"en": r"[\s,'\"()/-]{1,3}", "zh": ""}
_GAP = {"en": r"((?:[^\w.!?;]{1,3}[\w'%°.]+){0,5}?[^\w.!?;]{1,3})", "zh": r"([^。！？；!?;\n]{0,8}?)"}
_WIDE = {"en": r"((?:[^\w.!?;]{1,3}[\w'%°.]+){0,8}?[^\w.!?;]{1,3})", "zh": r"([^。！？；!?;\n]{0,14}?)"}
_SAME = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "，": ",", "？": "?", "！": "!", "；": ";", "：": ":"}
)


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a concept stands in a text: characters `start` to `end`; `gaps` are the stretches between its parts."""

    concept: str
    start: int
    end: int
    gaps: tuple[tuple[int, int], ...] = ()


def fold(text: str) -> str:
    """Lower case, plain quotation marks and ASCII punctuation; every character keeps its place."""
    folded = "".join(c.lower() if len(c.lower()) == 1 else c for c in text).translate(_SAME)
    return "".join(chr(ord(c) - 0xFEE0) if "\uff10" <= c <= "\uff19" or c in "％" else c for c in folded)


class Lexicon:
    """Concepts of one language, each with its phrases."""

    def __init__(self, lang: Lang, classes: Mapping[str, str], concepts: Mapping[str, Sequence[str]]) -> None:
        self.lang = lang
        self._classes = dict(classes)
        self._patterns = {name: self._compile(name, phrases) for name, phrases in concepts.items()}

    @property
    def concepts(self) -> frozenset[str]:
        return frozenset(self._patterns)

    def find(self, text: str, only: frozenset[str] | None = None) -> Iterator[Mention]:
        """Mentions in `text`, by concept. Those of one concept do not overlap; those of two may."""
        folded = fold(text)
        for name, pattern in self._patterns.items():
            if only is None or name in only:
                for m in pattern.finditer(folded):
                    yield Mention(name, m.start(), m.end(), tuple(span for span in m.regs[1:] if span[0] >= 0))

    def _compile(self, name: str, phrases: Sequence[str]) -> re.Pattern[str]:
        try:
            return re.compile("|".join(self._expand(p) for p in phrases))
        except (re.error, KeyError) as error:
            raise Invalid(f"Correct the phrases of the concept {name!r} ({self.lang}): {error}.") from error

    def _expand(self, phrase: str) -> str:
        sides = [s.strip() for s in phrase.split(" & ")]
        if len(sides) > 1:
            expanded = [f"(?:{self._expand(s)})" for s in sides]
            return "|".join(_WIDE[self.lang].join(order) for order in permutations(expanded))
        for _ in range(3):
            phrase = re.sub(r"(?<!\(\?)(?<!\(\?P)<(\w+)>", lambda m: f"(?:{self._classes[m.group(1)]})", phrase)
        parts = [self._blank(p) for p in phrase.split(" ~ ")]
        whole = _GAP[self.lang].join(f"(?:{p})" for p in parts)
        if self.lang == "zh":
            whole = re.sub(r"(?<!\()\[\^[^\]]*\]\{\d+,\d+\}", r"(\g<0>)", whole)
        return rf"(?<!\w)(?:{whole})(?!\w)" if self.lang == "en" else whole

    def _blank(self, part: str) -> str:
        blank = _SPACE[self.lang]
        return part.strip().replace("[ -]", r"[\s-]").replace(" ?", f"(?:{blank})?" if blank else "").replace(" ", blank)


@cache
def load_lexicon(lang: Lang) -> Lexicon:
    """The concepts of `rules/concepts-<lang>.yaml`."""
    data = load_rules(f"concepts-{lang}.yaml")
    return Lexicon(lang, data["classes"], data["concepts"])


def load_rules(name: str) -> Any:
    """The content of a YAML file in `rules/`."""
    return yaml.safe_load((RULES / name).read_text("utf-8"))
