"""Is one model's share of changed answers larger than another's? A test that may be looked at after every verdict.

Outcomes are taken in blocks of one of the challenger and `k` of the champion, in their order of time. A block multiplies the
evidence by the likelihood ratio of "the challenger's rate is a, the champion's b" against "both have the mean rate m = (a + k·b)
/ (1 + k)". Its expectation is at most 1 wherever the challenger is not worse, whatever the rates are and however they drift: with
u = (θ − m)(m − b) / (m(1 − m)) it is at most (1 + k·u)(1 − u)^k ≤ 1. The product is therefore a test martingale, and by Ville's
inequality it ever reaches 1/δ with probability at most δ. a and b are chosen from earlier blocks alone; several ratios of odds
are mixed. Sources: Turner, Ly and Grünwald 2024 (e-variables for k-sample tests); Ville 1939. Knows numbers, no conversations.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

ODDS = (1.5, 2.5, 5.0)
"""How much larger the odds of a change may be that is bet on."""
MOST_PER_BLOCK = 4
PRIOR_N, PRIOR_RATE = 4.0, 0.25
"""What is believed of a champion's rate before any outcome: four outcomes, one of them changed."""
LEAST_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Standing:
    """How a trial stands: outcomes and changed ones per side, and the natural logarithms of the evidence that one side is worse.

    `log_worse` is of the challenger as it is now, `top_worse` as it was at its highest, which is what decides; `top_better` is of
    the champion.
    """

    challenger_n: int = 0
    challenger_changed: int = 0
    champion_n: int = 0
    champion_changed: int = 0
    blocks: int = 0
    log_worse: float = 0.0
    top_worse: float = 0.0
    top_better: float = 0.0

    def is_worse(self, delta: float) -> bool:
        """Whether the challenger is worse, with at most `delta` of error however often this was asked."""
        return self.top_worse >= math.log(1 / delta)

    def is_better(self, delta: float) -> bool:
        """Whether its rate is smaller, with the same error."""
        return self.top_better >= math.log(1 / delta)


def block_size(share: float) -> int:
    """Champion's outcomes per outcome of a challenger that gets `share` of the traffic."""
    return max(1, min(MOST_PER_BLOCK, round((1 - share) / share)))


def judge(outcomes: Iterable[tuple[bool, bool]], k: int = 1) -> Standing:
    """The standing after (is of the challenger, is changed), oldest first. The same outcomes give the same standing."""
    first: list[bool] = []
    second: list[bool] = []
    worse = [_Bet(k, odds) for odds in ODDS]
    better = [_Bet(k, 1 / odds) for odds in ODDS]
    blocks, seen_changed, log_worse, top_worse, top_better = 0, 0, 0.0, 0.0, 0.0
    for is_challenger, is_changed in outcomes:
        (first if is_challenger else second).append(is_changed)
        while len(first) > blocks and len(second) >= (blocks + 1) * k:
            mine, theirs = first[blocks], second[blocks * k : (blocks + 1) * k]
            rate = (seen_changed + PRIOR_N * PRIOR_RATE) / (blocks * (k + 1) + PRIOR_N)
            for bet in (*worse, *better):
                bet.take(mine, theirs, rate)
            blocks, seen_changed = blocks + 1, seen_changed + mine + sum(theirs)
            log_worse = _mean([b.log for b in worse])
            top_worse, top_better = max(top_worse, log_worse), max(top_better, _mean([b.log for b in better]))
    return Standing(len(first), sum(first), len(second), sum(second), blocks, log_worse, top_worse, top_better)


@dataclass(slots=True)
class _Bet:
    """The evidence of one ratio of odds."""

    k: int
    odds: float
    log: float = 0.0

    def take(self, mine: bool, theirs: list[bool], rate: float) -> None:
        b = min(1 - LEAST_RATE, max(LEAST_RATE, rate))
        a = self.odds * b / (1 - b + self.odds * b)
        m = (a + self.k * b) / (1 + self.k)
        self.log += _log(mine, a) - _log(mine, m) + sum(_log(one, b) - _log(one, m) for one in theirs)


def _log(is_changed: bool, rate: float) -> float:
    return math.log(rate if is_changed else 1 - rate)


def _mean(logs: list[float]) -> float:
    """The logarithm of the mean of what the logarithms stand for."""
    top = max(logs)
    return top + math.log(sum(math.exp(log - top) for log in logs) / len(logs))
