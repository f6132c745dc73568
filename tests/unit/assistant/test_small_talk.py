"""What is said beside the matter, in the words that people use for it; and what only looks like it."""

import time

import pytest

from duologue.assistant.small_talk import drops_it, find_small_talk

KINDS = {
    "greeting": [
        "hiya :)", "hey there, hope ur well", "good morning, how are you?", "hello hello",
        "在吗", "亲 在不", "哈喽～", "你好，在吗",
    ],
    "thanks": [
        "thx so much ur a star", "ok cheers", "gr8 tyvm", "cheers mate, bye for now",
        "thanks, that's all", "好的谢谢亲", "行 谢啦", "辛苦了",
    ],
    "goodbye": ["nice see you then", "that's all", "bye bye", "哦哦 明白了 拜拜", "没别的事了", "先这样吧"],
    "acknowledged": [
        "ok", "lol ok fair", "oh ok i see", "perfect",
        "sounds good", "好嘞", "嗯嗯好", "知道了",
    ],
    "picture": [
        "here's a photo", "photo attached", "sent you a screenshot", "i've just sent you some pics",
        "see the screenshot", "图片发你了", "发了照片", "给你发了张截图",
    ],
    "taken_back": [
        "actually no keep it", "oh wait forget it", "no don't cancel it",
        "never mind", "sorry, I changed my mind", "stop", "等等 先不退了",
        "还是不取消了", "别取消了", "算了先不买了", "不用了",
    ],
    None: [
        "yes", "no", "可以",
        "hello, where is my parcel", "thanks for nothing", "great, my parcel is lost", "thanks but it is still broken",
        "this is the best you can do?", "keep it or send it back, what do I do", "don't cancel my order, change the size",
        "I changed my mind, can I return it?", "can you forget my data",
        "how do I stop the mails", "the photo shows a different tent",
        "照片和实物不一样", "怎么不退了", "不退了吗", "不要了怎么退", "算了还是帮我退了吧", "谢谢，那运费呢", "好吧，多久能到",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in KINDS.items() for text in texts])
def test_small_talk_is_known_in_the_words_of_people_and_is_nothing_else(kind: str | None, text: str) -> None:
    assert find_small_talk(text) == kind
    assert find_small_talk(text.upper() + " ") == kind


def test_what_takes_back_nothing_is_a_farewell_where_it_says_so() -> None:
    assert drops_it("never mind")
    assert drops_it("算了先不买了")
    assert not drops_it("keep it")
    assert not drops_it("thanks")


@pytest.mark.parametrize(
    "text", ["ok " * 30_000, "先" * 95, "thanks " * 14 + "?", "等等" * 48 + "x", "  " * 50_000 + "hi", "oh wait " * 12 + "x"]
)
def test_long_and_winding_messages_cost_little(text: str) -> None:
    began = time.perf_counter()
    find_small_talk(text)
    assert time.perf_counter() - began < 0.5
