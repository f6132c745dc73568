"""Near-duplicates among examples: those that say the same by the rule for edits, question, answer and rejected answer alike.

Two texts of n and m words of which a share of at least 0.95 is common share one of the first few words of any fixed order of words
(prefix filtering: Chaudhuri et al. 2006); by the rarest words first only few are compared.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import product

from duologue.learning.examples import SAME_MEANING, Said
from duologue.learning.model import Example

_Texts = tuple[Said, Said, Said]
_BOTH = SAME_MEANING / (2 - SAME_MEANING)
"""Dice's share as Jaccard's."""


class Alike:
    """The examples that were kept so far. `among`: all that may come, from which it learns which words are rare."""

    def __init__(self, among: Iterable[Example]) -> None:
        self._frequency = Counter(word for e in among for text in _texts(e)[:2] for word in text.distinct)
        self._exact: set[tuple[object, ...]] = set()
        self._by_mark: defaultdict[tuple[object, ...], list[_Texts]] = defaultdict(list)

    def is_known(self, example: Example) -> bool:
        """Whether one that says the same was kept; keeps this one otherwise."""
        texts = _texts(example)
        exact = (example.kind, example.is_good, *((t.numbers, t.words) for t in texts))
        if exact in self._exact:
            return True
        must = (example.kind, example.is_good, *((t.numbers, t.negations) for t in texts))
        marks = [(*must, *pair) for pair in product(self._marks(texts[0]), self._marks(texts[1]))]
        for mark in marks:
            for other in self._by_mark[mark]:
                if not any(mine.differs(theirs) for mine, theirs in zip(texts, other, strict=True)):
                    return True
        self._exact.add(exact)
        for mark in marks:
            self._by_mark[mark].append(texts)
        return False

    def _marks(self, said: Said) -> list[str]:
        """The rarest words, of which another text that says the same has one. One empty mark for a text without words."""
        found = sorted(said.distinct, key=lambda word: (self._frequency[word], word))
        return found[: len(found) - math.ceil(_BOTH * len(found)) + 1] or [""]


def _texts(example: Example) -> _Texts:
    asked = example.prompt[-1]["content"] if example.prompt else ""
    return Said.read(asked), Said.read(example.chosen), Said.read(example.rejected)
