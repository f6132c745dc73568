"""What the text around says of a mention: read in the news, the last time long ago, or looked into by a clinician and over.

`context.py` reads the mention's own clause; here the text as a whole is read, by triggers in `rules/setting.yaml`. What a person
says is over counts as over only where somebody has looked into it: a sight that was gone for five minutes stays a red flag.
It knows no rule.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from duologue.kit.text import Lang
from duologue.packs.health.language.phrases import fold, load_rules

Spans = Sequence[tuple[int, int]]
REACH = 80
"""Characters after a mention in which its last time may be named."""


@dataclass(frozen=True, slots=True)
class _Triggers:
    told_of: re.Pattern[str]
    apart: re.Pattern[str]
    last_time: re.Pattern[str]
    examined: re.Pattern[str]
    over: re.Pattern[str]
    returned: re.Pattern[str]


@cache
def _triggers(lang: Lang) -> _Triggers:
    left, right = (r"(?<!\w)", r"(?!\w)") if lang == "en" else ("", "")
    return _Triggers(**{k: re.compile(f"{left}(?:{'|'.join(v)}){right}") for k, v in load_rules("setting.yaml")[lang].items()})


_BORDER = re.compile(r"[,.;!?()\n]+")
_BUT = re.compile(r"\b(?:but|and now|now|because)\b|但|不过|可是|现在")
_OWN = re.compile(r"\b(?:i|my|me|mine|we|our)\b|\band (?:\w+ ){1,3}(?:is|are|has|have|was|can'?t|cannot|won'?t)\b|我|咱")
"""Who speaks of himself or of those with him tells nothing that he read."""
_ME = re.compile(r"\b(?:that'?s me|it'?s me|me too|so (?:do|have|am) i|i (?:do|have|am|feel) too)\b|我自己|我也")


def is_told_of(text: str, start: int, lang: Lang) -> bool:
    """Whether a mention stands in a clause that first names where it was read or seen, and no turn to oneself lies between."""
    folded = fold(text)
    c0 = max((m.end() for m in _BORDER.finditer(folded, 0, start)), default=0)
    return _only_tells(folded[c0:start], lang) and not _ME.search(folded[start : start + REACH])


def _only_tells(clause: str, lang: Lang) -> bool:
    """Whether a folded clause tells of what was read or seen and does not turn to oneself after that."""
    named = _triggers(lang).told_of.search(clause)
    return named is not None and not (_BUT.search(clause, named.end()) or _OWN.search(clause, named.end()))


def said_of_now(text: str, figures: Spans, meant: Spans, lang: Lang) -> str:
    """A text without the clauses that tell of something else: figures of speech, once, somebody else's, a what-if, the news.

    A clause with a mention that is meant stays, and one that only denies does too: what is not there is often the sign.
    """
    folded, kept, start = fold(text), [], 0
    apart = _triggers(lang).apart
    for end in [*(m.end() for m in _BORDER.finditer(folded)), len(text)]:
        if start < end:
            inside = [any(a < end and start < b for a, b in spans) for spans in (figures, meant)]
            clause = folded[start:end]
            if inside[1] or not (inside[0] or apart.search(clause) or _only_tells(clause, lang)):
                kept.append(text[start:end])
        start = end
    return "".join(kept)


def is_long_over(text: str, end: int, lang: Lang) -> bool:
    """Whether the last time of what was mentioned is put months or years back: "my seizures, last one 6 yrs ago"."""
    folded, t = fold(text), _triggers(lang)
    return bool(t.last_time.search(folded[end : end + REACH])) and not t.returned.search(folded)


def cleared_until(text: str, lang: Lang) -> int:
    """Up to which character a text tells of something that was looked into with a good result, is over, and did not return; 0 if
    of nothing. What is told after that is of now."""
    folded, t = fold(text), _triggers(lang)
    if not t.examined.search(folded) or t.returned.search(folded):
        return 0
    return max((m.end() for m in t.over.finditer(folded)), default=0)
