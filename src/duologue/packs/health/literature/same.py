"""Whether two records are of one paper, and whether a title says that it was retracted. Knows no file format.

One paper comes from several databases, and its retraction often with the later record only: what is dropped as a duplicate must not
take the retraction along.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from duologue.packs.health.literature.search import Paper

_BEFORE = re.compile(
    r"^\W*(?:(?:retracted|withdrawn)\b(?: (?:article|paper|publication))?|已?(?:撤稿|撤回))\s*[:：.\])】）–—-]", re.I
)
_AFTER = re.compile(r"[(（\[【]\s*(?:(?:retracted|withdrawn)\b[^()（）]*|已?(?:撤稿|撤回)[^()（）]*)[)）\]】]\s*\.?$", re.I)
_SHORT = 24
"""Bytes of a title under which others bear it too ("Editorial", "Zinc"): the first author decides then."""


def says_retracted(title: str) -> bool:
    """Whether a title begins or ends with the note that journals add: "RETRACTED: …", "… (Retracted article)", "【撤稿】…"."""
    return bool(_BEFORE.search(title) or _AFTER.search(title))


def key_of(paper: Paper) -> str:
    """What two records of one paper share: the DOI, otherwise the title's letters with the year; "" where there is no title."""
    if paper.doi:
        return "doi:" + re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", paper.doi.strip().lower())
    title = _letters(_AFTER.sub("", _BEFORE.sub("", paper.title)))
    author = _letters(paper.authors[0].split(",")[0]) if paper.authors and len(title.encode()) < _SHORT else ""
    return f"title:{title}:{paper.year or ''}:{author}" if title else ""


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def keys_of(paper: Paper) -> set[str]:
    """`key_of`, and the identifier where a database gave it: a number within a file of references names nothing outside it."""
    given = f"{paper.source}:{paper.id}" if paper.id and paper.source != "RIS" else ""
    return {key_of(paper), given} - {""} or {f"text:{_letters(paper.abstract)}"}


def only_new(papers: Iterable[Paper], known: Iterable[Paper] = ()) -> list[Paper]:
    """The papers that neither `known` nor an earlier one of them holds; retracted where one of its records says so."""
    old = {key for p in known for key in keys_of(p)}
    out: list[Paper] = []
    places: dict[str, int] = {}
    for p in papers:
        keys = keys_of(p)
        if keys & old:
            old |= keys
            continue
        at = next((places[k] for k in keys if k in places), len(out))
        if at == len(out):
            out.append(p)
        elif p.retracted:
            out[at] = replace(out[at], retracted=True)
        places |= dict.fromkeys(keys, at)
    return out


def find_retracted(papers: Iterable[Paper], known: Sequence[Paper]) -> list[int]:
    """Which of the `known` papers stand as good and are retracted by one of the records."""
    told = {key for p in papers if p.retracted for key in keys_of(p)}
    return [i for i, p in enumerate(known) if not p.retracted and keys_of(p) & told]
