"""From reviewed answers to the confidence from which answers may leave unsigned, with a bound that is stated beforehand.

The operator says α and δ: of the answers that leave alone, at most the share α would have been changed by an expert, with
confidence 1 − δ. Each threshold of a fixed grid is a hypothesis ("its risk is above α"), tested by a bet that may be looked
at after every review (`evidence`) and walked down in fixed sequences from several starts (Angelopoulos et al., "Learn then Test",
2021, section 2.3), so that looking at many thresholds costs nothing of the promise. Knows numbers, no conversations. The outcomes
must be a fair sample: chosen for review without a look at their confidence.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

GRID = tuple(round(0.99 - 0.03 * i, 2) for i in range(24))
"""Thresholds that are tried, from cautious (0.99) to bold (0.30)."""
STARTS = (0, 3, 6, 10)
"""Places of the grid at which a sequence begins. The first ones have few answers above them, the later ones more errors."""
SHARES = (0.2, 0.5, 0.8)
"""Risks, as shares of α, for which there may be evidence."""
FEWEST = 12
"""Wrong answers that a threshold's answers would hold at a risk of α, for it to be tried; with fewer, luck at the beginning
certifies what cannot be kept."""
_FALLING = tuple(-threshold for threshold in GRID)


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer that an expert looked at. `confidence` 0..1 as the assistant gave it; `is_changed`: it was not left as it stood."""

    confidence: float
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of `n` answers had a confidence from each threshold of the grid on, and how many of those were changed."""

    n: int = 0
    above: tuple[int, ...] = (0,) * len(GRID)
    changed: tuple[int, ...] = (0,) * len(GRID)

    def add(self, outcome: Outcome, count: int = 1) -> "Tally":
        """With one more answer; with `count` -1 one less."""
        first = bisect_left(_FALLING, -outcome.confidence)
        above = self.above[:first] + tuple([n + count for n in self.above[first:]])
        changed = self.changed
        if outcome.is_changed:
            changed = changed[:first] + tuple([k + count for k in changed[first:]])
        return Tally(self.n + count, above, changed)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What may be promised. `threshold` None: nothing may leave alone yet.

    `n`: answers looked at; `above` of them at or over the threshold, `changed` of those changed.
    """

    threshold: float | None
    n: int
    above: int = 0
    changed: int = 0
    delta: float = 0.1

    @property
    def bound(self) -> float:
        """The upper limit of their risk at confidence 1 − δ by themselves (Clopper–Pearson)."""
        return upper_bound(self.changed, self.above, self.delta)

    @property
    def coverage(self) -> float:
        """The share of answers that would leave alone, 0..1."""
        return self.above / self.n if self.n else 0.0


def count(outcomes: Iterable[Outcome]) -> Tally:
    """The tally of outcomes, in whatever order."""
    tally = Tally()
    for outcome in outcomes:
        tally = tally.add(outcome)
    return tally


def certify(tally: Tally, alpha: float, delta: float, most: float = 1.0) -> Certificate:
    """The lowest threshold whose risk is at most `alpha` with confidence 1 − `delta`, however often that is asked.

    `most`: the largest share that may have been changed in what was seen. Raises ValueError outside (0, 1).
    """
    if not (0 < alpha < 1 and 0 < delta < 1):
        raise ValueError("alpha and delta lie between 0 and 1")
    needed = math.log(len(STARTS) / delta)
    lowest = -1
    for start in STARTS:
        for i in range(start, len(GRID)):
            n, k = tally.above[i], tally.changed[i]
            if i > lowest and (n < FEWEST / alpha or k > most * n or evidence(k, n, alpha) < needed):
                break
            lowest = max(lowest, i)
    if lowest < 0:
        return Certificate(None, tally.n)
    n, k = tally.above[lowest], tally.changed[lowest]
    return Certificate(GRID[lowest], tally.n, n, k, delta)


def renew(given: Certificate, tally: Tally, alpha: float, delta: float, most: float = 1.0) -> Certificate:
    """The certificate for a tally that has grown or lost something: the given one while it is bolder and what was seen does not
    speak for a risk of `alpha`, else a new one.

    What was earned once stays earned while nothing changes (Ville), whatever a few outcomes do to the evidence; a change is
    looked for elsewhere.
    """
    found = certify(tally, alpha, delta, most)
    if given.threshold is None or (found.threshold is not None and found.threshold <= given.threshold):
        return found
    i = GRID.index(given.threshold)
    n, k = tally.above[i], tally.changed[i]
    return Certificate(given.threshold, tally.n, n, k, delta) if evidence(k, n, alpha) >= 0 else found


def evidence(k: int, n: int, alpha: float) -> float:
    """The logarithm of the evidence that a risk is under `alpha`, k of n being changed.

    The mean over SHARES of the likelihood ratios of the risk `share · alpha` against `alpha`. Each has an expectation of at most 1
    where the risk is `alpha` or more, at whatever moment one looks and however the risk moves above it: by Ville's inequality it
    ever reaches 1/δ with probability at most δ (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by
    betting", 2024; Robbins' method of mixtures, 1970).
    """
    logs = [k * of_changed + (n - k) * of_left for of_changed, of_left in _weights(alpha)]
    top = max(logs)
    return top + math.log(math.fsum(math.exp(log - top) for log in logs) / len(logs))


@lru_cache
def _weights(alpha: float) -> tuple[tuple[float, float], ...]:
    return tuple((math.log(share), math.log1p(-share * alpha) - math.log1p(-alpha)) for share in SHARES)


def binomial_cdf(k: int, n: int, p: float) -> float:
    """P(X ≤ k) for X of n trials with probability p."""
    if k >= n:
        return 1.0
    if n == 0:
        return 1.0
    log_p, log_q = math.log(p), math.log1p(-p)
    top = math.lgamma(n + 1)
    terms = (top - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log_p + (n - i) * log_q for i in range(k + 1))
    return min(1.0, math.fsum(math.exp(t) for t in terms))


def upper_bound(k: int, n: int, delta: float) -> float:
    """The largest risk that k changed of n do not rule out at confidence 1 − `delta` (Clopper and Pearson, 1934)."""
    if k >= n:
        return 1.0
    low, high = k / n, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if binomial_cdf(k, n, middle) > delta else (low, middle)
    return high


def risk_by_coverage(tally: Tally) -> list[tuple[float, float, float]]:
    """(threshold, coverage, risk) for each threshold with anything above it, bold to cautious: what the admin page draws."""
    rows = [(GRID[i], n / tally.n, tally.changed[i] / n) for i, n in enumerate(tally.above) if n]
    return rows[::-1]


def reliability(outcomes: Sequence[Outcome], bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean confidence, share left unchanged, how many) per bin that has any:

    on the diagonal where confidence means what it says.
    """
    rows = []
    for i in range(bins):
        inside = [o for o in outcomes if min(int(o.confidence * bins), bins - 1) == i]
        if inside:
            mean = sum(o.confidence for o in inside) / len(inside)
            rows.append((mean, sum(not o.is_changed for o in inside) / len(inside), len(inside)))
    return rows
