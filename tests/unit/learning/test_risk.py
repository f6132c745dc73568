"""Certificates held to scipy's tails, to their promise over many samples, and to what any of them must obey."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.learning.risk import GRID, Outcome, binomial_cdf, certify, reliability, risk_by_coverage, upper_bound

stats = pytest.importorskip("scipy.stats", reason="scipy is the oracle")


@pytest.mark.parametrize(("k", "n", "p"), [(0, 1, 0.1), (3, 40, 0.1), (12, 200, 0.05), (60, 1_000, 0.1), (5, 5, 0.5), (0, 0, 0.3)])
def test_the_tail_is_scipys(k: int, n: int, p: float) -> None:
    assert binomial_cdf(k, n, p) == pytest.approx(stats.binom.cdf(k, n, p), abs=1e-9)


@pytest.mark.parametrize(("k", "n"), [(0, 20), (1, 20), (7, 90), (40, 400)])
def test_the_bound_is_clopper_and_pearsons(k: int, n: int) -> None:
    assert upper_bound(k, n, 0.1) == pytest.approx(stats.beta.ppf(0.9, k + 1, n - k), abs=1e-6)


def draw_outcomes(draw: random.Random, n: int, risk_at: float) -> list[Outcome]:
    """Answers whose risk falls from `risk_at` at no confidence to 0 at full confidence."""
    sure = [draw.random() for _ in range(n)]
    return [Outcome(c, draw.random() < risk_at * (1 - c)) for c in sure]


@pytest.mark.oracle
def test_the_promise_holds_over_many_samples() -> None:
    """The true selective risk over c ≥ λ is risk_at · (1 − λ) / 2, so it is known whether a certificate lies."""
    draw, alpha, delta, tries = random.Random(7), 0.1, 0.2, 400
    given_out, lies = 0, 0
    for _ in range(tries):
        found = certify(draw_outcomes(draw, 900, 0.6), alpha, delta)
        given_out += found.threshold is not None
        lies += found.threshold is not None and 0.6 * (1 - found.threshold) / 2 > alpha
    assert given_out > tries * 0.6
    assert lies / tries <= delta


def test_too_few_or_too_bad_gives_nothing() -> None:
    assert certify([Outcome(0.99, False)] * 10, 0.1, 0.1).threshold is None
    assert certify([Outcome(0.99, i % 5 == 0) for i in range(500)], 0.1, 0.1).threshold is None
    assert certify([], 0.1, 0.1).threshold is None


def test_much_that_is_good_is_certified_down_to_where_it_is_bad() -> None:
    found = certify([Outcome(0.95, False)] * 300 + [Outcome(0.4, True)] * 100, 0.1, 0.1)
    assert found.threshold is not None
    assert 0.4 < found.threshold <= 0.95
    assert (found.above, found.changed) == (300, 0)
    assert found.coverage == pytest.approx(0.75)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80), st.sampled_from([0.05, 0.1, 0.3]))
def test_what_every_certificate_obeys(rows: list[tuple[float, bool]], alpha: float) -> None:
    outcomes = [Outcome(c, changed) for c, changed in rows]
    found = certify(outcomes, alpha, 0.1)
    if found.threshold is not None:
        assert found.threshold in GRID
        assert found.changed / found.above <= alpha
        worse = certify([*outcomes, *(Outcome(1.0, True) for _ in range(len(outcomes) + 1))], alpha, 0.1)
        assert worse.threshold is None
    assert all(0 <= risk <= 1 for _, _, risk in risk_by_coverage(outcomes))
    assert sum(n for _, _, n in reliability(outcomes)) == len(outcomes)


def test_alpha_and_delta_are_checked() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        certify([], 0.0, 0.1)
