"""The two linear heads over rows of features: one figure per class. Know neither texts nor probabilities.

Over sparse terms one-against-the-rest support vectors (Fan et al., LIBLINEAR, JMLR 2008); over dense vectors the logistic
regression of all classes at once, which on those is as right and takes a tenth of the time. For a single class or none there is
nothing to separate. Shapes: n rows, F features, k classes.
"""

import numpy as np
from numpy.typing import NDArray
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
