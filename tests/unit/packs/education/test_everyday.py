"""What rounds of everyday answers showed, held in general: other numbers and other names than those rounds had."""

import pytest

pytest.importorskip("math_verify", reason="needs the extra education")

from duologue.packs.education.maths.grade import grade_math
from duologue.packs.education.maths.labels import read_labels, split_labels

SIGN, SIGN_ZH = "Compare 3/5 and 4/7.", "比较 3/5 与 4/7 的大小。"
HENS, HENS_ZH = (
    "A farm has hens and sheep, 9 heads and 26 legs. How many of each?",
    "停车场有汽车和摩托车共 9 辆，26 个轮子。各有几辆？",
)

GRADED = [
    (SIGN, "3/5 > 4/7", "4/7 < 3/5", True),
    (SIGN, "3/5 > 4/7", "4/7 > 3/5", False),
    (SIGN, "3/5 > 4/7", "3/5 is bigger", True),
    (SIGN, "3/5 > 4/7", "4/7 is larger than 3/5", False),
    (SIGN, "3/5 > 4/7", "4/7 is smaller", True),
    (SIGN_ZH, "3/5 > 4/7", "3/5大", True),
    (SIGN_ZH, "3/5 > 4/7", "4/7更大", False),
    (SIGN_ZH, "3/5 > 4/7", "3/5比4/7大", True),
    (SIGN_ZH, "3/5 > 4/7", "4/7比3/5大", False),
    ("Which region?", "2x + y > 6", "y + 2x > 6", True),
    ("Which region?", "2x + y > 6", "6 > 2x + y", False),
    ("Which region?", "2x + y > 6", "6 < y + 2x", True),
    ("Make h the subject of V = 3hk.", "h = V/(3k)", "h = V/3k", True),
    ("Make h the subject of V = 3hk.", "h = V/(3k)", "h = Vk/3", False),
    ("Write half of x.", "x/2", "1/2x", True),
    ("点 B(2, 5) 关于 y 轴对称的点 B' 的坐标是多少？", "(-2, 5)", "B'(-2,5)", True),
    ("点 B(2, 5) 关于 y 轴对称的点 B' 的坐标是多少？", "(-2, 5)", "B'(2,-5)", False),
    (HENS_ZH, "汽车 4 辆，摩托车 5 辆", "摩托车5辆，汽车4辆", True),
    (HENS_ZH, "汽车 4 辆，摩托车 5 辆", "汽车有四辆、摩托车有五辆", True),
    (HENS_ZH, "汽车 4 辆，摩托车 5 辆", "4辆汽车，5辆摩托车", True),
    (HENS_ZH, "汽车 4 辆，摩托车 5 辆", "汽车5辆，摩托车4辆", False),
    (HENS_ZH, "汽车 4 辆，摩托车 5 辆", "汽车4辆", False),
    (HENS, "5 hens and 4 sheep", "4 sheep and 5 hens", True),
    (HENS, "5 hens and 4 sheep", "hens 5, sheep 4", True),
    (HENS, "5 hens and 4 sheep", "4 hens and 5 sheep", False),
    (HENS, "5 hens and 4 sheep", "5 goats and 4 sheep", False),
    ("Find the line.", "y = 2x - 5", "y=2x+-5", True),
    ("Find the line.", "y = 2x - 5", "y=2x+5", False),
    ("Solve x² - 4x + 1 = 0.", "x = 2 + √3 or x = 2 - √3", "x = 2 +- √3", True),
    ("一根木料锯成几段？", "6", "4.8÷0.8=6（段）", True),
    ("一根木料锯成几段？", "6", "6米", False),
    ("甲、乙两数各是多少？", "甲数 40，乙数 25", "乙25，甲40", True),
    ("甲、乙两数各是多少？", "甲数 40，乙数 25", "甲25，乙40", False),
    ("What is the y-intercept of y = 2x - 7?", "-7", "(0, -7)", True),
    ("What is the y-intercept of y = 2x - 7?", "-7", "(-7, 0)", False),
    ("What is the x-intercept of y = 2x - 8?", "4", "(4, 0)", True),
    ("把 2 米 8 厘米换算成米。", "2.08", "2米8厘米=2.08m", True),
    ("把 2 米 8 厘米换算成米。", "2.08", "2.8m", False),
    ("Convert 350 cm to metres.", "3.5", "3.5m", True),
    ("Convert 350 cm to metres.", "3.5", "3.5 cm", False),
    ("Convert 3/5 to a decimal.", "0.6", "0.6", True),
    ("把 4500 克换算成千克。", "4.5", "4.5克", False),
    ("把 4500 克换算成千克。", "4.5", "4.5 kg", True),
    ("把 2m + 3m 化成最简形式。", "5m", "5m", True),
]  # fmt: skip


@pytest.mark.parametrize(("item", "key", "answer", "right"), GRADED)
def test_everyday_answers_are_graded_as_their_author_did(item: str, key: str, answer: str, right: bool) -> None:
    assert grade_math(item, key, answer).is_correct is right


@pytest.mark.parametrize("key", ["x = 4, y = 3", "3 hours and 20 minutes", "2, 3 and 5", "5 hens", "12 cm, 8 cm", "商 7 余 5"])
def test_what_is_no_name_labels_nothing(key: str) -> None:
    assert read_labels(key) == {}


def test_labels_of_the_questions_own_are_found_in_any_order() -> None:
    labels = read_labels("Ann £12, Ben £8")
    assert list(labels) == ["ann", "ben"]
    assert split_labels("Ben gets £8 and Ann gets £12", labels) == ["£12", "£8"]
    assert split_labels("Ben £8, Cy £12", labels) == []
