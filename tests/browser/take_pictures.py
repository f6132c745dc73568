"""Takes the pictures of docs/images from the running program: `python -m tests.browser.take_pictures`. Not a test.

Starts the program with its own defaults and the sample workspace in a folder that is thrown away, plays a person and an expert.
"""

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import LOCALES, NAMES, PASSWORD
from tests.browser.people import ask
from tests.program import serve

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
ASKED = {
    "en": "Do you ship gas canisters to Hong Kong?",
    "zh": "羽绒服怎么洗？",
}
WAITING = {"en": "Sofia", "zh": "志强"}
"""Persons of the sample workspace whose drafts wait."""


def open_page(browser: Browser, base: str, path: str, lang: str, theme: str = "light") -> Page:
    """A page in a context of its own."""
    context = browser.new_context(
        base_url=base,
        locale=LOCALES[lang],
        viewport={"width": 1280, "height": 800},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(path)
    return page


def sign_in(page: Page, who: str) -> None:
    """Sign in as a member of the sample workspace."""
    page.get_by_test_id("email").fill(f"{who}@ridgeline.example")
    page.get_by_test_id("password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()
    page.locator(".rail").wait_for()


def save(page: Page, name: str) -> None:
    """Keep what is seen now."""
    page.mouse.move(640, 4)
    page.wait_for_timeout(600)
    page.screenshot(path=IMAGES / f"{name}.png")


def take_chat(browser: Browser, base: str, lang: str) -> None:
    """A question with its answer, the source open beside it."""
    page = open_page(browser, base, "/", lang)
    ask(page, ASKED[lang])
    page.locator("button.cite").first.click()
    page.locator(".cited mark").first.wait_for()
    save(page, f"chat-{lang}")


def take_desk(browser: Browser, base: str, lang: str) -> None:
    """A draft that waits for the expert, with how it was made."""
    desk = open_page(browser, base, "/desk", lang, "light" if lang == "en" else "dark")
    desk.set_viewport_size({"width": 1440, "height": 860})
    sign_in(desk, "expert")
    desk.get_by_test_id("row").filter(has_text=WAITING[lang]).first.click()
    desk.get_by_test_id("draft").wait_for()
    save(desk, f"desk-{lang}")


def main() -> None:
    """All pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        with serve(Path(folder) / "data", timeout_s=240) as server:
            for lang in ("en", "zh"):
                take_chat(browser, server.base, lang)
                take_desk(browser, server.base, lang)
            admin = open_page(browser, server.base, "/admin#verdicts", "en")
            sign_in(admin, "owner")
            admin.get_by_test_id("verdict").first.wait_for()
            save(admin, "admin")
        browser.close()


if __name__ == "__main__":
    main()
