"""A first table of token vectors from which tokens stand near each other in text; the pairs then bend it. Needs scipy, no torch.

Positive pointwise mutual information of tokens within a window, and its largest singular vectors: Levy, Goldberg and Dagan, TACL
2015 (smoothed contexts, square root of the singular values). A sentence and its translation count as one window, so that both
languages share the space. Knows no files.
Shapes: V tokens, D dimensions.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

WINDOW = 8
SMOOTHING = 0.75
FREQUENT = 1e-4
"""Tokens of a larger share of the text are thinned out (Mikolov et al. 2013)."""
CHUNK = 1_500_000
LEAST = 3.0
"""Sum of weights from which a pair of tokens counts at all."""


def count_near(
    documents: Iterable[Sequence[int]], vocabulary: int, rng: np.random.Generator, window: int = WINDOW
) -> sparse.csr_matrix:
    """How often two tokens stand within `window` of each other, nearer ones counting more: (V, V), symmetric."""
    total = sparse.csr_matrix((vocabulary, vocabulary), dtype=np.float32)
    for flat in _chunks(documents):
        counts = np.bincount(flat[flat >= 0], minlength=vocabulary)
        share = counts / counts.sum()
        keep = np.minimum(1.0, np.sqrt(FREQUENT / np.maximum(share, 1e-12)))
        flat = flat[(flat < 0) | (rng.random(len(flat)) < keep[flat])]  # -1 parts documents
        for offset in range(1, window + 1):
            left, right = flat[:-offset], flat[offset:]
            border = np.cumsum(flat < 0)
            fits = (left >= 0) & (right >= 0) & (border[:-offset] == border[offset:])
            weight = np.full(int(fits.sum()), (window + 1 - offset) / window, np.float32)
            part = sparse.coo_matrix((weight, (left[fits], right[fits])), shape=total.shape).tocsr()
            total = total + part
    return (total + total.T).tocsr()


def count_across(pairs: Iterable[tuple[Sequence[int], Sequence[int]]], vocabulary: int) -> sparse.csr_matrix:
    """Every token of a text with every one of its translation, each pair of texts weighing like its longer side: (V, V)."""
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    weights: list[NDArray[np.float32]] = []
    for one, other in pairs:
        a, b = np.asarray(one, np.int64), np.asarray(other, np.int64)
        rows.append(np.repeat(a, len(b)))
        columns.append(np.tile(b, len(a)))
        weights.append(np.full(len(a) * len(b), 2.0 / max(1, min(len(a), len(b))), np.float32))
    if not rows:
        return sparse.csr_matrix((vocabulary, vocabulary), dtype=np.float32)
    flat = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    total = sparse.coo_matrix(flat, shape=(vocabulary, vocabulary)).tocsr()
    return (total + total.T).tocsr()


def factorise(counts: sparse.csr_matrix, dim: int, rng: np.random.Generator, rounds: int = 2) -> NDArray[np.float32]:
    """Unit vectors (V, D) of the tokens; zeros for one that stands beside nothing. Randomised SVD (Halko et al. 2011)."""
    counts = counts.tocoo()
    chosen = counts.data >= LEAST
    row, column, data = counts.row[chosen], counts.col[chosen], counts.data[chosen]
    size = counts.shape[0]
    if not len(data):
        return np.zeros((size, dim), np.float32)
    sums = np.bincount(row, data, minlength=size)
    contexts = sums**SMOOTHING
    with np.errstate(divide="ignore"):
        value = np.log(data * contexts.sum() / (sums[row] * contexts[column]))
    positive = value > 0
    table = sparse.csr_matrix(
        (value[positive].astype(np.float32), (row[positive], column[positive])), shape=(size, size), dtype=np.float32
    )
    basis = rng.standard_normal((size, min(dim + 32, size))).astype(np.float32)
    for _ in range(rounds):
        basis = np.linalg.qr(table @ basis)[0]
        basis = np.linalg.qr(table.T @ basis)[0]
    image = table @ basis  # (V, at most D + 32)
    left, strengths, _ = np.linalg.svd(image, full_matrices=False)
    vectors = left[:, :dim] * np.sqrt(strengths[:dim])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    out: NDArray[np.float32] = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return out


def weigh(vectors: NDArray[np.float32], frequency: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Vectors, frequent tokens shorter (smooth inverse frequency, Arora et al. 2017); a random direction where there is none."""
    weights = 1e-3 / (1e-3 + frequency / frequency.sum())
    missing = ~vectors.any(axis=1)
    vectors = vectors.copy()
    vectors[missing] = rng.standard_normal((int(missing.sum()), vectors.shape[1])) / math.sqrt(vectors.shape[1])
    out: NDArray[np.float32] = (vectors * weights[:, None]).astype(np.float32)
    return out


def _chunks(documents: Iterable[Sequence[int]]) -> Iterator[NDArray[np.int64]]:
    held: list[Sequence[int]] = []
    size = 0
    for document in documents:
        held += [document, (-1,)]
        size += len(document) + 1
        if size >= CHUNK:
            yield np.fromiter((t for part in held for t in part), np.int64)
            held, size = [], 0
    if held:
        yield np.fromiter((t for part in held for t in part), np.int64)
