"""How hard items and skills are: fitted together with the learners' abilities, then moved by each further answer.

A Rasch model with a skill's difficulty as the prior mean of its items' (Rasch 1960; MAP by alternating Newton steps), so that an
item that nobody has answered is as hard as its skills. Knows answers, no learner's history.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from duologue.packs.education.mastery.answers import Answer

Floats = NDArray[np.float64]
ROUNDS = 30
ABILITY_VARIANCE, ITEM_VARIANCE, SKILL_VARIANCE = 1.0, 1.5, 1.0


@dataclass(slots=True)
class Difficulties:
    """Log odds against a correct answer of an average learner: `start` + mean over the keys + the item's own part."""

    start: float = 0.0
    items: dict[str, float] = field(default_factory=dict)
    skills: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    skill_counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    floor: float = 0.06

    def of(self, item: str, keys: Sequence[str]) -> float:
        """The difficulty of an item with those keys; of one that is not known, by its keys."""
        known = [self.skills[k] for k in keys if k in self.skills]
        return self.start + (sum(known) / len(known) if known else 0.0) + self.items.get(item, 0.0)

    def of_skill(self, skill: str) -> float:
        """The difficulty of a skill's average item."""
        return self.start + self.skills.get(skill, 0.0)

    def move(self, item: str, keys: Sequence[str], surprise: float) -> None:
        """Learn from one answer: easier than thought where it was right against expectation."""
        count = self.counts[item]
        self.items[item] = self.items.get(item, 0.0) - max(self.floor, 1 / (2 + 0.5 * count)) * surprise
        self.counts[item] = count + 1
        for key in keys:
            seen = self.skill_counts[key]
            self.skills[key] = self.skills.get(key, 0.0) - 0.5 / (1 + 0.2 * seen) * surprise
            self.skill_counts[key] = seen + 1


def fit_difficulties(answers: Sequence[Answer]) -> Difficulties:
    """Difficulties that fit the answers best, with every learner's ability beside them; an empty set for no answers."""
    if not answers:
        return Difficulties()
    user, users = _codes([a.user for a in answers])
    item, items = _codes([a.item for a in answers])
    keys, names = key_matrix([a.keys for a in answers])
    right = np.array([a.correct for a in answers], float)
    share = np.clip(right.mean(), 0.01, 0.99)
    start = float(log(share / (1 - share)))
    ability, own, skill = np.zeros(len(users)), np.zeros(len(items)), np.zeros(len(names))
    across = keys.T.tocsr()

    def chances() -> Floats:
        z = start + ability[user] - own[item] - keys @ skill
        return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))))

    for _ in range(ROUNDS):
        p = chances()
        ability += _newton(_sum(user, right - p, len(users)), _sum(user, p * (1 - p), len(users)), ability, ABILITY_VARIANCE)
        p = chances()
        skill -= _newton(across @ (right - p), across @ (p * (1 - p)), -skill, SKILL_VARIANCE)
        p = chances()
        own -= _newton(_sum(item, right - p, len(items)), _sum(item, p * (1 - p), len(items)), -own, ITEM_VARIANCE)
        start += 2 * float((right - chances()).mean())
    counts, key_counts = np.bincount(item), np.asarray((keys > 0).sum(axis=0)).ravel()
    return Difficulties(
        -start,
        dict(zip(items, own.tolist(), strict=True)),
        dict(zip(names, skill.tolist(), strict=True)),
        defaultdict(int, zip(items, counts.tolist(), strict=True)),
        defaultdict(int, zip(names, key_counts.tolist(), strict=True)),
    )


def key_matrix(keys: Sequence[Sequence[str]], names: Sequence[str] | None = None) -> tuple[sparse.csr_matrix, list[str]]:
    """(n, k) rows that sum to 1 over a row's keys, and the names of the columns; keys outside given `names` are left out."""
    places = {name: i for i, name in enumerate(names)} if names is not None else {}
    rows, columns, values = [], [], []
    for r, row in enumerate(keys):
        for key in row:
            place = places.setdefault(key, len(places)) if names is None else places.get(key)
            if place is not None:
                rows.append(r)
                columns.append(place)
                values.append(1 / len(row))
    return sparse.csr_matrix((values, (rows, columns)), shape=(len(keys), len(places))), list(places)


def _newton(gradient: Floats, curvature: Floats, value: Floats, variance: float) -> Floats:
    return (gradient - value / variance) / (curvature + 1 / variance)


def _sum(places: NDArray[np.int64], values: Floats, size: int) -> Floats:
    return np.asarray(np.bincount(places, values, size), float)


def _codes(names: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    places: dict[str, int] = {}
    return np.array([places.setdefault(name, len(places)) for name in names]), list(places)
