"""For an answer in words: the signed answer to the same question that is nearest, as a suggestion. Signs nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from duologue.kit.text import normalise, words
from duologue.packs.education.grades.repository import Submission

LEAST = 0.6
"""Share of words in common (Dice) below which two answers are not called alike."""


@dataclass(frozen=True, slots=True)
class Like:
    """A signed answer that is alike, and how much: 1 for the same words in the same order."""

    text: str
    score: float
    likeness: float


def find_like(one: Submission, signed: Sequence[Submission]) -> Like | None:
    """The nearest signed answer to the same question; of several as near, the one signed last. None where none is alike."""
    mine, own = normalise(one.text).casefold(), set(words(one.text))
    found: tuple[float, str, Submission] | None = None
    for other in signed:
        if (other.homework_id, other.item) != (one.homework_id, one.item) or other.id == one.id or not other.signed:
            continue
        theirs = set(words(other.text))
        both = 2 * len(own & theirs) / max(len(own) + len(theirs), 1)
        likeness = 1.0 if normalise(other.text).casefold() == mine else min(both, 0.99)
        rank = (likeness, str(other.signed.get("at", "")), other)
        if likeness >= LEAST and (found is None or rank[:2] > found[:2]):
            found = rank
    return Like(found[2].text, float(found[2].signed["score"]), found[0]) if found else None
