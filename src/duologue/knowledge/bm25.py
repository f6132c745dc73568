"""BM25 over three fields, computed here so that both databases rank alike. Knows terms and counts, no database.

BM25F: Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", CIKM 2004.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duologue.knowledge.repository import FIELDS, State, Terms

K1 = 1.2
B = {"title": 0.3, "heading": 0.3, "body": 0.6}
BOOST = {"title": 1.2, "heading": 1.5, "body": 1.0}
"""K1, B and BOOST were looked at on the development half of the sample questions; the ranking hardly moves around them."""


@dataclass(frozen=True, slots=True)
class Query:
    """The terms of a question with the weight of each: its idf in the workspace, and less for a guessed one."""

    weights: Mapping[str, float]

    @property
    def total(self) -> float:
        """The weight of all terms; the score of a passage is always less than `(K1 + 1) * total`."""
        return sum(self.weights.values())


def idf(passages_with: int, passages: int) -> float:
    """How much a term tells; of one that occurs nowhere the most."""
    return math.log(1 + (passages - passages_with + 0.5) / (passages_with + 0.5))


def weigh(terms: Sequence[str], counts: Mapping[str, int], state: State) -> Query:
    """A query of the terms, doubles counted once."""
    return Query({term: idf(min(counts.get(term, 0), state.passages), state.passages) for term in dict.fromkeys(terms)})


def rate(query: Query, terms: Terms, state: State) -> float:
    """The BM25F score of a passage, divided by its bound, so that it lies between 0 and 1."""
    return total(query, saturate(query, terms, state))


def total(query: Query, parts: Mapping[str, float]) -> float:
    """The weighted share of the query that `parts` hold, each of them 0 … 1."""
    score = sum(weight * parts[term] for term, weight in query.weights.items() if term in parts)
    return score / query.total if query.total else 0.0


def saturate(query: Query, terms: Terms, state: State) -> dict[str, float]:
    """How much a passage holds of each term of the query, 0 … 1; terms that it lacks are left out."""
    frequency: defaultdict[str, float] = defaultdict(float)
    for name in FIELDS:
        field: list[str] = getattr(terms, name)
        if not field:
            continue
        mean = getattr(state, f"{name}_terms") / max(state.passages, 1) or 1.0
        norm = BOOST[name] / (1 - B[name] + B[name] * len(field) / mean)
        for term in field:
            if term in query.weights:
                frequency[term] += norm
    return {term: count / (count + K1) for term, count in frequency.items()}
