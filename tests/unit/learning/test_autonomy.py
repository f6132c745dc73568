"""Autonomy is earned, suspended on suspicion, withdrawn on evidence and earned again;

what was promised holds over simulated years.
"""

import random

import pytest

from duologue.kit.errors import Invalid
from duologue.learning.autonomy import Cell, Rules, complain, observe
from duologue.learning.evaluate import run
from duologue.learning.pool import Pool, explain, rate_down, review
from duologue.learning.risk import Outcome
from duologue.learning.simulate import simulate

RULES = Rules(0.1, 0.1)
GOOD, BAD = Outcome(0.95, False), Outcome(0.95, True)
KEY, OTHER = ("orders", "en"), ("returns", "zh")


def after(pool: Pool, *outcomes: Outcome, key: tuple[str, str] = KEY) -> Pool:
    for outcome in outcomes:
        pool = review(pool, key, outcome, RULES)
    return pool


def test_nothing_leaves_alone_before_enough_was_reviewed() -> None:
    pool = after(Pool(), *[GOOD] * 39)
    assert pool.threshold(KEY, RULES) is None
    assert explain(pool, KEY, RULES)[0] == "too_few"
    assert after(Pool(), *[GOOD] * 200).threshold(KEY, RULES) is not None


def test_one_that_is_changed_suspends_and_good_ones_bring_it_back() -> None:
    pool = after(Pool(), *[GOOD] * 200)
    doubted = after(pool, BAD)
    assert doubted.threshold(KEY, RULES) is None
    assert explain(doubted, KEY, RULES)[0] == "probation"
    assert after(doubted, *[GOOD] * 8).threshold(KEY, RULES) is not None


def test_many_that_are_changed_withdraw_it_and_what_was_learnt_before_is_forgotten() -> None:
    pool = after(Pool(), *[GOOD] * 200, *[BAD] * 3)
    cell = pool.cell(KEY)
    assert cell.withdrawals == 1
    assert cell.sample == (BAD,) * 3
    assert pool.threshold(KEY, RULES) is None
    again = after(pool, *[GOOD] * 200)
    assert again.threshold(KEY, RULES) is not None


def test_a_topic_without_reviews_rides_on_its_desk_until_it_is_found_wanting() -> None:
    pool = after(Pool(), *[GOOD] * 200, key=OTHER)
    assert pool.threshold(KEY, RULES) == pool.whole.threshold
    assert explain(pool, KEY, RULES)[0] == "granted_by_desk"
    pool = after(pool, BAD, BAD, BAD)
    assert pool.threshold(KEY, RULES) is None


def test_a_person_who_rates_an_answer_down_is_reason_to_look() -> None:
    pool = rate_down(after(Pool(), *[GOOD] * 200), KEY)
    assert pool.threshold(KEY, RULES) is None
    assert pool.threshold(OTHER, RULES) is not None
    assert complain(Cell()).is_suspended


def test_the_owner_forbids_what_he_wants() -> None:
    forbidden = Rules(0.1, 0.1, is_allowed=False)
    pool = after(Pool(), *[GOOD] * 200)
    assert pool.threshold(KEY, forbidden) is None
    assert explain(pool, KEY, forbidden)[0] == "forbidden"


def test_the_fair_sample_is_drawn_without_a_look_at_the_answer() -> None:
    draw, pool = random.Random(1), after(Pool(), *[GOOD] * 200)
    share = sum(pool.is_sampled(KEY, RULES, draw) for _ in range(4_000)) / 4_000
    assert share == pytest.approx(RULES.audit, abs=0.02)
    assert all(Pool().is_sampled(KEY, RULES, draw) for _ in range(10))


def test_a_later_look_costs_more() -> None:
    """Looking at every review would break the promise: each certificate is tried at a smaller part of δ."""
    cell = Cell()
    for _ in range(300):
        cell = observe(cell, GOOD, RULES, None)
    assert cell.looks <= 6


def test_a_year_is_the_same_for_the_same_seed_and_holds_where_a_fixed_threshold_does_not() -> None:
    rows = {(r["task"], r["metric"]): r for r in run(["risk"], seeds=6) if "α 0.1," in r["note"]}
    assert simulate(3, RULES).course == simulate(3, RULES).course
    for phase in (1, 2, 3):
        row = rows[f"risk.phase{phase}", "held"]
        assert row["value"] >= 1 - RULES.delta
    assert rows["risk.phase3", "held"]["baseline"] < rows["risk.phase3", "held"]["value"]


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(Invalid, match="no task luck"):
        list(run(["luck"]))
