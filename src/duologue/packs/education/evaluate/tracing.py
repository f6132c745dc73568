"""Knowledge tracing measured: the next answer of learners that the model has not seen, one row for one answer.

Beside the two models stand the skill mean, a recency formula, Elo with set steps and BKT. Nothing is chosen on the test rows.
"""

import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from duologue.kit.errors import Invalid
from duologue.packs.education.evaluate.measure import Floats, Row, auc, calibration_error, cross_entropy, row
from duologue.packs.education.mastery.answers import Answer, read_answer
from duologue.packs.education.mastery.bkt import SkillModel
from duologue.packs.education.mastery.tracing import KnowledgeTracer

FIRST = 5
WEIGHTS = (0.5, 0.7, 0.85, 0.95, 1.0)


def measure(train: list[dict[str, Any]], test: list[dict[str, Any]], data_dir: Path | None) -> Iterator[Row]:
    """The figures on test answers. Without training rows only the online model, which starts from nothing, is measured."""
    past, left_out = _read(train)
    coming, more = _read(test)
    if not coming:
        raise Invalid("test.jsonl has no readable rows for tracing.")
    right = np.array([a.correct for a in coming])
    first = _first(coming)
    began = time.process_time()
    tracer = KnowledgeTracer().fit(past)
    spent = time.process_time() - began
    mean, recency = _skill_mean(past, coming), _recency(coming)
    elo = _elo(past, coming)
    note = f"{len(past)} answers of {len({a.user for a in past})} learners fitted"
    if tracer.is_fitted:
        batch = tracer.predict_next(coming, "batch")
        seen = {a.item for a in past}
        cold = np.array([a.item not in seen for a in coming])
        yield row("tracing", "auc", auc(right, batch), auc(right, mean), len(coming), f"batch refit; {note}; baseline: skill mean")
        yield row("tracing", "log_loss", cross_entropy(right, batch), cross_entropy(right, mean), len(coming), "batch refit")
        yield row("tracing", "ece", calibration_error(right, batch), calibration_error(right, elo), len(coming),
                  "batch refit, 10 equal bins; baseline: Elo")  # fmt: skip
        yield row("tracing", "auc_first5", auc(right[first], batch[first]), auc(right[first], mean[first]), int(first.sum()),
                  "batch refit, each learner's first five answers; baseline: skill mean")  # fmt: skip
        if len(set(right[cold].tolist())) == 2:
            yield row("tracing", "auc_cold_items", auc(right[cold], batch[cold]), auc(right[cold], mean[cold]), int(cold.sum()),
                      "batch refit, items that no training row has; baseline: skill mean")  # fmt: skip
    began = time.process_time()
    online = tracer.predict_next(coming, "online")
    each = (time.process_time() - began) / len(coming)
    what = f"online, each answer learned from at once; {note}" if past else "online from nothing"
    yield row("tracing", "online_auc", auc(right, online), auc(right, elo), len(coming), f"{what}; baseline: Elo with set steps")
    yield row("tracing", "online_log_loss", cross_entropy(right, online), cross_entropy(right, elo), len(coming), "baseline: Elo")
    yield row(
        "tracing", "online_ece", calibration_error(right, online), calibration_error(right, elo), len(coming), "baseline: Elo"
    )
    yield row("tracing", "online_auc_first5", auc(right[first], online[first]), auc(right[first], elo[first]), int(first.sum()),
              "baseline: Elo")  # fmt: skip
    yield row("tracing", "recency_auc", auc(right, recency), auc(right, mean), len(coming),
              "weighted mean of the last five answers on the skill; baseline: skill mean")  # fmt: skip
    if past:
        began = time.process_time()
        known = SkillModel().fit(past)
        chance = known.predict_next(coming)
        yield row("tracing", "bkt_auc", auc(right, chance), auc(right, mean), len(coming),
                  f"BKT by EM, for explanations, {time.process_time() - began:.0f} CPU-s; baseline: skill mean")  # fmt: skip
        yield row("tracing", "bkt_log_loss", cross_entropy(right, chance), cross_entropy(right, mean), len(coming), "BKT by EM")
        yield row("tracing", "fit_cpu_s_per_100k", 1e5 * spent / len(past), 60.0, len(past), "CPU-seconds; 60 was the bound")
    yield row("tracing", "online_us_per_answer", 1e6 * each, None, len(coming), "predict and learn, CPU-microseconds")
    if left_out + more:
        yield row("tracing", "unreadable", left_out + more, None, left_out + more, "rows without user or correctness were left out")


def _read(rows: Sequence[dict[str, Any]]) -> tuple[list[Answer], int]:
    answers, unreadable = [], 0
    for place, one in enumerate(rows):
        try:
            answers.append(read_answer(one, place))
        except (Invalid, TypeError, ValueError):
            unreadable += 1
    return answers, unreadable


def _in_order(answers: Sequence[Answer]) -> list[int]:
    return sorted(range(len(answers)), key=lambda i: (answers[i].user, answers[i].order))


def _first(answers: Sequence[Answer]) -> np.ndarray:
    out, seen = np.zeros(len(answers), bool), defaultdict[str, int](int)
    for i in _in_order(answers):
        out[i] = seen[answers[i].user] < FIRST
        seen[answers[i].user] += 1
    return out


def _skill_mean(past: Sequence[Answer], coming: Sequence[Answer]) -> Floats:
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for a in past:
        sums[a.keys[-1]][0] += a.correct
        sums[a.keys[-1]][1] += 1
    mean = (sum(s[0] for s in sums.values()) + 1) / (sum(s[1] for s in sums.values()) + 2)
    return np.array([(sums[k][0] + mean) / (sums[k][1] + 1) if (k := a.keys[-1]) in sums else mean for a in coming])


def _recency(coming: Sequence[Answer]) -> Floats:
    """Weighted mean of the last five answers on the skill, capped at .5 after one and .8 after two; 0 before any."""
    out = np.zeros(len(coming))
    last: dict[tuple[str, str], deque[bool]] = defaultdict(lambda: deque(maxlen=len(WEIGHTS)))
    for i in _in_order(coming):
        done = last[coming[i].user, coming[i].keys[-1]]
        if done:
            weights = WEIGHTS[-len(done) :]
            share = sum(w * c for w, c in zip(weights, done, strict=True)) / sum(weights)
            out[i] = min(share, {1: 0.5, 2: 0.8}.get(len(done), 1.0))
        done.append(coming[i].correct)
    return out


def _elo(past: Sequence[Answer], coming: Sequence[Answer]) -> Floats:
    """Elo with set steps, its difficulties warmed by one pass over the training answers."""
    tracer = KnowledgeTracer()
    tracer.predict_next(past, "online")
    return tracer.predict_next(coming, "online")
