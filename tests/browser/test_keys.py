"""The keyboard: shortcuts of the desk, off while one types; Enter that sends; an input method's Enter that does not."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Open, ask, conversation_id, open_row

pytestmark = pytest.mark.browser

COMPOSE = """field => {
  field.value = '你好';
  field.dispatchEvent(new InputEvent('input', {bubbles: true}));
  for (const of of [{isComposing: true}, {keyCode: 229}])
    field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, ...of}));
}"""


def test_enter_sends_and_shift_enter_breaks_the_line(open_page: Open) -> None:
    page = open_page()
    field = page.get_by_test_id("composer")
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    expect(field).to_have_value("one\ntwo")
    field.press("Enter")
    expect(field).to_have_value("")
    expect(page.locator("[data-testid=message][data-author=person]")).to_contain_text("two")


def test_the_enter_of_an_input_method_sends_nothing(open_page: Open) -> None:
    page = open_page(lang="zh")
    field = page.get_by_test_id("composer")
    field.evaluate(COMPOSE)
    page.wait_for_timeout(500)
    expect(page.locator("[data-testid=message], [data-testid=letter]")).to_have_count(0)
    expect(field).to_have_value("你好")
    field.press("Enter")
    expect(page.locator("[data-testid=message][data-author=person]")).to_contain_text("你好")


def test_the_desk_is_run_by_keys(open_page: Open, open_desk: Open) -> None:
    people = [open_page() for _ in range(2)]
    for n, person in enumerate(people):
        ask(person, f"Do you sell hot air balloons of size {n}?")
        expect(person.get_by_test_id("notice")).to_be_visible()
    desk = open_desk()
    desk.get_by_test_id("view-waiting").click()
    desk.get_by_test_id("row").nth(1).wait_for()
    ids = desk.get_by_test_id("row").evaluate_all("rows => rows.map(r => r.dataset.id)")
    desk.keyboard.press("j")
    expect(desk.locator("[data-testid=row][aria-selected=true]")).to_have_attribute("data-id", ids[0])
    desk.keyboard.press("j")
    expect(desk.locator("[data-testid=row][aria-selected=true]")).to_have_attribute("data-id", ids[1])
    desk.keyboard.press("k")
    expect(desk.locator("[data-testid=row][aria-selected=true]")).to_have_attribute("data-id", ids[0])
    desk.keyboard.press("?")
    expect(desk.locator("dialog")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("dialog")).to_have_count(0)

    open_row(desk, conversation_id(people[0]))
    draft = desk.get_by_test_id("draft")
    expect(draft).to_have_attribute("data-status", "ready")
    desk.keyboard.press("n")
    field = desk.get_by_test_id("desk-composer")
    expect(field).to_be_focused()
    desk.keyboard.type("a note with a, e, x, t and j in it")  # letters that would act if they were not typed
    expect(draft).to_have_attribute("data-status", "ready")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("[data-testid=message][data-author=note]")).to_have_count(1)
    expect(draft).to_have_attribute("data-status", "ready")
    desk.keyboard.press("Escape")
    desk.keyboard.press("x")
    expect(desk.get_by_test_id("reason-wrong")).to_be_focused()
    desk.keyboard.press("Escape")
    desk.keyboard.press("e")
    desk.get_by_test_id("draft-editor").fill("No balloons, sorry.")
    desk.keyboard.press("Control+Enter")
    expect(people[0].locator("[data-author=expert]")).to_contain_text("No balloons, sorry.")

    open_row(desk, conversation_id(people[1]))
    desk.keyboard.press("t")
    expect(desk.get_by_test_id("banner")).to_contain_text("You hold")
    desk.keyboard.press("r")
    desk.keyboard.type("Hello")
    desk.keyboard.press("Control+Enter")
    expect(people[1].locator("[data-author=expert]")).to_contain_text("Hello")


def test_a_viewer_looks_but_does_not_act(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "Can you print my name on a rucksack?")
    expect(person.get_by_test_id("notice")).to_be_visible()
    desk = open_desk(who="viewer")
    open_row(desk, conversation_id(person))
    expect(desk.get_by_test_id("draft")).to_be_visible()
    for name in ("take-over", "draft-send", "desk-composer", "resolve"):
        expect(desk.get_by_test_id(name)).to_have_count(0)
    desk.keyboard.press("t")
    desk.keyboard.press("a")
    desk.wait_for_timeout(700)
    expect(desk.get_by_test_id("draft")).to_have_attribute("data-status", "ready")


def test_a_message_that_is_too_long_stays_whole_and_says_so(open_page: Open) -> None:
    page = open_page()
    field = page.get_by_test_id("composer")
    field.fill("a" * 20_001)
    expect(page.get_by_test_id("too-long")).to_contain_text("20,001")
    expect(page.get_by_test_id("send")).to_be_disabled()
    field.press("Enter")
    expect(field).to_have_value("a" * 20_001)
    expect(page.locator("[data-testid=message]")).to_have_count(0)
    field.fill("😀" * 15_000)
    expect(page.get_by_test_id("too-long")).to_have_count(0)
    expect(page.get_by_test_id("send")).to_be_enabled()
