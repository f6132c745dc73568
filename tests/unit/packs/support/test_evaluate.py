"""`duologue eval support`: rows in, figures out; the shipped default; bad folders."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from duologue.kit.errors import Invalid
from duologue.packs.support.evaluate import run
from duologue.packs.support.evaluate.measure import average_precision, gains, ranks, uar
from duologue.packs.support.intents.starter import starter_examples


def write(folder: Path, name: str, rows: Sequence[Any]) -> Path:
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    return folder


def figures(folder: Path | None, *tasks: str) -> dict[tuple[object, object], Any]:
    found = list(run(tasks, folder))
    for row in found:
        assert set(row) == {"task", "metric", "value", "baseline", "n", "note"}
        json.dumps(row, allow_nan=False)
    return {(row["task"], row["metric"]): row for row in found}


def test_the_pack_s_own_small_set() -> None:
    found = figures(None)
    assert found["intents", "accuracy"]["value"] > 0.6 > found["intents", "accuracy"]["baseline"]
    assert found["sentiment", "accuracy"]["value"] > 0.9
    assert found["satisfaction", "uar"]["value"] > 0.6
    assert 0.5 < found["oos", "auroc"]["value"] <= 1
    assert "shipped" in found["intents", "accuracy"]["note"]


def test_intents_learned_from_anyone_s_rows(tmp_path: Path) -> None:
    texts, intents = starter_examples()
    rows = [{"text": t, "intent": i} for t, i in zip(texts, intents, strict=True)]
    write(tmp_path, "train.jsonl", rows)
    write(
        tmp_path,
        "test.jsonl",
        [*rows[::7], {"text": "what is the capital of Peru", "intent": None}, "{broken", "[1]", '{"text": 3}'],
    )
    found = figures(tmp_path)
    assert found["intents", "accuracy"]["value"] > 0.9
    assert found["intents", "ece"]["value"] is not None
    assert found["oos", "recall_at_5pct"]["n"] == 1
    assert found["rows", "unreadable"]["value"] == 3


def test_recommend_full_ranking_by_hand(tmp_path: Path) -> None:
    train = [{"user": f"u{n}", "item": item, "timestamp": t} for n in range(6) for t, item in enumerate(["a", "b"])]
    train += [{"user": "v", "item": "a", "timestamp": 0}, {"user": "w", "item": "c", "timestamp": 0}]
    write(tmp_path, "train.jsonl", train)
    write(tmp_path, "test.jsonl", [{"user": "v", "item": "b", "timestamp": 5}, {"user": "new", "item": "a", "timestamp": 5}])
    found = figures(tmp_path)
    assert found["recommend", "ndcg@10"]["value"] == 1.0
    assert found["recommend", "ndcg@10"]["n"] == 1
    assert found["recommend", "ndcg@10_cold"]["n"] == 1


def test_recommend_without_training_rows_keeps_the_last_event_apart(tmp_path: Path) -> None:
    rows = [{"user": f"u{n}", "item": item, "timestamp": t} for n in range(8) for t, item in enumerate(["a", "b", "c"])]
    found = figures(write(tmp_path, "test.jsonl", rows), "recommend")
    assert found["recommend", "ndcg@10"]["n"] == 8


def test_replies_find_the_article(tmp_path: Path) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "refunds.md").write_text("# Refunds\n\nA refund takes five days.", encoding="utf-8")
    (tmp_path / "knowledge" / "运费.md").write_text("# 运费\n\n满二百元包邮。", encoding="utf-8")
    rows = [
        {"question": "How long does a refund take?", "answer": "five days", "article": "refunds.md"},
        {"question": "多少钱包邮？", "answer": "满二百元", "article": "运费"},
    ]
    found = figures(write(tmp_path, "test.jsonl", rows))
    assert found["replies", "recall@1"]["value"] == 1.0
    assert found["replies", "mrr@10"]["value"] == 1.0


def test_replies_ask_the_search_that_is_handed_in_and_take_any_right_article(tmp_path: Path) -> None:
    (tmp_path / "knowledge").mkdir()
    (tmp_path / "knowledge" / "refunds.md").write_text("# Refunds", encoding="utf-8")
    rows = [{"question": "a", "article": ["other", "refunds.md"]}, {"question": "b", "article": "nowhere"}]
    asked: list[object] = []

    def find(folder: Path, questions: Sequence[str], most: int) -> list[list[str]]:
        asked.append((folder.name, list(questions), most))
        return [["en/first.md", "en/refunds.md"] for _ in questions]

    found = {row["metric"]: row["value"] for row in run(["replies"], write(tmp_path, "test.jsonl", rows), find=find)}
    assert asked == [("knowledge", ["a", "b"], 10)]
    assert (found["recall@1"], found["recall@5"], found["mrr@10"]) == (0.0, 0.5, 0.25)


def test_satisfaction_and_sentiment_learn_from_rows(tmp_path: Path) -> None:
    talks = [
        {"dialogue": [{"role": "user", "text": word}], "score": s} for word, s in (("grand", 5), ("grim", 1)) for _ in range(10)
    ]
    moods = [
        {"text": f"{word} {n}", "label": label} for word, label in (("grey", "negative"), ("sick", "positive")) for n in range(30)
    ]
    write(tmp_path, "train.jsonl", [*talks, *moods])
    write(tmp_path, "test.jsonl", [talks[0], talks[-1], moods[0], moods[-1]])
    found = figures(tmp_path)
    assert found["satisfaction", "uar"]["value"] == 1.0
    assert found["sentiment", "accuracy"]["value"] == 1.0


@pytest.mark.parametrize("rows", [[], ["{}"], ["not json"], [{"text": "a"}]])
def test_folders_without_rows_are_refused(tmp_path: Path, rows: list[Any]) -> None:
    with pytest.raises(Invalid, match="no rows"):
        figures(write(tmp_path, "test.jsonl", rows))


def test_unknown_tasks_and_missing_files_are_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Unknown task"):
        list(run(["juggling"]))
    with pytest.raises(Invalid, match=r"no test\.jsonl"):
        list(run([], tmp_path))
    (tmp_path / "test.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="UTF-8"):
        list(run([], tmp_path))


def test_measures_by_hand() -> None:
    assert uar(["a", "a", "b"], ["a", "b", "b"]) == 0.75
    assert ranks(np.array([[0.5, 0.5, 0.1]]), np.array([0])).tolist() == [2]
    assert gains(np.array([1, 3, 11, 0])).tolist() == [1.0, 0.5, 0.0, 0.0]
    assert average_precision([True, False, True], np.array([0.9, 0.8, 0.7])) == pytest.approx((1 + 2 / 3) / 2)


def test_numbers_as_names_of_intents_and_labels_in_capitals_are_read(tmp_path: Path) -> None:
    train = [{"text": text, "intent": n % 2} for n, text in enumerate(["send it", "pay it", "post it", "paid twice"])]
    test = [{"text": "post it", "intent": 0}, {"text": "wonderful", "label": "Positive "}, {"text": "x", "intent": True}]
    found = figures(write(write(tmp_path, "train.jsonl", train), "test.jsonl", test))
    assert (found["intents", "accuracy"]["value"], found["sentiment", "accuracy"]["value"]) == (1.0, 1.0)
    assert found["rows", "unreadable"]["n"] == 1


def test_recommend_with_new_persons_only_and_dates_as_words(tmp_path: Path) -> None:
    train = [
        {"user": f"u{n}", "item": item, "timestamp": f"2024-05-0{day}"} for n in range(3) for day, item in ((1, "a"), (2, "b"))
    ]
    test = [{"user": "new", "item": "b", "timestamp": "2024-06-01T10:00:00Z"}, {"user": "v", "item": "b", "timestamp": "soon"}]
    found = figures(write(write(tmp_path, "train.jsonl", train), "test.jsonl", test), "recommend")
    assert found["recommend", "ndcg@10"]["value"] is None
    assert found["recommend", "ndcg@10_cold"]["n"] == 1
    assert found["rows", "unreadable"]["n"] == 1


def test_articles_of_one_name_in_two_languages_are_two(tmp_path: Path) -> None:
    for lang, text in (("en", "# Fees\n\nPostage costs three pounds."), ("zh", "# 运费\n\n邮费三镑。")):
        (tmp_path / "knowledge" / lang).mkdir(parents=True)
        (tmp_path / "knowledge" / lang / "fees.md").write_text(text, encoding="utf-8")
    rows = [
        {"question": "How much is postage?", "answer": "three pounds", "article": "fees"},
        {"question": "邮费多少", "answer": "三镑", "article": "knowledge/zh/fees.md"},
    ]
    found = figures(write(tmp_path, "test.jsonl", rows), "replies")
    assert found["replies", "recall@1"]["value"] == 1.0
    assert "2 articles" in found["replies", "recall@1"]["note"]


def test_training_rows_of_which_none_can_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_text('{"text": "where is it", "intent": "status"}\n', "utf-8")
    (tmp_path / "train.jsonl").write_text("not json\n", "utf-8")
    with pytest.raises(Invalid, match="leave it out"):
        list(run(["intents"], tmp_path))


def test_a_test_of_strangers_alone_says_so(tmp_path: Path) -> None:
    rows = [{"text": f"where is parcel {i}", "intent": "status"} for i in range(8)]
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (tmp_path / "test.jsonl").write_text('{"text": "who won", "intent": null}\n', "utf-8")
    found = list(run(["oos"], tmp_path))
    assert not any("nan" in str(row["note"]) for row in found)
