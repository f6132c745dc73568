"""How the pieces of an answer and of a reference answer meet in meaning: numbers from a sentence encoder's last layer.

For each piece the nearest one of the other text by cosine, in both directions (as BERTScore does: Zhang et al., ICLR 2020), with
the question's own pieces set apart; and the whole texts' cosines. Knows no labels and no network: what reads is a port.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
NUMBERS = (
    "best", "mean", "least", "asked", "given", "beyond", "rest",
    "covers", "gap", "met", "tail", "covered", "own_gap", "own_met", "own_tail",
    "new", "new_gap", "own_new", "own_new_gap",
)  # fmt: skip
"""What `align` says, in this order; `covers` to `tail` look from the reference to the answer, `covered` on the other way."""
MOST_REFERENCES, NEAR = 8, 0.6
_LIGHT = 0.1
"""Weight of a piece that stands in nearly every text."""
_COMMON = """a an the is are was were be been being it its this that these those of to in on at by for with from as and or so i
you he she they we them his her their my your do does did has have had will would can could there then than because if what which
who how why when where . , ' s t 的 了 是 在 和 与 及 也 就 都 而 着 把 被 对 从 到 它 他 她 我 们 这 那 有 会 能 可以 因为 所以
。 ，"""


class Reads(Protocol):
    """A sentence encoder that shows its last layer."""

    def pieces(self, texts: Sequence[str]) -> list[tuple[list[int], Floats]]:
        """For each text its piece numbers and their unit vectors, (T, D)."""
        ...


@dataclass(frozen=True, slots=True)
class Read:
    """A text as read: piece numbers, their unit vectors (T, D), weights (T,), the whole text's unit vector (D,)."""

    ids: tuple[int, ...]
    states: Floats
    weights: Floats
    whole: Floats


@dataclass(frozen=True, slots=True)
class KnownPieces:
    """What has been read already, as the port. Raises KeyError for another text."""

    known: Mapping[str, tuple[list[int], Floats]]

    def pieces(self, texts: Sequence[str]) -> list[tuple[list[int], Floats]]:
        """See `Reads`."""
        return [self.known[text] for text in texts]


COMMON = tuple(_COMMON.split())
"""Words whose pieces weigh next to nothing; an `Alignment` reads them first."""


class Alignment:
    """Reads each text once; `align` compares. Chinese and English alike."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._known: dict[str, Read] = {}
        self._common = frozenset(i for ids, _ in reads.pieces(COMMON) for i in ids)

    def read(self, texts: Sequence[str]) -> None:
        """Read what is new of the texts together, which is faster than one by one."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        for text, (ids, states) in zip(new, self._reads.pieces(new), strict=True):
            weights = np.array([_LIGHT if i in self._common else 1.0 for i in ids], np.float32)
            total = states.sum(axis=0)
            self._known[text] = Read(tuple(ids), states, weights, total / max(float(np.linalg.norm(total)), 1e-6))

    def wholes(self, texts: Sequence[str]) -> Floats:
        """The texts' unit vectors, (n, D)."""
        self.read(texts)
        return np.stack([self._known[text].whole for text in texts])

    def align(self, question: str, references: Sequence[str], answer: str) -> list[float]:
        """NUMBERS for an answer against all ways to say the right one."""
        ways = list(references)[:MOST_REFERENCES] or [""]
        self.read([question, answer, *ways])
        q, a = self._known[question], self._known[answer]
        refs = [self._known[way] for way in ways]
        near = [float(a.whole @ r.whole) for r in refs]
        best = refs[int(np.argmax(near))]
        asked = float(a.whole @ q.whole)
        out = [max(near), float(np.mean(near)), min(near), asked, float(best.whole @ q.whole), max(near) - asked, _rest(a, best, q)]
        pairs = np.array([[*_cover(r, a), *_cover(a, r)] for r in refs])
        out += pairs.max(axis=0).tolist()
        return [*out, *_new(best, a, q, self._common), *_new(a, best, q, self._common)]

    def transform(
        self, questions: Sequence[str], references: Sequence[Sequence[str]], answers: Sequence[str]
    ) -> NDArray[np.float64]:
        """(n, NUMBERS)."""
        self.read([*questions, *answers, *(way for ways in references for way in ways)])
        rows = zip(questions, references, answers, strict=True)
        return np.array([self.align(q, refs, a) for q, refs, a in rows], np.float64).reshape(len(answers), len(NUMBERS))


def _rest(a: Read, b: Read, asked: Read) -> float:
    """The cosine of what two texts say beyond the question."""
    x, y = (one.whole - float(one.whole @ asked.whole) * asked.whole for one in (a, b))
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y) + 1e-6))


def _cover(one: Read, other: Read) -> list[float]:
    """How well one text's pieces are met by another's: mean, the worst that weighs, share well met, the lower fifth."""
    if not one.ids or not other.ids:
        return [0.0, 0.0, 0.0, 0.0]
    near = (one.states @ other.states.T).max(axis=1)
    w = one.weights
    return [float(near @ w / w.sum()), float(near[np.argmax(w * (1 - near))]), float((near > NEAR) @ w / w.sum()),
            float(np.percentile(near, 20))]  # fmt: skip


def _new(one: Read, other: Read, asked: Read, common: frozenset[int]) -> list[float]:
    """The same for the pieces that the question does not have: mean and worst."""
    keep = [k for k, i in enumerate(one.ids) if i not in asked.ids and i not in common]
    if not keep or not other.ids:
        return [0.5, 0.0]
    near = (one.states[keep] @ other.states.T).max(axis=1)
    return [float(near.mean()), float(near.min())]
