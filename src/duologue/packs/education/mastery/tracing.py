"""What each learner knows: chance of a right answer, mastery of a skill with its uncertainty and its evidence.

Online, each answer moves the learner, the item and the skill at once; `fit` learns from many answers in a batch. Without any fit
the numbers are Elo's with set steps. Knows no course and no time; forgetting is in `reviews.py`, words in `bkt.py`.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log1p, sqrt
from typing import Any, Literal

import numpy as np

from duologue.packs.education.mastery.answers import Answer, by_user, keys_of
from duologue.packs.education.mastery.difficulty import Difficulties, fit_difficulties
from duologue.packs.education.mastery.history import History, sigmoid

KEPT = 20
"""Latest answers kept as evidence for each learner and skill."""
PRIOR_VARIANCE = 1.0
SURE = 1.2816
"""Standard deviations on each side that hold 80 % of a normal distribution."""
FLOORS = (0.06, 0.02, 0.005)
TUNE_ON = 40_000

Mode = Literal["online", "batch"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One answer that a judgement rests on; `expected` is the chance that was seen before it."""

    item: str
    correct: bool
    expected: float


@dataclass(frozen=True, slots=True)
class Mastery:
    """Chance (0..1) that the learner solves an average item of the skill, with the 80 % interval and the answers it rests on."""

    skill: str
    chance: float
    low: float
    high: float
    answers: int
    evidence: tuple[Evidence, ...] = ()

    @property
    def uncertainty(self) -> float:
        """Width of the interval: near 0 is sure, 0.5 and more is a guess."""
        return self.high - self.low


class KnowledgeTracer:
    """Mastery of all learners. `fit(answers)` learns from the past, `observe(answer)` from each next one."""

    def __init__(self) -> None:
        self.difficulties = Difficulties()
        self._histories: dict[str, History] = {}
        self._evidence: dict[tuple[str, str], deque[Evidence]] = {}
        self._batch: Any = None
        self._weights: tuple[tuple[float, ...], float] | None = None

    @property
    def is_fitted(self) -> bool:
        """Whether a batch model stands behind `predict`."""
        return self._batch is not None

    def fit(self, answers: Iterable[Answer], seed: int = 0) -> "KnowledgeTracer":
        """Learn difficulties, weights and the batch model from all answers so far, and take each learner's history from them.

        With fewer than 500 answers, or only right or only wrong ones, difficulties alone are learned.
        """
        from duologue.packs.education.mastery.refit import ONLINE, refit

        known = by_user(answers)
        self._histories, self._evidence = {}, {}
        self.difficulties = fit_difficulties(known)
        self._weights = None
        self._batch = refit(known, seed)
        if self._batch is not None:
            model = self._batch.online
            weights = dict(zip(ONLINE, model.coef_[0].tolist(), strict=True))
            self._weights = tuple(weights.get(i, 0.0) for i in range(max(ONLINE) + 1)), float(model.intercept_[0])
            self.difficulties.floor = _best_floor(known, seed)
        for answer in known:
            self._learn(answer, moves=False)
        return self

    def observe(self, answer: Answer, *, is_learnt_from: bool = True) -> float:
        """Take the next answer in; returns the chance that was given to a right one before it.

        Without `is_learnt_from` it says something of its user alone, and nothing of how hard the item is.
        """
        chance = self.predict(answer.user, answer.item, answer.skills, "online")
        self._learn(answer, moves=is_learnt_from)
        return chance

    def predict(self, user: str, item: str, skills: Sequence[str], mode: Mode | None = None) -> float:
        """Chance (0..1) that the user answers the item right now. `batch` needs a fit; without a mode the best there is."""
        if (mode or "batch") == "batch" and self._batch is not None:
            return float(self.predict_many(user, [(item, tuple(skills))])[0])
        keys = keys_of(skills)
        history = self._histories.get(user) or _STRANGER
        difficulty = self.difficulties.of(item, keys)
        if self._weights is None:
            return sigmoid(history.logit(keys, difficulty))
        view = history.view(keys, item, difficulty, log1p(self.difficulties.counts.get(item, 0)))
        return sigmoid(sum(w * x for w, x in zip(self._weights[0], view, strict=False) if w) + self._weights[1])

    def predict_many(self, user: str, items: Sequence[tuple[str, tuple[str, ...]]]) -> np.ndarray:
        """Chances for many (item, skills) of one user, in one call."""
        if self._batch is None:
            return np.array([self.predict(user, item, skills, "online") for item, skills in items])
        from duologue.packs.education.mastery.refit import Views

        history = self._histories.get(user) or _STRANGER
        views = Views([], [], [], [])
        for item, skills in items:
            keys = keys_of(skills)
            count = log1p(self.difficulties.counts.get(item, 0))
            views.dense.append(history.view(keys, item, self.difficulties.of(item, keys), count))
            views.items.append(item)
            views.keys.append(keys)
            views.counts.append(history.counts(keys))
        return np.asarray(self._batch.predict(views))

    def predict_next(self, answers: Sequence[Answer], mode: Mode = "batch") -> np.ndarray:
        """For each answer the chance that was due before it, users one after the other and each in order.

        `batch` changes nothing: what was fitted stands still, and the users' histories go on in a copy. `online` moves
        everything and keeps it, as `observe` does.
        """
        order = sorted(range(len(answers)), key=lambda i: (answers[i].user, answers[i].order))
        out = np.zeros(len(answers))
        if mode == "batch" and self._batch is not None:
            from duologue.packs.education.mastery.refit import view_answers

            views, _ = view_answers([answers[i] for i in order], self.difficulties, self._histories)
            out[order] = self._batch.predict(views)
            return out
        for i in order:
            out[i] = self.observe(answers[i])
        return out

    def mastery(self, user: str, skill: str) -> Mastery:
        """What is known of the user's mastery of one skill; wide where there is little evidence."""
        history = self._histories.get(user) or _STRANGER
        state = history.skills.get(skill)
        z = history.logit((skill,), self.difficulties.of_skill(skill))
        # two abilities add up: the learner's own and the one on this skill, each with a normal prior
        variance = 1 / (1 / PRIOR_VARIANCE + history.information) + 1 / (1 / PRIOR_VARIANCE + (state.information if state else 0.0))
        spread = SURE * sqrt(variance)
        answers = state.answers if state else 0
        return Mastery(skill, sigmoid(z), sigmoid(z - spread), sigmoid(z + spread), answers,
                       tuple(self._evidence.get((user, skill), ())))  # fmt: skip

    def forget(self, user: str) -> None:
        """Drop everything about one user; what others' difficulties learned from their answers stays, without a name."""
        self._histories.pop(user, None)
        for key in [k for k in self._evidence if k[0] == user]:
            del self._evidence[key]

    def _learn(self, answer: Answer, *, moves: bool) -> None:
        keys = answer.keys
        history = self._histories.setdefault(answer.user, History())
        difficulty = self.difficulties.of(answer.item, keys)
        expected = sigmoid(history.logit(keys, difficulty))
        surprise = history.observe(keys, answer.item, difficulty, answer.correct)
        for skill in answer.skills:
            kept = self._evidence.setdefault((answer.user, skill), deque(maxlen=KEPT))
            kept.append(Evidence(answer.item, answer.correct, round(expected, 3)))
        if moves:
            self.difficulties.move(answer.item, keys, surprise)


def _best_floor(answers: Sequence[Answer], seed: int) -> float:
    """The smallest step of difficulties that predicts a fifth of the learners best, after the others."""
    users = sorted({a.user for a in answers})
    held = set(np.random.default_rng(seed + 1).permutation(users)[: max(1, len(users) // 5)].tolist())
    past = [a for a in answers if a.user not in held]
    coming = [a for a in answers if a.user in held][:TUNE_ON]
    losses = []
    for floor in FLOORS:
        model = fit_difficulties(past)
        model.floor = floor
        losses.append(_loss(coming, model))
    return FLOORS[int(np.argmin(losses))]


def _loss(answers: Sequence[Answer], difficulties: Difficulties) -> float:
    total, user, history = 0.0, None, History()
    for a in answers:
        if a.user != user:
            user, history = a.user, History()
        difficulty = difficulties.of(a.item, a.keys)
        z = history.logit(a.keys, difficulty)
        total += log1p(exp(-z if a.correct else z))
        difficulties.move(a.item, a.keys, history.observe(a.keys, a.item, difficulty, a.correct))
    return total / max(1, len(answers))


_STRANGER = History()
