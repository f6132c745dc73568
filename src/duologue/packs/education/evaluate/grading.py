"""The figures of `--task grading`: short answers with graded examples, known and unseen questions apart, how sure one may be.

A row: `question`, `answer`, `label` (two or more strings, or numbers), `reference` (a text or a list). Learns from `train` alone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, f1_score

from duologue.kit.errors import Invalid
from duologue.packs.education.grading.alignment import Reads
from duologue.packs.education.grading.blend import Answer
from duologue.packs.education.grading.overlap import Encode
from duologue.packs.education.grading.short_answer import ShortAnswers, Verdict

Row = dict[str, object]


def read_answer_row(row: dict[str, Any]) -> Answer:
    """A row as an answer; a missing reference is empty."""
    reference = row.get("reference") or ""
    references = (
        tuple(str(r) for r in reference)
        if isinstance(reference, Sequence) and not isinstance(reference, str)
        else (str(reference),)
    )
    return Answer(str(row["question"]), references, str(row["answer"]))


def pool_references(train: Sequence[Answer], test: Sequence[Answer]) -> tuple[list[Answer], list[Answer]]:
    """Where each row names only one of its question's references, all of them together; rows that agree are left as they are."""
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for one in (*train, *test):
        found[one.question].add(one.references)
    rows = Counter(one.question for one in (*train, *test))
    scattered = {q for q, refs in found.items() if len(refs) > 2 and rows[q] / len(refs) < 6}

    def pooled(one: Answer) -> Answer:
        if one.question not in scattered:
            return one
        return Answer(one.question, tuple(sorted({r for refs in found[one.question] for r in refs})), one.text)

    return [pooled(one) for one in train], [pooled(one) for one in test]


def measure(
    train: list[dict[str, Any]],
    test: list[dict[str, Any]],
    data_dir: Path | None,
    encode: Encode | None = None,
    sentences: Reads | None = None,
) -> Iterator[Row]:
    """Accuracy, macro-F1, calibration, accuracy at three coverages, and how often an answer is wrongly called correct."""
    if not train:
        raise Invalid("Grading learns from graded answers; put them into train.jsonl beside test.jsonl.")
    known, asked = pool_references([read_answer_row(row) for row in train], [read_answer_row(row) for row in test])
    labels, right = [str(row["label"]) for row in train], [str(row["label"]) for row in test]
    model = ShortAnswers(encode, sentences).fit(known, labels)
    verdicts = model.predict(asked)
    most = Counter(labels).most_common(1)[0][0]
    with_what = "sentences read" if sentences is not None else "with the encoder" if encode is not None else "without an encoder"
    parts: list[tuple[str, list[int]]] = [("", list(range(len(test))))]
    seen = [k for k, v in enumerate(verdicts) if v.is_known]
    fresh = [k for k, v in enumerate(verdicts) if not v.is_known]
    if seen and fresh:
        parts += [("_seen", seen), ("_unseen", fresh)]
    for suffix, rows in parts:
        where = {
            "": f"{len(seen)} to known questions, {len(fresh)} to unseen ones",
            "_seen": "known questions",
            "_unseen": "unseen questions",
        }
        yield from _part(suffix, [verdicts[k] for k in rows], [right[k] for k in rows], most, f"{where[suffix]}; {with_what}")


def _part(suffix: str, verdicts: Sequence[Verdict], right: Sequence[str], most: str, note: str) -> Iterator[Row]:
    said = [v.label for v in verdicts]
    sure = np.array([v.confidence for v in verdicts])
    hit = np.array([a == b for a, b in zip(said, right, strict=True)], float)
    n = len(right)
    base = [most] * n

    def row(metric: str, value: float, baseline: float | None, count: int, text: str) -> Row:
        return {"task": "grading", "metric": metric + suffix, "value": value, "baseline": baseline, "n": count, "note": text}

    yield row("accuracy", float(hit.mean()), float(np.mean([r == most for r in right])), n, f"{note}; baseline: commonest label")
    yield row("macro_f1", float(f1_score(right, said, average="macro")), float(f1_score(right, base, average="macro")), n, note)
    if all(_is_number(label) for label in (*right, *said)):
        a, b = [round(float(x)) for x in right], [round(float(x)) for x in said]
        yield row("qwk", float(cohen_kappa_score(a, b, weights="quadratic")), 0.0, n, "labels as whole numbers")
    yield row("ece", _ece(sure, hit), None, n, "10 equal bins")
    order = np.argsort(-sure, kind="stable")
    for share in (0.5, 0.7, 0.9):
        first = order[: max(1, round(share * n))]
        yield row(f"accuracy_at_{round(100 * share)}pct", float(hit[first].mean()), float(hit.mean()), len(first),
                  "the surest answers only; baseline: all")  # fmt: skip
    wrong = [k for k, r in enumerate(right) if not _is_correct(r)]
    if wrong and len(wrong) < n:
        rate = float(np.mean([_is_correct(said[k]) for k in wrong]))
        yield row("false_correct_rate", rate, None, len(wrong), "answers not labelled correct that were called correct")
        bold = [k for k in wrong if sure[k] >= 0.9]
        yield row("false_correct_rate_sure", sum(_is_correct(said[k]) for k in bold) / len(wrong), None, len(wrong),
                  "the same, at a confidence of 0.9 or more")  # fmt: skip


def _is_correct(label: str) -> bool:
    return label.strip().lower() in ("correct", "1", "true", "yes", "right", "正确")


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True


def _ece(sure: NDArray[np.float64], hit: NDArray[np.float64]) -> float:
    bins = np.minimum((sure * 10).astype(int), 9)
    return float(
        sum(abs(hit[bins == k].mean() - sure[bins == k].mean()) * (bins == k).mean() for k in range(10) if (bins == k).any())
    )
