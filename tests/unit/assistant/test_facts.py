"""What must not be wrong by a hair: the same facts from both languages, and what counts as missing."""

import pytest

from duologue.assistant.facts import find_facts


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Delivery takes 2–4 working days and costs £4.50.", {("workday", "2"), ("workday", "4"), ("GBP", "4.5")}),
        ("送货需要两到四个工作日，运费 ¥12。", {("workday", "2"), ("workday", "4"), ("CNY", "12")}),
        ("within thirty days", {("day", "30")}),
        ("三十天内", {("day", "30")}),
        ("before 31 January 2027", {("date", "1-31"), ("year", "2027")}),
        ("2027年1月31日前", {("date", "1-31"), ("year", "2027")}),
        ("January 31st", {("date", "1-31")}),
        ("2027-01-31", {("date", "1-31"), ("year", "2027")}),
        ("sold from October 2024", {("month", "10"), ("year", "2024")}),
        ("£1,299.00 and HK$390", {("GBP", "1299"), ("HKD", "390")}),
        ("batch E2-2411-03377 of order RO-104315", {("code", "e2-2411-03377"), ("code", "ro-104315")}),
        ("15 % off, 230 g, 10 cm", {("percent", "15"), ("g", "230"), ("cm", "10")}),
        ("write to help@shop.example", {("link", "help@shop.example")}),
        ("You may try it on", set()),
        ("一般来说一下就好", set()),
    ],
)
def test_facts_are_found(text: str, facts: set[tuple[str, str]]) -> None:
    assert find_facts(text).exact == facts


@pytest.mark.parametrize(
    ("text", "denies"),
    [
        ("You can return it", False),
        ("You can't return it", True),
        ("Never wash it", True),
        ("It is not only warm", False),
        ("不能退货", True),
        ("可以退货，不过要快", False),
        ("没有不能退的", False),
        ("特别好的类别", False),
    ],
)
def test_denial_is_heard(text: str, denies: bool) -> None:
    assert find_facts(text).denies is denies


@pytest.mark.parametrize(
    ("said", "evidence", "missing"),
    [
        ("30 days", "within 30 days", set()),
        ("30 working days", "within 30 days", {("workday", "30")}),
        ("30", "within 30 days", set()),
        ("£18", "Zip — Bristol: 18", set()),
        ("£18", "Zip — Bristol: ¥18", {("GBP", "18")}),
        ("£81", "£18", {("GBP", "81")}),
        ("4 days", "2–4 days", set()),
    ],
)
def test_missing_facts(said: str, evidence: str, missing: set[tuple[str, str]]) -> None:
    assert find_facts(said).missing_in(find_facts(evidence)) == missing


def test_bounds_are_heard_in_both_languages() -> None:
    assert find_facts("before the end").bounds == find_facts("结束之前").bounds == {"before"}
    assert find_facts("over £60").bounds == find_facts("超过 60 英镑").bounds == {"more"}
    assert find_facts("up to 10 cm").bounds == find_facts("10 厘米以内").bounds == {"less"}
