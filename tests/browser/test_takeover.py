"""An expert takes over while the assistant speaks: it falls silent at once, on every screen."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Open, ask, conversation_id, texts

pytestmark = pytest.mark.browser
EVERYTHING = "Tell me everything about your returns policy: how many days from delivery, is the delivery charge refunded?"


def test_the_assistant_falls_silent_in_the_middle_of_its_answer(open_page: Open, open_desk: Open) -> None:
    desk = open_desk()
    person = open_page()
    ask(person, EVERYTHING)
    expect(person.get_by_test_id("streaming")).to_contain_text("30 days")
    desk.get_by_test_id("view-all").click()
    desk.locator(f"[data-testid=row][data-id={conversation_id(person)}]").click()
    desk.get_by_test_id("take-over").click()
    expect(person.get_by_test_id("who")).to_contain_text("Wen Li")
    expect(person.get_by_test_id("streaming")).to_have_count(0)
    desk.get_by_test_id("desk-composer").fill("I take this from here.")
    desk.keyboard.press("Control+Enter")
    expect(person.locator("[data-testid=message][data-author=expert]")).to_be_visible()
    person.wait_for_timeout(6_000)  # longer than the rest of the script would have taken
    assert [line.split(":")[0] for line in texts(person)] == ["person", "expert"]
    person.reload()
    expect(person.locator("[data-testid=message][data-author=expert]")).to_be_visible()
    assert [line.split(":")[0] for line in texts(person)] == ["person", "expert"]


def test_the_person_stops_an_answer(open_page: Open) -> None:
    person = open_page()
    ask(person, EVERYTHING)
    expect(person.get_by_test_id("streaming")).to_contain_text("30 days")
    person.get_by_test_id("stop").click()
    expect(person.get_by_test_id("streaming")).to_have_count(0)
    expect(person.get_by_test_id("stop")).to_have_count(0)
    ask(person, "How much is express delivery in the UK?")
    expect(person.locator("[data-testid=message][data-author=ai]").last).to_contain_text("£7.95")
