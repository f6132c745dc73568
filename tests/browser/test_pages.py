"""Every page in both languages and themes, on a phone, for a screen reader; and the page's state is what the server has."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Open, ask, conversation_id, open_row, probe

pytestmark = pytest.mark.browser

GROUPS = "chat|desk|draft|admin|knowledge|members|models|verdicts|context|run|view|status|mode|author|owner|rating|action"
KEY = re.compile(rf"\b(?:{GROUPS})\.[a-z_]+\b")


def check(page: Page) -> None:
    """Nothing without a name, no word left out, enough contrast, no scrolling sideways."""
    page.wait_for_timeout(400)
    assert page.evaluate(probe("nameless")) == []
    assert KEY.findall(page.locator("body").inner_text()) == []
    assert page.evaluate(probe("contrast")) == []
    assert page.evaluate(probe("too_wide")) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_the_chat(open_page: Open, lang: str, theme: str, width: int) -> None:
    page = open_page(lang=lang, width=width, height=720, color_scheme=theme)
    expect(page.get_by_test_id("starter").first).to_be_visible()
    check(page)
    ask(page, "How much is express delivery in the UK?")
    expect(page.locator("[data-testid=message][data-author=ai]")).to_be_visible()
    check(page)
    page.locator("button.cite").first.click()
    expect(page.locator(".cited mark").first).to_be_visible()
    page.wait_for_timeout(300)
    check(page)
    page.keyboard.press("Escape")
    page.get_by_test_id("thumb-down").click()
    page.get_by_test_id("rating-reason").first.click()
    page.get_by_test_id("chat-menu").click()
    page.get_by_test_id("earlier").click()
    expect(page.get_by_test_id("earlier-one")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_test_id("chat-menu").click()
    page.get_by_test_id("new-conversation").click()
    expect(page.locator("[data-testid=message]")).to_have_count(0)


def test_a_long_source_fits_a_narrow_screen(open_page: Open) -> None:
    page = open_page(width=360, height=720)
    ask(page, "How much is express delivery in the UK?")
    chip = page.locator(".source-chip .heading").first
    expect(chip).to_be_visible()
    chip.evaluate("e => (e.textContent = 'Who can use it, and where '.repeat(9))")
    check(page)


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
def test_the_desk_and_the_settings(open_page: Open, open_desk: Open, lang: str, theme: str) -> None:
    person = open_page(lang=lang)
    ask(person, "Do you sell velvet tents?")
    expect(person.get_by_test_id("notice")).to_be_visible()
    desk = open_desk(lang=lang, color_scheme=theme, who="owner")
    open_row(desk, conversation_id(person))
    expect(desk.get_by_test_id("draft")).to_be_visible()
    expect(desk.get_by_test_id("run")).to_be_visible()
    check(desk)
    desk.get_by_test_id("draft-regenerate").click()
    check(desk)
    for place in ("knowledge", "desks", "members", "models", "verdicts"):
        desk.goto(f"/admin#{place}")
        desk.locator(".card").first.wait_for()
        check(desk)


def test_a_switch_of_language_and_theme_is_remembered(open_page: Open) -> None:
    page = open_page()
    expect(page.get_by_test_id("composer")).to_have_attribute("placeholder", "Write a message…")
    page.get_by_test_id("switch-lang").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_test_id("composer")).to_have_attribute("placeholder", "请输入您的问题…")
    page.get_by_test_id("switch-theme").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page).to_have_title("在线咨询")


def test_new_messages_do_not_pull_the_reader_away(open_page: Open, open_desk: Open) -> None:
    person = open_page(height=600)
    person.get_by_test_id("talk-to-person").click()
    expect(person.get_by_test_id("notice")).to_be_visible()
    ask(person, "\n".join(f"line {n}" for n in range(60)))
    desk = open_desk()
    open_row(desk, conversation_id(person))
    person.locator(".scroller").evaluate("box => box.scrollTop = 0")
    desk.get_by_test_id("desk-composer").fill("Hello from below")
    desk.keyboard.press("Control+Enter")
    expect(person.get_by_test_id("new-messages")).to_contain_text("new message")
    assert person.locator(".scroller").evaluate("box => box.scrollTop") < 50
    person.get_by_test_id("new-messages").click()
    expect(person.get_by_test_id("new-messages")).to_have_count(0)


def test_the_events_give_what_fetching_gives(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "How much is express delivery in the UK?")
    expect(person.locator("[data-testid=message][data-author=ai]")).to_be_visible()
    ask(person, "Do you sell paper boats?")
    expect(person.get_by_test_id("notice")).to_be_visible()
    desk = open_desk()
    open_row(desk, conversation_id(person))
    desk.get_by_test_id("draft").wait_for()
    desk.keyboard.press("x")
    desk.get_by_test_id("reason-tone").click()
    desk.get_by_test_id("reject-done").click()
    desk.get_by_test_id("take-over").click()
    expect(desk.get_by_test_id("banner")).to_contain_text("You hold")
    desk.get_by_test_id("desk-composer").fill("No paper boats")
    desk.keyboard.press("Control+Enter")
    desk.get_by_test_id("tab-internal").click()
    desk.get_by_test_id("desk-composer").fill("Asked twice this week")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("[data-author=note]")).to_have_count(1)
    desk.get_by_test_id("hand-back").click()
    expect(desk.get_by_test_id("banner")).to_contain_text("AI is handling")
    desk.get_by_test_id("resolve").click()
    expect(desk.get_by_test_id("reopen")).to_be_visible()
    base = desk.evaluate("document.querySelector('script[type=module]').src.replace(/\\/js\\/desk\\/main\\.js$/, '')")
    replayed, fetched = desk.evaluate(probe("replay"), [conversation_id(person), base])
    assert replayed == fetched
