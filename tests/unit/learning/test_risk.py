"""Certificates held to scipy's tails, to their promise over many samples, and to what any of them must obey."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.learning.risk import (
    GRID,
    Outcome,
    binomial_cdf,
    certify,
    count,
    evidence,
    reliability,
    renew,
    risk_by_coverage,
    upper_bound,
)

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
    draw, alpha, delta, tries = random.Random(7), 0.1, 0.2, 150
    given_out, lies = 0, 0
    for _ in range(tries):
        found = certify(count(draw_outcomes(draw, 2_500, 0.6)), alpha, delta)
        given_out += found.threshold is not None
        lies += found.threshold is not None and 0.6 * (1 - found.threshold) / 2 > alpha
    assert given_out > tries * 0.6
    assert lies / tries <= delta


@pytest.mark.oracle
def test_a_bet_looked_at_after_every_answer_is_rarely_won_where_nothing_is_to_be_won() -> None:
    """At a risk of α exactly, evidence of 1/δ ever comes with probability δ at most, over any number of looks."""
    draw, alpha, delta, tries = random.Random(8), 0.1, 0.2, 300
    won = 0
    for _ in range(tries):
        k, is_won = 0, False
        for n in range(1, 400):
            k += draw.random() < alpha
            is_won = is_won or evidence(k, n, alpha) >= math.log(1 / delta)
        won += is_won
    assert 0 < won / tries <= delta


def test_a_tally_is_what_counting_by_hand_gives_and_gives_back_what_was_taken() -> None:
    draw = random.Random(3)
    outcomes = [Outcome(draw.choice([draw.random(), 0.99, 0.3, 0.9]), draw.random() < 0.3) for _ in range(200)]
    tally = count(outcomes)
    for i, threshold in enumerate(GRID):
        above = [o.is_changed for o in outcomes if o.confidence >= threshold]
        assert (tally.above[i], tally.changed[i]) == (len(above), sum(above))
    less = tally
    for outcome in outcomes[:50]:
        less = less.add(outcome, -1)
    assert less == count(outcomes[50:])


def test_luck_at_the_beginning_and_a_share_without_room_certify_nothing() -> None:
    assert certify(count([Outcome(0.95, False)] * 119), 0.1, 0.1).threshold is None
    assert certify(count([Outcome(0.95, False)] * 120), 0.1, 0.1).threshold is not None
    some = count(Outcome(0.95, i % 20 == 0) for i in range(600))
    assert certify(some, 0.1, 0.1, most=0.06).threshold is not None
    assert certify(some, 0.1, 0.1, most=0.04).threshold is None


def test_what_was_earned_stays_until_what_is_seen_speaks_against_it() -> None:
    good = count([Outcome(0.95, False)] * 150)
    given_out = certify(good, 0.1, 0.1)
    doubtful, bad = (count([Outcome(0.95, i < k) for i in range(170)]) for k in (10, 25))
    assert certify(doubtful, 0.1, 0.1).threshold is None
    assert renew(given_out, doubtful, 0.1, 0.1).threshold == given_out.threshold
    assert renew(given_out, doubtful, 0.1, 0.1).changed == 10
    assert renew(given_out, bad, 0.1, 0.1).threshold is None


def test_too_few_or_too_bad_gives_nothing() -> None:
    assert certify(count([Outcome(0.99, False)] * 10), 0.1, 0.1).threshold is None
    assert certify(count(Outcome(0.99, i % 5 == 0) for i in range(500)), 0.1, 0.1).threshold is None
    assert certify(count([]), 0.1, 0.1).threshold is None


def test_much_that_is_good_is_certified_down_to_where_it_is_bad() -> None:
    found = certify(count([Outcome(0.95, False)] * 300 + [Outcome(0.4, True)] * 100), 0.1, 0.1)
    assert found.threshold is not None
    assert 0.4 < found.threshold <= 0.95
    assert (found.above, found.changed) == (300, 0)
    assert found.coverage == pytest.approx(0.75)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=80), st.sampled_from([0.05, 0.1, 0.3]))
def test_what_every_certificate_obeys(rows: list[tuple[float, bool]], alpha: float) -> None:
    outcomes = [Outcome(c, changed) for c, changed in rows]
    found = certify(count(outcomes), alpha, 0.1)
    if found.threshold is not None:
        assert found.threshold in GRID
        assert found.changed / found.above <= alpha
        worse = certify(count([*outcomes, *(Outcome(1.0, True) for _ in range(len(outcomes) + 1))]), alpha, 0.1)
        assert worse.threshold is None
    assert all(0 <= risk <= 1 for _, _, risk in risk_by_coverage(count(outcomes)))
    assert sum(n for _, _, n in reliability(outcomes)) == len(outcomes)


def test_alpha_and_delta_are_checked() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        certify(count([]), 0.0, 0.1)
