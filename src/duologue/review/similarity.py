"""How alike two questions are, in other words too: soft coverage of what is rare in them.

A term of one side counts as covered by its most similar term of the other: fully where they are equal, by their vectors'
cosine where an encoder thinks them close. Terms weigh by rarity. The score is the harmonic mean of both coverages, so that a
question which adds a rare word ("Norway" against "Iceland") does not pass for the same. After soft cardinality measures and
BERTScore (Zhang et al., 2020, equations 1 to 3), with static vectors.
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import words
from duologue.knowledge.terms import STOPWORDS, stem

CLOSE = 0.55
"""Cosine under which two different terms have nothing to do with each other."""

Vectors = Mapping[str, NDArray[np.float32]]
Weights = Mapping[str, float]


def terms(text: str) -> dict[str, str]:
    """What a text is about: each index term once, with the word that it stands for; every word where none is left."""
    found = {stem(word): word for word in words(text) if word not in STOPWORDS}
    return found or {stem(word): word for word in words(text)}


def coverage(covered: Collection[str], by: Collection[str], weights: Weights, vectors: Vectors) -> float:
    """Share of the weight of `covered` that `by` covers, in [0, 1]."""
    total = sum(weights.get(t, 1.0) for t in covered)
    if not total or not by:
        return 0.0
    there = set(by)
    return sum(weights.get(t, 1.0) * (1.0 if t in there else _closest(t, by, vectors)) for t in covered) / total


def _closest(term: str, others: Collection[str], vectors: Vectors) -> float:
    if term not in vectors or any(c.isdigit() for c in term):
        return 0.0
    cosines = [float(vectors[term] @ vectors[o]) for o in others if o in vectors and not any(c.isdigit() for c in o)]
    best = max(cosines, default=0.0)
    return best if best >= CLOSE else 0.0


def likeness(asked: Collection[str], known: Collection[str], answer: Collection[str], weights: Weights, vectors: Vectors) -> float:
    """How surely the answer given to `known` answers `asked`, in [0, 1]; all three are `terms`.

    What is asked may be covered by the known question or, at a discount, by its answer; the
    known question must be asked for in turn.
    """
    by_question = coverage(asked, known, weights, vectors)
    by_both = coverage(asked, (*known, *answer), weights, vectors)
    forward = max(by_question, 0.5 * (by_question + by_both))
    backward = coverage(known, asked, weights, vectors)
    return 0.0 if not forward or not backward else 2 * forward * backward / (forward + backward)
