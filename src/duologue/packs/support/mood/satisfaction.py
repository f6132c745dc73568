"""How satisfied a person is, 1 to 5, as the dialogue runs: ordinal, calibrated, with the turns that caused it.

Ships without weights (no satisfaction set may be passed on trained): the default adds up signs by hand. `fit` learns from scored
dialogues. What it says of one dialogue is a guess with a spread, for supervisors to look there first; it judges no one.
Shapes: n dialogues. Source: Frank & Hall, ECML 2001 (ordinal by thresholds); Sun et al., SIGIR 2021 (task and data).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from duologue.kit.errors import Invalid
from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.terms import word_terms
from duologue.packs.support.mood.dialogue_features import SIGNS, Turn, View, view

Floats = NDArray[np.float64]
Level = Literal["dissatisfied", "neutral", "satisfied"]
LEVELS: tuple[Level, Level, Level] = ("dissatisfied", "neutral", "satisfied")
SCORES = np.arange(1, 6)
HAND = dict(zip(SIGNS, (0.0, 0.0, 0.0, -0.05, 0.0, -0.4, -0.1, 0.7, 0.3, 0.6, -0.15, -0.25, -0.1, -0.3), strict=True))
"""Weights of the default, in points of the five; set by hand, not learned."""
HAND_SPREAD = 0.75
HAND_PRIOR = np.array([0.28, 0.44, 0.28])
"""How often the default expects each level."""
MAX_TERMS = 50_000


@dataclass(frozen=True, slots=True)
class TurnScore:
    """A user turn: its place in the dialogue, expected score 1..5 after it, and the change against the user turn before."""

    index: int
    score: float
    change: float


@dataclass(frozen=True, slots=True)
class SatisfactionReading:
    """Expected score 1..5, the middle 80 % of its distribution, the level, each user turn, and the turns that pulled it down
    most."""

    score: float
    low: float
    high: float
    level: Level
    turns: tuple[TurnScore, ...]
    causes: tuple[TurnScore, ...]


class SatisfactionModel:
    """Works as shipped; `fit` learns from one's own survey results. All predictions are of the last user turn of a dialogue."""

    def __init__(self, encode: Encode | None = None, seed: int = 0) -> None:
        self.encode = encode
        self._seed = seed
        self._views: list[TfidfVectorizer | None] = []
        self._scale: StandardScaler | None = None
        self._heads: dict[int, LogisticRegression] = {}
        self._known: list[int] = []
        self.prior: Floats = np.full(3, 1 / 3)

    @property
    def is_fitted(self) -> bool:
        """Whether it has learned from dialogues; else it is the shipped default."""
        return self._scale is not None

    def fit(self, dialogues: Sequence[Sequence[Turn]], scores: Sequence[float]) -> "SatisfactionModel":
        """Learn from dialogues (n) and the score 1..5 of each one's last user turn (a mean of several judges is rounded).

        Raises Invalid for scores outside 1..5, sequences of different lengths, or no dialogue with a user turn.
        """
        if len(dialogues) != len(scores):
            raise Invalid(f"There are {len(dialogues)} dialogues and {len(scores)} scores; give one score for each.")
        numbers = np.asarray(scores, float)
        if not np.all(np.isfinite(numbers) & (numbers >= 1) & (numbers <= 5)):
            raise Invalid("A satisfaction score is not between 1 and 5.")
        views = [view(dialogue) for dialogue in dialogues]
        kept = [i for i, one in enumerate(views) if one.last]
        if not kept:
            raise Invalid("No dialogue has a turn of the user; give at least one.")
        views, marks = [views[i] for i in kept], np.floor(numbers[kept] + 0.5).astype(int)
        self._views = [_vocabulary([getattr(one, part) for one in views]) for part in ("last", "reply", "earlier")]
        self._scale = StandardScaler().fit(np.array([one.signs for one in views]))
        rows = self._rows(views)
        self._known = sorted(set(marks.tolist()))
        self._heads = {
            k: LogisticRegression(C=1.0, max_iter=200, tol=1e-3).fit(rows, marks > k) for k in self._known[:-1]
        }  # P(score > k), k between known scores
        levels = np.bincount(_levels(marks), minlength=3) + 1.0
        self.prior = levels / levels.sum()
        return self

    def _rows(self, views: Sequence[View]) -> csr_matrix:
        parts = [
            vocabulary.transform([getattr(one, part) for one in views])
            for vocabulary, part in zip(self._views, ("last", "reply", "earlier"), strict=True)
            if vocabulary is not None
        ]
        assert self._scale is not None
        parts.append(csr_matrix(self._scale.transform(np.array([one.signs for one in views])) * 0.3))
        if self.encode is not None:
            for part in ("last", "reply"):
                parts.append(csr_matrix(np.asarray(self.encode.encode([getattr(one, part) for one in views]), float)))
        return hstack(parts, format="csr")

    def predict_proba(self, dialogues: Sequence[Sequence[Turn]]) -> Floats:
        """Probabilities (0..1) of the scores 1..5, (n, 5). Raises nothing: a dialogue without a turn of the user is read as an
        empty one."""
        if not len(dialogues):
            return np.zeros((0, 5))
        return self._chances([view(dialogue) for dialogue in dialogues])

    def _chances(self, views: Sequence[View]) -> Floats:
        if not self.is_fitted:
            mean = np.clip(3.0 + np.array([one.signs for one in views]) @ np.array([HAND[sign] for sign in SIGNS]), 1.0, 5.0)
            weight = np.exp(-((SCORES[None] - mean[:, None]) ** 2) / (2 * HAND_SPREAD**2))
            return np.asarray(weight / weight.sum(axis=1, keepdims=True))
        above = np.zeros((len(views), 6))  # P(score > k), k = 0..5
        above[:, : self._known[0]] = 1.0
        rows = self._rows(views)
        for place, k in enumerate(self._known[:-1]):
            above[:, k : self._known[place + 1]] = self._heads[k].predict_proba(rows)[:, 1:]
        above = np.minimum.accumulate(above, axis=1)
        chances: Floats = above[:, :-1] - above[:, 1:]
        return chances

    def predict(self, dialogues: Sequence[Sequence[Turn]]) -> Floats:
        """Expected score, (n,), in points from 1 to 5. Raises nothing, as `predict_proba`."""
        expected: Floats = self.predict_proba(dialogues) @ SCORES
        return expected

    def predict_level(self, dialogues: Sequence[Sequence[Turn]]) -> list[Level]:
        """The level that each dialogue speaks for most against how frequent it is (so that a rare level is found), (n). Raises
        nothing."""
        return [LEVELS[i] for i in self._lift(self.predict_proba(dialogues)).argmax(axis=1)]

    def _lift(self, chances: Floats) -> Floats:
        by_level = np.column_stack([chances[:, :2].sum(axis=1), chances[:, 2], chances[:, 3:].sum(axis=1)])
        lifted: Floats = by_level / (self.prior if self.is_fitted else HAND_PRIOR)
        return lifted

    def read(self, dialogue: Sequence[Turn]) -> SatisfactionReading:
        """The dialogue turn by turn; `causes` are the user turns after which the score fell most. Raises Invalid without a
        user turn."""
        places = [i for i, turn in enumerate(dialogue) if turn.is_user and turn.text.strip()]
        if not places:
            raise Invalid("The dialogue has no turn of the user yet.")
        chances = self._chances([view(dialogue[: i + 1]) for i in places])
        scores = chances @ SCORES
        changes = np.diff(scores, prepend=3.0)
        turns = tuple(TurnScore(i, float(s), float(c)) for i, s, c in zip(places, scores, changes, strict=True))
        causes = tuple(sorted((t for t in turns if t.change < -0.1), key=lambda t: t.change)[:3])
        total = np.cumsum(chances[-1])
        low, high = (float(SCORES[min(int(np.searchsorted(total, q)), 4)]) for q in (0.1, 0.9))
        level = LEVELS[int(self._lift(chances[-1:]).argmax())]
        return SatisfactionReading(float(scores[-1]), low, high, level, turns, causes)


def _vocabulary(texts: Sequence[str]) -> TfidfVectorizer | None:
    found = TfidfVectorizer(analyzer=word_terms, sublinear_tf=True, min_df=2, max_features=MAX_TERMS)
    try:
        return found.fit(texts)
    except ValueError:  # no term is frequent enough
        return None


def _levels(scores: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.where(scores < 3, 0, np.where(scores > 3, 2, 1))


def level_of(score: float) -> Level:
    """The level of a given score: below 3, 3 (rounded), above."""
    return LEVELS[int(_levels(np.array([int(np.floor(score + 0.5))]))[0])]
