"""Confidences that mean what they say: temperature scaling, and the figures by which calibration is judged.

Shapes: n texts, k classes. Knows only numbers.
Sources: Guo et al., "On calibration of modern neural networks", ICML 2017 (temperature, expected calibration error);
El-Yaniv & Wiener, JMLR 2010 (coverage at a risk).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = NDArray[np.float64]
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 20.0
ECE_BINS = 15


def fit_temperature(logits: Floats, right: NDArray[np.int64]) -> float:
    """The temperature under which `softmax(logits / T)` is most likely, logits (n, k), right classes (n,). 1.0 where n is 0."""
    if not len(logits) or logits.shape[1] < 2:
        return 1.0
    rows = np.arange(len(logits))

    def loss(log_temperature: float) -> float:
        return -float(log_softmax(logits / np.exp(log_temperature), axis=1)[rows, right].mean())

    bounds = (np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def probabilities(logits: Floats, temperature: float) -> Floats:
    """Rows that sum to one, (n, k)."""
    found: Floats = softmax(logits / temperature, axis=1)
    return found


def expected_calibration_error(confidence: Floats, is_right: NDArray[np.bool_], bins: int = ECE_BINS) -> float:
    """Mean distance of confidence and accuracy over bins of equal width, weighted by their size; 0..1. NaN where n is 0."""
    if not len(confidence):
        return float("nan")
    place = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    gap = np.bincount(place, np.asarray(is_right, float) - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


def brier_score(probability: Floats, right: NDArray[np.int64]) -> float:
    """Mean squared distance of the rows (n, k) from the right corner; 0..2 (Brier, 1950). A right class of -1 is none of the k."""
    target = np.zeros_like(probability)
    known = right >= 0
    target[np.flatnonzero(known), right[known]] = 1
    return float(((probability - target) ** 2).sum(axis=1).mean() + (~known).mean())


def coverage_at(confidence: Floats, is_right: NDArray[np.bool_], accuracy: float) -> float:
    """The greatest share of texts, taken by falling confidence, of which at least `accuracy` are right; 0..1."""
    if not len(confidence):
        return float("nan")
    order = np.argsort(-np.asarray(confidence), kind="stable")
    taken = np.arange(1, len(order) + 1)
    enough = np.cumsum(np.asarray(is_right, float)[order]) / taken >= accuracy
    return float(taken[enough].max() / len(order)) if enough.any() else 0.0


def confidence_for(confidence: Floats, is_right: NDArray[np.bool_], accuracy: float) -> float:
    """The least confidence above which `accuracy` of these texts are right; infinite where there is none."""
    share = coverage_at(confidence, is_right, accuracy)
    if not len(confidence) or share == 0.0:
        return float("inf")
    return float(np.sort(confidence)[::-1][round(share * len(confidence)) - 1])
