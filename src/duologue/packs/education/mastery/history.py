"""What one learner has done so far, kept so that each further answer costs the same: abilities, counts, recency.

Ability overall and per skill move as in Elo (Pelánek 2016), with steps that shrink with the number of answers. The same numbers
are what the online model weighs and what the batch model learns from. Knows no difficulty of its own and no population.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp, log1p

ALONG, FORGET = 0.85, 0.7
"""What an older answer weighs against the next newer one: over everything, and within a skill."""

DENSE = (
    "logit", "difficulty", "item_answers", "ability", "skill_ability", "weakest_ability",
    "wins", "fails", "skill_wins", "skill_fails", "item_wins", "item_fails", "recent", "skill_recent",
    "last", "before_last", "gap", "skill_answers", "answers", "run", "skills_seen",
)  # fmt: skip


def sigmoid(z: float) -> float:
    """1 / (1 + e^-z), safe for any z."""
    return 1 / (1 + exp(-z)) if z > -60 else 0.0


@dataclass(slots=True)
class SkillState:
    """One skill of one learner. `information` is the Fisher information of the answers about the ability."""

    ability: float = 0.0
    answers: int = 0
    wins: int = 0
    recent_wins: float = 0.0
    recent: float = 0.0
    last: float = -1.0
    before_last: float = -1.0
    seen_at: int = 0
    information: float = 0.0


@dataclass(slots=True)
class History:
    """One learner. `ability` is on the scale of log odds against a difficulty."""

    ability: float = 0.0
    answers: int = 0
    wins: int = 0
    recent_wins: float = 0.0
    recent: float = 0.0
    run: int = 0
    information: float = 0.0
    skills: dict[str, SkillState] = field(default_factory=dict)
    items: dict[str, tuple[int, int]] = field(default_factory=dict)

    def logit(self, keys: Sequence[str], difficulty: float) -> float:
        """Log odds of a correct answer by ability and difficulty alone."""
        return self.ability + sum(self._of(k).ability for k in keys) / len(keys) - difficulty

    def view(self, keys: Sequence[str], item: str, difficulty: float, item_answers: float) -> tuple[float, ...]:
        """What is known before an answer: the numbers named in DENSE."""
        states = [self._of(k) for k in keys]
        n = len(states)
        abilities = [s.ability for s in states]
        mean = sum(abilities) / n
        main = states[-1]
        wins = sum(s.wins for s in states) / n
        count = sum(s.answers for s in states) / n
        item_wins, item_fails = self.items.get(item, (0, 0))
        return (
            self.ability + mean - difficulty, difficulty, item_answers, self.ability, mean, min(abilities),
            log1p(self.wins), log1p(self.answers - self.wins), log1p(wins), log1p(count - wins),
            log1p(item_wins), log1p(item_fails),
            (self.recent_wins + 0.5) / (self.recent + 1), (main.recent_wins + 0.5) / (main.recent + 1), main.last, main.before_last,
            log1p(self.answers - main.seen_at) if main.answers else -1.0, count, self.answers, self.run, len(self.skills),
        )  # fmt: skip

    def counts(self, keys: Sequence[str]) -> list[tuple[float, float]]:
        """For each key log(1 + wins) and log(1 + fails)."""
        return [(log1p(s.wins), log1p(s.answers - s.wins)) for s in map(self._of, keys)]

    def observe(self, keys: Sequence[str], item: str, difficulty: float, correct: bool) -> float:
        """Take an answer in; returns by how much it surprised, (correct − chance)."""
        chance = sigmoid(self.logit(keys, difficulty))
        surprise, weight = float(correct) - chance, chance * (1 - chance)
        self.ability += 0.42 / (1 + 0.1 * self.answers) * surprise
        for key in keys:
            state = self.skills.setdefault(key, SkillState())
            state.ability += 0.6 / (1 + 0.05 * state.answers) * surprise
            state.answers += 1
            state.wins += correct
            state.recent_wins = FORGET * state.recent_wins + correct
            state.recent = FORGET * state.recent + 1
            state.before_last, state.last = state.last, float(correct)
            state.seen_at = self.answers
            state.information += weight
        self.answers += 1
        self.wins += correct
        self.recent_wins, self.recent = ALONG * self.recent_wins + correct, ALONG * self.recent + 1
        self.run = (max(self.run, 0) + 1) if correct else (min(self.run, 0) - 1)
        self.information += weight
        wins, fails = self.items.get(item, (0, 0))
        self.items[item] = (wins + correct, fails + (not correct))
        return surprise

    def _of(self, key: str) -> SkillState:
        return self.skills.get(key) or _NEW


_NEW = SkillState()
