"""The figures are what their names say, and a question is read as it was written."""

import json
from pathlib import Path

import pytest

from duologue.kit.errors import Invalid, NotFound
from duologue.knowledge.evaluate import (
    Answered,
    Question,
    auroc,
    brier,
    caught,
    is_right,
    mrr,
    ndcg,
    read_questions,
    recall,
)
from duologue.knowledge.model import Hit, Passage, SearchResult

QUESTION = Question("q1", "en", "How long?", "plain", ("warranty",), "**Five** years")


def answered(rank: int, support: float = 0.5) -> Answered:
    return Answered(QUESTION, SearchResult((), support, {}), rank, rank)


def hit(body: str, uri: str = "en/warranty.md", lang: str = "en") -> Hit:
    passage = Passage("psg_1", "wsp_1", "doc_1", 1, "", "", body, 0, len(body), lang)  # type: ignore[arg-type]
    return Hit(passage, 1.0, 1, 1, 1.0, 1.0, uri)


def test_ranking_figures() -> None:
    found = [answered(1), answered(3), answered(0), answered(8)]
    assert recall(found) == 0.5
    assert recall(found, 10) == 0.75
    assert mrr(found) == pytest.approx((1 + 1 / 3 + 0 + 1 / 8) / 4)
    assert ndcg(found) == pytest.approx((1 + 0.5 + 0 + 0.31546487678) / 4)


def test_telling_apart() -> None:
    assert auroc([0.9, 0.8], [0.1, 0.2]) == 1
    assert auroc([0.5, 0.1], [0.5, 0.9]) == 0.125
    assert caught([0.1, *[0.9] * 19], [0.2, 0.3, 0.95]) == pytest.approx(2 / 3)


def test_a_forecast_that_knows_is_better_than_the_share() -> None:
    error, constant = brier([answered(1, 0.9), answered(0, 0.2)])
    assert error == pytest.approx((0.01 + 0.04) / 2)
    assert constant == 0.25


def test_a_right_passage_holds_the_quote_in_the_right_article_and_language() -> None:
    assert is_right(QUESTION, hit("Tent poles: five\nyears."))
    assert not is_right(QUESTION, hit("Tent poles: two years."))
    assert not is_right(QUESTION, hit("five years", uri="en/returns.md"))
    assert not is_right(QUESTION, hit("five years", lang="zh"))


def test_every_question_is_in_one_half(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    rows = [{"id": f"q{n}", "lang": "zh", "question": "多久？", "kind": "plain", "articles": [], "quote": ""} for n in range(40)]
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    halves = [{q.id for q in read_questions([path], part)} for part in ("development", "report")]
    assert halves[0] | halves[1] == {row["id"] for row in rows}
    assert not halves[0] & halves[1]
    assert min(map(len, halves)) > 10


def test_a_line_that_is_no_question_is_named(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('\n{"id": "q1"}\n', "utf-8")
    with pytest.raises(Invalid, match=r"questions.jsonl, line 2"):
        read_questions([path])
    with pytest.raises(NotFound):
        read_questions([tmp_path / "none.jsonl"])
