"""The figures of the pack's reports: one row's form, and the scores that several tasks share. Knows no model and no file."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import log_loss, roc_auc_score

Row = dict[str, object]
Floats = NDArray[np.float64]
CLIP = 1e-4


def row(task: str, metric: str, value: float, baseline: float | None, n: int, note: str) -> Row:
    """One line of a report; a value that cannot be had is null."""
    return {"task": task, "metric": metric, "value": _number(value), "baseline": _number(baseline), "n": int(n), "note": note}


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def auc(right: Sequence[bool] | Floats, chance: Floats) -> float:
    """Area under the ROC curve; NaN where there is only one kind."""
    return float(roc_auc_score(right, chance)) if len(set(map(bool, right))) == 2 else float("nan")


def cross_entropy(right: Sequence[bool] | Floats, chance: Floats) -> float:
    """Mean log loss in nats, chances clipped to [1e-4, 1 - 1e-4]; NaN for no rows."""
    if not len(chance):
        return float("nan")
    return float(log_loss(right, np.clip(chance, CLIP, 1 - CLIP), labels=[False, True]))


def calibration_error(right: Sequence[bool] | Floats, chance: Floats, bins: int = 10) -> float:
    """Expected calibration error in equal bins of the chance; NaN for no rows."""
    if not len(chance):
        return float("nan")
    place, is_right = np.minimum((chance * bins).astype(int), bins - 1), np.asarray(right, float)
    gaps = [abs(chance[place == b].mean() - is_right[place == b].mean()) * np.mean(place == b) for b in set(place.tolist())]
    return float(sum(gaps))
