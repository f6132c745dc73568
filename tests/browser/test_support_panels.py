"""The support pack's panels: what is read of a message, answers and offers beside it, settings for intents, gaps, figures, shop."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import Open, ask, conversation_id, open_row

pytest.importorskip("sklearn", reason="the models of the support pack need the extra support")
pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("lang", "question", "intent"), [
    ("en", "Where is my order RO-104315? My e-mail is wang.lei@mail.example", "where your order is"),
    ("zh", "我的订单RO-104315到哪了？邮箱 wang.lei@mail.example", "查询订单进度"),
])  # fmt: skip
def test_the_desk_sees_what_is_wanted_and_by_whom(open_page: Open, open_desk: Open, lang: str, question: str, intent: str) -> None:
    person = open_page(lang=lang)
    ask(person, question)
    expect(person.locator("[data-testid=message]").last).to_contain_text("RO-104315", timeout=60_000)
    desk = open_desk(lang=lang, width=1440)
    open_row(desk, conversation_id(person))
    expect(desk.get_by_test_id("panel-support-message").get_by_test_id("intent").first).to_contain_text(intent, timeout=60_000)
    expect(desk.get_by_test_id("panel-support-message")).to_contain_text("RO-104315")
    orders = desk.get_by_test_id("panel-support-customer").get_by_test_id("order")
    expect(orders.first).to_contain_text("RO-")
    expect(desk.get_by_test_id("panel-support-suggest").get_by_test_id("answer").first).to_be_visible()


def test_an_offer_goes_from_the_expert_to_the_person_and_back_into_the_figures(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "How much is express delivery?")
    expect(person.locator("[data-testid=message]").last).to_contain_text("7.95", timeout=60_000)
    ask(person, "no more questions, thank you")
    expect(person.locator("[data-testid=message]").last).to_contain_text("welcome", timeout=60_000)
    desk = open_desk(width=1440)
    open_row(desk, conversation_id(person))
    offer = desk.get_by_test_id("offer").first
    expect(offer).to_have_attribute("data-state", "proposed", timeout=60_000)
    desk.get_by_test_id("send-offer").first.click()
    card = person.get_by_test_id("offer-card")
    expect(card).to_be_visible()
    card.get_by_role("button").first.click()
    expect(card).to_have_attribute("data-state", "accepted")
    admin = open_desk("/admin#support/figures", who="admin")
    expect(admin.get_by_test_id("funnel").get_by_role("row").nth(2)).to_contain_text(re.compile(r"[1-9]"), timeout=60_000)
    expect(admin.get_by_test_id("plot").first.locator("canvas")).to_be_visible()
    expect(admin.get_by_test_id("handling")).to_contain_text("assistant alone")


def test_intents_are_learned_from_examples_and_put_back(open_desk: Open) -> None:
    admin = open_desk("/admin#support/intents", who="admin")
    table = admin.get_by_test_id("intents")
    expect(table).to_contain_text("order_status", timeout=60_000)
    admin.locator("textarea").first.fill("do you rent out kayaks\nrent a kayak for a day\ncan I hire a kayak")
    admin.get_by_role("combobox").first.fill("kayak_rental")
    admin.get_by_role("button", name="Learn").click()
    expect(table).to_contain_text("kayak_rental", timeout=60_000)
    expect(admin.get_by_test_id("scorecard")).to_contain_text("Accuracy")
    admin.get_by_role("button", name="Put in force").first.click()
    expect(table).not_to_contain_text("kayak_rental", timeout=60_000)


def test_a_gap_becomes_an_article_and_the_shop_names_broken_rows(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "Do you teach climbing to beginners on glaciers?")
    expect(person.locator("[data-testid=message], [data-testid=notice]").last).to_be_visible(timeout=60_000)
    ask(person, "I mean glacier climbing lessons")
    admin = open_desk("/admin#support/gaps", who="admin")
    gap = admin.get_by_test_id("gap").filter(has_text="lacier").first
    expect(gap).to_be_visible(timeout=60_000)
    gap.get_by_test_id("write").click()
    gap.locator("textarea").fill("We do not teach climbing on glaciers.")
    gap.get_by_role("button", name="Save the article").click()
    expect(admin.get_by_role("status")).to_contain_text("in the knowledge", timeout=60_000)
    admin.goto("/admin#support/shop")
    admin.get_by_test_id("panel-support-shop").locator("input[type=file]").first.set_input_files(
        {"name": "items.csv", "mimeType": "text/csv", "buffer": b"id,title,price\n1,Kayak,900\n2,Paddle,dear\n"}
    )
    expect(admin.get_by_test_id("panel-support-shop")).to_contain_text("line 3", timeout=60_000)
