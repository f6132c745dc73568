"""What people write around a result: read as they mean it, in either language, and by the kind of the key alone."""

import pytest

from duologue.packs.education.maths.grade import grade_math, read_back

SOLVE, X4 = "Solve 2x + 3 = 11.", "x = 4"
BELOW, LESS = "Solve 3x - 2 < 10.", "x < 4"
SHARES, BOTH = "Share £84 in the ratio 3 : 4. Write down both shares.", "£36 and £48"
CLOSED, ENDS = "Write -3 ≤ x ≤ 7 in interval notation.", "[-3, 7]"
RIGHT = [
    (SHARES, BOTH, "36 pounds, 48 pounds"),
    (SHARES, BOTH, "36 pounds and 48 pounds"),
    ("Two angles of 90° in the ratio 4 : 5?", "40° and 50°", "40 degrees and 50 degrees"),
    ("How heavy are they?", "3 kg and 5 kg", "3 kilograms, 5 kilograms"),
    (CLOSED, ENDS, "[ -3 ; 7 ]"),
    ("How long does it take? Give the unit.", "2 h 30 min", "2 hours and 30 minutes"),
    (SOLVE, X4, "2x=8, x=4"),
    (SOLVE, X4, "2x = 11 - 3\n2x = 8\nx = 4"),
    (SOLVE, X4, "take away 3 from both sides, so x = 4"),
    (SOLVE, X4, "2x=8 => x=4"),
    (SOLVE, X4, "x: 4"),
    (SOLVE, X4, "x should be 4"),
    (SOLVE, X4, "x = 4 (2*4+3=11)"),
    ("解方程 2x + 3 = 11。", X4, "两边同时减3，得2x=8，所以x=4"),
    ("解方程 2x + 3 = 11。", X4, "x的值应该是4"),
    ("解方程 2x + 3 = 11。", X4, "原方程的解为x=4"),
    (BELOW, LESS, "anything below 4"),
    (BELOW, LESS, "{x | x < 4}"),
    (BELOW, LESS, "]-inf; 4["),
    ("解不等式 3x - 2 < 10。", LESS, "所有小于4的数"),
    ("解不等式 3x - 2 < 10。", LESS, "x比4小"),
    ("Solve 4 - x >= 1.", "x ≤ 3", "x is no more than 3"),
    ("Work out 5/8.", "0.625", "0,625"),
    ("Work out 1/2 + 1/3.", "5/6", "5 sixths"),
    ("Work out 1/2 + 1/3.", "5/6", "0.8333..."),
    ("Write 11/4 as a mixed number.", "2 3/4", "two and three quarters"),
    ("Collect 3a + 2b + a - b.", "4a + b", "3a + 2b + a - b = 4A + B"),
    ("Solve x^2 - 5x + 6 = 0.", "x = 2 or x = 3", "(x-2)(x-3)=0, x=2 or x=3"),
    ("Solve x^2 - 5x + 6 = 0.", "x = 2 or x = 3", "two and three"),
    ("A field is 4 m by 2.5 m. What is its area? Give the unit.", "10 m²", "4 x 2.5 = 10 (square metres)"),
    ("长 4 米，宽 2.5 米，面积是多少？写出单位。", "10 m²", "4×2.5=10（平方米）"),
    ("Solve x^2 = 81.", "x = 9 or x = -9", "plus or minus 9"),
    ("解方程 x² = 81。", "x = 9 or x = -9", "x₁=9，x₂=-9"),
    ("Share 20 sweets in the ratio 2:3.", "8:12", "8 and 12"),
    ("Write 0.36 in lowest terms.", "9/25", "nine twenty-fifths"),
    ("Solve x + y = 7 and 2x - y = 2.", "x = 3, y = 4", "3x = 9, x = 3, y = 4"),
    ("Find f(2) for f(x) = x^2 - 5x.", "-6", "f(2) = -6"),
    ("Solve 4x + 3 >= 2x - 5.", "x ≥ -4", "-4 or more"),
    ("Find the lowest common multiple of 6 and 8.", "24", "LCM = 24"),
    ("What does a coat of £60 cost with 30% off? Give the unit.", "£42", "60 x 0.7 = £42"),
    ("17 ÷ 5 的商和余数？", "[3,2]", "3……2"),
]
WRONG = [
    (SHARES, BOTH, "30 pounds and 54 pounds"),
    (SHARES, BOTH, "36 pounds, 48 euros"),
    (SHARES, "£84", "36 pounds and 48 pounds"),
    ("How heavy is it?", "8 kg", "3 kg 5 kg"),
    (CLOSED, ENDS, "[-3; 8]"),
    (CLOSED, ENDS, "]-3; 7["),
    (SOLVE, X4, "2x=8"),
    (SOLVE, X4, "2x=8, x=5"),
    (SOLVE, X4, "x=4 or x=5"),
    (SOLVE, X4, "x不等于4"),
    (SOLVE, X4, "not x = 4, so x = 5"),
    (BELOW, LESS, "4 or less"),
    (BELOW, LESS, "x是不小于4的数"),
    ("Work out 1/2 + 1/3.", "5/6", "5 eighths"),
    ("Round 7.46 to one decimal place.", "7.5", "7,46"),
    ("Write 1,250 in words as digits.", "1250", "1,25"),
    ("Simplify 3a + 2b + a - b.", "4a + b", "3a + b + a"),
    ("Share 20 sweets in the ratio 2:3.", "8:12", "2:3"),
    ("42 的 5/6 是多少？", "35", "42×5/6"),
    ("Factorise 6x + 9.", "3(2x + 3)", "6(x+1.5)"),
    ("Increase 80 by 15%.", "92", "80*1.15"),
    ("What is the chance of a head?", "1/2", "1:2"),
    ("Solve x^2 - 5x + 6 = 0.", "x = 2 or x = 3", "(x-2)(x-3)=0, x=2"),
    ("A field is 4 m by 2.5 m. What is its area? Give the unit.", "10 m²", "4 x 2.5 = 10 (metres)"),
]


@pytest.mark.parametrize(("item", "key", "answer"), RIGHT)
def test_a_right_answer_is_taken_as_people_write_it(item: str, key: str, answer: str) -> None:
    assert grade_math(item, key, answer).is_correct


@pytest.mark.parametrize(("item", "key", "answer"), WRONG)
def test_nothing_else_is_taken(item: str, key: str, answer: str) -> None:
    assert not grade_math(item, key, answer).is_correct


def test_how_an_answer_is_read_does_not_tell_whether_it_is_right() -> None:
    assert [read_back(f"2x=8, x={n}", X4, SOLVE) for n in (4, 5)] == ["x = 4", "x = 5"]
    assert [read_back(f"0,{n}", "0.625", "Work out 5/8.") for n in (625, 125)] == ["0.625", "0.125"]
