"""Questions that lean on the one before, and small talk, which needs no search at all."""

import pytest

from duologue.assistant.notices import NOTICES, SMALL_TALK, find_small_talk
from duologue.assistant.retrieve import make_query


@pytest.mark.parametrize(
    ("question", "before", "query"),
    [
        ("And to Norway?", ["Do you deliver to Iceland?"], "Do you deliver to Iceland? And to Norway?"),
        ("what about students", ["How long can I return a tent?"], "How long can I return a tent? what about students"),
        ("How much is it?", ["a", "Can you resole boots?"], "Can you resole boots? How much is it?"),
        ("那烘干呢？", ["羽绒服怎么洗"], "羽绒服怎么洗 那烘干呢？"),
        ("wang.lei@mail.example", ["Where is RO-104315?"], "Where is RO-104315? wang.lei@mail.example"),
        ("And to Norway?", [], "And to Norway?"),
        ("How long is the warranty on tent poles?", ["Do you deliver to Iceland?"], "How long is the warranty on tent poles?"),
        ("Do you have a museum of tents?", ["What does express delivery cost?"], "Do you have a museum of tents?"),
        ("Do you have a blue?", ["Is the rucksack there in red?"], "Is the rucksack there in red? Do you have a blue?"),
        ("Can I wash it at 40?", ["羽绒服怎么洗"], "羽绒服怎么洗 Can I wash it at 40?"),
        ("你们有帐篷博物馆吗？", ["运费多少钱"], "你们有帐篷博物馆吗？"),
        ("帐篷杆的质保期限是多少年，要发票吗", ["羽绒服怎么洗"], "帐篷杆的质保期限是多少年，要发票吗"),
    ],
)
def test_a_question_that_leans_is_looked_up_with_the_one_before(question: str, before: list[str], query: str) -> None:
    assert make_query(question, before) == query


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hello", "greeting"),
        ("hi there!", "greeting"),
        ("你好", "greeting"),
        ("在吗？", "greeting"),
        ("Thanks!", "thanks"),
        ("ok, thank you so much", "thanks"),
        ("好的谢谢", "thanks"),
        ("谢谢，再见", "thanks"),
        ("ok.", "acknowledged"),
        ("知道了", "acknowledged"),
        ("👍", "acknowledged"),
        ("??", "unclear"),
        ("。。。", "unclear"),
        ("ok but where is it", None),
        ("Hello, where is my order?", None),
        ("Thanks, but the zip is broken", None),
        ("你好，怎么退货", None),
    ],
)
def test_small_talk_is_nothing_else(text: str, kind: str | None) -> None:
    assert find_small_talk(text) == kind


def test_every_notice_speaks_both_languages() -> None:
    for texts in (*NOTICES.values(), *SMALL_TALK.values()):
        assert set(texts) == {"en", "zh"}
        assert all(texts.values())
