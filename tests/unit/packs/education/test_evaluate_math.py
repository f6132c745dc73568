"""Rows of the math task as others write them: several keys, numbers for texts, nothing where something should be."""

from duologue.packs.education.evaluate import math as evaluate_math


def test_strange_rows_are_graded_and_not_fallen_over() -> None:
    rows = [
        {"key": ["x = 3", "3"], "answer": "3", "correct": "yes"},
        {"item": 1, "key": 5, "answer": 5.0, "correct": "TRUE", "form": 7},
        {"item": None, "key": None, "answer": None, "correct": None},
        {"key": "None", "answer": None, "correct": False},
    ]
    found = {str(row["metric"]): row for row in evaluate_math.measure([], rows, None)}
    assert (found["false_reject_rate"]["value"], found["false_accept_rate"]["value"]) == (0.0, 0.0)
