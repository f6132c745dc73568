"""Texts as rows of numbers for a linear model: weighted terms, joined to an encoder's vectors where there is one.

Shapes: n texts, V terms, D dimensions of the encoder. Term weights: sub-linear frequency times inverse document frequency,
each view of unit length (Salton & Buckley, 1988).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from duologue.packs.support.encode import Encode
from duologue.packs.support.terms import company_terms, latin_terms, piece_terms, shorten

FEW = 1500
"""Below this many texts a piece that occurs once is kept."""


class Features:
    """Two views of terms, words and pieces, and the encoder's vectors, `dense_weight` times as long.

    With `has_company` a third: which words stand near each other, in any order; it needs many texts.
    """

    def __init__(self, encode: Encode | None = None, dense_weight: float = 1.0, *, has_company: bool = False) -> None:
        self.encode = encode
        self.dense_weight = dense_weight
        self.has_company = has_company
        self._views: list[TfidfVectorizer] = []

    def fit(self, texts: Sequence[str]) -> "Features":
        """Learn the vocabularies and their weights. Texts without any term are allowed."""
        rare = 1 if len(texts) < FEW else 2
        self._views = []
        for analyzer, least in ((latin_terms, 1), (piece_terms, rare), *([(company_terms, 3)] if self.has_company else [])):
            view = TfidfVectorizer(analyzer=analyzer, sublinear_tf=True, min_df=least, dtype=np.float64)
            try:
                view.fit(texts)
            except ValueError:  # no term at all, or none frequent enough
                continue
            self._views.append(view)
        return self

    def terms(self, texts: Sequence[str]) -> csr_matrix:
        """The weighted terms alone, (n, V); one empty column where there is no vocabulary."""
        parts = [view.transform(texts) for view in self._views]
        return hstack(parts, format="csr") if parts else csr_matrix((len(texts), 1))

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The encoder's vectors alone, (n, D); (n, 0) without an encoder."""
        if self.encode is None:
            return np.zeros((len(texts), 0), np.float32)
        found = np.asarray(self.encode.encode([shorten(text) for text in texts]), np.float32)
        return np.nan_to_num(found.reshape(len(texts), -1))

    def join(self, terms: csr_matrix, vectors: NDArray[np.float32]) -> csr_matrix:
        """Terms and vectors side by side, (n, V + D)."""
        if not vectors.shape[1]:
            return terms
        lengths = np.sqrt(np.asarray(terms.multiply(terms).sum(axis=1)))
        return hstack([terms, csr_matrix(vectors * np.maximum(lengths, 1.0) * self.dense_weight)], format="csr")
