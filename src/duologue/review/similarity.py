"""How surely two questions are the same: by their words, by their meaning, and by what bars it.

- Words: a term of one side counts as covered where the other has it; terms weigh by rarity. The score is the harmonic mean of
  both coverages: weighted precision and recall of words, as their F measure (van Rijsbergen, 1979).
- Meaning: the cosine of both questions by a sentence encoder.
- Bars: `question.py`.

The constants were chosen on the development half of `packs/support/evals/corrections.jsonl`; `python -m bench.corrections`
reports on the other.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from duologue.kit.text import Lang
from duologue.review.question import Question, find_exchanged, is_asked_otherwise, is_named_otherwise

Weights = Mapping[str, float]

MEANING: dict[Lang, tuple[float, float]] = {"en": (0.60, 0.79), "zh": (0.60, 0.72)}
"""Cosines by the encoder that comes with the program at which two questions have nothing to do with each other, and at which
they are as alike as if three quarters of their words were equal."""
EQUAL_WORDS = 0.75
BARRED = 0.5
"""The most of a question that differs in what it is about: good as an example for a model, never repeated as an answer."""


def coverage(covered: Collection[str], by: Collection[str], weights: Weights) -> float:
    """Share of the weight of `covered` that `by` covers, in [0, 1]."""
    total = sum(weights.get(t, 1.0) for t in covered)
    there = set(by)
    return sum(weights.get(t, 1.0) for t in covered if t in there) / total if total else 0.0


def likeness(asked: Collection[str], known: Collection[str], answer: Collection[str], weights: Weights) -> float:
    """How surely the answer given to `known` answers `asked` by the words alone, in [0, 1]; all three are `subjects`.

    What is asked may be covered by the known question or, at a discount, by its answer; the
    known question must be asked for in turn.
    """
    by_question = coverage(asked, known, weights)
    by_both = coverage(asked, (*known, *answer), weights)
    forward = max(by_question, 0.5 * (by_question + by_both))
    backward = coverage(known, asked, weights)
    return 0.0 if not forward or not backward else 2 * forward * backward / (forward + backward)


class Likeness(NamedTuple):
    """`score` in [0, 1]; `exchanged`: the piece that stands for another in one frame, where they are alike and yet differ so."""

    score: float
    exchanged: str = ""


def combine(asked: Question, known: Question, answer: str, by_words: float, cosine: float | None) -> Likeness:
    """Likeness of two questions by words or by meaning, the larger; at most BARRED where they are about something else.

    `cosine` is None without an encoder.
    """
    by_meaning = 0.0 if cosine is None else meaning(cosine, asked.lang)
    best = max(by_words, by_meaning)
    if best <= BARRED:
        return Likeness(best)
    if exchanged := find_exchanged(asked, known):
        return Likeness(BARRED, exchanged)
    return Likeness(BARRED if is_named_otherwise(asked, known, answer) or is_asked_otherwise(asked, known) else best)


def meaning(cosine: float, lang: Lang) -> float:
    """A cosine on the scale of `likeness`: straight through the two constants of MEANING, from 0 to at most 0.95."""
    nothing, alike = MEANING[lang]
    return min(0.95, max(0.0, EQUAL_WORDS * (cosine - nothing) / (alike - nothing)))
