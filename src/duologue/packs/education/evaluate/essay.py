"""The figures of `--task essay`: agreement with people by trait (QWK), beside length alone. Every score is a draft.

A row: `prompt`, `text`, `scores` (a mapping from trait to number, or one number). Learns from `train` alone.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.metrics import cohen_kappa_score

from duologue.kit.errors import Invalid
from duologue.packs.education.grading.essays import Essay, EssayTraits

Row = dict[str, object]
LEAST_ROWS = 10


def read_row(row: Mapping[str, Any]) -> tuple[Essay, dict[str, float]]:
    """The essay and those of its scores that are numbers."""
    given = row.get("scores")
    named: Mapping[str, Any] = given if isinstance(given, Mapping) else {"score": given}
    scores = {}
    for trait, value in named.items():
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            scores[str(trait)] = number
    return Essay(str(row.get("prompt") or ""), str(row.get("text") or "")), scores


def measure(train: list[dict[str, Any]], test: list[dict[str, Any]], data_dir: Path | None) -> Iterator[Row]:
    """QWK, error and correlation for each trait that both parts have."""
    known, asked = [read_row(row) for row in train], [read_row(row) for row in test]
    known = [(essay, scores) for essay, scores in known if scores]
    if len(known) < LEAST_ROWS:
        raise Invalid(f"Essays are learned from scored ones; put at least {LEAST_ROWS} into train.jsonl beside test.jsonl.")
    model = EssayTraits().fit([essay for essay, _ in known], [scores for _, scores in known])
    drafts = model.predict([essay for essay, _ in asked])
    means = []
    for trait in model.traits:
        rows = [k for k, (_, scores) in enumerate(asked) if trait in scores]
        if not rows:
            continue
        mine = [(essay, scores[trait]) for essay, scores in known if trait in scores]
        right = [asked[k][1][trait] for k in rows]
        essays = [asked[k][0] for k in rows]
        grid = sorted({score for _, score in mine} | set(right))
        length = LinearRegression().fit([_length(essay) for essay, _ in mine], [score for _, score in mine])
        alone = length.predict([_length(essay) for essay in essays])
        said = [drafts[k][trait] for k in rows]
        value, base = _qwk(essays, said, right, grid), _qwk(essays, list(map(float, alone)), right, grid)
        means.append((value, base, len(rows)))
        yield _row(f"qwk_{trait}", value, base, len(rows), "mean over prompts of ten essays and more; baseline: length alone")
        error = float(np.sqrt(np.mean((np.array(said) - right) ** 2)))
        spread = float(np.sqrt(np.mean((np.mean([score for _, score in mine]) - np.array(right)) ** 2)))
        yield _row(f"rmse_{trait}", error, spread, len(rows), "baseline: the mean score")
    if means:
        n = len(asked)
        yield _row(
            "qwk_mean",
            float(np.mean([m[0] for m in means])),
            float(np.mean([m[1] for m in means])),
            n,
            "over the traits; drafts only",
        )
    left = sum(not scores for _, scores in asked)
    if left:
        yield _row("unreadable", left, None, len(asked), "rows of the test part without a number among their scores")


def _length(essay: Essay) -> list[float]:
    return [math.log1p(len(essay.text)), math.sqrt(len(essay.text))]


def _qwk(essays: Sequence[Essay], said: Sequence[float], right: Sequence[float], grid: Sequence[float]) -> float:
    """Cohen's kappa with quadratic weights on the scale's own values, by prompt where it has ten essays, else over all."""
    parts: dict[str, list[int]] = defaultdict(list)
    for k, essay in enumerate(essays):
        parts[essay.prompt].append(k)
    groups = [rows for rows in parts.values() if len(rows) >= 10] or [list(range(len(essays)))]
    places = np.array(grid)
    step = float(np.min(np.diff(places))) if len(places) > 1 else 1.0
    is_even = len(places) > 1 and (places[-1] - places[0]) / step < 200

    def cell(value: float) -> int:
        nearest = float(places[np.abs(places - value).argmin()])
        return round((nearest - float(places[0])) / step) if is_even else int(np.abs(places - value).argmin())

    values = []
    for rows in groups:
        a, b = [cell(said[k]) for k in rows], [cell(right[k]) for k in rows]
        values.append(1.0 if a == b else float(cohen_kappa_score(a, b, weights="quadratic")))
    return float(np.nanmean(values))


def _row(metric: str, value: float, baseline: float | None, n: int, note: str) -> Row:
    return {"task": "essay", "metric": metric, "value": value, "baseline": baseline, "n": n, "note": note}
