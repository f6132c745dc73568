"""The school's pages in a Chromium, in both languages, light and dark: a learner's path and practice, the teacher's class page."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Open

pytestmark = pytest.mark.browser
LEARNING = "/packs/education/learning?as=person&workspace=school"
UNNAMED = """() => [...document.querySelectorAll("main button, main input, main select, main textarea, main [role=button]")]
    .filter((e) => e.offsetParent !== null || e.ownerSVGElement)
    .filter((e) => !(e.getAttribute("aria-label") || e.textContent.trim() || e.labels?.length || e.title))
    .map((e) => e.outerHTML)"""


def join(page: Page, name: str) -> None:
    form = page.get_by_test_id("join")
    form.locator("input").first.fill(name)
    form.get_by_role("checkbox").first.check()
    form.get_by_role("button").click()
    page.get_by_test_id("practice").wait_for()


def test_a_learner_sets_a_goal_and_walks_the_path_by_keyboard(open_page: Open) -> None:
    page = open_page(LEARNING)
    join(page, "Ines")
    goal = page.get_by_test_id("goal")
    goal.get_by_role("combobox").select_option(label="Compare fractions")
    goal.get_by_role("spinbutton").fill("30")
    goal.get_by_role("button", name="Set the goal").click()
    expect(page.get_by_text("Goal: “Compare fractions”")).to_be_visible()
    practice = page.get_by_test_id("practice")
    expect(practice).to_contain_text("First questions: 1 of at most")
    practice.get_by_role("button", name="A hint").click()
    expect(practice.get_by_test_id("hint")).to_be_visible()
    page.reload()
    expect(practice.get_by_test_id("hint")).to_be_visible()
    shelves = page.get_by_test_id("shelves")
    shelves.get_by_test_id("limit-form").select_option("activity")
    expect(shelves.get_by_test_id("found-reading").get_by_role("listitem")).to_have_count(1)
    shelves.get_by_test_id("limit-max_minutes").select_option("4")
    expect(shelves).to_contain_text("Nothing fits within these limits.")
    expect(page.get_by_test_id("path").locator(".stop small").first).not_to_be_empty()
    page.get_by_role("tab", name="List").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Graph")).to_be_focused()
    node = page.get_by_role("button", name=re.compile("^Compare fractions, the goal"))
    node.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("about-skill")).to_contain_text("Too few answers to say (0 of 3)")
    assert page.evaluate(UNNAMED) == []


def test_a_learner_asks_what_if_and_reads_in_chinese_in_the_dark(open_page: Open) -> None:
    page = open_page(LEARNING, lang="zh", color_scheme="dark", width=390, height=800)
    join(page, "小雨")
    page.get_by_test_id("what-if").locator("summary").click()
    page.get_by_test_id("what-if").get_by_role("button", name="看看").click()
    expect(page.get_by_test_id("if-found")).to_contain_text("改变之后")
    page.get_by_test_id("path").get_by_role("button").first.click()
    page.get_by_role("dialog").get_by_role("button", name="有帮助", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("tab", name="日历").click()
    expect(page.get_by_test_id("month").get_by_role("columnheader")).to_have_count(7)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(UNNAMED) == []


def sign_in(page: Page) -> None:
    page.get_by_test_id("email").fill("expert@school.example")
    page.get_by_test_id("password").fill("school-demo")
    page.get_by_test_id("sign-in").click()
    page.get_by_test_id("heat").wait_for()


def test_a_teacher_changes_and_signs_a_plan(open_page: Open) -> None:
    page = open_page("/packs/education/class")
    sign_in(page)
    page.get_by_test_id("group").select_option("7b")
    expect(page.get_by_test_id("heat").locator("tbody tr")).to_have_count(6)
    expect(page.get_by_role("button", name=re.compile("answers, too few")).first).to_be_visible()
    page.get_by_role("button", name="Hana", exact=True).first.click()
    plan = page.get_by_test_id("learner")
    plan.get_by_role("button", name=re.compile("^Keep on this day")).first.click()
    expect(plan.get_by_role("button", name="Undo")).to_have_count(1)
    plan.get_by_test_id("add-step").get_by_role("button", name="Add a step").click()
    expect(plan.get_by_role("button", name="Undo")).to_have_count(2)
    plan.get_by_test_id("sign").click()
    expect(plan).to_contain_text("Signed by Ms Okafor")
    plan.get_by_role("button", name="Undo").first.click()
    expect(plan.get_by_test_id("sign")).to_be_visible()
    assert page.evaluate(UNNAMED) == []
    page.get_by_test_id("switch-lang").first.click()
    expect(page.get_by_role("heading", name="每人掌握的情况")).to_be_visible()
