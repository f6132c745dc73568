"""Right numbers said of something else wait for a look of their own; right answers in plain words do not."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from duologue.packs import education
from duologue.packs.education.grades.drafts import draft
from duologue.packs.education.grades.repository import Homework, Submission
from duologue.packs.education.grading.grade import SURE, grade
from duologue.packs.education.maths.grade import grade_math
from duologue.packs.education.pages.grades import WHY

START = datetime(2026, 1, 1, tzinfo=UTC)
EVALS = Path(education.__file__).parent / "evals"
PENS = "Mia buys 3 pens at 45p each and pays with £2. How much change should she get?"
LEAST = "求抛物线 y = (x - 1)² + 3 的最小值。"
PART = "甲数是 12，乙数是 18，甲数是乙数的几分之几？"
STAMPS = "小红有 24 张邮票，小明比小红少 6 张，小明有多少张邮票？"


@pytest.mark.parametrize(
    ("item", "key", "other", "plain"),
    [
        (PENS, "65p", "the pens cost 65p", "Mia gets 65p"),
        (LEAST, "3", "x=3", "y=3"),
        (PART, "2/3", "乙数是甲数的2/3", "甲数是乙数的2/3"),
        (PART, "2/3", "12/18的倒数", "12/18=2/3"),
        (STAMPS, "18", "小明比小红少18张", "小明有18张"),
        ("A tank holds 80 litres. 3/4 of it is filled. How many litres are in it?", "60", "60 litres are missing", "60 litres"),
        ("2x + 7 = 15，求 x。", "4", "2x=4", "x=4"),
        ("What is the reciprocal of 5/7?", "7/5", "the reciprocal of 7/5", "the reciprocal is 7/5"),
    ],
)
def test_a_right_number_said_of_something_else_is_looked_at_singly(item: str, key: str, other: str, plain: str) -> None:
    found = grade({"type": "number", "key": key, "text": item}, other)
    assert (found.reason, found.queue) == ("named", "single")
    said = grade({"type": "number", "key": key, "text": item}, plain)
    assert (said.is_correct, said.reason, said.queue) == (True, "equal", "bulk")


def test_few_right_answers_of_the_rounds_are_held_for_their_words() -> None:
    rows = [json.loads(line) for name in ("", "second/", "third/", "fourth/") for line in
            (EVALS / f"fresh/{name}test.jsonl").read_text("utf-8").splitlines()]  # fmt: skip
    right = [row for row in rows if row["correct"]]
    held = sum(grade_math(row["item"], row["key"], row["answer"]).reason == "named" for row in right)
    assert held <= len(right) // 50


@pytest.mark.parametrize(
    ("item", "key", "answer"),
    [
        ("A shirt costs £20 and a tie costs £8. How much does the shirt cost more than the tie?", "£12", "£12 more"),
        ("Omar reads 240 pages in 6 days. How many pages does he read each day on average?", "40", "40 per day"),
        ("一根绳子长 15 米，用去了 3/5，还剩多少米？", "6", "剩下6m"),
        ("甲、乙两地相距 240 千米，一辆汽车 3 小时行完，平均每小时行多少千米？", "80", "80千米/时"),
    ],
)
def test_what_the_question_compares_or_counts_by_is_read(item: str, key: str, answer: str) -> None:
    assert grade_math(item, key, answer).is_correct


def test_words_read_as_letters_are_never_surely_wrong() -> None:
    found = grade_math("How much cheaper is the tie?", "£12", "£12 more")
    assert (found.is_correct, found.reason, found.confidence < SURE) == (False, "unreadable", True)


def test_the_teacher_reads_in_both_languages_why_such_an_answer_waits_alone() -> None:
    row = Homework("h", "w", "Pens", "", ({"id": "pens", "text": PENS, "type": "number", "key": "65p"},), "t", START)
    found, why = draft(row, Submission("s", "w", "h", "p", "pens", "the pens cost 65p", "en", "new", START))
    assert (found.score, why) == (1.0, "named")
    assert "something else" in WHY[why]["en"]
    assert "没有问" in WHY[why]["zh"]
