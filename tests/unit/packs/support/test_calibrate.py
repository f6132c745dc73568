"""Calibration figures against hand-computed ones."""

import numpy as np
import pytest

from duologue.packs.support.intents.calibrate import (
    brier_score,
    confidence_for,
    coverage_at,
    expected_calibration_error,
    fit_temperature,
    probabilities,
)


def test_calibration_error_by_hand() -> None:
    # Two bins: 0.9 said, half right (gap 0.4, 2 of 4); 0.3 said, all right (gap 0.7, 2 of 4).
    confidence = np.array([0.9, 0.9, 0.3, 0.3])
    assert expected_calibration_error(confidence, np.array([True, False, True, True])) == pytest.approx(0.55)


def test_brier_by_hand() -> None:
    assert brier_score(np.array([[0.8, 0.2]]), np.array([0])) == pytest.approx(0.08)
    assert brier_score(np.array([[0.8, 0.2]]), np.array([-1])) == pytest.approx(0.68 + 1)


def test_coverage_takes_the_surest_first() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])
    assert coverage_at(confidence, right, 0.95) == 0.5
    assert confidence_for(confidence, right, 0.95) == 0.8
    assert coverage_at(confidence, np.zeros(4, bool), 0.95) == 0.0
    assert confidence_for(confidence, np.zeros(4, bool), 0.95) == float("inf")


def test_the_temperature_that_made_the_labels_is_found_again() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 4)) * 3
    chances = probabilities(logits, 2.5)
    labels = (chances.cumsum(axis=1) > rng.random((len(chances), 1))).argmax(axis=1)
    assert fit_temperature(logits, labels) == pytest.approx(2.5, rel=0.05)


def test_without_rows_nothing_is_claimed() -> None:
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, np.int64)) == 1.0
    assert np.isnan(expected_calibration_error(np.zeros(0), np.zeros(0, bool)))
