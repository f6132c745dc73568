"""Nearest vectors of a workspace: exact by numpy, by `usearch` in large ones. A cache, rebuilt from the rows; knows no database.

HNSW as in usearch: Malkov and Yashunin, TPAMI 2020.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXACT_UP_TO = 50_000
"""Passages up to which every search looks at all vectors: 50,000 x 256 floats are 51 MB and some ms."""


class DenseIndex:
    """Vectors by passage number. `numbers` ascend, row i of `matrix` (n, dim) belongs to `numbers[i]`."""

    def __init__(self, dim: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        self._exact_up_to = exact_up_to
        self.numbers: NDArray[np.int64] = np.empty(0, np.int64)
        self.matrix: NDArray[np.float32] = np.empty((0, dim), np.float32)
        self._graph: Any = None

    def __len__(self) -> int:
        return len(self.numbers)

    def update(self, present: Sequence[int], added: Sequence[tuple[int, bytes]]) -> None:
        """Keep only the numbers in `present` and take in the new vectors (float32 bytes); both in ascending order."""
        keep = np.isin(self.numbers, np.asarray(present, np.int64))
        if added:
            fresh = np.frombuffer(b"".join(blob for _, blob in added), "<f4").reshape(len(added), -1)
            self.matrix = np.concatenate([self.matrix[keep], fresh])
            self.numbers = np.concatenate([self.numbers[keep], np.asarray([number for number, _ in added], np.int64)])
        elif not keep.all():
            self.matrix, self.numbers = self.matrix[keep], self.numbers[keep]
        self._graph = None

    def search(self, vector: Sequence[float], k: int) -> list[tuple[int, float]]:
        """The `k` numbers whose vectors have the largest inner product with `vector`, best first."""
        if not len(self) or k < 1:
            return []
        query = np.asarray(vector, np.float32)
        if len(self) > self._exact_up_to:
            return self._search_graph(query, k)
        scores = self.matrix @ query
        best = np.argpartition(-scores, min(k, len(scores)) - 1)[:k]
        best = best[np.lexsort((self.numbers[best], -scores[best]))]
        return [(int(self.numbers[i]), float(scores[i])) for i in best]

    def _search_graph(self, query: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        if self._graph is None:
            from usearch.index import Index

            self._graph = Index(ndim=self.matrix.shape[1], metric="ip", dtype="f32")
            self._graph.add(self.numbers, self.matrix)
        found = self._graph.search(query, k)
        return [(int(key), 1.0 - float(distance)) for key, distance in zip(found.keys, found.distances, strict=True)]

    def score(self, vector: Sequence[float], numbers: Sequence[int]) -> dict[int, float]:
        """The inner products of some numbers; those without a vector are left out."""
        wanted = np.asarray(numbers, np.int64)
        places = np.searchsorted(self.numbers, wanted)
        held = [(n, i) for n, i in zip(wanted, places, strict=True) if i < len(self.numbers) and self.numbers[i] == n]
        if not held:
            return {}
        scores = self.matrix[[i for _, i in held]] @ np.asarray(vector, np.float32)
        return {int(n): float(score) for (n, _), score in zip(held, scores, strict=True)}
