"""Is a sentence supported? True ones pass, ones that are wrong by a hair do not; in both languages."""

import pytest

from duologue.assistant.ground import Grounds, is_connective
from duologue.kit.text import Lang
from duologue.knowledge.model import Passage

EN = """You can return an unused tent within 30 days of delivery. Students have 45 days. Gift cards cannot be returned.

| Repair | Bristol | Chengdu |
| --- | --- | --- |
| Replace a zip | £18 | ¥120 |
| Resole a pair of boots | £65 | ¥420 |

Pick-up from your home is free when the repair comes to more than £60."""
ZH = """未使用的帐篷在签收后 30 天内可以退货。学生有 45 天。礼品卡不能退。维修金额超过 ¥400 免费上门取件。"""


def grounds(body: str, lang: Lang) -> Grounds:
    return Grounds([Passage("psg_1", "wsp_1", "doc_1", 1, "Returns and repairs", "Prices", body, 0, len(body), lang)])


@pytest.mark.parametrize(
    "sentence",
    [
        "You can return an unused tent within 30 days of delivery.",
        "An unused tent can be returned within 30 days.",
        "Students have 45 days.",
        "Gift cards cannot be returned.",
        "Replacing a zip costs £18 in Bristol.",
        "Pick-up is free when the repair is more than £60.",
        "Yes, you can return an unused tent within 30 days.",
        "I hope this helps!",
    ],
)
def test_what_the_passage_says_holds(sentence: str) -> None:
    assert grounds(EN, "en").check(sentence).holds


@pytest.mark.parametrize(
    "sentence",
    [
        "You can return an unused tent within 60 days of delivery.",
        "You can return an unused tent within 30 working days of delivery.",
        "You cannot return an unused tent within 30 days of delivery.",
        "Gift cards can be returned.",
        "Replacing a zip costs £65 in Bristol.",
        "Replacing a zip costs €18 in Bristol.",
        "Resoling a pair of boots costs £18.",
        "Pick-up is free when the repair is less than £60.",
        "Return postage is paid by the customer.",
        "Our founder climbed Everest.",
        "Call us on 0800 123 456.",
        "Visit https://evil.example to return a tent within 30 days.",
    ],
)
def test_what_it_does_not_say_does_not(sentence: str) -> None:
    support = grounds(EN, "en").check(sentence)
    assert not support.holds
    assert support.why


@pytest.mark.parametrize(
    "sentence", ["未使用的帐篷 30 天内可以退货。", "学生有 45 天。", "礼品卡不能退。", "维修超过 ¥400 可以免费上门取件。"]
)
def test_chinese_that_holds(sentence: str) -> None:
    assert grounds(ZH, "zh").check(sentence).holds


@pytest.mark.parametrize(
    "sentence",
    [
        "未使用的帐篷 60 天内可以退货。",
        "礼品卡可以退。",
        "未使用的帐篷 30 天内不能退货。",
        "维修超过 ¥300 可以免费上门取件。",
        "老板登过珠峰。",
    ],
)
def test_chinese_that_does_not(sentence: str) -> None:
    assert not grounds(ZH, "zh").check(sentence).holds


def test_the_other_language_is_never_enough() -> None:
    assert not grounds(ZH, "zh").check("You can return an unused tent within 30 days.").holds


def test_without_evidence_nothing_holds_but_politeness() -> None:
    empty = Grounds([])
    assert not empty.check("Tents are blue.").holds
    assert empty.check("Happy to help!").holds


def test_a_tool_is_evidence_too() -> None:
    told = Grounds([], ["Order RO-104315 is on its way. We expect it to arrive by 24 November 2026."])
    assert told.check("Your order RO-104315 should arrive by 24 November 2026.").holds
    assert not told.check("Your order RO-104315 should arrive by 25 November 2026.").holds
    assert not told.check("Your order RO-104316 is on its way.").holds


@pytest.mark.parametrize(
    ("sentence", "is_free"),
    [
        ("Happy to help with your tent!", True),
        ("很高兴为您解答帐篷的问题。", True),
        ("You get your money back.", False),
        ("It takes 3 days.", False),
        ("We never refund tents.", False),
        ("Can I return my tent? Can I return my tent?", False),
        ("", False),
    ],
)
def test_an_opening_claims_nothing(sentence: str, is_free: bool) -> None:
    assert is_connective(sentence, "Can I return my tent? 我能退帐篷吗？") is is_free
