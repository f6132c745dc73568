"""Autonomy is earned, suspended on suspicion, withdrawn on evidence and earned again;

what was promised holds over simulated years.
"""

import random

import pytest

from duologue.kit.errors import Invalid
from duologue.learning.autonomy import Cell, Rules, complain
from duologue.learning.evaluate import run
from duologue.learning.pool import Pool, explain, least_alpha, rate_down, review
from duologue.learning.risk import Outcome
from duologue.learning.simulate import World, simulate

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


def test_many_that_are_changed_withdraw_it_and_it_comes_back_when_as_many_are_right() -> None:
    pool = after(Pool(), *[GOOD] * 200)
    before = pool.tally
    pool = after(pool, *[BAD] * 3)
    cell = pool.cell(KEY)
    assert (cell.withdrawals, cell.tally.n, cell.state) == (1, 0, "proving")
    assert pool.threshold(KEY, RULES) is None
    assert explain(pool, KEY, RULES)[0] == "withdrawn"
    assert pool.tally == before, "what told the change says nothing of the others"
    again = after(pool, *[GOOD] * 10)
    assert again.threshold(KEY, RULES) is not None
    assert again.cell(KEY).tally.n == 0, "what was seen while it had to prove itself ended when it looked good"
    assert after(pool, *[GOOD] * 9, BAD, *[GOOD] * 6).threshold(KEY, RULES) is None


def test_a_topic_without_reviews_rides_on_its_desk_until_it_is_found_wanting() -> None:
    pool = after(Pool(), *[GOOD] * 200, key=OTHER)
    assert pool.threshold(KEY, RULES) == pool.certificate.threshold
    assert explain(pool, KEY, RULES)[0] == "granted_by_desk"
    pool = after(pool, BAD, BAD, BAD)
    assert pool.threshold(KEY, RULES) is None


def test_a_change_in_the_desk_makes_every_topic_prove_itself_and_lets_it_keep_what_was_earned() -> None:
    others = [("orders", "zh"), ("repairs", "en")]
    pool = Pool()
    for key in (KEY, OTHER, *others):
        pool = after(pool, *[GOOD] * 60, key=key)
    assert all(pool.threshold(key, RULES) is not None for key in (KEY, OTHER, *others))
    for key in (KEY, *others):
        pool = after(pool, BAD, key=key)  # three topics, one wrong answer each: none is certain by itself
    assert pool.cell(KEY).withdrawals == 0
    assert all(pool.threshold(key, RULES) is None for key in (KEY, OTHER, *others))
    assert explain(pool, OTHER, RULES)[0] == "proving"
    proved = after(pool, *[GOOD] * 10, key=OTHER)
    assert proved.threshold(OTHER, RULES) is not None
    assert proved.threshold(KEY, RULES) is None
    assert proved.cell(OTHER).tally == pool.cell(OTHER).tally


def test_the_smaller_alpha_the_more_is_reviewed_and_the_less_may_be_changed_anyhow() -> None:
    shares = [Rules(alpha, 0.1).sampled for alpha in (0.2, 0.1, 0.05, 0.03, 0.01)]
    assert shares == pytest.approx([0.15, 0.15, 0.25, 0.4167, 1.0], abs=1e-3)
    assert Rules(0.2, 0.1, audit=0.6).sampled == 0.6
    room = [Rules(alpha, 0.1).most for alpha in (0.2, 0.1, 0.05, 0.03, 0.01)]
    assert room == sorted(room, reverse=True)
    assert room[-1] > 0


def test_where_each_topic_is_promised_for_it_needs_reviews_of_its_own_and_more_is_reviewed() -> None:
    each = Rules(0.1, 0.1, each=True)

    def reviewed(pool: Pool, *outcomes: Outcome, key: tuple[str, str] = KEY) -> Pool:
        for outcome in outcomes:
            pool = review(pool, key, outcome, each)
        return pool

    pool = reviewed(Pool(), *[GOOD] * 200, key=OTHER)
    assert pool.threshold(OTHER, each) is not None
    assert (pool.threshold(KEY, each), explain(pool, KEY, each)[0]) == (None, "unvouched")
    assert pool.threshold(KEY, RULES) is not None, "a desk's promise lets it ride"
    assert reviewed(pool, *[GOOD] * 9).threshold(KEY, each) is None
    assert reviewed(pool, *[GOOD] * 10).threshold(KEY, each) == pool.certificate.threshold
    assert reviewed(pool, *[GOOD] * 5, BAD, *[GOOD] * 9).threshold(KEY, each) is None
    back = reviewed(reviewed(pool, *[GOOD] * 10), BAD, BAD, BAD)
    assert not back.cell(KEY).is_vouched
    assert reviewed(back, *[GOOD] * 10).threshold(KEY, each) is not None, "the proof after a change speaks for it too"
    assert [round(Rules(a, 0.1, each=True).sampled, 3) for a in (0.1, 0.05, 0.03)] == [0.333, 0.667, 1.0]


def test_the_probabilities_that_the_simulator_knows_come_to_what_it_counts() -> None:
    years = [simulate(seed, RULES) for seed in range(3)]
    phases = [phase for year in years for phase in year.phases]
    expected, counted = sum(sum(p.rate.values()) for p in phases), sum(p.wrong.total() for p in phases)
    assert counted == pytest.approx(expected, rel=0.15)


def test_where_taste_leaves_no_room_the_page_says_from_which_alpha_on_there_is() -> None:
    strict = Rules(0.03, 0.1)
    pool = Pool()
    for i in range(400):
        pool = review(pool, KEY, Outcome(0.95, i % 25 == 0), strict)
    code, numbers = explain(pool, KEY, strict)
    assert (code, numbers["usual"], numbers["least"]) == ("no_room", 0.04, 0.08)
    assert least_alpha(pool.tally, strict) == 0.08
    assert least_alpha(Pool().tally, strict) is None
    assert pool.threshold(KEY, strict) is None


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
    assert share == pytest.approx(RULES.sampled, abs=0.02)
    assert all(Pool().is_sampled(KEY, RULES, draw) for _ in range(10))


def test_a_year_is_the_same_for_the_same_seed_and_holds_where_a_fixed_threshold_does_not() -> None:
    found = list(run(["risk"], seeds=2))
    course = simulate(3, RULES).course
    assert course == simulate(3, RULES).course
    (_, first, _), *_, (_, last, _) = course[: World().drifts[0] // 250]
    assert first < last, "before the policy changes more and more leaves alone"
    for alpha in (0.1, 0.05):
        rows = {(r["task"], r["metric"]): r for r in found if f"α {alpha}," in r["note"]}
        for phase in (1, 2, 3):
            assert rows[f"risk.phase{phase}", "held"]["value"] == 1
            assert rows[f"risk.phase{phase}", "silent"]["value"] == 0
        assert rows["risk.phase3", "held"]["baseline"] < 1
        assert 0 < rows["risk", "reviewed"]["value"] < 1


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(Invalid, match="no task luck"):
        list(run(["luck"]))
