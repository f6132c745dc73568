"""Persons and items as vectors whose products say who takes what: for catalogues that are too large for EASE.

The library `implicit` does the work (extra `factors`); without it this model is not among those that are tried. It loses to the
sequence model wherever the order of events says something (Amazon Beauty, 3,000 persons: NDCG@10 0.014 beside 0.025), so it is only
taken where it predicts the last events better.
Source: Hu, Koren & Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008. Shapes: I items, n histories.
"""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from duologue.packs.support.recommend.content import nearest
from duologue.packs.support.recommend.interactions import Interactions, rows_of
from duologue.packs.support.recommend.item_models import Histories

Floats = NDArray[np.float64]
SIZE = 64
CONFIDENCE = 10.0
"""How many times an event counts against none (alpha of the source, without its one)."""
PENALTY = 0.05
ROUNDS = 10


def has_factors() -> bool:
    """Whether the library is installed."""
    return find_spec("implicit") is not None


class Factors:
    """Alternating least squares. Raises ModuleNotFoundError without the library."""

    name = "factors"

    def __init__(self, data: Interactions, size: int = SIZE) -> None:
        from implicit.als import AlternatingLeastSquares

        counts = data.matrix().tocsr().astype(np.float32)
        self._model = AlternatingLeastSquares(
            factors=size, regularization=PENALTY, alpha=CONFIDENCE, iterations=ROUNDS, num_threads=1, random_state=0
        )
        self._model.fit(counts, show_progress=False)
        self._items: Floats = np.asarray(self._model.item_factors, float)
        self.weights = nearest(csr_matrix(normalize(self._items)))

    def scores(self, histories: Histories) -> Floats:
        """(n, I), about 1 for what would be taken."""
        rows = csr_matrix(rows_of(histories, len(self._items), None)).astype(np.float32)
        persons = self._model.recalculate_user(np.arange(len(histories)), rows)
        found: Floats = np.asarray(persons, float).reshape(len(histories), -1) @ self._items.T
        return found
