"""Texts as rows of numbers for a linear model: weighted terms, joined to an encoder's vectors where there is one.

Shapes: n texts, V terms, D dimensions of the encoder. Term weights: sub-linear frequency times inverse document frequency,
each view of unit length (Salton & Buckley, 1988).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.terms import company_terms, latin_terms, piece_terms, shorten

FEW = 1500
"""Below this many texts a piece that occurs once is kept."""
COMPANY_LEAST = 3


class Counts:
    """How often each term stands in each text, by view: counted once, whatever rows a model is then fitted on.

    Two views: words, and pieces of words. With `has_company` a third: which words stand near each other, in any order.
    """

    def __init__(self, texts: Sequence[str], *, has_company: bool = False) -> None:
        self.size = len(texts)
        self.views: list[tuple[CountVectorizer, csr_matrix, int]] = []
        for analyzer, least in ((latin_terms, 1), (piece_terms, 0), *([(company_terms, COMPANY_LEAST)] if has_company else [])):
            counter = CountVectorizer(analyzer=analyzer, dtype=np.float64)
            try:
                self.views.append((counter, counter.fit_transform(texts), least))
            except ValueError:  # no term at all
                continue


@dataclass(frozen=True, slots=True)
class _View:
    counter: CountVectorizer
    columns: NDArray[np.int64]
    weights: NDArray[np.float64]

    def weigh(self, counts: csr_matrix) -> csr_matrix:
        found = counts[:, self.columns]
        found.data = (np.log(found.data) + 1.0) * self.weights[found.indices]
        return normalize(found, copy=False)


class Features:
    """Terms of two views or three, and the encoder's vectors, `dense_weight` times as long."""

    def __init__(self, encode: Encode | None = None, dense_weight: float = 1.0) -> None:
        self.encode = encode
        self.dense_weight = dense_weight
        self._views: list[_View] = []

    def fit(self, texts: Sequence[str]) -> "Features":
        """Learn the vocabularies and their weights. Texts without any term are allowed."""
        return self.fit_rows(Counts(texts), np.arange(len(texts)))

    def fit_rows(self, counts: Counts, rows: NDArray[np.int64]) -> "Features":
        """As `fit`, of these rows of what was counted."""
        self._views = []
        for counter, matrix, least in counts.views:
            df = np.bincount(matrix[rows].indices, minlength=matrix.shape[1])
            columns = np.flatnonzero(df >= (least or (1 if len(rows) < FEW else 2)))
            if len(columns):
                self._views.append(_View(counter, columns, np.log((1 + len(rows)) / (1 + df[columns])) + 1.0))
        return self

    def terms(self, texts: Sequence[str]) -> csr_matrix:
        """The weighted terms alone, (n, V); one empty column where there is no vocabulary."""
        return self._stack([view.weigh(view.counter.transform(texts)) for view in self._views], len(texts))

    def terms_of(self, counts: Counts, rows: NDArray[np.int64]) -> csr_matrix:
        """As `terms`, of rows of what was counted and fitted on, (n, V)."""
        matrices = {id(counter): matrix for counter, matrix, _ in counts.views}
        return self._stack([view.weigh(matrices[id(view.counter)][rows]) for view in self._views], len(rows))

    @staticmethod
    def _stack(parts: list[csr_matrix], n: int) -> csr_matrix:
        return hstack(parts, format="csr") if parts else csr_matrix((n, 1))

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The encoder's vectors alone, (n, D); (n, 0) without an encoder."""
        return encode_texts(self.encode, texts)

    def join(self, terms: csr_matrix, vectors: NDArray[np.float32]) -> csr_matrix:
        """Terms and vectors side by side, (n, V + D)."""
        if not vectors.shape[1]:
            return terms
        lengths = np.sqrt(np.asarray(terms.multiply(terms).sum(axis=1)))
        return hstack([terms, csr_matrix(vectors * np.maximum(lengths, 1.0) * self.dense_weight)], format="csr")


def encode_texts(encode: Encode | None, texts: Sequence[str]) -> NDArray[np.float32]:
    """An encoder's vectors, (n, D), of which nothing is not a number; (n, 0) without an encoder."""
    if encode is None or not len(texts):
        return np.zeros((len(texts), 0), np.float32)
    found = np.asarray(encode.encode([shorten(text) for text in texts]), np.float32)
    return np.nan_to_num(found.reshape(len(texts), -1))
