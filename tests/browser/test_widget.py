"""The chat on a page that is not the program's own: launcher, panel, the person's session without cookies, unread messages."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Open, conversation_id
from tests.program import Server

pytestmark = pytest.mark.browser
SHOP = """<!doctype html><html lang="en"><title>A shop</title><body><h1>A shop</h1>
<script type="module" src="/widget.js"></script><duologue-chat></duologue-chat></body></html>"""


def test_the_chat_opens_on_a_shop_s_page(open_page: Open, open_desk: Open, program: Server) -> None:
    page = open_page()
    page.route("**/shop.html", lambda route: route.fulfill(content_type="text/html", body=SHOP))
    page.goto("/shop.html")
    page.get_by_role("button", name="Chat with us").click()
    frame = page.frame_locator("duologue-chat iframe")
    frame.get_by_test_id("composer").fill("I want to talk to a person")
    frame.get_by_test_id("composer").press("Enter")
    expect(frame.get_by_test_id("notice")).to_be_visible()
    inner = next(f for f in page.frames if "embed=1" in f.url)
    assert inner.evaluate("localStorage.getItem('duo.person')"), "the session is kept without a cookie"
    page.get_by_role("button", name="Close the chat").click()
    desk = open_desk()
    desk.get_by_test_id("view-waiting").click()
    desk.locator(f"[data-testid=row][data-id={conversation_id(inner)}]").click()
    desk.get_by_test_id("desk-composer").fill("Here I am")
    desk.keyboard.press("Control+Enter")
    expect(page.locator("duologue-chat .unread")).to_have_text("1")
    page.get_by_role("button", name="Chat with us").click()
    expect(frame.locator("[data-testid=message][data-author=expert]")).to_contain_text("Here I am")
