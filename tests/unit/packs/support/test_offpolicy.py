"""Off-policy estimates: by hand, unbiased in simulation, honest about bad logs."""

import numpy as np
import pytest

from duologue.kit.errors import Invalid
from duologue.packs.support.recommend.offpolicy import action_frequencies, doubly_robust, ips, mean_rewards, snips


def test_by_hand() -> None:
    reward, propensity, target = np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.25, 0.5]), np.array([1.0, 0.0, 0.5])
    # weights 2, 0, 1
    assert ips(reward, propensity, target) == pytest.approx(1.0)
    assert snips(reward, propensity, target).value == pytest.approx(3 / 3)
    assert snips(np.array([1.0, 0.0, 0.0]), propensity, target).value == pytest.approx(2 / 3)
    assert snips(reward, propensity, target).effective == pytest.approx(9 / 5)


def test_the_logged_policy_is_judged_by_its_mean() -> None:
    reward = np.array([1.0, 0, 0, 1, 0])
    same = np.full(5, 0.2)
    assert snips(reward, same, same).value == pytest.approx(0.4)
    assert doubly_robust(reward, same, same, np.zeros(5), np.zeros(5)).value == pytest.approx(0.4)


def test_the_true_value_lies_in_the_intervals() -> None:
    rng = np.random.default_rng(0)
    click = np.array([0.1, 0.3, 0.6])
    logged, new = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.2, 0.7])
    actions = rng.choice(3, 20_000, p=logged)
    reward = (rng.random(20_000) < click[actions]).astype(float)
    truth = float(new @ click)
    model = mean_rewards(actions, reward, 3)
    for found in (
        snips(reward, logged[actions], new[actions], rounds=200),
        doubly_robust(reward, logged[actions], new[actions], model[actions], np.full(20_000, new @ model), rounds=200),
    ):
        assert found.low <= truth <= found.high
        assert found.value == pytest.approx(truth, abs=0.02)


def test_a_right_model_mends_wrong_propensities() -> None:
    rng = np.random.default_rng(1)
    click, new = np.array([0.2, 0.8]), np.array([0.5, 0.5])
    actions = rng.choice(2, 20_000, p=[0.9, 0.1])
    reward = (rng.random(20_000) < click[actions]).astype(float)
    wrong = np.full(20_000, 0.5)
    robust = doubly_robust(reward, wrong, new[actions], click[actions], np.full(20_000, 0.5), rounds=50)
    assert abs(robust.value - 0.5) < 0.02 < abs(snips(reward, wrong, new[actions], rounds=50).value - 0.5)


def test_frequencies() -> None:
    table = action_frequencies(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), 3)
    assert table.tolist() == [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]]


@pytest.mark.parametrize(
    ("reward", "propensity", "target"), [([], [], []), ([1.0], [0.0], [1.0]), ([1.0], [0.5], [1.5]), ([1.0, 0.0], [0.5], [1.0])]
)
def test_logs_that_cannot_be_judged(reward: list[float], propensity: list[float], target: list[float]) -> None:
    with pytest.raises(Invalid):
        snips(np.array(reward), np.array(propensity), np.array(target))


def test_a_policy_that_shows_nothing_of_the_log_has_no_value() -> None:
    assert np.isnan(snips(np.ones(3), np.full(3, 0.5), np.zeros(3)).value)
