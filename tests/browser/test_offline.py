"""The line breaks for a while on the person's side: afterwards both sides show the same transcript, and nothing twice.

`DUOLOGUE_TEST_OFFLINE_S=60` makes the break a minute; by default it is short, which takes the same paths.
"""

import os

import pytest
from playwright.sync_api import expect

from tests.browser.people import Open, ask, conversation_id, open_row, texts

pytestmark = pytest.mark.browser
OFFLINE_S = float(os.environ.get("DUOLOGUE_TEST_OFFLINE_S", "8"))


def test_after_a_break_both_sides_show_the_same(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "How much is express delivery in the UK?")
    expect(person.locator("[data-testid=message][data-author=ai]")).to_be_visible()
    desk = open_desk()
    open_row(desk, conversation_id(person))

    person.context.set_offline(True)
    expect(person.get_by_test_id("who")).to_contain_text("Offline")
    for line in ("First, written without a line", "Second, written without a line"):
        person.get_by_test_id("composer").fill(line)
        person.keyboard.press("Enter")
    letters = person.get_by_test_id("letter")
    expect(letters).to_have_count(2)
    expect(person.get_by_test_id("retry").first).to_be_visible()
    desk.get_by_test_id("take-over").click()
    for line in ("Said while you were away", "And this too"):
        desk.get_by_test_id("desk-composer").fill(line)
        desk.keyboard.press("Control+Enter")
        expect(desk.locator("[data-testid=message]", has_text=line)).to_be_visible()
    person.wait_for_timeout(OFFLINE_S * 1_000)
    person.context.set_offline(False)

    expect(letters).to_have_count(0)
    expect(person.locator("[data-testid=message]", has_text="And this too")).to_be_visible()
    expect(desk.locator("[data-testid=message]", has_text="Second, written")).to_be_visible()
    seen = texts(person)
    assert [line for line in seen if line.startswith(("person", "expert"))] == [
        "person: How much is express delivery in the UK?",
        "expert: Said while you were away",
        "expert: And this too",
        "person: First, written without a line",
        "person: Second, written without a line",
    ]
    said = [line for line in texts(desk) if not line.startswith("notice")]
    assert [line for line in seen if not line.startswith("notice")] == said
    person.reload()
    expect(person.locator("[data-testid=message]", has_text="Second, written")).to_be_visible()
    assert texts(person) == seen


def test_what_was_not_sent_survives_a_reload(open_page: Open) -> None:
    person = open_page()
    ask(person, "How much is express delivery in the UK?")
    expect(person.locator("[data-testid=message][data-author=ai]")).to_be_visible()
    person.route("**/messages", lambda route: route.abort())
    person.get_by_test_id("composer").fill("Kept until it can be sent")
    person.keyboard.press("Enter")
    expect(person.get_by_test_id("letter")).to_have_attribute("data-state", "waiting")
    person.unroute("**/messages")
    person.reload()
    expect(person.locator("[data-testid=message]", has_text="Kept until it can be sent")).to_have_count(1)
    expect(person.get_by_test_id("letter")).to_have_count(0)


def test_an_answer_lost_on_the_way_is_not_written_twice(open_page: Open) -> None:
    person = open_page()
    ask(person, "How much is express delivery in the UK?")
    lost = []

    def lose_first(route: object) -> None:
        if lost:
            route.continue_()  # type: ignore[attr-defined]
        else:
            lost.append(route.fetch())  # type: ignore[attr-defined]  # the server takes it, the page never hears
            route.abort()  # type: ignore[attr-defined]

    person.route("**/messages", lose_first)
    person.get_by_test_id("composer").fill("Exactly once, please")
    person.keyboard.press("Enter")
    expect(person.locator("[data-testid=message]", has_text="Exactly once, please")).to_have_count(1)
    person.wait_for_timeout(3_000)
    expect(person.get_by_test_id("letter")).to_have_count(0)
    person.reload()
    expect(person.locator("[data-testid=message]", has_text="Exactly once, please")).to_have_count(1)
