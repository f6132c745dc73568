"""Labelled examples made fit for learning: no empty ones, no repeats, one label per text. Keeps count of what it left out.

Knows no model. Bad input is reported, not raised, as long as something is left to learn from.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue.kit.errors import Invalid
from duologue.kit.text import normalise


@dataclass(frozen=True, slots=True)
class ExampleReport:
    """What became of the examples: numbers of rows, and the texts that stood under several intents."""

    given: int
    kept: int
    empty: int
    repeated: int
    foreign: int
    contradicting: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts (n) with their intents (n), and `foreign`: texts that belong to none of them."""

    texts: list[str]
    intents: list[str]
    foreign: list[str]
    report: ExampleReport


def clean_examples(texts: Sequence[str], intents: Sequence[str | None]) -> Examples:
    """Examples to learn from. A text under several intents keeps the most frequent one, the first seen where there is a tie.

    Raises Invalid where the two sequences differ in length, a row is no text, or nothing is left.
    """
    if len(texts) != len(intents):
        raise Invalid(f"There are {len(texts)} texts and {len(intents)} intents; give one intent for each text.")
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    foreign: dict[str, None] = {}
    empty = 0
    for text, intent in zip(texts, intents, strict=True):
        if not isinstance(text, str) or not (intent is None or isinstance(intent, str)):
            raise Invalid("Each example needs a text, and the name of an intent or null.", row=repr(text)[:80])
        plain = normalise(text)
        if not plain or (intent is not None and not intent.strip()):
            empty += 1
        elif intent is None:
            foreign[plain] = None
        else:
            votes[plain][intent.strip()] += 1
    if not votes:
        raise Invalid("No example has both a text and an intent; give at least one.", given=len(texts))
    chosen = {text: found.most_common(1)[0][0] for text, found in votes.items()}
    contradicting = tuple((text, tuple(found)) for text, found in votes.items() if len(found) > 1)
    strangers = [text for text in foreign if text not in chosen]
    repeated = len(texts) - empty - len(chosen) - len(strangers)
    report = ExampleReport(len(texts), len(chosen), empty, repeated, len(strangers), contradicting)
    return Examples(list(chosen), list(chosen.values()), strangers, report)


def assign_folds(classes: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """A fold for each row (n,), every class spread evenly; -1 for the only row of its class, which is never held out."""
    order = np.random.default_rng(seed).permutation(len(classes))
    out = np.full(len(classes), -1)
    seen: Counter[int] = Counter()
    sizes = Counter(classes.tolist())
    for row in order:
        name = int(classes[row])
        if sizes[name] > 1:
            out[row] = (seen[name] + name) % folds
            seen[name] += 1
    return out


def spread(classes: NDArray[np.int64], most: int, seed: int) -> NDArray[np.bool_]:
    """Which rows (n,) are taken where only so many may be: drawn in turn from each class, so that rare ones are taken whole."""
    order = np.random.default_rng(seed).permutation(len(classes))
    seen: Counter[int] = Counter()
    turn = np.zeros(len(classes), np.int64)
    for row in order:
        turn[row] = seen[int(classes[row])]
        seen[int(classes[row])] += 1
    taken = np.zeros(len(classes), bool)
    taken[order[np.argsort(turn[order], kind="stable")][:most]] = True
    return taken
