"""The chat on another site: launcher, panel, a session without cookies or storage, unread messages; only where it is named."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHOP
from tests.browser.people import Open, conversation_id
from tests.program import Server, free_port

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><title>A shop</title><body><h1>A shop</h1>
<script type="module" src="{base}/widget.js"></script><duologue-chat></duologue-chat></body></html>"""


@contextmanager
def serve_page(port: int, text: str) -> Iterator[str]:
    """A site of one page. `localhost` is another site than the program's 127.0.0.1."""

    class OnePage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("localhost", port), OnePage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_the_chat_opens_on_a_shop_s_page(open_page: Open, open_desk: Open, program: Server) -> None:
    with serve_page(urlsplit(SHOP).port or 0, PAGE.format(base=program.base)) as site:
        page = open_page(site)
        page.get_by_role("button", name="Chat with us").click()
        frame = page.frame_locator("duologue-chat iframe")
        frame.get_by_test_id("composer").fill("I want to talk to a person")
        frame.get_by_test_id("composer").press("Enter")
        expect(frame.get_by_test_id("notice")).to_be_visible()
        inner = next(f for f in page.frames if "embed=1" in f.url)
        page.get_by_role("button", name="Close the chat").click()
        desk = open_desk()
        desk.get_by_test_id("view-waiting").click()
        desk.locator(f"[data-testid=row][data-id={conversation_id(inner)}]").click()
        desk.get_by_test_id("desk-composer").fill("Here I am")
        desk.keyboard.press("Control+Enter")
        expect(page.locator("duologue-chat .unread")).to_have_text("1")
        page.get_by_role("button", name="Chat with us").click()
        expect(frame.locator("[data-testid=message][data-author=expert]")).to_contain_text("Here I am")


def test_a_site_that_is_not_named_cannot_show_it(open_page: Open, program: Server) -> None:
    with serve_page(free_port(), PAGE.format(base=program.base)) as site:
        page = open_page(site)
        page.get_by_role("button", name="Chat with us").click()
        page.wait_for_timeout(1_500)
        expect(page.frame_locator("duologue-chat iframe").get_by_test_id("composer")).to_have_count(0)
