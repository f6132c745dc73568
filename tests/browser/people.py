"""What people do on the pages, for the tests: write, find a conversation, read the transcript."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Frame, Page

Open = Callable[..., Page]


def probe(name: str) -> str:
    """A question to a page, as a function of JavaScript; see the folder `probes`."""
    text = (Path(__file__).parent / "probes" / f"{name}.js").read_text("utf-8")
    return text.split("*/", 1)[1].strip().rstrip(";")


def ask(page: Page, question: str) -> None:
    """Write as a person does."""
    page.get_by_test_id("composer").fill(question)
    page.keyboard.press("Enter")
    page.locator("[data-testid=message][data-author=person]", has_text=question).last.wait_for()


def conversation_id(page: Page | Frame) -> str:
    """The conversation that a chat page shows."""
    found: str = page.evaluate("location.hash.slice(1)")
    return found


def open_row(desk: Page, conversation: str) -> None:
    """Find a conversation in the desk's list and open it."""
    desk.get_by_test_id("view-all").click()
    desk.locator(f"[data-testid=row][data-id={conversation}]").click()
    desk.locator("[data-testid=thread] [data-testid=message]").first.wait_for()


def texts(page: Page) -> list[str]:
    """The transcript as it is on a page: author and text of each message, notices too."""
    script = """all => all.map(e => e.matches('[data-testid=message]')
      ? `${e.dataset.author}: ${e.querySelector('.body').innerText.trim()}` : `notice: ${e.innerText.trim()}`)"""
    found: list[str] = page.locator("[data-testid=thread] :is([data-testid=message], [data-testid=notice])").evaluate_all(script)
    return found
