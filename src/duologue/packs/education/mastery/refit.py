"""The batch model of the next answer: logistic regression on items and skills, averaged with trees on the history.

After Best-LR (Gervet et al. 2020): one-hot items and skills with log counts of right and wrong answers. What is known of an item
is taken from other learners (five folds by learner), so that the model does not learn to trust difficulties that its own row has
made.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from duologue.packs.education.mastery.answers import Answer, by_user
from duologue.packs.education.mastery.difficulty import Difficulties, fit_difficulties, key_matrix
from duologue.packs.education.mastery.history import DENSE, History

Floats = NDArray[np.float64]
FOLDS = 5
ENOUGH = 500
"""Answers below which nothing is refitted: the online model with its set weights is steadier."""
ONLINE = tuple(DENSE.index(n) for n in ("ability", "skill_ability", "weakest_ability", "difficulty", "wins", "fails", "skill_wins",
                                        "skill_fails", "item_wins", "item_fails", "recent", "skill_recent"))  # fmt: skip
LINEAR = tuple(DENSE.index(n) for n in ("logit", "ability", "skill_ability", "wins", "fails", "item_wins", "item_fails", "recent",
                                        "skill_recent", "last"))  # fmt: skip


@dataclass(slots=True)
class Views:
    """What was known before each answer: (n, len(DENSE)), the item, the keys and per key log counts of wins and fails."""

    dense: list[tuple[float, ...]]
    items: list[str]
    keys: list[tuple[str, ...]]
    counts: list[list[tuple[float, float]]]


def view_answers(answers: Sequence[Answer], of: Difficulties, begun: Mapping[str, History] | None = None) -> tuple[Views, Floats]:
    """The views of answers that lie by user and in order, with difficulties held still, and the answers themselves as 0 and 1.

    `begun`: histories of users who have answered before; they are not changed.
    """
    views = Views([], [], [], [])
    user, history = None, History()
    seen = {item: float(np.log1p(count)) for item, count in of.counts.items()}
    for a in answers:
        if a.user != user:
            user = a.user
            history = deepcopy(begun[user]) if begun and user in begun else History()
        keys = a.keys
        difficulty = of.of(a.item, keys)
        views.dense.append(history.view(keys, a.item, difficulty, seen.get(a.item, 0.0)))
        views.items.append(a.item)
        views.keys.append(keys)
        views.counts.append(history.counts(keys))
        history.observe(keys, a.item, difficulty, a.correct)
    return views, np.array([a.correct for a in answers], float)


def refit(answers: Sequence[Answer], seed: int = 0) -> "BatchModel | None":
    """The batch model of the answers; None for fewer than ENOUGH, or where all are right, or wrong, or by a handful of users."""
    if len(answers) < ENOUGH or len({a.correct for a in answers}) < 2 or len({a.user for a in answers}) < FOLDS:
        return None
    return BatchModel(answers, seed)


class BatchModel:
    """Fitted once on all answers so far; frozen until the next refit."""

    def __init__(self, answers: Sequence[Answer], seed: int = 0) -> None:
        """Learn from the answers, of at least FOLDS users."""
        users = sorted({a.user for a in answers})
        fold = dict(zip(users, np.random.default_rng(seed).permutation(len(users)) % FOLDS, strict=True))
        views, right = Views([], [], [], []), []
        for k in range(FOLDS):
            apart = [a for a in answers if fold[a.user] == k]
            others = fit_difficulties([a for a in answers if fold[a.user] != k])
            part, correct = view_answers(by_user(apart), others)
            for name in ("dense", "items", "keys", "counts"):
                getattr(views, name).extend(getattr(part, name))
            right.append(correct)
        target = np.concatenate(right)
        self.items = sorted(set(views.items))
        self.skills = sorted({k for keys in views.keys for k in keys})
        self._item_places = {name: i for i, name in enumerate(self.items)}
        dense = np.array(views.dense)
        self.online: Any = LogisticRegression(C=1.0, max_iter=500).fit(dense[:, ONLINE], target)
        self._linear: Any = LogisticRegression(C=1.0, max_iter=1000).fit(self._columns(views), target)
        leaf = int(np.clip(len(target) // 100, 10, 60))
        self._trees: Any = HistGradientBoostingClassifier(
            max_iter=200 if len(target) > 10_000 else 60, learning_rate=0.08, max_leaf_nodes=24, min_samples_leaf=leaf,
            l2_regularization=1.0, random_state=seed,
        ).fit(dense, target)  # fmt: skip

    def predict(self, views: Views) -> Floats:
        """Chance that each answer is right: the two models' log odds averaged."""
        if not views.dense:
            return np.zeros(0)
        z = np.asarray(self._linear.decision_function(self._columns(views)), float)
        z = (z + np.asarray(self._trees.decision_function(np.array(views.dense)), float)) / 2
        return np.asarray(1 / (1 + np.exp(-z)))

    def _columns(self, views: Views) -> sparse.csr_matrix:
        """One-hot skills and items, per skill log counts, and the learner's history."""
        hot, _ = key_matrix(views.keys, self.skills)
        wins = _spread(views, self.skills, 0)
        fails = _spread(views, self.skills, 1)
        items, _ = key_matrix([(i,) for i in views.items], self.items)
        return sparse.hstack([hot, wins, fails, items, sparse.csr_matrix(np.array(views.dense)[:, LINEAR])]).tocsr()


def _spread(views: Views, names: Sequence[str], which: int) -> sparse.csr_matrix:
    places = {name: i for i, name in enumerate(names)}
    rows, columns, values = [], [], []
    for r, (keys, counts) in enumerate(zip(views.keys, views.counts, strict=True)):
        for key, count in zip(keys, counts, strict=True):
            if key in places and count[which]:
                rows.append(r)
                columns.append(places[key])
                values.append(count[which] / len(keys))
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(views.keys), len(places)))
