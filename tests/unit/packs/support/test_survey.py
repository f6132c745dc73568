"""The survey: what counts as an answer, and what a happy few say about all."""

import numpy as np
import pytest

from duologue.packs.support.mood.survey import Answer, read_answer, summarise


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("😍", Answer(5, "")),
        ("😡 too slow", Answer(1, "too slow")),
        (" 4 - nice people", Answer(4, "nice people")),
        ("5分，谢谢", Answer(5, "谢谢")),
        ("3/5", Answer(3, "")),
        ("2", Answer(2, "")),
        ("6", None),
        ("45", None),
        ("3.5", None),
        ("4-5 days?", None),
        ("Where is my order 5", None),
        ("", None),
    ],
)
def test_what_counts_as_an_answer(text: str, answer: Answer | None) -> None:
    assert read_answer(text) == answer


def test_a_long_remark_is_cut() -> None:
    found = read_answer("1 " + "x" * 10_000)
    assert found is not None
    assert len(found.remark) == 500


def test_bias_and_correction_where_only_the_happy_answer() -> None:
    rng = np.random.default_rng(0)
    true = rng.choice([1, 2, 3, 4, 5], 3000, p=[0.2, 0.2, 0.2, 0.2, 0.2])
    answers = rng.random(3000) < np.where(true >= 4, 0.5, 0.1)
    predicted = np.clip(true + rng.normal(0, 0.7, 3000), 1, 5)
    report = summarise([int(t) if a else None for t, a in zip(true, answers, strict=True)], predicted.tolist())
    assert report.given is not None
    assert report.corrected is not None
    assert report.bias is not None
    assert report.low is not None
    assert report.high is not None
    assert report.low < report.given < report.high
    assert report.bias > 0.5
    assert abs(report.corrected - true.mean()) < abs(report.given - true.mean()) / 2


def test_nothing_asked_and_nobody_answered() -> None:
    assert summarise([], []).given is None
    silent = summarise([None, None], [2.0, 4.0])
    assert (silent.asked, silent.answered, silent.predicted_silent, silent.bias, silent.corrected) == (2, 0, 3.0, None, None)
