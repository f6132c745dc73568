"""How probable it is that the passages found hold the answer: a logistic function of a few signals of the search.

Knows signals, no passages. A search that finds something always finds a best passage; `support` says whether to believe it.
Platt scaling: Platt, "Probabilistic outputs for support vector machines", 1999.
"""

import math
from collections.abc import Mapping

TOP = 3
"""The answer is expected in one of so many first passages."""
SIGNALS = ("bm25", "dense", "margin")
"""The best BM25 score of the first passages, the best cosine of all candidates, and by how much the first document leads."""
INTERCEPT = -2.39
WEIGHTS: Mapping[str, float] = {"bm25": 1.43, "dense": 3.11, "margin": 4.82}
"""Fitted by `fit.py` on the development half of the sample questions and of the everyday ones; `duologue eval knowledge` reports on
the other half."""


def estimate(signals: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS, intercept: float = INTERCEPT) -> float:
    """A probability, 0 … 1. Signals that are not given count as 0; without any hit it is 0."""
    if not signals:
        return 0.0
    total = intercept + sum(weights.get(name, 0.0) * value for name, value in signals.items())
    return 1 / (1 + math.exp(-max(min(total, 40.0), -40.0)))
