"""What the catalogue says of what was offered: told where it is written, left to a person where it is not."""

from types import SimpleNamespace
from typing import Any

import pytest

from duologue.kit.text import Lang
from duologue.packs.support.minds import sample_catalogue
from duologue.packs.support.talk.details import describe
from duologue.packs.support.talk.skills import DETAILS, find_offered

ITEMS = {item.id: item for item in sample_catalogue()}
TENTS = [ITEMS["TN-TARN2"], ITEMS["TN-TARN3"]]
BOOTS = [ITEMS["BT-MOOR"], ITEMS["BT-CRAG"]]


@pytest.mark.parametrize(
    ("question", "lang", "has"),
    [
        ("is it heavy?", "en", ["1.9 kg", "does not say this of Tarn 3 tent"]),
        ("How much does it weigh", "en", ["1.9 kg"]),
        ("重不重？", "zh", ["轻便", "1.9 kg", "冰湖 3 三人帐篷没有写明"]),
        ("which one is lighter?", "en", ["1.9 kg"]),
        ("哪个轻", "zh", ["1.9 kg"]),
        ("and how much is it?", "en", ["219", "269"]),
        ("多少钱", "zh", ["219", "269"]),
        ("几个人睡的", "zh", ["双人", "三人"]),
    ],
)
def test_what_is_written_is_told(question: str, lang: Lang, has: list[str]) -> None:
    said = describe(question, TENTS, lang) or ""
    assert all(words in said for words in has), said


@pytest.mark.parametrize("question", ["can I charge it?", "where is my order", "好的", "thanks", "is it heavy? " + "x" * 80])
def test_what_is_not_written_or_not_asked_is_left_to_others(question: str) -> None:
    assert describe(question, TENTS, "en") is None
    assert describe("is it heavy?", [], "en") is None


def test_one_of_two_says_it() -> None:
    assert (
        describe("防水吗", BOOTS, "zh")
        == "商品介绍里是这样写的：\n\n- 荒原布面徒步靴：轻便防水布面徒步靴\n\n岩壁皮面登山靴没有写明这一点。"
    )


def message(author: str, **data: Any) -> Any:
    return SimpleNamespace(author_kind=author, data=data)


def test_an_offer_is_spoken_of_until_something_else_is() -> None:
    card = {"kind": "Offers", "offers": [{"title": "Tarn 2 tent"}]}
    offer, ask, told, other = message("ai", card=card), message("person"), message("ai", **{DETAILS: True}), message("ai")
    assert find_offered([offer]) == find_offered([offer, ask, told, ask]) == ["Tarn 2 tent"]
    assert find_offered([offer, ask, other]) == find_offered([ask]) == find_offered([]) == []
