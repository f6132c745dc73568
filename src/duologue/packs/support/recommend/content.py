"""What items are, by their words and an encoder's vectors. Knows neither persons nor rules. Shapes: I items."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.features import Features
from duologue.packs.support.shop.catalogue import Item

LIKE_MOST = 50
"""Likenesses kept per item."""


class Content:
    """What items are, by their words and an encoder's vectors: for items that nobody has taken yet, and for needs in words."""

    def __init__(self, items: Sequence[Item], encode: Encode | None = None) -> None:
        texts = [item.words for item in items]
        self._features = Features(encode).fit(texts)
        self._rows = self._rows_of(texts)

    def _rows_of(self, texts: Sequence[str]) -> csr_matrix:
        return normalize(self._features.join(self._features.terms(texts), self._features.vectors(texts)))

    def match(self, need: str) -> NDArray[np.float64]:
        """How well each item fits what a person says they need, (I,), 0..1."""
        found: NDArray[np.float64] = np.asarray((self._rows @ self._rows_of([need]).T).todense()).ravel()
        return np.clip(found, 0.0, 1.0)

    def likeness(self) -> csr_matrix:
        """How alike items are, (I, I), zero diagonal, the most alike of each row."""
        return nearest(self._rows)


def nearest(rows: csr_matrix, keep: int = LIKE_MOST) -> csr_matrix:
    """Cosines of rows of unit length, (I, I), without the diagonal; of each row the `keep` greatest."""
    kept, columns, starts = [], [], [0]
    for start in range(0, rows.shape[0], 512):
        block = (rows[start : start + 512] @ rows.T).toarray()
        block[np.arange(len(block)), start + np.arange(len(block))] = 0.0
        best = np.argsort(-block, axis=1, kind="stable")[:, :keep]
        for line, places in zip(block, best, strict=True):
            places = places[line[places] > 0]
            kept.append(line[places])
            columns.append(places)
            starts.append(starts[-1] + len(places))
    flat = (np.concatenate(kept), np.concatenate(columns)) if kept else (np.zeros(0), np.zeros(0, int))
    return csr_matrix((*flat, np.array(starts)), shape=(rows.shape[0], rows.shape[0]))
