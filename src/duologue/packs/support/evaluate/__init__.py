"""What `duologue eval support` prints: each figure of the pack's models beside its baseline, on anyone's rows.

`test.jsonl` is only measured on; thresholds and temperatures come from the training rows. Without `train.jsonl` the shipped
default is
measured: starter intents, the lexicon, signs of satisfaction set by hand. Knows no command line.
"""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from duologue.kit.errors import Invalid
from duologue.packs.support.encode import Encode
from duologue.packs.support.evaluate.items import evaluate_recommend
from duologue.packs.support.evaluate.measure import (
    Row,
    accuracy,
    auroc,
    average_precision,
    interval,
    macro_f1,
    majority,
    recall_at,
    row,
    uar,
)
from duologue.packs.support.evaluate.replies import Find, evaluate_replies
from duologue.packs.support.evaluate.rows import TASKS, Rows, TaskName, read_rows
from duologue.packs.support.intents.calibrate import brier_score, coverage_at, expected_calibration_error
from duologue.packs.support.intents.classifier import IntentModel
from duologue.packs.support.intents.starter import EVALS, starter_model
from duologue.packs.support.mood.satisfaction import SatisfactionModel, level_of
from duologue.packs.support.mood.sentiment import LABELS, Sentiment, SentimentModel

LATENCY_TEXTS = 50
KNOWLEDGE = Path(__file__).parents[1] / "knowledge"
EVERYDAY = EVALS.parent / "everyday-report.jsonl"


def run(
    tasks: Sequence[str] = (), data_dir: Path | None = None, sentences: Encode | None = None, find: Find | None = None
) -> Iterator[Row]:
    """The figures of the named tasks (all for which there are rows, where none is named), one row at a time.

    `data_dir` holds `test.jsonl`, mostly `train.jsonl`, and for replies a folder `knowledge`; without it the pack's own
    small set is
    measured. `find` is the program's search over that folder. Raises Invalid for an unknown task, a missing file, or a named task
    without rows.
    """
    unknown = [name for name in tasks if name not in TASKS]
    if unknown:
        raise Invalid(f"Unknown task {unknown[0]!r}; choose of {', '.join(TASKS)}.")
    folder = data_dir or EVALS
    test = read_rows(folder / "test.jsonl")
    if data_dir is None:
        test.reply.extend(own_questions())
    train = read_rows(folder / "train.jsonl") if (folder / "train.jsonl").exists() else None
    if train is not None and not any((train.intent, train.sentiment, train.satisfaction, train.recommend, train.reply)):
        raise Invalid(
            "train.jsonl has no row that can be read; leave it out to measure what is shipped.", unreadable=train.unreadable
        )
    present: dict[TaskName, bool] = {
        "intents": any(intent is not None for _, intent in test.intent),
        "oos": any(intent is None for _, intent in test.intent),
        "sentiment": bool(test.sentiment),
        "satisfaction": bool(test.satisfaction),
        "recommend": bool(test.recommend),
        "replies": bool(test.reply),
    }
    chosen = [name for name in TASKS if (name in tasks if tasks else present[name])]
    empty = [name for name in chosen if not present[name]]
    if empty or not chosen:
        raise Invalid(f"test.jsonl has no rows for {empty[0] if empty else 'any task'}.", unreadable=test.unreadable)
    if "intents" in chosen or "oos" in chosen:
        yield from _intents(train, test, chosen, sentences)
    if "sentiment" in chosen:
        yield from _sentiment(train, test, sentences)
    if "satisfaction" in chosen:
        yield from _satisfaction(train, test, None)  # nor does it add here: see docs/howto/evaluate-support.md
    if "recommend" in chosen:
        yield from evaluate_recommend(train.recommend if train else [], test.recommend)
    if "replies" in chosen:
        yield from evaluate_replies(test.reply, data_dir / "knowledge" if data_dir else KNOWLEDGE, sentences, find)
    left_out = test.unreadable + (train.unreadable if train else 0)
    if left_out:
        yield row("rows", "unreadable", left_out, None, left_out, "rows that could not be read were left out")


def own_questions() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The sample shop's everyday questions that were kept apart, each with the articles that answer it in its language."""
    for line in EVERYDAY.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["articles"]:
            yield row["question"], "", tuple(f"{row['lang']}/{article}" for article in row["articles"])


def _with(encode: Encode | None) -> str:
    return f"with encoder {encode.name}" if encode is not None else "without an encoder"


def _intents(train: Rows | None, test: Rows, chosen: Sequence[str], encode: Encode | None) -> Iterator[Row]:
    began = time.process_time()
    is_fitted = train is not None and any(intent is not None for _, intent in train.intent)
    if train is not None and is_fitted:
        model = IntentModel(encode).fit([text for text, _ in train.intent], [intent for _, intent in train.intent])
    else:
        model = starter_model(encode)
    spent = time.process_time() - began
    report = model.report
    learned = (
        f"learned from {report.kept if report else 0} examples, intents: {len(model.intents)}"
        if is_fitted
        else "shipped starter intents"
    )
    note = f"{learned}, {_with(encode)}"
    known = [(text, intent) for text, intent in test.intent if intent is not None]
    texts, right = [text for text, _ in known], [intent for _, intent in known]
    if "intents" in chosen:
        began = time.process_time()
        for text in texts[:LATENCY_TEXTS]:  # first of all: an encoder may remember what it has read
            model.predict([text])
        count = len(texts[:LATENCY_TEXTS])
        latency = 1000 * (time.process_time() - began) / max(count, 1)
    inside = model.score_scope(texts)
    if "intents" in chosen:
        yield from _intent_rows(model, texts, right, train, note)
        kept = report.kept if report else 0
        yield row("intents", "train_cpu_s", spent, None, kept, "CPU-seconds for encoding, learning and calibrating")
        yield row("intents", "predict_cpu_ms", latency, None, count, "one message at a time, not read before")
    if "oos" in chosen:
        strange = [text for text, intent in test.intent if intent is None]
        yield from _scope_rows(model, texts, strange, inside, note)


def _intent_rows(model: IntentModel, texts: list[str], right: list[str], train: Rows | None, note: str) -> Iterator[Row]:
    chances = model.predict_proba(texts)
    predicted = [model.intents[i] for i in chances.argmax(axis=1)]
    is_right = np.array([a == b for a, b in zip(right, predicted, strict=True)])
    confidence = chances.max(axis=1)
    most = majority([intent for _, intent in train.intent if intent is not None] if train else [], model.intents[0])
    n, base = len(texts), accuracy(right, [most] * len(right))
    flat = np.full(n, 1 / max(len(model.intents), 1))
    places = {name: i for i, name in enumerate(model.intents)}
    target = np.array([places.get(name, -1) for name in right])
    yield row(
        "intents", "accuracy", accuracy(right, predicted), base, n, f"{note}; baseline: most frequent intent; {interval(is_right)}"
    )
    yield row("intents", "macro_f1", macro_f1(right, predicted), macro_f1(right, [most] * n), n, note)
    yield row("intents", "ece", expected_calibration_error(confidence, is_right), expected_calibration_error(flat, is_right), n,
              f"15 bins, temperature {model.temperature:.3f}; baseline: equal chances")  # fmt: skip
    even = np.repeat(flat[:, None], len(model.intents), 1)
    yield row("intents", "brier", brier_score(chances, target), brier_score(even, target), n, "baseline: equal chances")
    for share in (0.95, 0.98):
        yield row("intents", f"coverage_at_{round(100 * share)}pct", coverage_at(confidence, is_right, share), 0.0, n,
                  f"share of messages answered with {share:.0%} right, by confidence")  # fmt: skip


def _scope_rows(model: IntentModel, texts: list[str], strange: list[str], inside: np.ndarray, note: str) -> Iterator[Row]:
    outside = model.score_scope(strange)
    most_in, most_out = (model.predict_proba(some).max(axis=1) if some else np.zeros(0) for some in (texts, strange))
    n = len(texts) + len(strange)
    lost = float(np.mean(inside < 0)) if len(inside) else float("nan")
    yield row("oos", "auroc", auroc(inside, outside), auroc(most_in, most_out), n, f"{note}; baseline: greatest probability")
    turned = f"which turned away {lost:.1%} of the test's in-scope rows" if len(inside) else "the test has no in-scope row"
    yield row("oos", "recall_at_5pct", float(np.mean(outside < 0)), recall_at(most_in, most_out), len(strange),
              f"threshold from held-out training rows, {turned}; "
              "baseline: greatest probability, its threshold on the test")  # fmt: skip
    yield row("oos", "in_scope_rejected", lost, 0.05, len(texts), "share of in-scope rows turned away; 5 % was asked for")


def _sentiment(train: Rows | None, test: Rows, encode: Encode | None) -> Iterator[Row]:
    is_fitted = train is not None and len({label for _, label in train.sentiment}) > 1
    model = SentimentModel(encode)
    if train is not None and is_fitted:
        model.fit([text for text, _ in train.sentiment], [label for _, label in train.sentiment])
    texts, right = [text for text, _ in test.sentiment], [label for _, label in test.sentiment]
    of = {label for _, label in train.sentiment} if train is not None and is_fitted else set(right)
    labels: list[Sentiment] = [label for label in LABELS if label in of]
    predicted = [str(label) for label in model.predict(texts, labels)]
    source = train.sentiment if train is not None and is_fitted else test.sentiment
    most = [majority([label for _, label in source])] * len(right)
    is_right = np.array([a == b for a, b in zip(right, predicted, strict=True)], float)
    what = (
        f"learned from {len(train.sentiment)} rows, {_with(encode)}"
        if train is not None and is_fitted
        else (f"shipped heads, {_with(encode)}" if model.has_heads else "shipped lexicon")
    )
    note = f"{what}; {len(labels)} classes; baseline: most frequent label"
    yield row(
        "sentiment", "accuracy", accuracy(right, predicted), accuracy(right, most), len(right), f"{note}; {interval(is_right)}"
    )
    yield row("sentiment", "macro_f1", macro_f1(right, predicted), macro_f1(right, most), len(right), note)
    bad = [label == "negative" for label in right]
    found = average_precision(bad, model.predict_proba(texts)[:, 0])
    note = "finding negative messages; baseline: chance"
    yield row("sentiment", "pr_auc_negative", found, float(np.mean(bad)), len(right), note)


def _satisfaction(train: Rows | None, test: Rows, encode: Encode | None) -> Iterator[Row]:
    is_fitted = train is not None and bool(train.satisfaction)
    model = SatisfactionModel(encode)
    if train is not None and is_fitted:
        model.fit([dialogue for dialogue, _ in train.satisfaction], [score for _, score in train.satisfaction])
    dialogues, scores = [dialogue for dialogue, _ in test.satisfaction], np.array([score for _, score in test.satisfaction])
    right = [str(level_of(score)) for score in scores]
    predicted = [str(level) for level in model.predict_level(dialogues)]
    chances = model.predict_proba(dialogues)
    expected = chances @ np.arange(1, 6)
    source = train.satisfaction if train is not None and is_fitted else test.satisfaction
    most = [majority([str(level_of(score)) for _, score in source])] * len(right)
    bad = [level == "dissatisfied" for level in right]
    n = len(right)
    note = (
        f"learned from {len(train.satisfaction)} dialogues, {_with(encode)}" if train is not None and is_fitted else "shipped signs"
    )
    yield row(
        "satisfaction", "uar", uar(right, predicted), uar(right, most), n, f"{note}; 3 classes; baseline: most frequent class"
    )
    yield row("satisfaction", "macro_f1", macro_f1(right, predicted), macro_f1(right, most), n, note)
    yield row("satisfaction", "pr_auc_dissatisfied", average_precision(bad, chances[:, :2].sum(axis=1)), float(np.mean(bad)), n,
              "finding dissatisfied dialogues; baseline: chance")  # fmt: skip
    rho = float(spearmanr(scores, expected).statistic) if min(np.ptp(scores), np.ptp(expected)) > 0 else float("nan")
    yield row("satisfaction", "spearman", rho, 0.0, n, "expected against given score; baseline: a constant")
    middle = np.full(n, np.median([score for _, score in source]))
    yield row("satisfaction", "mae", float(np.abs(scores - expected).mean()), float(np.abs(scores - middle).mean()), n,
              "points of the five; baseline: the median")  # fmt: skip
