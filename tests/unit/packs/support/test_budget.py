"""What may be spent, and what only looks like it; offers keep to it."""

import pytest

from duologue.packs.support.shop.catalogue import Item, Rules
from duologue.packs.support.talk.budget import Budget, read_budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("a tent under £200", Budget(200, "GBP")),
        ("something below 150 please", Budget(150)),
        ("My budget is about 1,200 euros", Budget(1200, "EUR")),
        ("budget: $99.50", Budget(99.5, "USD")),
        ("I want to spend up to 80 quid", Budget(80, "GBP")),
        ("60 pounds or less", Budget(60, "GBP")),
        ("预算1000", Budget(1000)),
        ("预算大概八百块", Budget(800, "CNY")),
        ("不超过500元的睡袋", Budget(500, "CNY")),
        ("两千以内的帐篷", Budget(2000)),
        ("最多３００", Budget(300)),
        ("a tent under 2 kg", None),
        ("delivery within 14 days", None),
        ("up to 3 people", None),
        ("below 0 degrees", None),
        ("at most 5 nights", None),
        ("不超过2公斤", None),
        ("三人以内", None),
        ("最多住3天", None),
        ("order 104315", None),
        ("I have a budget", None),
        ("under", None),
    ],
)
def test_a_bound_is_read_with_its_currency(text: str, budget: Budget | None) -> None:
    assert read_budget([text]) == budget


def test_the_last_bound_counts() -> None:
    assert read_budget(["a tent under £300", "hm", "better under £200", "for two"]) == Budget(200, "GBP")
    assert read_budget([]) is None


def test_prices_in_another_currency_are_not_compared() -> None:
    lamp = Item("lamp", "Lamp", price=35.0, currency="GBP")
    assert Rules(max_price=40, currency="GBP").allow(lamp)
    assert Rules(max_price=40).allow(lamp)
    assert not Rules(max_price=40, currency="CNY").allow(lamp)
    assert not Rules(max_price=30, currency="GBP").allow(lamp)
    assert Rules(currency="CNY").allow(lamp)
