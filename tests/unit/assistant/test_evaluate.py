"""What counts as a right answer: the right article, most of the quoted words, every number of them."""

import pytest

from duologue.assistant.evaluate import Outcome, is_answered, measure
from duologue.assistant.model import Answer
from duologue.conversation.model import Citation
from duologue.knowledge.evaluate import Question

QUESTION = Question("q1", "en", "How long does it take?", "plain", ("delivery-uk",), "Standard delivery takes 2 working days")
SLUGS = {"doc_1": "delivery-uk", "doc_2": "delivery-eu"}


def answer(body: str, document_id: str = "doc_1") -> Answer:
    return Answer("quotes", body, "en", (Citation("psg_1", document_id, "Delivery", "", body, 1),))


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (answer("Standard delivery takes 2 working days and costs £3.95."), True),
        (answer("Standard delivery takes 4 working days and costs £3.95."), False),
        (answer("Standard delivery takes 2 working days.", "doc_2"), False),
        (answer("It takes 2."), False),
        (Answer("none", "", "en"), False),
    ],
)
def test_an_answer_is_right_by_its_source_its_words_and_its_numbers(given: Answer, right: bool) -> None:
    assert is_answered(QUESTION, given, SLUGS) is right


def test_figures_count_what_was_sent_and_what_was_held_back() -> None:
    silent = Question("q2", "en", "Do you sell boats?", "unanswerable", (), "")
    outcomes = [
        Outcome(QUESTION, answer("right"), 0.9, {}, is_sent=True, is_right=True),
        Outcome(QUESTION, answer("wrong"), 0.8, {}, is_sent=True, is_right=False),
        Outcome(QUESTION, answer("held"), 0.1, {}, is_sent=False, is_right=False),
        Outcome(silent, answer("held"), 0.1, {}, is_sent=False, is_right=False),
    ]
    figures = {row["metric"]: row["value"] for row in measure(outcomes, "test") if row["task"] == "answers.en"}
    assert figures["answered_right"] == pytest.approx(1 / 3)
    assert figures["sent"] == 0.5
    assert figures["answerable_sent"] == pytest.approx(2 / 3)
    assert figures["sent_right"] == 0.5
    assert figures["unanswerable_sent"] == 0.0
    assert figures["ece"] == pytest.approx((0.1 + 0.8 + 2 * 0.1) / 4)


def test_rows_bear_the_name_of_their_task() -> None:
    rows = measure([Outcome(QUESTION, answer("right"), 0.9, {}, is_sent=True, is_right=True)], "test", "everyday")
    assert {row["task"] for row in rows} == {"everyday.en", "everyday.zh"}
