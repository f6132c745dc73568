"""Likeness of questions: equal is 1, paraphrases beat strangers, a foreign rare word breaks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.review.similarity import coverage, likeness, terms

WEIGHTS = {"norway": 5.0, "iceland": 5.0, "tent": 2.0, "ship": 2.0, "deliver": 2.0, "挪威": 5.0, "冰岛": 5.0}


def like(asked: str, known: str, answer: str = "") -> float:
    return likeness(terms(asked), terms(known), terms(answer), WEIGHTS, {})


def test_the_same_question_is_wholly_alike() -> None:
    assert like("Do you ship tents to Norway?", "do you ship tents to norway") == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("asked", "known", "stranger"),
    [
        ("Could I get a tent sent to Norway?", "Do you ship a tent to Norway?", "Do you ship a tent to Iceland?"),
        ("挪威能寄帐篷吗", "帐篷可以寄到挪威吗", "帐篷可以寄到冰岛吗"),
    ],
)
def test_other_words_beat_another_country(asked: str, known: str, stranger: str) -> None:
    assert like(asked, known) > 0.6 > like(asked, stranger)


def test_the_answer_helps_where_the_question_was_short() -> None:
    alone = like("What does delivery of a tent to Norway cost?", "And to Norway?")
    helped = like("What does delivery of a tent to Norway cost?", "And to Norway?", "A tent to Norway costs £14.95 delivery.")
    assert helped > alone


def test_numbers_are_never_close() -> None:
    import numpy as np

    same = {"ro-104233": np.ones(1, np.float32), "ro-104234": np.ones(1, np.float32)}
    assert coverage(["ro-104233"], ["ro-104234"], {}, same) == 0.0


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_likeness_stays_in_its_range(asked: str, known: str, answer: str) -> None:
    assert 0.0 <= like(asked, known, answer) <= 1.0 + 1e-9
