"""Satisfaction: the shipped signs, learning from scored dialogues, causes, bad input."""

import numpy as np
import pytest

from duologue.kit.errors import Invalid
from duologue.packs.support.mood.dialogue_features import Turn, view
from duologue.packs.support.mood.satisfaction import SatisfactionModel, level_of


def talk(*said: str) -> list[Turn]:
    return [Turn("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(said)]


GOOD = talk("Where is my parcel?", "It comes tomorrow.", "Perfect, thank you so much!")
BAD = talk(
    "Where is my refund?", "Sorry, I could not find it.", "Where is my refund?", "Sorry.", "This is useless, the worst service!"
)


def test_the_default_tells_thanks_from_anger() -> None:
    model = SatisfactionModel()
    good, bad = model.predict([GOOD, BAD])
    assert good > 3 > bad
    assert model.predict_level([GOOD, BAD]) == ["satisfied", "dissatisfied"]
    assert model.predict_proba([GOOD]).sum() == pytest.approx(1.0)


def test_the_turns_that_caused_it_are_named() -> None:
    reading = SatisfactionModel().read(BAD)
    assert [turn.index for turn in reading.turns] == [0, 2, 4]
    assert reading.causes[0].index in (2, 4)
    assert reading.low <= reading.score <= reading.high
    assert reading.level == "dissatisfied"


def test_learning_follows_the_scores() -> None:
    dialogues = [talk("hello", "hi", word) for word in ("grand", "middling", "grim") for _ in range(20)]
    scores = [5] * 20 + [3] * 20 + [1] * 20
    model = SatisfactionModel().fit(dialogues, scores)
    expected = model.predict([talk("hello", "hi", word) for word in ("grand", "middling", "grim")])
    assert expected[0] > expected[1] > expected[2]
    chances = model.predict_proba(dialogues)
    assert chances.sum(axis=1) == pytest.approx(np.ones(60))
    assert (chances >= 0).all()


def test_one_score_alone() -> None:
    model = SatisfactionModel().fit([GOOD, BAD], [4, 4])
    assert model.predict([BAD]).tolist() == [4.0]


def test_levels_of_scores() -> None:
    assert [level_of(s) for s in (1, 2.4, 2.5, 3.4, 3.5, 5)] == [
        "dissatisfied",
        "dissatisfied",
        "neutral",
        "neutral",
        "satisfied",
        "satisfied",
    ]


@pytest.mark.parametrize(("dialogues", "scores"), [([], []), ([GOOD], []), ([GOOD], [6]), ([GOOD], [float("nan")]), ([[]], [3])])
def test_bad_scores_are_refused(dialogues: list[list[Turn]], scores: list[float]) -> None:
    with pytest.raises(Invalid):
        SatisfactionModel().fit(dialogues, scores)


def test_a_dialogue_without_the_person_has_no_reading() -> None:
    with pytest.raises(Invalid, match="turn of the user"):
        SatisfactionModel().read([Turn("assistant", "hello")])
    assert np.isfinite(SatisfactionModel().predict([[], [Turn("assistant", "hello")]])).all()


def test_what_follows_the_last_user_turn_is_not_seen() -> None:
    assert view([*GOOD, Turn("assistant", "bye")]).last == view(GOOD).last


def test_a_very_long_dialogue() -> None:
    found = SatisfactionModel().predict([talk(*["again and again " * 500] * 401)])
    assert 1 <= found[0] <= 5
