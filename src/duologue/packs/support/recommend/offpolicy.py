"""What another way of recommending would have earned, told from logs with propensities. Knows rewards and probabilities, no items.

Shapes: n logged rounds, A actions, P positions.
Sources: Horvitz & Thompson, 1952 (IPS); Swaminathan & Joachims, NeurIPS 2015 (SNIPS); Dudík, Langford & Li, ICML 2011 (DR);
Saito et al., NeurIPS 2021 datasets track (Open Bandit data, whose form of log this follows).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue.kit.errors import Invalid

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected reward per round, its bootstrap interval of 95 %, and the effective number of rounds (Kish), of n logged."""

    value: float
    low: float
    high: float
    effective: float
    n: int


def _check(reward: Floats, propensity: Floats, target: Floats) -> tuple[Floats, Floats]:
    reward, propensity, target = (np.asarray(a, float) for a in (reward, propensity, target))
    if not reward.shape == propensity.shape == target.shape or reward.ndim != 1 or not len(reward):
        raise Invalid("Rewards, propensities and target probabilities must be columns of one length, at least one row.")
    if not (np.all(propensity > 0) and np.all(propensity <= 1)):
        raise Invalid("A propensity is not above 0 and at most 1; rounds without one cannot be judged.")
    if not (np.all(target >= 0) and np.all(target <= 1)):
        raise Invalid("A probability of the new policy is not between 0 and 1.")
    return reward, target / propensity


def ips(reward: Floats, propensity: Floats, target: Floats) -> float:
    """Mean of weighted rewards (n,): unbiased, but wild where weights are large. Raises Invalid for bad columns."""
    reward, weight = _check(reward, propensity, target)
    return float((weight * reward).mean())


def snips(reward: Floats, propensity: Floats, target: Floats, *, rounds: int = 1000, seed: int = 0) -> Estimate:
    """Weighted rewards over summed weights. `propensity` (n,) is the logged policy's, `target` (n,) the new policy's
    probability of what
    was shown. The value is NaN where the new policy would have shown none of it. Raises Invalid for bad columns."""
    reward, weight = _check(reward, propensity, target)
    return _estimate(weight * reward, weight, rounds, seed, weight)


def doubly_robust(
    reward: Floats, propensity: Floats, target: Floats, guess: Floats, expected: Floats, *, rounds: int = 1000, seed: int = 0
) -> Estimate:
    """A model's guess, corrected where the log contradicts it. `guess` (n,) is the model's reward of what was shown,
    `expected` (n,)
    its mean under the new policy. Right if either the propensities or the model are. Raises Invalid for bad columns."""
    reward, weight = _check(reward, propensity, target)
    guess, expected = np.asarray(guess, float), np.asarray(expected, float)
    if guess.shape != reward.shape or expected.shape != reward.shape:
        raise Invalid("The model's guesses must be columns as long as the rewards.")
    return _estimate(expected + weight * (reward - guess), np.ones(len(reward)), rounds, seed, weight)


def _estimate(top: Floats, bottom: Floats, rounds: int, seed: int, weight: Floats) -> Estimate:
    rng = np.random.default_rng(seed)
    n = len(top)
    means = np.empty(rounds)
    for i in range(rounds):
        drawn = rng.integers(0, n, n)
        under = bottom[drawn].sum()
        means[i] = top[drawn].sum() / under if under else np.nan
    value = float(top.sum() / bottom.sum()) if bottom.sum() else float("nan")
    low, high = (float(q) for q in np.nanquantile(means, [0.025, 0.975])) if np.isfinite(means).any() else (value, value)
    square = float((weight**2).sum())
    return Estimate(value, low, high, float(weight.sum() ** 2 / square) if square else 0.0, n)


def action_frequencies(actions: NDArray[np.int64], positions: NDArray[np.int64], action_count: int) -> Floats:
    """How often a policy showed each action at each position, (P, A), rows summing to one: its probabilities where it looks
    at no context."""
    places = int(positions.max()) + 1
    table = np.zeros((places, action_count))
    np.add.at(table, (positions, actions), 1.0)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1.0))


def mean_rewards(actions: NDArray[np.int64], reward: Floats, action_count: int, strength: float = 20.0) -> Floats:
    """Mean reward of each action, (A,), drawn towards the mean of all by `strength` imagined rounds: the model for
    `doubly_robust`."""
    count = np.bincount(actions, minlength=action_count)
    return (np.bincount(actions, reward, minlength=action_count) + strength * float(np.mean(reward))) / (count + strength)
