"""The figures of `--task math`: false accepts and false rejects, beside Math-Verify as it comes; time; the hostile set.

A row needs `key`, `answer`, `correct` and may have `item`, `form`. Without a folder the pack's own 400 typed answers are measured.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from duologue.packs.education.grading.grade import SURE
from duologue.packs.education.maths.grade import MathGrade, grade_math
from duologue.packs.education.maths.worker import shared_worker

Row = dict[str, object]
EVALS = Path(__file__).parents[1] / "evals"


def measure(train: list[dict[str, Any]], test: list[dict[str, Any]], data_dir: Path | None) -> Iterator[Row]:
    """Rates over the wrong answers (accepted) and over the right ones (rejected). Nothing is learned from `train`."""
    own = not test
    rows = test or [json.loads(line) for line in (EVALS / "math.jsonl").read_text("utf-8").splitlines()]
    worker = shared_worker()
    times, grades, alone = [], [], []
    for row in rows:
        began = time.perf_counter()
        grades.append(_grade(row))
        times.append(time.perf_counter() - began)
    for row in rows:
        alone.append(bool(worker.verify(str(row["key"])[:2000], str(row["answer"])[:2000], as_it_comes=True)))
    right = [_truth(row["correct"]) for row in rows]
    said = [grade.is_correct for grade in grades]
    note = "the pack's own typed answers, seen while the grader was written" if own else "rows given"
    yield from _rates("math", said, alone, right, f"{note}; baseline: Math-Verify alone")
    sure = {k for k, grade in enumerate(grades) if grade.confidence >= SURE}
    wrong = sum(said[k] != right[k] for k in sure)
    yield _row("coverage_sure", len(sure) / len(rows), None, len(rows), "share graded with a confidence of 0.9 or more")
    yield _row("error_rate_sure", wrong / max(len(sure), 1), None, len(sure), "share of those graded wrongly")
    for metric, is_right, what in (("false_accept_rate_sure", False, "wrong"), ("false_reject_rate_sure", True, "right")):
        these = [k for k in range(len(rows)) if right[k] is is_right]
        if these:
            share = sum(said[k] is not is_right for k in these if k in sure) / len(these)
            yield _row(metric, share, None, len(these), f"of all {what} answers, those graded wrongly with 0.9 or more")
    named = [grade.reason == "named" for grade in grades]
    for metric, is_right in (("named_rate_wrong", False), ("named_rate_right", True)):
        these = [k for k in range(len(rows)) if right[k] is is_right]
        if these:
            share = sum(named[k] for k in these) / len(these)
            yield _row(metric, share, None, len(these), "right values under another name, left to a person")
    unread = sum(grade.reason in ("unreadable", "undecided") for grade in grades)
    yield _row("unreadable_rate", unread / len(rows), None, len(rows), "left to a person, counted as rejected above")
    yield _row("p95_s", sorted(times)[int(0.95 * (len(times) - 1))], None, len(rows), "seconds for an answer, 95th percentile")
    if own:
        yield from _hostile()


def _grade(row: dict[str, Any]) -> MathGrade:
    """Against the key, or the best against several that are accepted. What is missing is empty, not the word None."""
    keys = row["key"] if isinstance(row["key"], list) and row["key"] else [row["key"]]
    form = row.get("form") if isinstance(row.get("form"), str) else None
    answer = "" if row["answer"] is None else str(row["answer"])
    if not answer.strip():
        return MathGrade(False, 0.99, "empty")
    grades = [grade_math(str(row.get("item") or ""), "" if key is None else str(key), answer, form) for key in keys]
    return next((grade for grade in grades if grade.is_correct), grades[0])


def _truth(value: object) -> bool:
    return value.strip().lower() in ("1", "true", "yes", "correct") if isinstance(value, str) else bool(value)


def _rates(task: str, said: list[bool], alone: list[bool], right: list[bool], note: str) -> Iterator[Row]:
    wrong = right.count(False)
    for metric, is_right, count in (("false_accept_rate", False, wrong), ("false_reject_rate", True, len(right) - wrong)):
        mine, theirs = (sum(a != t for a, t in zip(answers, right, strict=True) if t is is_right) for answers in (said, alone))
        if count:
            yield {"task": task, "metric": metric, "value": mine / count, "baseline": theirs / count, "n": count, "note": note}
    hits = sum(a == t for a, t in zip(said, right, strict=True))
    base = sum(a == t for a, t in zip(alone, right, strict=True))
    yield {
        "task": task,
        "metric": "accuracy",
        "value": hits / len(right),
        "baseline": base / len(right),
        "n": len(right),
        "note": note,
    }


def _hostile() -> Iterator[Row]:
    rows = [json.loads(line) for line in (EVALS / "hostile.jsonl").read_text("utf-8").splitlines()]
    keys = ("3", "1", "x = 3", "49", "2/3")
    worst, accepted = 0.0, 0
    for row in rows:
        for key in keys:
            began = time.perf_counter()
            accepted += grade_math("Solve.", key, row["answer"]).is_correct
            worst = max(worst, time.perf_counter() - began)
    n = len(rows) * len(keys)
    yield _row("hostile_accepted", accepted / n, None, n, "hostile answers taken as right, each against five keys")
    yield _row("hostile_worst_s", worst, None, n, "longest time for one of them")


def _row(metric: str, value: float, baseline: float | None, n: int, note: str) -> Row:
    return {"task": "math", "metric": metric, "value": value, "baseline": baseline, "n": n, "note": note}
