"""The figures of the pack's tasks, in the form that every report has. Knows no model and no file.

Row: `{"task", "metric", "value", "baseline", "n", "note"}`. Values are shares (0..1) unless the metric says otherwise.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score, recall_score, roc_auc_score

Row = dict[str, object]
Floats = NDArray[np.float64]


def row(task: str, metric: str, value: float, baseline: float | None, n: int, note: str) -> Row:
    """One line of a report; a value that cannot be had (no such rows) is null."""
    return {"task": task, "metric": metric, "value": _number(value), "baseline": _number(baseline), "n": int(n), "note": note}


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(float(value), 4)


def accuracy(right: Sequence[str], predicted: Sequence[str]) -> float:
    """Share of equal labels; NaN where there is none."""
    return float(np.mean([a == b for a, b in zip(right, predicted, strict=True)])) if len(right) else float("nan")


def majority(labels: Sequence[str], default: str = "") -> str:
    """The most frequent label."""
    return max(sorted(set(labels)), key=list(labels).count) if labels else default


def macro_f1(right: Sequence[str], predicted: Sequence[str]) -> float:
    """Mean F1 over the labels that occur."""
    return float(f1_score(list(right), list(predicted), average="macro", zero_division=0)) if len(right) else float("nan")


def uar(right: Sequence[str], predicted: Sequence[str]) -> float:
    """Unweighted average recall over the labels that occur in `right`."""
    if not len(right):
        return float("nan")
    return float(recall_score(list(right), list(predicted), labels=sorted(set(right)), average="macro", zero_division=0))


def auroc(inside: Floats, outside: Floats) -> float:
    """Chance that one from inside scores above one from outside; NaN where either is empty."""
    if not len(inside) or not len(outside):
        return float("nan")
    return float(roc_auc_score(np.r_[np.ones(len(inside)), np.zeros(len(outside))], np.r_[inside, outside]))


def recall_at(inside: Floats, outside: Floats, loss: float = 0.05) -> float:
    """Share of the outside found by the score under which `loss` of the inside lies; NaN where either is empty."""
    if not len(inside) or not len(outside):
        return float("nan")
    return float(np.mean(outside < np.quantile(inside, loss)))


def average_precision(is_wanted: Sequence[bool], score: Floats) -> float:
    """Area under precision and recall; NaN where nothing is wanted."""
    return float(average_precision_score(is_wanted, score)) if any(is_wanted) else float("nan")


def ranks(scores: Floats, wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rank from 1 of the wanted column in each row, ties against it; 0 where it is excluded (−inf)."""
    own = scores[np.arange(len(wanted)), wanted]
    found: NDArray[np.int64] = (scores >= own[:, None]).sum(axis=1)
    return np.where(np.isfinite(own), found, 0)


def gains(found: NDArray[np.int64], k: int = 10) -> Floats:
    """1 / log2(rank + 1) up to rank k, else 0."""
    hit = (found >= 1) & (found <= k)
    return np.where(hit, 1.0 / np.log2(np.where(hit, found, 1) + 1.0), 0.0)


def interval(values: Floats, rounds: int = 500, seed: int = 0) -> str:
    """The 95 % bootstrap interval of a mean, in words."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return "95 % interval not known"
    rng = np.random.default_rng(seed)
    means = [values[rng.integers(0, len(values), len(values))].mean() for _ in range(rounds)]
    low, high = np.quantile(means, [0.025, 0.975])
    return f"95 % interval {low:.4f}–{high:.4f}"
