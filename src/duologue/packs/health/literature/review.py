"""A review of the literature: the question's terms, decisions, when to stop, the evidence table, its summary, the flow.

Nothing here writes words of its own about medicine: a cell is a quotation from its paper, a summary is quotations with their
numbers. Knows no table and no network.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from duologue.kit.errors import Invalid
from duologue.kit.text import detect_lang, sentences
from duologue.packs.health.literature.pico import extract_pico
from duologue.packs.health.literature.screening import missed_bound
from duologue.packs.health.literature.search import Paper, best_quote

Stage = Literal["screen", "full"]
FIELDS = ("P", "I", "C", "O", "R")
"""Population, intervention, comparison, outcome, and the result in the authors' words."""


@dataclass(frozen=True, slots=True)
class Review:
    """One question over one collection. `identified` counts records by source; `sample` was drawn to know when to stop."""

    id: str
    workspace_id: str
    title: str
    question: str = ""
    terms: Mapping[str, str] = field(default_factory=dict)
    identified: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    sample: tuple[int, ...] = ()
    sample_unread: int = 0
    """How many were unread when the sample was drawn."""
    sample_of: tuple[int, ...] = ()
    """Which were unread then: what is found among them later is taken off the bound."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a member decided of a paper; stage `full` with an exclusion: after reading it. `quotes` are cells chosen by hand."""

    seq: int
    include: bool
    stage: Stage = "screen"
    reason: str = ""
    by: str = ""
    quotes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_relevant(self) -> bool:
        """Whether the title and abstract were worth reading: what screening learns from."""
        return self.include or self.stage == "full"


Decisions = Mapping[int, Decision]

# ---- question

_ACT = (
    r"(?:reduces?|improves?|affects?|prevents?|lowers?|increases?|changes?|shortens?|relieves?|alleviates?"
    r"|(?:leads?|associated) (?:to|with)|effective (?:for|against))"
)
_AGAINST = re.compile(
    r",?\s*\b(?:compared (?:with|to)|versus|vs\.?|rather than)\s+(?P<C>[^,?]+?)"
    rf"(?=,|\?|$|\s+(?:in|among|on|for)\s|\s+{_ACT}\s)",
    re.I,
)
_ASKED = [
    re.compile(p, re.I)
    for p in (
        rf"^(?:in|among|for) (?P<P>[^,]+),? (?:does|do|is|are|can|will) (?P<I>.+?),? {_ACT} (?P<O>[^?]+)",
        rf"^(?:does|do|is|are|can|will) (?P<I>.+?),? {_ACT} (?P<O>.+?) (?:in|among) (?P<P>[^,?]+)",
        r"^what (?:is|are) the (?:effects?|efficacy) of (?P<I>.+?) on (?P<O>.+?) (?:in|among) (?P<P>[^,?]+)",
    )
]
_AGAINST_ZH = re.compile(r"[,，]?(?:相?比于|与|和|跟|比起|比)(?P<C>[^,，与和比]+?)(?:相比|比较)[,，]?")
_ASKED_ZH = re.compile(
    r"^(?:在|对于|对|针对)?(?P<P>[^,，]+?)(?:中|里)?[,，](?P<I>[^,，]+?)(?:是否|能否|可否|能不能|可以|能)(?:更)?(?:好地|有效)?"
    r"(?:降低|减少|改善|预防|提高|影响|缩短|缓解|增加)(?P<O>[^?？吗]+)"
)


def ask_terms(question: str) -> dict[str, str]:
    """P, I, C and O of a question, as its own words; a field is empty where no pattern finds it, for a person to fill in."""
    text = " ".join(question.split())
    is_zh = detect_lang(text) == "zh"
    against = (_AGAINST_ZH if is_zh else _AGAINST).search(text)
    core = text[: against.start()] + text[against.end() :] if against else text
    found = {"C": against["C"]} if against else {}
    for pattern in [_ASKED_ZH] if is_zh else _ASKED:
        m = pattern.search(core)
        if m:
            found |= m.groupdict()
            break
    return {k: found.get(k, "").strip(" ,.?，。？") for k in "PICO"}


def query_of(review: Review) -> str:
    """The words that are searched for in the collection."""
    return " ".join(v for v in (review.terms.get(k, "") for k in "PICO") if v) or review.question


def online_query(review: Review) -> str:
    """The terms as a boolean query that PubMed and Europe PMC both read; the comparison is left out, as searches do for recall."""
    parts = [review.terms.get(k, "") for k in "PIO"]
    return " AND ".join(f"({p})" for p in parts if p) or review.question


# ---- screening


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many of the relevant may still be unread. `bound` is None until a random sample was read whole."""

    read: int
    unread: int
    found: int
    sampled: int
    sample_read: int
    bound: int | None
    recall: float | None
    """Lower bound of the share that was found, at 95 %."""


def estimate(review: Review, decisions: Decisions, total: int) -> Estimate:
    """Upper bound at 95 % of the relevant ones left, by the random sample; without one none is claimed until everything is read."""
    found = sum(d.is_relevant for d in decisions.values())
    drawn = [decisions[i] for i in review.sample if i in decisions]
    seen = (len(decisions), total - len(decisions), found, len(review.sample), len(drawn))
    if decisions and not seen[1]:
        return Estimate(*seen, 0, 1.0 if found else None)
    if not review.sample or len(drawn) < len(review.sample):
        return Estimate(*seen, None, None)
    upper = missed_bound(len(drawn), sum(d.is_relevant for d in drawn), review.sample_unread)
    among = sum(d.is_relevant for i, d in decisions.items() if i in set(review.sample_of))
    left = max(0, min(seen[1], int(upper) - among))
    return Estimate(*seen, left, found / (found + left) if found + left else None)


# ---- evidence


_FIGURE = re.compile(
    r"\bp\s*[<=>]|\b95\s?%|\bCI\b|\b(?:OR|RR|HR|SMD|MD)\b\s*[=:,]?\s*-?\d|\d+(?:\.\d+)?\s?%|\d+ of \d+|(?:差异|比值比|风险比)", re.I
)


@dataclass(frozen=True, slots=True)
class Row:
    """An included paper: its number in the summary, and quotations by field, each verbatim in it."""

    number: int
    seq: int
    paper: Paper
    quotes: Mapping[str, str]


def extract(paper: Paper, question: str) -> dict[str, str]:
    """The first quotation for each field; the result is the sentence with figures that fits the question best."""
    out: dict[str, str] = {}
    for q in extract_pico(paper.abstract):
        out.setdefault(q.kind, q.text)
    figures = [s for s in sentences(paper.abstract) if _FIGURE.search(s)]
    source = replace(paper, abstract=" ".join(figures)) if figures else paper
    result = best_quote(source, question or paper.title)
    out["R"] = result if result in paper.text else best_quote(paper, question or paper.title)
    return {k: v for k, v in out.items() if k in FIELDS and is_verbatim(paper, v)}


def is_verbatim(paper: Paper, words: str) -> bool:
    """Whether these words stand in the title or the abstract, letter by letter."""
    return bool(words) and (words in paper.abstract or words in paper.title)


def check_quote(paper: Paper, kind: str, words: str) -> str:
    """The words, if they may stand in the table. Raises Invalid where the paper does not say so."""
    if kind not in FIELDS:
        raise Invalid(f"There is no field {kind}; it is one of {', '.join(FIELDS)}.")
    words = words.strip()
    if words and not is_verbatim(paper, words):
        raise Invalid("These words do not stand in the paper; copy them from its abstract, letter by letter.")
    return words


def evidence(papers: Sequence[Paper], decisions: Decisions, question: str) -> list[Row]:
    """The included papers in the order of their years, the newest first."""
    kept = [d for d in decisions.values() if d.include]
    kept.sort(key=lambda d: (-(papers[d.seq].year or 0), d.seq))
    return [Row(n, d.seq, papers[d.seq], {**extract(papers[d.seq], question), **d.quotes}) for n, d in enumerate(kept, 1)]


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence of a summary with the numbers of the rows that it rests on; never empty."""

    text: str
    cites: tuple[int, ...]


def summarise(rows: Sequence[Row], lang: str) -> list[Cited]:
    """What the included papers say, each in its own words; retracted ones are named as such and quoted nowhere."""
    good, bad = [r for r in rows if not r.paper.retracted], [r for r in rows if r.paper.retracted]
    out = []
    if good:
        n = len(good)
        said = f"{n} paper{'s were' if n > 1 else ' was'} included." if lang == "en" else f"纳入文献{n}篇。"
        out.append(Cited(said, tuple(r.number for r in good)))
    for r in good:
        words = r.quotes.get("R") or r.paper.title
        who = (r.paper.authors[0].split(",")[0] if r.paper.authors else r.paper.title[:40]) + (
            f" ({r.paper.year})" if r.paper.year else ""
        )
        out.append(Cited(f"{who}: “{words}”" if lang == "en" else f"{who}：“{words}”", (r.number,)))
    for r in bad:
        out.append(
            Cited("This paper was retracted and is not quoted." if lang == "en" else "该文献已被撤稿，不予引用。", (r.number,))
        )
    return out


def count_flow(review: Review, papers: Sequence[Paper], decisions: Decisions) -> dict[str, Any]:
    """The numbers of a PRISMA 2020 flow diagram (Page et al., BMJ 2021;372:n71)."""
    assessed = [d for d in decisions.values() if d.is_relevant]
    reasons: dict[str, int] = {}
    for d in assessed:
        if not d.include:
            reasons[d.reason or "–"] = reasons.get(d.reason or "–", 0) + 1
    included = [d for d in assessed if d.include]
    return {
        "identified": dict(review.identified), "total": sum(review.identified.values()), "duplicates": review.duplicates,
        "unread": len(papers) - len(decisions), "screened": len(decisions), "excluded": len(decisions) - len(assessed),
        "assessed": len(assessed), "reasons": reasons, "included": len(included),
        "retracted": sum(papers[d.seq].retracted for d in included),
    }  # fmt: skip


def lang_of(review: Review) -> str:
    return detect_lang(review.question or review.title)
