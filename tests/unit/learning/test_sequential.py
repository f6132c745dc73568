"""The sequential test: false returns stay under δ however often one looks, a worse model is found, and evidence has mean one."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.learning.sequential import ODDS, Standing, _Bet, block_size, judge

TRIALS, OUTCOMES, DELTA = 300, 400, 0.05


def play(seed: int, mine: float, theirs: float, share: float, *, drifts: bool = False) -> Standing:
    """A trial of OUTCOMES verdicts; where it drifts, both rates change together."""
    draw, rows = random.Random(seed), []
    for i in range(OUTCOMES):
        is_challenger = draw.random() < share
        rate = (mine if is_challenger else theirs) * (1.8 if drifts and i % 160 > 80 else 1.0)
        rows.append((is_challenger, draw.random() < rate))
    return judge(rows, block_size(share))


def share_returned(mine: float, theirs: float, share: float, *, drifts: bool = False) -> float:
    """The share of trials that at any moment were returned."""
    return sum(play(seed, mine, theirs, share, drifts=drifts).is_worse(DELTA) for seed in range(TRIALS)) / TRIALS


@pytest.mark.parametrize(
    ("mine", "theirs", "share", "drifts"),
    [(0.3, 0.3, 0.2, False), (0.05, 0.05, 0.5, False), (0.25, 0.25, 0.2, True), (0.2, 0.3, 0.3, False), (0.6, 0.6, 0.1, False)],
)
def test_a_model_that_is_not_worse_is_hardly_ever_returned(mine: float, theirs: float, share: float, drifts: bool) -> None:
    assert share_returned(mine, theirs, share, drifts=drifts) <= DELTA


def test_a_worse_model_is_returned() -> None:
    assert share_returned(0.5, 0.25, 0.3) > 0.9
    assert share_returned(0.9, 0.5, 0.1) > 0.9


def test_a_better_model_is_seen_to_be_better() -> None:
    found = [play(seed, 0.1, 0.45, 0.3) for seed in range(60)]
    assert sum(f.is_better(DELTA) for f in found) > 54
    assert not any(f.is_worse(DELTA) for f in found)


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.integers(1, 4), st.sampled_from(ODDS))
def test_a_block_has_an_expectation_of_at_most_one_where_the_challenger_is_not_worse(
    one: float, other: float, plugged: float, k: int, odds: float
) -> None:
    """Exactly, by summing over all outcomes of a block: what Ville's inequality rests on."""
    mine, theirs = sorted((one, other))
    total = 0.0
    for block in itertools.product((False, True), repeat=k + 1):
        bet = _Bet(k, odds)
        bet.take(block[0], list(block[1:]), plugged)
        chance = math.prod([mine if block[0] else 1 - mine, *(theirs if c else 1 - theirs for c in block[1:])])
        total += chance * math.exp(bet.log)
    assert total <= 1 + 1e-9


def test_the_standing_counts_and_does_not_forget() -> None:
    rows = [(True, True), (False, False)] * 30
    found = judge(rows)
    assert (found.challenger_n, found.challenger_changed, found.champion_n, found.champion_changed, found.blocks) == (
        30,
        30,
        30,
        0,
        30,
    )
    assert found.is_worse(DELTA)
    later = judge([*rows, *[(True, False), (False, True)] * 200])
    assert later.log_worse < found.log_worse
    assert later.is_worse(DELTA)
    assert judge([]) == Standing()
    assert (block_size(0.5), block_size(0.2), block_size(0.05)) == (1, 4, 4)
