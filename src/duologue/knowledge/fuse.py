"""One order out of two: BM25 and dense scores joined by a weighted sum, with a preference for the language asked in.

Convex combination over reciprocal ranks: Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from duologue.kit.text import Lang
from duologue.knowledge.repository import Candidate

DENSE_SHARE = 0.7
"""Chosen on the development questions for the attentive encoder; with the static one it was 0.4."""
OTHER_LANGUAGE = 0.2
"""Taken off a passage in another language than the question's: it wins only where nothing near is in the right one."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score in each channel. BM25 lies in 0 … 1, dense is a cosine; None where there is no vector.

    `whole` is what the document adds, see `whole.py`; it counts in the hybrid only.
    """

    candidate: Candidate
    bm25: float
    dense: float | None
    whole: float = 0.0


@dataclass(frozen=True, slots=True)
class Fused:
    """A candidate with its place in each channel, from 1; None where that channel has nothing for it."""

    scored: Scored
    score: float
    bm25_rank: int | None
    dense_rank: int | None


def fuse(scored: Sequence[Scored], lang: Lang, *, dense_share: float = DENSE_SHARE) -> list[Fused]:
    """Candidates, best first; equal ones in the order in which they were stored."""
    bm25_ranks = _ranks({s.candidate.number: s.bm25 for s in scored if s.bm25 > 0})
    dense_ranks = _ranks({s.candidate.number: s.dense for s in scored if s.dense is not None})
    fused = []
    for one in scored:
        number = one.candidate.number
        fused.append(Fused(one, _join(one, lang, dense_share), bm25_ranks.get(number), dense_ranks.get(number)))
    return sorted(fused, key=lambda f: (-f.score, f.scored.candidate.number))


def _join(scored: Scored, lang: Lang, dense_share: float) -> float:
    dense = max(scored.dense or 0.0, 0.0)
    share = dense_share if scored.dense is not None else 0.0
    other = OTHER_LANGUAGE if scored.candidate.passage.lang != lang else 0.0
    whole = scored.whole if 0 < dense_share < 1 else 0.0
    return max((1 - share) * scored.bm25 + share * dense + whole - other, 0.0)


def _ranks(scores: dict[int, float]) -> dict[int, int]:
    order = sorted(scores, key=lambda number: (-scores[number], number))
    return {number: rank for rank, number in enumerate(order, start=1)}
