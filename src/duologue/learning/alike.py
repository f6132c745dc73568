"""Near-duplicates among examples: those that say the same by the rule for edits, question, answer and rejected answer alike.

Two texts of n and m words of which a share of at least 0.95 is common share one of the first few words of any fixed order of words
(prefix filtering: Chaudhuri et al. 2006), so that only few are compared.
"""

import math
from collections import defaultdict

from duologue.kit.text import words
from duologue.learning.examples import SAME_MEANING, meaning_changed
from duologue.learning.model import Example


class Alike:
    """The examples that were kept so far."""

    def __init__(self) -> None:
        self._exact: set[tuple[str, ...]] = set()
        self._by_word: defaultdict[tuple[str, bool, str], list[Example]] = defaultdict(list)

    def is_known(self, example: Example) -> bool:
        """Whether one that says the same was kept; keeps this one otherwise."""
        key = (example.kind, str(example.is_good), *(" ".join(words(text)) for text in _texts(example)))
        if key in self._exact:
            return True
        marks = _marks(example)
        if any(_is_same(example, other) for mark in marks for other in self._by_word[mark]):
            return True
        self._exact.add(key)
        for mark in marks:
            self._by_word[mark].append(example)
        return False


def _texts(example: Example) -> tuple[str, str, str]:
    asked = example.prompt[-1]["content"] if example.prompt else ""
    return asked, example.chosen, example.rejected


def _is_same(one: Example, other: Example) -> bool:
    return not any(meaning_changed(a, b) for a, b in zip(_texts(one), _texts(other), strict=True))


def _marks(example: Example) -> list[tuple[str, bool, str]]:
    """The rarest-looking words of the question: longer ones are rarer."""
    found = sorted(set(words(_texts(example)[0])), key=lambda word: (-len(word), word))
    both = SAME_MEANING / (2 - SAME_MEANING)  # Dice's share as Jaccard's
    return [(example.kind, example.is_good, word) for word in found[: len(found) - math.ceil(both * len(found)) + 1]]
