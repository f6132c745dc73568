"""What an intent looks like on average, for intents of few examples: the mean of its vectors, and the words of its name.

A mean of five vectors errs less than a border drawn between them (Snell et al., "Prototypical networks", NeurIPS 2017). How much
it counts beside the linear head is found on examples that were held out. Shapes: n texts, k intents, D dimensions.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from duologue.packs.support.intents.calibrate import fit_temperature
from duologue.packs.support.intents.terms import has_han

Floats = NDArray[np.float64]
SHARES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""How many times a likeness, a cosine, may count as a margin."""
ODDS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 3.0)
"""How many times log-odds by vectors may."""
LEAST = 0.1
_SPLIT = re.compile(r"[_\-./:\s]+|(?<=[a-z])(?=[A-Z])")
_LETTERS = re.compile(r"[a-zA-Z]{3}|[\u4e00-\u9fff]{2}")


class Prototypes:
    """The mean vector of each intent, of unit length; a row of zeros for one without a vector."""

    def __init__(self, vectors: NDArray[np.float32], classes: NDArray[np.int64], k: int) -> None:
        sums = np.zeros((k, vectors.shape[1]))
        np.add.at(sums, classes, vectors)
        self._means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)

    def likeness(self, vectors: NDArray[np.float32]) -> Floats:
        """Cosine of each text's vector (n, D) to each intent's, (n, k)."""
        found: Floats = vectors @ self._means.T
        return found


def choose_shares(margins: Floats, odds: Floats, likeness: Floats | None, right: NDArray[np.int64]) -> tuple[float, float]:
    """The shares of ODDS and of SHARES under which the right classes (n,) are likeliest, at their own temperature.

    Margins, log-odds and likeness are (n, k); without likeness its share is nought.
    """
    rows = np.arange(len(right))

    def loss(shares: tuple[float, float]) -> float:
        mixed = margins + shares[0] * odds
        if likeness is not None:
            mixed = mixed + shares[1] * likeness
        return -float(log_softmax(mixed / fit_temperature(mixed, right), axis=1)[rows, right].mean())

    best = min(((share, 0.0) for share in ODDS), key=loss)
    if likeness is None:
        return best
    best = min(((best[0], share) for share in SHARES), key=loss)
    return min(((share, best[1]) for share in ODDS), key=loss)


def speaking_names(names: Sequence[str], texts: Sequence[str]) -> dict[int, str]:
    """Names that say something as texts, by their place: `card_arrival` → "card arrival"; not `7`, nor what is a text already.

    Only names in a script in which a tenth of the texts are written: English names of Chinese texts taught nothing (SMP2019).
    """
    known = set(texts)
    han = float(np.mean([has_han(text) for text in texts])) if len(texts) else 0.0
    speaking = [i for i, name in enumerate(names) if _LETTERS.search(name) and (han if has_han(name) else 1 - han) >= LEAST]
    found = {i: " ".join(_SPLIT.split(names[i])).strip() for i in speaking}
    return {i: text for i, text in found.items() if text not in known}
