"""Words that were probably meant: the nearest word of the workspace's own vocabulary. Knows terms and counts, no database.

Damerau, "A technique for computer detection and correction of spelling errors", CACM 1964 (optimal string alignment).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

SHORTEST = 4
LONG = 8
"""From this length on, two slips are forgiven instead of one."""
CERTAINTY = {1: 0.8, 2: 0.5}
"""The weight of a guess against a word as written, by the number of slips."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A term of the vocabulary that stands for the one that was written."""

    term: str
    passages: int
    certainty: float


def is_correctable(term: str) -> bool:
    """Whether a term is a Latin word that is long enough for a slip to be told from another word."""
    return len(term) >= SHORTEST and term.isascii() and term.isalpha()


class Speller:
    """Corrects Latin words against a vocabulary of terms with the number of passages that hold each."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._by_length: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for term, passages in vocabulary.items():
            if is_correctable(term):
                self._by_length[len(term)].append((term, passages))

    def correct(self, term: str) -> Guess | None:
        """The nearest term, of equals the more frequent; None for what is short, not a word, or near nothing."""
        if not is_correctable(term):
            return None
        allowed = 2 if len(term) >= LONG else 1
        best: tuple[int, int, str] | None = None
        letters = set(term)
        for length in range(len(term) - allowed, len(term) + allowed + 1):
            for known, passages in self._by_length.get(length, ()):
                if len(letters.symmetric_difference(known)) > 2 * allowed:
                    continue
                slips = distance(term, known, allowed)
                if slips <= allowed and (best is None or (slips, -passages, known) < best):
                    best = (slips, -passages, known)
        return None if best is None else Guess(best[2], -best[1], CERTAINTY[best[0]])


def distance(a: str, b: str, bound: int) -> int:
    """Letters inserted, left out, changed or swapped with their neighbour between `a` and `b`; `bound + 1` where it is more."""
    if abs(len(a) - len(b)) > bound:
        return bound + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        above, row, older = row, [i], before
        for j, y in enumerate(b, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if older and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        before = above
        if min(row) > bound and min(before) > bound:
            return bound + 1
    return min(row[-1], bound + 1)
