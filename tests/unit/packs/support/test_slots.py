"""Slots: by hand-written messages of both languages, and nothing that breaks it."""

import itertools
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duologue.packs.support.intents.slots import SlotReader

READER = SlotReader({"tent-2": ["Fern 2 tent", "蕨叶帐篷"], "stove": ["Ember stove", "余烬炉"]})
TODAY = date(2026, 3, 10)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is RO-104401?", [("order", "RO-104401")]),
        ("order number 12345 please", [("order", "12345")]),
        ("订单号 20260301555", [("order", "20260301555")]),
        ("订单１２３４５６７８９", [("order", "123456789")]),
        ("two Fern 2 tents", [("product", "tent-2")]),
        ("我的蕨叶帐篷和余烬炉", [("product", "tent-2"), ("product", "stove")]),
        ("I paid £1,249.50", [("amount", "1249.50 GBP")]),
        ("20 dollars", [("amount", "20.00 USD")]),
        ("花了三百五十块钱", [("amount", "350.00 CNY")]),
        ("一万二千元", [("amount", "12000.00 CNY")]),
        ("on 3rd of March", [("date", "2026-03-03")]),
        ("2026-02-28", [("date", "2026-02-28")]),
        ("2026-02-30", []),
        ("3月5日买的", [("date", "2026-03-05")]),
        ("last friday", [("date", "2026-03-06")]),
        ("上周五", [("date", "2026-03-06")]),
        ("two days ago", [("date", "2026-03-08")]),
        ("三天前", [("date", "2026-03-07")]),
        ("the day before yesterday", [("date", "2026-03-08")]),
        ("昨天", [("date", "2026-03-09")]),
        ("Dec 30", [("date", "2025-12-30")]),
        ("nothing here", []),
    ],
)
def test_slots(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(slot.kind, slot.value) for slot in READER.read(text, TODAY)] == expected


def test_places_are_those_of_the_text() -> None:
    text = "Ｏrder RO-104401, £20, yesterday"
    for slot in READER.read(text, TODAY):
        assert text[slot.start : slot.end] == slot.text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("0123456789-/.年月日元块$£ RO订单号dayswek前上周一两十百千万ago#"), max_size=60))
def test_any_text_gives_slots_that_do_not_overlap(text: str) -> None:
    slots = READER.read(text, TODAY)
    assert all(one.end <= other.start for one, other in itertools.pairwise(slots))
    assert all(text[slot.start : slot.end] == slot.text for slot in slots)


def test_a_very_long_message() -> None:
    assert len(READER.read("order 12345 " * 10_000, TODAY)) > 10


def test_an_order_number_within_chinese_words_is_found() -> None:
    found = SlotReader().read("我的订单RO-104315到哪了", date(2026, 11, 29))
    assert [(slot.kind, slot.value) for slot in found] == [("order", "RO-104315")]
