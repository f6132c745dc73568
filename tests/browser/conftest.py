"""The real program in a process of its own, and a Chromium that looks at it. Skipped, with the reason, where there is no Chromium.

The engine is the shipped scripted one (the only double); everything else is as people run it: sample workspace, SQLite, the pages.
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from duologue.assistant.prompt import NO_ANSWER
from tests.browser.people import Open
from tests.program import Server, free_port, person, serve

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
LOCALES = {"en": "en-GB", "zh": "zh-CN"}
SHOP = f"http://localhost:{free_port()}"
"""A site that may embed the chat."""
PASSWORD = "ridgeline-demo"
LONG = (
    "You have 30 days from delivery in most places. "
    "The first day is the day after delivery, and what counts is the day you hand the parcel in. "
    "Everything you would do in a shop is fine. "
    "In the UK and EU we refund the standard delivery charge when you return the whole order within 14 days. "
)
"""Sentences of the sample knowledge: only what its passages support is streamed."""
SCRIPT = {
    "rules": [
        {"match": "express delivery", "reply": "UK express delivery costs £7.95.", "interval_s": 0.02},
        {"match": "羽绒服", "reply": "用滚筒洗衣机，轻柔程序，30 °C。", "interval_s": 0.02},
        {"match": "everything", "reply": LONG * 2, "interval_s": 0.35, "chunk_chars": 16},
        {"match": "cancel my order", "tool_calls": [{"name": "cancel_order", "arguments": {"number": "RO-104401"}}]},
        {"reply": NO_ANSWER},
    ]
}


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server with the sample workspace."""
    folder = tmp_path_factory.mktemp("program")
    script = folder / "script.json"
    script.write_text(json.dumps(SCRIPT), "utf-8")
    settings = {
        "engine": "scripted",
        "scripted_path": script,
        "autopilot_threshold": 0.3,
        "rate_limits": "false",
        "embed_origins": SHOP,
    }
    shutil.copytree(prepared_data(tmp_path_factory, settings), folder / "data")
    with serve(folder / "data", **settings) as server:
        wait_until_ready(server)
        yield server
        server.stop()


def wait_until_ready(server: Server, timeout_s: float = 120) -> None:
    """Until a first message is answered: packs learn after the start, and how long several programs take at once is not tested."""
    client, path = person(server.base)
    with contextlib.closing(client):
        client.post(f"{path}/messages", json={"client_id": "1", "body": "hello"}).raise_for_status()
        until = time.monotonic() + timeout_s
        while all(m["author_kind"] == "person" for m in client.get(path).json()["messages"]):
            assert time.monotonic() < until, server.log.read_text()
            time.sleep(0.2)


def prepared_data(factory: pytest.TempPathFactory, settings: dict[str, Any]) -> Path:
    """A data folder with the sample workspaces, made by the first start of whichever process asks first; a copy each is for all."""
    shared = factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    made = shared / "prepared"
    with (shared / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with serve(shared / "preparing", timeout_s=240, **settings) as server:
                server.stop()
            (shared / "preparing").rename(made)
    return made


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's loop stands in the way of asynchronous tests of the same thread, so it ends with each file."""
    expect.set_options(timeout=30_000)  # a busy machine is no fault of what is tested
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The system's Chromium, else the one that Playwright brings, if it is there."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    own = Path(playwright.chromium.executable_path)
    if path is None and not own.exists():
        pytest.skip("there is no Chromium; install one (`apt install chromium`, or `playwright install chromium`)")
    args = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    started = playwright.chromium.launch(executable_path=path, args=args)
    yield started
    started.close()


@pytest.fixture
def open_page(browser: Browser, program: Server) -> Iterator[Open]:
    """Opens a page in a context of its own: another person, another browser. An error in a page's script fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def opened(path: str = "/", *, lang: str = "en", width: int = 1280, height: int = 860, **options: object) -> Page:
        context = browser.new_context(
            base_url=program.base,
            locale=LOCALES[lang],
            viewport={"width": width, "height": height},
            **options,  # type: ignore[arg-type]
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def open_desk(open_page: Open) -> Open:
    """Opens a page of members, signed in."""

    def opened(path: str = "/desk", *, who: str = "expert", **options: object) -> Page:
        page = open_page(path, **options)
        page.get_by_test_id("email").fill(f"{who}@ridgeline.example")
        page.get_by_test_id("password").fill(PASSWORD)
        page.get_by_test_id("sign-in").click()
        page.locator(".rail").wait_for()
        return page

    return opened
