"""What goes with what: item-to-item weights learned from histories. Each model turns histories into one score per item.

Shapes: U users, I items, n histories. Knows no names, rules or reasons.
Sources: Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019 (EASE); Sarwar et al., WWW 2001 (item neighbours);
Jannach & Ludewig, RecSys 2017 (recency-weighted neighbours); Rendle et al., WWW 2010 (Markov chains).
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags

from duologue.packs.support.recommend.interactions import RECENCY, Interactions, rows_of

Floats = NDArray[np.float64]
Histories = Sequence[NDArray[np.int64]]
STEPS = 3
POPULARITY_WEIGHT = 1e-4


class ItemModel(Protocol):
    """A model of items. `weights` says how much having taken item i speaks for item j, (I, I)."""

    name: str
    weights: csr_matrix | Floats

    def scores(self, histories: Histories) -> Floats:
        """One score per history and item, (n, I); seen items are not removed."""
        ...


def popularity(data: Interactions) -> Floats:
    """How many users took each item, (I,)."""
    return np.asarray(data.matrix().sum(axis=0)).ravel()


class Popular:
    """The same for everyone: what most users took."""

    name = "popular"

    def __init__(self, data: Interactions) -> None:
        self.weights = csr_matrix((len(data.items), len(data.items)))
        self._popularity = popularity(data)

    def scores(self, histories: Histories) -> Floats:
        """(n, I), users per item."""
        return np.tile(self._popularity, (len(histories), 1))


class Ease:
    """B = −P / diag(P), P = (XᵀX + l·I)⁻¹, zero diagonal: the best linear item model in closed form. Cubic in I, so for small I."""

    name = "ease"

    def __init__(self, data: Interactions, penalty: float = 100.0) -> None:
        counts = data.matrix()
        gram = (counts.T @ counts).toarray()
        gram[np.diag_indices_from(gram)] += penalty
        inverse = np.linalg.inv(gram)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        self.weights: Floats = weights

    def scores(self, histories: Histories) -> Floats:
        """(n, I)."""
        found: Floats = np.asarray(rows_of(histories, len(self.weights), None) @ self.weights)
        return found


class ItemNeighbours:
    """Items taken by the same users: co-count / (norms + shrink). With `recency` the latest events weigh most."""

    name = "neighbours"

    def __init__(self, data: Interactions, shrink: float = 5.0, recency: float | None = None) -> None:
        counts = data.matrix()
        together = (counts.T @ counts).tocoo()
        norms = np.sqrt(np.asarray(counts.sum(axis=0)).ravel())
        apart = together.row != together.col
        row, col = together.row[apart], together.col[apart]
        values = together.data[apart] / (norms[row] * norms[col] + shrink)
        self.weights = csr_matrix((values, (row, col)), shape=together.shape)
        self._recency = recency

    def scores(self, histories: Histories) -> Floats:
        """(n, I)."""
        found: Floats = (rows_of(histories, self.weights.shape[0], self._recency) @ self.weights).toarray()
        return found


class Successors:
    """What followed within three steps, nearer steps weighing more: transitions / (row sum + 1)."""

    name = "successors"

    def __init__(self, data: Interactions) -> None:
        rows, cols, values = [], [], []
        for history in data.histories:
            for distance in range(1, STEPS + 1):
                rows.append(history[:-distance])
                cols.append(history[distance:])
                values.append(np.full(max(len(history) - distance, 0), 1.0 / distance))
        size = len(data.items)
        flat = [np.concatenate(part) if part else np.zeros(0) for part in (values, rows, cols)]
        found = coo_matrix((flat[0], (flat[1].astype(int), flat[2].astype(int))), shape=(size, size)).tocsr()
        found.setdiag(0)
        found.eliminate_zeros()
        self.weights = (diags(1.0 / (np.asarray(found.sum(axis=1)).ravel() + 1.0)) @ found).tocsr()

    def scores(self, histories: Histories) -> Floats:
        """(n, I)."""
        found: Floats = (rows_of(histories, self.weights.shape[0], RECENCY) @ self.weights).toarray()
        return found


class InSequence:
    """Recency-weighted neighbours and successors, each divided by its greatest score, plus what the items are, plus popularity."""

    name = "sequence"

    def __init__(self, data: Interactions, likeness: csr_matrix | None = None, content_weight: float = 0.6) -> None:
        self._near = ItemNeighbours(data, recency=RECENCY)
        self._next = Successors(data)
        self._likeness = likeness
        self._content_weight = content_weight
        self._popularity = popularity(data)
        self.weights = self._near.weights + self._next.weights

    def scores(self, histories: Histories) -> Floats:
        """(n, I)."""
        total = relative(self._near.scores(histories)) + relative(self._next.scores(histories))
        if self._likeness is not None:
            alike = (rows_of(histories, self._likeness.shape[0], RECENCY) @ self._likeness).toarray()
            total += self._content_weight * relative(alike)
        return total + POPULARITY_WEIGHT * self._popularity


def relative(scores: Floats) -> Floats:
    """Each row divided by its greatest value; rows of zeros stay."""
    top = scores.max(axis=1, keepdims=True) if scores.shape[1] else scores
    return scores / np.where(top > 0, top, 1.0)
