"""The shop's tools and policy: who sees an order, what can be cancelled, what goes to a person."""

from pathlib import Path

import pytest

from duologue.packs.support import PACK
from duologue.packs.support.policy import POLICY
from duologue.packs.support.shop.order_changes import (
    change_address,
    match_address,
    match_return,
    preview_address,
    preview_return,
    return_order,
)
from duologue.packs.support.shop.order_words import render_order
from duologue.packs.support.shop.orders import open_shop
from duologue.packs.support.tools import cancel_order, get_order, match_cancel, match_order, preview_cancel
from duologue.sdk import Caller, Lang, Refusal, ToolContext

EMMA, WANG = "emma.whitfield@mail.example", "wang.lei@mail.example"


def context(folder: Path, *said: str, lang: Lang = "en") -> ToolContext:
    return ToolContext(Caller("wsp_1", "cnv_1", "per_1", lang, said), folder)


def test_an_order_is_shown_only_to_who_knows_its_address(tmp_path: Path) -> None:
    asked = get_order(context(tmp_path, "Where is RO-104401?"), "RO-104401")
    assert isinstance(asked, Refusal)
    assert asked.asks
    wrong = get_order(context(tmp_path, "it is mallory@mail.example"), "RO-104401")
    unknown = get_order(context(tmp_path, f"it is {EMMA}"), "RO-999999")
    assert isinstance(wrong, Refusal)
    assert isinstance(unknown, Refusal)
    assert wrong.text.replace("RO-104401", "N") == unknown.text.replace("RO-999999", "N")
    order = get_order(context(tmp_path, f"it is {EMMA.upper()}, thanks"), "ro-104401")
    assert isinstance(order, dict)
    assert order["number"] == "RO-104401"
    assert "customer" not in order


def test_a_profile_is_no_proof(tmp_path: Path) -> None:
    caller = Caller("wsp_1", "cnv_1", "per_1", "en", ("RO-104401",), {"email": EMMA})
    assert isinstance(get_order(ToolContext(caller, tmp_path), "RO-104401"), Refusal)


def test_guessing_addresses_ends(tmp_path: Path) -> None:
    said = tuple(f"try a{i}@mail.example" for i in range(6))
    refused = get_order(context(tmp_path, *said, EMMA), "RO-104401")
    assert isinstance(refused, Refusal)
    assert refused.code == "too_many"
    assert not refused.asks


def test_cancelling_is_announced_done_once_and_remembered(tmp_path: Path) -> None:
    mine = context(tmp_path, EMMA)
    announced = preview_cancel(mine, "RO-104401")
    assert announced == "Cancel order RO-104401: 1 × Moss 0 sleeping bag (Regular); 1 × Merino hiking socks (S), £153."
    assert not (tmp_path / "wsp_1" / "changes.json").exists()
    first, second = cancel_order(mine, "RO-104401"), cancel_order(mine, "RO-104401")
    assert first == second
    assert isinstance(first, str)
    order = get_order(mine, "RO-104401")
    assert isinstance(order, dict)
    assert order["status"] == "cancelled"
    assert "cancelled" in render_order(order, "en")


@pytest.mark.parametrize("number", ["RO-104356", "RO-104388", "RO-104395"])
def test_an_order_that_went_too_far_is_not_cancelled(tmp_path: Path, number: str) -> None:
    order = open_shop(tmp_path, "wsp_1").find(number)
    assert order is not None
    mine = context(tmp_path, order["customer"]["email"], lang="zh")
    refused = cancel_order(mine, number)
    assert isinstance(refused, Refusal)
    assert refused.code == "too_late"
    assert not (tmp_path / "wsp_1" / "changes.json").exists()


def test_a_return_is_registered_once_and_only_of_what_was_delivered(tmp_path: Path) -> None:
    order = open_shop(tmp_path, "wsp_1").find("RO-104251")
    assert order is not None
    mine = context(tmp_path, order["customer"]["email"])
    announced = preview_return(mine, "RO-104251")
    assert isinstance(announced, str)
    assert "delivered on" in announced
    assert not (tmp_path / "wsp_1" / "changes.json").exists()
    assert return_order(mine, "RO-104251") == return_order(mine, "RO-104251")
    assert (open_shop(tmp_path, "wsp_1").find("RO-104251") or {})["status"] == "returned"
    refused = preview_return(context(tmp_path, WANG, lang="zh"), "RO-104315")
    assert isinstance(refused, Refusal)
    assert "已发货" in refused.text


def test_an_address_changes_until_the_order_is_packed(tmp_path: Path) -> None:
    mine = context(tmp_path, EMMA)
    assert preview_address(mine, "RO-104401", "5 New  Road, Leeds.") == "Send order RO-104401 to: 5 New Road, Leeds."
    assert change_address(mine, "RO-104401", "5 New Road, Leeds") == "Order RO-104401 will be sent to: 5 New Road, Leeds."
    order = get_order(mine, "RO-104401")
    assert isinstance(order, dict)
    assert (order["address"], order["status"]) == ("5 New Road, Leeds", "placed")
    cancel_order(mine, "RO-104401")
    changed = open_shop(tmp_path, "wsp_1").find("RO-104401")
    assert changed is not None
    assert (changed["status"], changed["address"]) == ("cancelled", "5 New Road, Leeds")
    assert isinstance(change_address(mine, "RO-104401", "elsewhere"), Refusal)
    stranger = change_address(context(tmp_path, "mallory@mail.example"), "RO-104401", "my house")
    assert isinstance(stranger, Refusal)


def test_a_customer_s_orders_newest_first(tmp_path: Path) -> None:
    found = open_shop(tmp_path, "wsp_1").list_of(EMMA.upper())
    assert len(found) > 1
    assert [order["placed_at"] for order in found] == sorted((order["placed_at"] for order in found), reverse=True)


@pytest.mark.parametrize(
    ("text", "returned", "address"),
    [
        ("I want to return RO-104251", "RO-104251", None),
        ("订单RO-104251我想退货", "RO-104251", None),
        ("When is my return RO-104251 refunded?", None, None),
        ("订单RO-104251退货进度怎么样", None, None),
        ("please change the address of RO-104401 to 5 New Road, Leeds", None, "5 New Road, Leeds"),
        ("把订单RO-104401的收货地址改成成都市人民南路 1 号", None, "成都市人民南路 1 号"),
        ("Can I change the address of RO-104401?", None, None),
        ("RO-104401, my address is emma.whitfield@mail.example", None, None),
        ("change the address of RO-104401 to emma.whitfield@mail.example", None, None),
    ],
)
def test_returns_and_new_addresses_in_what_people_write(text: str, returned: str | None, address: str | None) -> None:
    assert (match_return(text) or {}).get("number") == returned
    assert (match_address(text) or {}).get("address") == address


def test_an_order_is_told_in_both_languages(tmp_path: Path) -> None:
    order = get_order(context(tmp_path, WANG), "RO-104315")
    assert isinstance(order, dict)
    carrier = order["delivery"]["carrier"]
    assert render_order(order, "en") == (
        f"Order RO-104315 is on its way. We expect it to arrive by 24 November 2026. Carrier and tracking number: {carrier}, "
        "SF1412230958846. Items: 1 × Tarn 2 tent; 1 × Moss 0 sleeping bag (Long). Total ¥3,104."
    )
    assert render_order(order, "zh") == (
        f"订单 RO-104315 已发货，正在路上。预计2026年11月24日前送达。承运方：{carrier}，单号 SF1412230958846。"
        "商品：1 × 冰湖 2 双人帐篷；1 × 苔原 0 度睡袋（Long）。合计 ¥3,104。"
    )


@pytest.mark.parametrize(
    ("text", "order", "cancel"),
    [
        ("Where is RO-104315?", "RO-104315", None),
        ("where's ro 104315", "RO-104315", None),
        ("订单RO-104315到哪了", "RO-104315", None),
        ("please cancel RO-104401", "RO-104401", "RO-104401"),
        ("我要取消订单RO-104404", "RO-104404", "RO-104404"),
        ("was my order RO-104401 cancelled?", "RO-104401", None),
        ("RO-1234567", None, None),
        ("How do I cancel an order?", None, None),
        ("EURO-104315", None, None),
    ],
)
def test_an_order_number_is_found_in_what_people_write(text: str, order: str | None, cancel: str | None) -> None:
    assert (match_order(text) or {}).get("number") == order
    assert (match_cancel(text) or {}).get("number") == cancel


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("I burned my hand with your stove", "injury"),
        ("You charged me twice", "refund_dispute"),
        ("My refund still hasn't arrived", "refund_dispute"),
        ("退款一直没到", "refund_dispute"),
        ("I will talk to my lawyer", "legal"),
        ("我要打12315", "legal"),
        ("I want to make a formal complaint", "complaint"),
        ("我要投诉", "complaint"),
        ("My Ember 2 is leaking", "recall"),
        ("余烬 2 漏气了", "recall"),
    ],
)
def test_some_topics_go_to_a_person(text: str, topic: str) -> None:
    found = POLICY.find_topic(text)
    assert found is not None
    assert found.name == topic


@pytest.mark.parametrize(
    "text",
    [
        "How long does a refund take?",
        "Is the Ember 2 recalled?",
        "退款多久到账",
        "余烬 2 要召回吗",
        "My issue is the zip",
        "Can I return courtesy gifts?",
    ],
)
def test_ordinary_questions_stay_with_the_assistant(text: str) -> None:
    assert POLICY.find_topic(text) is None


def test_the_pack_names_what_it_brings() -> None:
    assert [tool.name for tool in PACK.tools] == ["get_order", "cancel_order", "change_address", "return_order"]
    assert all(source.folder.is_dir() for source in PACK.sources)
    assert {tool.scope for tool in PACK.tools} == {"read", "change"}
    for tool in PACK.tools:
        assert tool.spec("en").parameters["required"][0] == "number"
