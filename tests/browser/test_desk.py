"""What experts do beside answering: approve an action, ask for another draft, see each other, put a conversation aside."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Open, ask, conversation_id, open_row

pytestmark = pytest.mark.browser


def test_an_action_runs_only_once_it_is_approved(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "Please cancel my order RO-104401, my e-mail is emma.whitfield@mail.example")
    expect(person.get_by_test_id("notice")).to_be_visible()
    desk = open_desk()
    open_row(desk, conversation_id(person))
    action = desk.get_by_test_id("action")
    expect(action).to_contain_text("cancel_order")
    expect(action).to_contain_text("RO-104401")
    expect(person.locator("body")).not_to_contain_text("is cancelled")
    desk.keyboard.press("a")
    expect(person.locator("[data-testid=message]").last).to_contain_text("RO-104401 is cancelled")
    expect(desk.get_by_test_id("draft")).to_have_count(0)


def test_another_draft_follows_an_instruction(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "Do you sell carpets that fly?")
    desk = open_desk()
    open_row(desk, conversation_id(person))
    first = desk.get_by_test_id("draft")
    expect(first).to_have_attribute("data-status", "ready")
    desk.get_by_test_id("draft-regenerate").click()
    desk.get_by_test_id("instruction").fill("Be brief")
    desk.get_by_test_id("regenerate-done").click()
    expect(desk.get_by_test_id("instruction")).to_have_count(0)
    expect(desk.get_by_test_id("run")).to_contain_text("Be brief")
    expect(first).to_have_attribute("data-status", "ready")


def test_experts_see_each_other(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    person.get_by_test_id("talk-to-person").click()
    expect(person.get_by_test_id("notice")).to_be_visible()
    one, other = open_desk(), open_desk(who="admin")
    for desk in (one, other):
        desk.get_by_test_id("view-all").click()
        desk.locator(f"[data-testid=row][data-id={conversation_id(person)}]").click()
    expect(one.locator(".present")).to_contain_text("Amir Haddad")
    one.get_by_test_id("take-over").click()
    expect(other.get_by_test_id("banner")).to_contain_text("Wen Li holds this")
    one.get_by_test_id("desk-composer").press_sequentially("Hel")
    expect(other.locator(".collision")).to_contain_text("Wen Li")
    other.get_by_test_id("take-over").click()
    expect(one.get_by_test_id("banner")).to_contain_text("Amir Haddad holds this")


def test_words_in_a_draft_that_a_colleague_sent_are_kept(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "Do you sell glass tents?")
    expect(person.get_by_test_id("notice")).to_be_visible()
    one, other = open_desk(), open_desk(who="admin")
    for desk, words in ((other, "No glass, sorry."), (one, "We have none of glass.")):
        open_row(desk, conversation_id(person))
        desk.get_by_test_id("draft-edit").click()
        desk.get_by_test_id("draft-editor").fill(words)
    one.get_by_test_id("draft-send").click()
    expect(person.locator("[data-testid=message]").last).to_contain_text("We have none of glass.")
    expect(other.get_by_test_id("desk-composer")).to_have_value("No glass, sorry.")
    expect(other.locator(".toast")).to_contain_text("Your text is in the reply field")
    expect(one.get_by_test_id("desk-composer")).to_have_value("")


def test_a_conversation_is_put_aside_and_comes_back(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    person.get_by_test_id("talk-to-person").click()
    expect(person.get_by_test_id("notice")).to_be_visible()
    desk = open_desk()
    desk.get_by_test_id("view-waiting").click()
    row = desk.locator(f"[data-testid=row][data-id={conversation_id(person)}]")
    row.click()
    desk.get_by_test_id("snooze").click()
    desk.get_by_role("menuitem").first.click()
    expect(row).to_have_count(0)
    ask(person, "I am still here")
    expect(row).to_be_visible()
    desk.get_by_test_id("resolve").click()
    expect(row).to_have_count(0)
    expect(person.locator(".closed")).to_be_visible()
    ask(person, "One more thing")
    expect(person.locator(".closed")).to_have_count(0)
