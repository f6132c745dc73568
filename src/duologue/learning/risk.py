"""From reviewed answers to the confidence from which answers may leave unsigned, with a bound that is stated beforehand.

The operator says α and δ: of the answers that leave alone, at most the share α would have been changed by an expert, with
confidence 1 − δ. Each threshold of a fixed grid is a hypothesis ("its risk is above α"), tested by the exact binomial tail and
walked down in fixed sequences from several starts (Angelopoulos et al., "Learn then Test", 2021, section 2.3), so that looking at
many thresholds costs nothing of the promise. Knows numbers, no conversations. The outcomes must be a fair sample: chosen for
review without a look at their confidence.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

GRID = tuple(round(0.99 - 0.03 * i, 2) for i in range(24))
"""Thresholds that are tried, from cautious (0.99) to bold (0.30)."""
STARTS = (0, 3, 6, 10)
"""Places of the grid at which a sequence begins. The first ones have few answers above them, the later ones more errors."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer that an expert looked at. `confidence` 0..1 as the assistant gave it; `is_changed`: it was not left as it stood."""

    confidence: float
    is_changed: bool


@dataclass(frozen=True, slots=True)
class Certificate:
    """What may be promised. `threshold` None: nothing may leave alone yet.

    `n`: answers looked at; `above` of them at or over the threshold, `changed` of those changed; `bound`: the upper limit of their
    risk at confidence 1 − δ by themselves (Clopper–Pearson); `coverage`: above / n.
    """

    threshold: float | None
    n: int
    above: int = 0
    changed: int = 0
    bound: float = 1.0

    @property
    def coverage(self) -> float:
        """The share of answers that would leave alone, 0..1."""
        return self.above / self.n if self.n else 0.0


def certify(outcomes: Sequence[Outcome], alpha: float, delta: float) -> Certificate:
    """The lowest threshold whose risk is at most `alpha` with confidence 1 − `delta`. Raises ValueError outside (0, 1)."""
    if not (0 < alpha < 1 and 0 < delta < 1):
        raise ValueError("alpha and delta lie between 0 and 1")
    counts = [_count(outcomes, threshold) for threshold in GRID]
    level = delta / len(STARTS)
    passed: set[int] = set()
    for start in STARTS:
        for i in range(start, len(GRID)):
            n, k = counts[i]
            if i not in passed and binomial_cdf(k, n, alpha) > level:
                break
            passed.add(i)
    if not passed:
        return Certificate(None, len(outcomes))
    n, k = counts[max(passed)]
    return Certificate(GRID[max(passed)], len(outcomes), n, k, upper_bound(k, n, delta))


def _count(outcomes: Sequence[Outcome], threshold: float) -> tuple[int, int]:
    above = [o.is_changed for o in outcomes if o.confidence >= threshold]
    return len(above), sum(above)


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


def risk_by_coverage(outcomes: Sequence[Outcome]) -> list[tuple[float, float, float]]:
    """(threshold, coverage, risk) for each threshold with anything above it, bold to cautious: what the admin page draws."""
    rows = []
    for threshold in reversed(GRID):
        n, k = _count(outcomes, threshold)
        if n:
            rows.append((threshold, n / len(outcomes), k / n))
    return rows


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
