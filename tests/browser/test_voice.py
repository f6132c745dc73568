"""A person speaks into the microphone of a real browser and has the answer read; a real small Whisper hears, espeak-ng speaks."""

import asyncio
import io
import os
import shutil
import socket
import threading
import wave
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, expect

from duologue.bootstrap import create_app
from duologue.bootstrap.server import config_for
from tests.browser.conftest import LOCALES, NAMES
from tests.platforms import PASSWORD, add_house, open_for_test

pytestmark = pytest.mark.browser
pytest.importorskip("faster_whisper", reason="faster-whisper is not installed (extra `voice`)")
pytest.importorskip("transformers", reason="transformers is not installed (extra `oracles`)")
if shutil.which("espeak-ng") is None:
    pytest.skip("the program espeak-ng is not installed", allow_module_level=True)

from tests.doubles.whisper import SENTENCES, WHISPER, say_sentences  # noqa: E402

QUIET_S, SAID_MS = 1, 4_500


@contextmanager
def serve_here(folder: Path, **settings: Any) -> Iterator[str]:
    """A platform with one workspace in a thread of this process; its address."""
    found: Future[str] = Future()
    done = threading.Event()

    async def run() -> None:
        async with open_for_test(folder, rules=[{"reply": "An answer."}], **settings) as platform:
            app = create_app(platform)
            await add_house(platform, app, "one", "human")
            server = uvicorn.Server(config_for(app, platform.settings))  # the program's own takes signals, which a thread can't
            with socket.create_server(("127.0.0.1", 0)) as listening:
                serving = asyncio.create_task(server.serve([listening]))
                found.set_result(f"http://127.0.0.1:{listening.getsockname()[1]}")
                await asyncio.to_thread(done.wait)
                server.force_exit = server.should_exit = True
                await serving

    thread = threading.Thread(target=asyncio.run, args=(run(),), daemon=True)
    thread.start()
    try:
        yield found.result(30)
    finally:
        done.set()
        thread.join(10)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What is said, as files, by language; first it is quiet, for the device plays before the page records."""
    folder, files = tmp_path_factory.mktemp("sounds"), {}
    for lang, said in say_sentences().items():
        files[lang] = folder / f"{lang}.wav"
        with wave.open(io.BytesIO(said)) as source, wave.open(str(files[lang]), "wb") as made:
            made.setparams(source.getparams())
            made.writeframes(bytes(QUIET_S * source.getframerate() * source.getsampwidth() * source.getnchannels()))
            made.writeframes(source.readframes(source.getnframes()))
    return files


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A platform that hears and speaks."""
    with serve_here(tmp_path_factory.mktemp("house"), voice_hear=str(WHISPER), voice_say="espeak-ng") as address:
        yield address


@contextmanager
def browser_that_hears(playwright: Playwright, sound: Path) -> Iterator[Browser]:
    """A Chromium whose microphone plays a file, once."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("there is no Chromium; install one (`apt install chromium`)")
    args = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}%noloop",
    ]
    args += ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = playwright.chromium.launch(executable_path=path, args=args)
    yield browser
    browser.close()


def open_chat(browser: Browser, base: str, lang: str) -> Page:
    """The chat, and nothing in its scripts fails."""
    context = browser.new_context(base_url=base, locale=LOCALES[lang], permissions=["microphone"])
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto("/?workspace=one")
    return page


@pytest.mark.parametrize("lang", SENTENCES)
def test_what_is_said_is_written_read_over_and_sent(playwright: Playwright, base: str, sounds: dict[str, Path], lang: str) -> None:
    with browser_that_hears(playwright, sounds[lang]) as browser:
        page = open_chat(browser, base, lang)
        microphone = page.get_by_test_id("microphone")
        microphone.click()
        expect(microphone).to_have_attribute("data-state", "listening")
        page.wait_for_timeout(SAID_MS)
        microphone.click()
        expect(page.get_by_test_id("composer")).to_have_value(SENTENCES[lang])
        assert page.get_by_test_id("message").count() == 0, "nothing is sent before it was read"
        page.keyboard.press("Enter")
        expect(page.locator("[data-testid=message][data-author=person] .body")).to_have_text(SENTENCES[lang])


def test_escape_throws_it_away_and_an_expert_dictates(playwright: Playwright, base: str, sounds: dict[str, Path]) -> None:
    sound = sounds["en"]
    with browser_that_hears(playwright, sound) as browser, browser_that_hears(playwright, sound) as at_desk:
        page = open_chat(browser, base, "en")
        page.get_by_test_id("composer").fill("Hello")
        page.keyboard.press("Enter")
        page.get_by_test_id("microphone").click()
        expect(page.get_by_test_id("microphone")).to_have_attribute("data-state", "listening")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("microphone")).to_have_attribute("data-state", "idle")
        expect(page.get_by_test_id("composer")).to_have_value("")

        desk = open_chat(at_desk, base, "en")
        desk.goto("/desk?workspace=one")
        desk.get_by_test_id("email").fill("expert@one.example")
        desk.get_by_test_id("password").fill(PASSWORD)
        desk.get_by_test_id("sign-in").click()
        desk.get_by_test_id("view-all").click()
        desk.get_by_test_id("row").first.click()
        desk.get_by_test_id("microphone").click()
        expect(desk.get_by_test_id("microphone")).to_have_attribute("data-state", "listening")
        desk.wait_for_timeout(SAID_MS)
        desk.get_by_test_id("microphone").click()
        expect(desk.get_by_test_id("desk-composer")).to_have_value(SENTENCES["en"])
        desk.keyboard.press("Control+Enter")
        expect(page.locator("[data-testid=message][data-author=expert]")).to_be_visible()

        with page.expect_response(lambda r: r.url.endswith("/speech")) as spoken:
            page.get_by_test_id("listen").click()
        assert spoken.value.headers["content-type"] == "audio/wav"
        expect(page.get_by_test_id("listen")).to_have_attribute("aria-pressed", "true")
        page.get_by_test_id("listen").click()
        expect(page.get_by_test_id("listen")).to_have_attribute("aria-pressed", "false")
