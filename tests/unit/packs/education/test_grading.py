"""One door for all kinds of items: what a grade holds, where it waits, what the learner is told."""

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.education import grade


def test_a_right_number_is_sure_and_waits_for_a_signature_in_bulk() -> None:
    found = grade({"type": "number", "text": "Work out 1/2 + 1/6.", "key": "2/3"}, "4/6")
    assert (found.is_correct, found.queue, found.reading) == (True, "bulk", "4/6")


def test_what_cannot_be_read_goes_to_a_person() -> None:
    found = grade({"type": "number", "key": "2/3"}, "?? I give up ??")
    assert (found.score, found.queue) == (0.0, "single")


def test_the_feedback_never_holds_the_key_and_speaks_the_learners_language() -> None:
    found = grade({"type": "number", "text": "约分 18/24，要求写成最简分数。", "key": "3/4"}, "9/12", "zh")
    assert "最简" in found.feedback
    assert "3/4" not in found.feedback


@pytest.mark.parametrize(
    ("answer", "score"),
    [("A", 1.0), ("(a)", 1.0), ("1/2", 1.0), ("The answer is B", 0.0), ("选A", 1.0), ("A. 1/2", 1.0), ("A or B", 0.0)],
)
def test_a_choice_is_read_by_letter_or_by_text(answer: str, score: float) -> None:
    item = {"type": "choice", "key": "A", "options": {"A": "1/2", "B": "1/3", "C": "They are equal"}}
    assert grade(item, answer).score == score


def test_several_choices_give_part_of_the_points() -> None:
    item = {"type": "choices", "key": "A, C", "options": {"A": "2", "B": "4", "C": "3"}}
    assert [grade(item, answer).score for answer in ("A,C", "A", "AB", "B")] == [1.0, 0.5, 0.0, 0.0]


def test_an_ordering_takes_equal_numbers_in_any_form() -> None:
    item = {"type": "ordering", "key": "1/4, 1/2, 3/4"}
    assert [grade(item, answer).score for answer in ("0.25 < 1/2 < 3/4", "1/2, 1/4, 3/4", "1/4, 1/2")] == [1.0, 0.0, 0.0]


def test_blanks_are_graded_one_by_one_with_a_typing_slip_forgiven() -> None:
    item = {"type": "blanks", "key": ["photosynthesis", "CO2|carbon dioxide", "6"]}
    found = grade(item, "photosynthesys; Carbon Dioxide; 7")
    assert [criterion.is_met for criterion in found.criteria] == [True, True, False]
    assert found.score == pytest.approx(2 / 3)


def test_an_item_without_a_key_says_what_to_do() -> None:
    with pytest.raises(Invalid, match="field `key`"):
        grade({"type": "number"}, "3")
    with pytest.raises(Invalid, match="use one of"):
        grade({"type": "dance", "key": "3"}, "3")
