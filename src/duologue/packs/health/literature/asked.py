"""What of a query may leave for a database: its words without anybody's personal data, and what was taken out.

A place, a date or an age alone identifies nobody and belongs to many questions; beside a name or a number they go too. Names of
diseases, and what stands before a field's tag (`Smith J[au]`, `2015/01/01[dp]`), are no persons' data.
"""

import re
from dataclasses import dataclass
from functools import cache

from duologue.kit.text import detect_lang
from duologue.packs.health.language.phrases import RULES, load_rules
from duologue.packs.health.privacy.redact import by_rule, by_tagger, merge
from duologue.packs.health.privacy.tagger import COMMON, Spanned

_ALONE_NOBODY = ("PLACE", "DATE", "AGE")
_TAGGED = re.compile(r"[\"'”]?(?: [A-Z]{1,3})?\s*\[[A-Za-z]")
_WITHIN_FIELD = re.compile(r"[A-Z_]{3,}:\s*(?:\[[^\]]*\]|\"[^\"]*\"|[^\s()\"\[]+)")
_EPONYMS = frozenset((RULES / "eponyms.txt").read_text("utf-8").split())
"""Persons after whom diseases, signs and scores are called; own list."""
_LIKE_A_DRUG = re.compile(
    r"(?:mab|nib|pril|statin|olol|azole|sartan|gliptin|flozin|glutide|cillin|mycin|floxacin|dipine|caine|pine|xaban|gatran|vir|"
    r"setron|triptan|prazole|oxetine|parin|thiazide|semide|metacin|profen|coxib|zepam|barbital|sone|solone|onide|phylline)$"
)
_OPERATOR = r"(?:AND|OR|NOT)"


@dataclass(frozen=True, slots=True)
class Asked:
    """`query` is what leaves; `withheld` are the words that stayed here."""

    query: str
    withheld: tuple[str, ...]


def without_persons(query: str) -> Asked:
    """The query without personal data, still a query: no empty bracket and no operator without its terms."""
    lang = detect_lang(query)
    free = [m.span() for m in _WITHIN_FIELD.finditer(query)]
    told = [_trimmed(query, s) for s in by_rule(query, lang)] + [s for x in by_tagger(query, lang) for s in _unknown(query, x)]
    spans = [
        (start, end, kind)
        for start, end, kind in merge(told)
        if end > start and not _TAGGED.match(query, end) and not any(a <= start and end <= b for a, b in free)
    ]
    if not any(kind not in _ALONE_NOBODY for _, _, kind in spans):
        return Asked(query.strip(), ())
    out, last = "", 0
    for start, end, _ in spans:
        out, last = f"{out}{query[last:start]} ", end
    return Asked(_tidy(out + query[last:]), tuple(dict.fromkeys(query[start:end].strip() for start, end, _ in spans)))


def _trimmed(query: str, span: Spanned) -> Spanned:
    """What a pattern found, without a bracket at its rim and no further than the next blank in Chinese."""
    start, end, kind = span
    while start < end and query[start] in "( \"'":
        start += 1
    words = query[start:end]
    gap = re.search(r"(?<=[\u4e00-\u9fff])\s", words)
    return start, start + gap.start() if gap else end, kind


def _unknown(query: str, span: Spanned) -> list[Spanned]:
    """What of the tagger's span may be a person's: runs of capitalised words that are no operator, disease, drug or common word."""
    start, end, kind = span
    if kind in _ALONE_NOBODY or re.search(r"[\u4e00-\u9fff]", query[start:end]):
        return [_trimmed(query, span)]
    out: list[Spanned] = []
    for m in re.finditer(r"[^\s()\"“”,;:]+", query[start:end]):
        word = m.group()
        if not _is_persons(word):
            continue
        a, b = start + m.start(), start + m.end()
        joined = out and query[out[-1][1] : a].strip(" .") == ""
        out[-1:] = [(out[-1][0], b, kind)] if joined else [*out[-1:], (a, b, kind)]
    return out


def _is_persons(word: str) -> bool:
    """Whether a word of a query may be somebody's name: capitalised, and known for nothing else."""
    bare = re.sub(r"['’]s$", "", word).strip(".-'’").lower()
    parts = [p for p in re.split(r"[-–]", bare) if p]
    if not word[:1].isupper() or word.isupper() or any(c.isdigit() for c in word):
        return False
    return not all(p in _EPONYMS or p in COMMON or p in _drugs() or _LIKE_A_DRUG.search(p) for p in parts)


@cache
def _drugs() -> frozenset[str]:
    """The drugs' English names that the pack knows, word by word."""
    return frozenset(re.findall(r"[a-z]+", " ".join(load_rules("drugs.yaml")).lower()))


def _tidy(query: str) -> str:
    """No empty quotes and brackets, no operator without a term on each side."""
    while True:
        before = query
        query = re.sub(r"\"\s*\"|\(\s*\)|“\s*”", " ", query)
        query = re.sub(rf"\(\s*(?:{_OPERATOR}\s+)+", "(", query)
        query = re.sub(rf"(?:\s+{_OPERATOR})+\s*\)", ")", query)
        query = re.sub(rf"\b({_OPERATOR})(?:\s+{_OPERATOR})+\b", r"\1", query)
        query = re.sub(rf"^\s*(?:(?:AND|OR)\s+)+|(?:\s+{_OPERATOR})+\s*$", " ", query)
        query = re.sub(r"\s+([,;.?!)，。；？！])", r"\1", re.sub(r"\s+", " ", query)).strip(" ,;，；")
        if query == before:
            return query
