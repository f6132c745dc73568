"""Does a message belong to the intents at all? Energy of the margins and nearness to known examples, against held-out messages.

Scores are in standard deviations of held-out messages that do belong; a threshold is a quantile of those, per language, so that
the share of good messages that it turns away is what was asked for. Shapes: n texts, m examples.
Sources: Liu et al., "Energy-based out-of-distribution detection", NeurIPS 2020; Sun et al., "Deep nearest neighbors", ICML 2022.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

Floats = NDArray[np.float64]
NEIGHBOURS = 3
CHUNK = 256
ENOUGH = 30
"""Held-out messages of a language below which its threshold is that of all languages; examples of other talk below which
none are learned from."""


def energy(margins: Floats, temperature: float) -> Floats:
    """Soft maximum of the margins (n, k), in units of margins: high for what some class claims."""
    found: Floats = temperature * np.asarray(logsumexp(margins / temperature, axis=1))
    return found


class Neighbours:
    """Cosine to the nearest known examples, by terms and by vectors."""

    def __init__(self, terms: csr_matrix, vectors: NDArray[np.float32]) -> None:
        self._terms = normalize(terms).T.tocsr()
        self._vectors = vectors
        self._count = terms.shape[0]

    def nearness(self, terms: csr_matrix, vectors: NDArray[np.float32]) -> Floats:
        """Mean of the greatest cosines of each text, by terms and, where there are vectors, by vectors: (n, 1) or (n, 2)."""
        unit = normalize(terms)
        best = min(NEIGHBOURS, self._count)
        out = np.zeros((terms.shape[0], 2 if vectors.shape[1] else 1))
        for start in range(0, terms.shape[0], CHUNK):
            part = slice(start, start + CHUNK)
            alike = (unit[part] @ self._terms).toarray()
            out[part, 0] = np.partition(alike, -best, axis=1)[:, -best:].mean(axis=1)
            if vectors.shape[1]:
                near = vectors[part] @ self._vectors.T
                out[part, 1] = np.partition(near, -best, axis=1)[:, -best:].mean(axis=1)
        return out


class Scope:
    """One score from several signals. Fitted on held-out messages, never on those the signals were learned from."""

    def __init__(self, loss: float = 0.05) -> None:
        self.loss = loss
        self._centre: Floats = np.zeros(1)
        self._spread: Floats = np.ones(1)
        self._weights: Floats | None = None
        self._offset = 0.0
        self._scale = 1.0
        self.thresholds: dict[str, float] = {}

    def fit(self, signals: Floats, langs: Sequence[str], foreign: Floats | None = None) -> "Scope":
        """Signals of held-out messages that belong (n, s) and, where there are some, of messages that do not (n', s)."""
        if not len(signals):
            return self
        self._centre, spread = signals.mean(axis=0), signals.std(axis=0)
        self._spread = np.where(spread > 1e-9, spread, 1.0)
        self._weights = np.ones(signals.shape[1])
        if foreign is not None and len(foreign) >= ENOUGH and len(signals) >= ENOUGH:
            self._weights = self._learn(signals, foreign)
        raw = self._combine(signals)
        self._offset, self._scale = float(raw.mean()), float(raw.std()) or 1.0
        scores = self.scores(signals)
        self.thresholds = {"": float(np.quantile(scores, self.loss))}
        for lang in sorted(set(langs)):
            own = scores[np.asarray(langs) == lang]
            if len(own) >= ENOUGH:
                self.thresholds[lang] = float(np.quantile(own, self.loss))
        return self

    def _learn(self, signals: Floats, foreign: Floats) -> Floats:
        both = (np.vstack([signals, foreign]) - self._centre) / self._spread
        belongs = np.r_[np.ones(len(signals)), np.zeros(len(foreign))]
        found = LogisticRegression(class_weight="balanced").fit(both, belongs).coef_[0]
        return np.maximum(found, 0.0) if (found > 0).any() else np.ones(len(found))

    def _combine(self, signals: Floats) -> Floats:
        weights = np.ones(signals.shape[1]) if self._weights is None else self._weights
        found: Floats = ((signals - self._centre) / self._spread) @ weights
        return found

    def scores(self, signals: Floats) -> Floats:
        """(n,), in standard deviations of held-out messages; high belongs."""
        return (self._combine(signals) - self._offset) / self._scale

    def threshold(self, lang: str) -> float:
        """Below this a message of this language is out of scope; minus infinity before any was learned."""
        return self.thresholds.get(lang, self.thresholds.get("", float("-inf")))
