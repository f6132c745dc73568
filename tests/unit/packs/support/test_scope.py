"""Scope: thresholds are quantiles per language; nearness is a cosine."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from duologue.packs.support.evaluate.measure import auroc, recall_at
from duologue.packs.support.intents.scope import Neighbours, Scope, energy


def test_a_threshold_turns_away_the_share_that_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    signals = np.vstack([rng.normal(0, 1, (400, 2)), rng.normal(3, 1, (400, 2))])
    langs = ["en"] * 400 + ["zh"] * 400
    scope = Scope(0.05).fit(signals, langs)
    scores = scope.scores(signals)
    for lang, part in (("en", scores[:400]), ("zh", scores[400:])):
        assert np.mean(part < scope.threshold(lang)) == pytest.approx(0.05, abs=0.005)
    assert scope.threshold("fr") == scope.thresholds[""]


def test_known_strangers_say_which_signal_counts() -> None:
    rng = np.random.default_rng(1)
    inside = np.column_stack([rng.normal(2, 1, 300), rng.normal(0, 1, 300)])
    outside = np.column_stack([rng.normal(-2, 1, 300), rng.normal(0, 1, 300)])
    plain, taught = Scope().fit(inside, ["en"] * 300), Scope().fit(inside, ["en"] * 300, outside)
    assert auroc(taught.scores(inside), taught.scores(outside)) > auroc(plain.scores(inside), plain.scores(outside))


def test_energy_lies_between_the_greatest_margin_and_its_bound() -> None:
    margins = np.array([[1.0, -1.0, 0.5]])
    assert 1.0 <= energy(margins, 0.2)[0] <= 1.0 + 0.2 * np.log(3)


def test_nearness_is_the_mean_cosine_of_the_nearest() -> None:
    examples = csr_matrix(np.array([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0]]))
    found = Neighbours(examples, np.zeros((3, 0), np.float32)).nearness(
        csr_matrix(np.array([[5.0, 0.0]])), np.zeros((1, 0), np.float32)
    )
    assert found[0, 0] == pytest.approx((1 + 0 + np.sqrt(0.5)) / 3)


def test_recall_at_a_loss_by_hand() -> None:
    inside = np.arange(100.0)
    assert recall_at(inside, np.array([-1.0, 4.0, 50.0]), 0.05) == pytest.approx(2 / 3)
    assert auroc(np.array([1.0, 2.0]), np.array([0.0, 1.5])) == 0.75
