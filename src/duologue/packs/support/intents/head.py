"""The heads over rows of features: one figure per class. Know neither texts nor probabilities.

Over sparse terms one-against-the-rest support vectors (Fan et al., LIBLINEAR, JMLR 2008). Over dense vectors of few examples the
logistic regression of all classes at once; of many, ridge regression by a Gaussian kernel (Rifkin & Klautau, "In defense of
one-vs-all classification", JMLR 2004). For a single class or none there is nothing to separate.
Shapes: n rows, F features, k classes.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

Floats = NDArray[np.float64]


class LinearHead:
    """Margins of k classes. `strictness` is the cost of a margin that is missed (C)."""

    def __init__(self, strictness: float = 0.3, seed: int = 0) -> None:
        self.strictness = strictness
        self.seed = seed
        self._weights: csr_matrix | Floats = np.zeros((1, 0))
        self._bias: Floats = np.zeros(0)

    def fit(self, rows: csr_matrix, classes: NDArray[np.int64], k: int) -> "LinearHead":
        """Rows (n, F), classes (n,) in 0..k-1. A class without a row gets the margin -1 everywhere."""
        present = np.unique(classes)
        weights, bias = np.zeros((k, rows.shape[1])), np.full(k, -1.0)
        if len(present) == 1:
            bias[present] = 1.0
        elif len(present) > 1:
            model = LinearSVC(C=self.strictness, tol=0.1, random_state=self.seed).fit(rows, classes)
            if len(present) == 2:
                weights[present] = np.vstack([-model.coef_[0], model.coef_[0]])
                bias[present] = [-model.intercept_[0], model.intercept_[0]]
            else:
                weights[present], bias[present] = model.coef_, model.intercept_
        self._weights, self._bias = weights.T.copy(), bias
        return self

    def margins(self, rows: csr_matrix) -> Floats:
        """(n, k); above zero for the class that a row belongs to, about -1 for the others."""
        found: Floats = np.asarray(rows @ self._weights) + self._bias
        return found


class VectorHead:
    """Log-odds of k classes from an encoder's vectors. `looseness` is C, against the squared weights."""

    def __init__(self, looseness: float = 20.0) -> None:
        self.looseness = looseness
        self._weights: Floats = np.zeros((0, 0))
        self._bias: Floats = np.zeros(0)

    def fit(self, vectors: NDArray[np.float32], classes: NDArray[np.int64], k: int) -> "VectorHead":
        """Vectors (n, F), classes (n,) in 0..k-1. A class without a row gets the least figure everywhere."""
        present = np.unique(classes)
        self._weights, self._bias = np.zeros((vectors.shape[1], k)), np.zeros(k)
        if len(present) > 1 and vectors.shape[1]:
            model = LogisticRegression(C=self.looseness, max_iter=300).fit(vectors, classes)
            coefficients, biases = model.coef_.astype(float), model.intercept_.astype(float)
            if len(present) == 2:
                coefficients, biases = np.vstack([-coefficients[0], coefficients[0]]) / 2, np.r_[-biases, biases] / 2
            self._bias[:] = biases.min() - 1.0
            self._weights[:, present], self._bias[present] = coefficients.T, biases
        return self

    def scores(self, vectors: NDArray[np.float32]) -> Floats:
        """(n, k), in log-odds; zeros where there was nothing to separate."""
        found: Floats = vectors @ self._weights + self._bias
        return found


class DenseHead(Protocol):
    """What is learned from vectors: `VectorHead` or `KernelHead`."""

    def scores(self, vectors: NDArray[np.float32]) -> Floats:
        """(n, k)."""
        ...


NEARNESS, RIDGE = 4.0, 0.1
"""How fast likeness falls with the distance, and how strict the regression is: chosen on four fifths of BANKING77."""
LEAST = 0.02
"""What the regression estimates for a class is taken for its probability, but not below this: so confidences are truer (on the same
folds a mean log-likelihood of -0.24, and -0.28 by the estimates themselves)."""


class KernelHead:
    """Scores of k classes by likeness to examples, exp(NEARNESS (cosine - 1)), from unit vectors; 4 n² bytes while it learns."""

    def __init__(self) -> None:
        self._examples: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._weights: NDArray[np.float32] = np.zeros((0, 0), np.float32)

    def fit(self, vectors: NDArray[np.float32], classes: NDArray[np.int64], k: int) -> "KernelHead":
        """Vectors (n, F), classes (n,) in 0..k-1; n at least 1."""
        wanted = np.zeros((len(vectors), k), np.float32)
        wanted[np.arange(len(vectors)), classes] = 1.0
        alike = _likeness(vectors, vectors)
        alike[np.diag_indices(len(vectors))] += RIDGE
        self._examples = vectors
        self._weights = cho_solve(cho_factor(alike.T, overwrite_a=True, check_finite=False), wanted)
        return self

    def scores(self, vectors: NDArray[np.float32]) -> Floats:
        """(n, k), logarithms: about 0 for the class that a row belongs to, log LEAST for most others."""
        found: Floats = np.log(np.maximum(_likeness(vectors, self._examples) @ self._weights, LEAST, dtype=float))
        return found


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    found = one @ other.T
    found -= 1.0
    found *= np.float32(NEARNESS)
    return np.asarray(np.exp(found, out=found))
