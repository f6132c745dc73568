"""Many kinds of question, each answered rightly and wrongly in some ten ways; and words around an answer that change nothing."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duologue.packs import education
from duologue.packs.education.maths.clock import read_clock
from duologue.packs.education.maths.grade import grade_math, read_back
from duologue.packs.education.maths.worker import MathWorker

KINDS = Path(education.__file__).parent / "evals" / "kinds"
ROWS = [json.loads(line) for line in (KINDS / "test.jsonl").read_text("utf-8").splitlines()]
EVERYDAY = [json.loads(line) for line in (KINDS / "everyday" / "test.jsonl").read_text("utf-8").splitlines()]
LEFT = {"2 rt 3", "2 2 3", "double n plus 1", "twice 5 is 10", "它是合数", "P(两正)=1/4"}
"""Right answers of everyday that wait for a person."""
FIRST = list({(row["item"], row["correct"]): row for row in reversed(ROWS)}.values())
"""Of each question one right and one wrong answer."""
AROUND = {
    "en": [
        "{}.",
        "  {} ",
        "The answer is {}",
        "ans: {}",
        "I think it is {}",
        "I got {}",
        "so {}",
        "It's {}",
        "answer = {}",
        "{} ✓",
    ],
    "zh": ["{}。", "  {} ", "答：{}", "答案是{}", "答案：{}。", "我觉得是{}", "应该是{}", "所以{}", "解：{}", "{} ✓"],
}
FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})

MENDED = [
    ("A film starts at 7:50 pm and lasts 1 hour 45 minutes. At what time does it finish?", "9:35 pm", "9:35", True),
    ("A film starts at 7:50 pm and lasts 1 hour 45 minutes. At what time does it finish?", "9:35 pm", "9:35 am", False),
    ("Write 21:35 in the 12-hour clock. What time is it?", "9:35 pm", "9:35", False),
    ("Solve x^2 - x - 6 < 0. Give your answer in interval notation.", "(-2, 3)", "]-2, 3[", True),
    ("Solve x^2 - x - 6 < 0. Give your answer in interval notation.", "(-2, 3)", "[-2, 3]", False),
    ("The point (3, -2) is reflected in the x-axis. Write down its image.", "(3, 2)", "P' = (3, 2)", True),
    ("How much rice is needed for 6 people? Give the unit.", "450 g", "450 grams of rice", True),
    ("A shirt was £25 and now costs £20. By what percentage has the price fallen?", "20%", "it rose by 20%", False),
    ("School starts at quarter to nine. Write this time with figures.", "8:45", "8.45 am", True),
    ("Arrange 0.7, 3/4 and 5/8 from smallest to largest.", "5/8, 0.7, 3/4", "5/8 < 0.7 < 3/4", True),
    ("A = {1, 3, 5}，求 A 的补集。", "{2, 4}", "∁UA={2,4}", True),
    ("What is the vertex of y = (x + 1)^2 - 4?", "(-1, -4)", "vertex: (-1, -4)", True),
    ("Find the gradient of y = x^2 where x = 3.", "6", "dy/dx = 2x = 6", True),
    ("Add the matrices.", "[[1, 3], [4, 4]]", "[1 3; 4 4]", True),
    ("Add the matrices.", "[[1, 3], [4, 4]]", "[1 4; 3 4]", False),
    ("Which is heavier, 1.2 kg or 1250 g?", "1250 g", "1250 g is heavier", True),
    ("Which is heavier, 1.2 kg or 1250 g?", "1250 g", "1.2 kg > 1250 g", False),
    ("平均每小时行多少千米？", "15", "每小时15千米", True),
    ("平均每小时行多少千米？", "15", "每分钟15千米", False),
    ("Write 3√2 × √8 as a whole number.", "12", "6√4", False),
    ("Find the value of y when x = -2 if y = 3 - 2x.", "7", "x = 7", False),
]
"""What two rounds of answers showed that nobody had seen."""
OTHERS = [
    ("A circle has radius 5 cm. What is its diameter?", "10 cm", "diameter = 10"),
    ("Find the mean of 2, 4 and 12.", "6", "the mean of 2, 4 and 12 is 6"),
    ("Find the highest common factor of 12 and 18.", "6", "6 is the HCF"),
    ("In the triangle AB = 4 and BC = 3. Find AC.", "5", "AC = 5"),
    ("求 12 和 18 的最小公倍数。", "36", "12和18的最小公倍数是36"),
]
"""Answers that name what was asked; with another name they are another claim."""
SWAPPED = {"diameter": "radius", "mean": "median", "HCF": "LCM", "AC": "BC", "最小公倍数": "最大公因数"}


@pytest.fixture(scope="module")
def worker() -> Iterator[MathWorker]:
    worker = MathWorker()
    yield worker
    worker.close()


def test_every_kind_of_question_is_graded_as_it_was_labelled(worker: MathWorker) -> None:
    rows = [*FIRST, *ROWS[::9]]
    said = [grade_math(row["item"], row["key"], row["answer"], worker=worker).is_correct for row in rows]
    assert [row for row, right in zip(rows, said, strict=True) if right != row["correct"]] == []


@pytest.mark.parametrize(("item", "key", "answer", "right"), MENDED)
def test_what_unseen_answers_showed_is_mended(item: str, key: str, answer: str, right: bool, worker: MathWorker) -> None:
    assert grade_math(item, key, answer, worker=worker).is_correct is right


@settings(max_examples=60, deadline=None)
@given(row=st.sampled_from(FIRST), way=st.integers(0, 9), is_wide=st.booleans())
def test_words_around_an_answer_and_full_width_letters_change_nothing(row: dict[str, str], way: int, is_wide: bool) -> None:
    typed = row["answer"].translate(FULL_WIDTH) if is_wide and row["lang"] == "zh" else row["answer"]
    assert grade_math(row["item"], row["key"], AROUND[row["lang"]][way].format(typed)).is_correct == row["correct"]


@given(hour=st.integers(0, 23), minute=st.integers(0, 59))
def test_a_time_of_day_is_read_alike_however_it_is_written(hour: int, minute: int) -> None:
    half, twelve = ("pm" if hour > 11 else "am"), hour % 12 or 12
    for text in (
        f"{hour}:{minute:02}",
        f"{hour:02}.{minute:02}",
        f"{hour:02}{minute:02}",
        f"{twelve}:{minute:02} {half}",
        f"it is {twelve}.{minute:02}{half}",
        f"{hour}点{minute}分",
        f"{hour}时{minute:02}分",
        f"{'下午' if hour > 11 else '上午'}{twelve}点{minute}分",
    ):
        found = read_clock(text)
        assert found is not None, text
        assert found.minutes == 60 * hour + minute, text


@pytest.mark.parametrize("text", ["answer is " * 60, "是 " * 300, "1 is " * 100, "0." + "123" * 190, "one " * 150, "<1," * 200])
def test_words_that_go_on_and_on_end_in_time(text: str, worker: MathWorker) -> None:
    began = time.process_time()
    for item, key in (("", "3"), ("", "x = 3"), ("What time?", "7:15"), ("Which is larger, 2/3 or 3/5?", "2/3"), ("", "(4, 6)")):
        assert not grade_math(item, key, text, worker=worker).is_correct
    assert time.process_time() - began < 8


def test_a_direction_that_was_not_asked_for_is_shown_as_it_was_read() -> None:
    item = "A price rises from £40 to £50. What is the percentage increase?"
    assert [read_back(text, "25%", item) for text in ("up 25%", "down 25%")] == ["25%", "−25%"]
    assert read_back("3/5 is smaller", "2/3", "Which is larger, 2/3 or 3/5?") == "2/3"


def test_everyday_answers_are_read_as_they_are_labelled() -> None:
    wrong = {row["answer"] for row in EVERYDAY if grade_math(row["item"], row["key"], row["answer"]).is_correct != row["correct"]}
    assert wrong == LEFT


@pytest.mark.parametrize(("item", "key", "answer"), OTHERS)
def test_a_value_under_the_name_of_another_quantity_is_not_taken(item: str, key: str, answer: str) -> None:
    assert grade_math(item, key, answer).is_correct
    other = answer
    for name, swapped in SWAPPED.items():
        other = other.replace(name, swapped)
    assert other != answer
    assert not grade_math(item, key, other).is_correct
    for denied in (answer.replace(" is ", " is not ").replace("是", "不是").replace(" = ", " ≠ "),):
        assert not grade_math(item, key, denied).is_correct
