"""A trigram model of tokens: the baseline that a network has to beat. Counting, no training.

Interpolated absolute discounting in the form of Kneser & Ney 1995: each order takes `DISCOUNT` from every count and gives it to
the order below; below the trigrams, a count is the number of different tokens seen before.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

DISCOUNT = 0.75  # the usual value for counts of one


class _Counts:
    """Numbers counted by key, looked up by binary search."""

    def __init__(self, keys: Any, weights: Any = None) -> None:
        if weights is None:
            self.keys, self.values = np.unique(keys, return_counts=True)
        else:
            self.keys, where = np.unique(keys, return_inverse=True)
            self.values = np.bincount(where, weights)

    def of(self, keys: Any) -> Any:
        """The count of each key, 0 where there is none."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.values[at], 0)


class Trigram:
    """Counts over documents; `logprobs` scores the tokens of one."""

    def __init__(self, documents: Iterable[Sequence[int]], vocab_size: int) -> None:
        v = self.vocab_size = vocab_size
        parts = [_triples(ids, v) for ids in documents if len(ids)]
        triples = _Counts(np.concatenate(parts))
        self._triples = triples
        before = triples.keys // v
        pairs = _Counts(triples.keys % (v * (v + 1)))  # how many different tokens stand before (b, c)
        self._contexts = _Counts(before, triples.values)
        self._kinds = _Counts(before)
        self._pairs = pairs
        self._middles, self._middle_kinds = _Counts(pairs.keys // v, pairs.values), _Counts(pairs.keys // v)
        self._words = _Counts(pairs.keys % v)

    def logprobs(self, ids: Sequence[int]) -> Any:
        """log p of each token given the two before it, natural logarithm, (len(ids),)."""
        v = self.vocab_size
        triples = _triples(ids, v)
        before, pair, word = triples // v, triples % (v * (v + 1)), triples % v
        total = self._words.values.sum()
        p1 = (self._words.of(word) + 1.0) / (total + v)
        p = self._blend(self._pairs.of(pair), self._middles.of(pair // v), self._middle_kinds.of(pair // v), p1)
        p = self._blend(self._triples.of(triples), self._contexts.of(before), self._kinds.of(before), p)
        return np.log(p)

    @staticmethod
    def _blend(count: Any, context: Any, kinds: Any, below: Any) -> Any:
        seen = np.maximum(context, 1)
        return np.where(context > 0, np.maximum(count - DISCOUNT, 0) / seen + DISCOUNT * kinds / seen * below, below)


def _triples(ids: Sequence[int], v: int) -> Any:
    """One number per token: (two before, one before, itself); the places before the first hold the extra word `v`."""
    padded = np.concatenate(([v, v], np.asarray(ids, dtype=np.int64)))
    return (padded[:-2] * (v + 1) + padded[1:-1]) * v + padded[2:]
