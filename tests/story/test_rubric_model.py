"""A model's second opinion on an answer in words: heard where it quotes the learner, asked only where it may be."""

from pathlib import Path

import pytest

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.packs.education.grading.rubric import Example, Point, grade_rubric
from duologue.packs.education.grading.rubric_model import ask_model, read_opinion
from tests.platforms import open_for_test

POINTS = (Point("gap", "There is a gap in the circuit."), Point("flow", "No current flows."))
ANSWER = "The loop is cut, so nothing moves in it."
RUBRIC = {"type": "short", "text": "Why?", "rubric": [{"id": p.id, "text": p.text} for p in POINTS]}
REPLY = '{"gap": {"met": true, "quote": "The loop is cut"}, "flow": {"met": false, "quote": ""}}'


def test_only_words_of_the_answer_count() -> None:
    assert read_opinion(f"Here: {REPLY}", POINTS, ANSWER) == {"gap": (True, "The loop is cut"), "flow": (False, "")}
    for said in ("", "yes", "{", "[1]", '{"gap": 1}', '{"gap": {"met": "yes"}}', '{"gap": {"met": true, "quote": "a gap"}}',
                 '{"other": {"met": true, "quote": "The loop"}}', '{"gap": {"met": true, "quote": ""}}'):  # fmt: skip
        assert read_opinion(said, POINTS, ANSWER) == {}


def test_an_opinion_shifts_the_odds_and_signed_answers_come_after_it() -> None:
    opinion = read_opinion(REPLY, POINTS, ANSWER)
    alone, heard = (grade_rubric(RUBRIC, ANSWER, second=second) for second in (None, opinion))
    assert not alone.criteria[0].is_met
    assert (heard.criteria[0].is_met, heard.criteria[0].evidence) == (True, "The loop is cut") or heard.criteria[0].confidence < (
        alone.criteria[0].confidence
    )
    signed = [Example(ANSWER, {"gap": False, "flow": True})]
    assert [c.is_met for c in grade_rubric(RUBRIC, ANSWER, "en", signed, second=opinion).criteria] == [False, True]


async def test_a_strong_model_is_asked_with_the_answer_fenced(tmp_path: Path) -> None:
    async with open_for_test(tmp_path / "p", rules=[{"match": "The loop is cut", "reply": REPLY}, {"reply": "no"}]) as platform:
        host = platform.hosts["education"]
        assert host.engine.is_strong
        found = await ask_model(host, "ws", "Why?", POINTS, ANSWER, "en", [Example("x", {"gap": True})])
        assert found["gap"] == (True, "The loop is cut")
        assert await ask_model(host, "ws", "Why?", POINTS, "dunno", "en") == {}
    async with open_for_test(tmp_path / "q", engine="none") as platform:
        assert await ask_model(platform.hosts["education"], "ws", "Why?", POINTS, ANSWER, "en") == {}
