"""The fit finds the function from which cases were drawn, and no constant can make them more probable."""

import math
import random

import pytest

from duologue.knowledge.fit import Case, fit
from duologue.knowledge.support import estimate

TRUTH = (-3.0, {"bm25": 4.0, "dense": 2.0})


def drawn(n: int) -> list[Case]:
    rng = random.Random(0)
    cases: list[Case] = []
    for _ in range(n):
        signals = {"bm25": rng.random(), "dense": rng.random()}
        cases.append(Case(signals, rng.random() < estimate(signals, TRUTH[1], TRUTH[0])))
    return cases


def likelihood(cases: list[Case], intercept: float, weights: dict[str, float]) -> float:
    chances = [(estimate(case.signals, weights, intercept), case.is_found) for case in cases]
    return sum(math.log(p if is_found else 1 - p) for p, is_found in chances)


def test_it_finds_the_function_that_the_cases_come_from() -> None:
    intercept, weights = fit(drawn(4000), ["bm25", "dense"])
    assert intercept == pytest.approx(TRUTH[0], abs=0.35)
    assert weights == pytest.approx(TRUTH[1], abs=0.5)


def test_no_step_away_makes_the_cases_more_probable() -> None:
    cases = drawn(300)
    intercept, weights = fit(cases, ["bm25", "dense"], decay=0.0)
    best = likelihood(cases, intercept, weights)
    for step in (-0.1, 0.1):
        assert likelihood(cases, intercept + step, weights) < best
        for name in weights:
            assert likelihood(cases, intercept, weights | {name: weights[name] + step}) < best


def test_a_weight_counts_as_so_many_cases() -> None:
    cases = drawn(60)
    doubled = [Case(case.signals, case.is_found, 2.0) for case in cases]
    twice, weighed = fit([*cases, *cases], ["bm25", "dense"]), fit(doubled, ["bm25", "dense"])
    assert weighed[0] == pytest.approx(twice[0])
    assert weighed[1] == pytest.approx(twice[1])
