"""Answers that are no mathematics: a time of day, a yes or a no; and significant figures, which only some questions ask for."""

import pytest

from duologue.packs.education.maths.grade import grade_math, read_back

ENDS, ARRIVES = "At what time does it end?", "几点到校？"
ASKED, ASKED_ZH = "Is 2 a solution of 3x - 1 = 5? Answer yes or no.", "-3 是方程 2x + 6 = 0 的解吗？"
THREE = "Round 0.0080514 to three significant figures."
RIGHT = [
    (ENDS, "10:35", "10.35 am"),
    (ENDS, "10:35", "10:35am"),
    (ENDS, "10:35", "it ends at 10:35"),
    (ENDS, "14:05", "2:05 pm"),
    ("At what time in the afternoon does it end?", "2:05", "14:05"),
    (ARRIVES, "8:05", "8点05分"),
    (ARRIVES, "8:05", "八点零五分"),
    (ARRIVES, "8:30", "八点半"),
    (ARRIVES, "20:15", "晚上8点一刻"),
    (ASKED, "yes", "Yes it is"),
    (ASKED, "yes", "yes, because 3*2-1=5"),
    (ASKED, "no", "No, it isn't"),
    (ASKED_ZH, "是", "是的"),
    (ASKED_ZH, "是", "是，因为2×(-3)+6=0"),
    (ASKED_ZH, "不是", "不是的，代入不相等"),
    (THREE, "0.00805", "0.00805 (3 s.f.)"),
    ("Round 31462 to two significant figures.", "31000", "31 000"),
    ("Solve 2(3 - x) = x.", "x = 2", "6 - 2x = x, 3x = 6, x = 2"),
    ("长 5 厘米、宽 4 厘米、高 3 厘米，求体积并写出单位。", "60 cm³", "5×4×3=60(cm³)"),
]
WRONG = [
    (ENDS, "10:35", "9:95"),
    (ENDS, "10:35", "10:35 pm"),
    (ENDS, "10:35", "11:35"),
    (ENDS, "10:35", "2:7"),
    (ARRIVES, "8:05", "8点5刻"),
    (ASKED, "yes", "no"),
    (ASKED, "yes", "yes and no"),
    (ASKED, "yes", "not sure"),
    (ASKED, "no", "yes, no doubt"),
    (ASKED_ZH, "是", "不是"),
    (ASKED_ZH, "是", "是不是？"),
    (ASKED_ZH, "是", "是，不对，不是"),
    (THREE, "0.00805", "0.008051"),
    (THREE, "0.00805", "0.0081"),
    ("Round 3.4962 to three significant figures.", "3.50", "3.5"),
    ("Simplify √12 + √27.", "5√3", "2√3 + 3√3"),
]


@pytest.mark.parametrize(("item", "key", "answer"), RIGHT)
def test_what_is_said_in_other_words_is_right(item: str, key: str, answer: str) -> None:
    assert grade_math(item, key, answer).is_correct


@pytest.mark.parametrize(("item", "key", "answer"), WRONG)
def test_what_says_something_else_is_not(item: str, key: str, answer: str) -> None:
    assert not grade_math(item, key, answer).is_correct


def test_what_is_shown_does_not_depend_on_the_value_of_the_key() -> None:
    for keys, item, answer in (
        (("yes", "no"), ASKED, "Yes it is"),
        (("10:35", "7:00"), ENDS, "10.35 am"),
        (("是", "不是"), ASKED_ZH, "是的"),
    ):
        assert len({read_back(answer, key, item) for key in keys}) == 1
