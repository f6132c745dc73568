"""Homework in a Chromium: the teacher's queue and check, the learner's answers and appeal, in both languages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.program import Server

pytestmark = pytest.mark.browser


@pytest.fixture
def teacher(browser: Browser, program: Server) -> Iterator[Page]:
    """A teacher of the sample school, signed in on the page of homework."""
    context = browser.new_context(locale="en-GB", base_url=program.base)
    page = context.new_page()
    page.goto("/packs/education/grades")
    page.locator("input[type=email]").fill("expert@school.example")
    page.locator("input[type=password]").fill("school-demo")
    page.keyboard.press("Enter")
    page.get_by_test_id("given").first.wait_for()
    yield page
    context.close()


def test_a_teacher_signs_one_by_one_and_many_after_a_check(teacher: Page) -> None:
    page = teacher
    waiting = page.get_by_test_id("waiting")
    expect(waiting.first).to_contain_text("I said that both are half.")
    waiting.first.get_by_label("Remark").fill("You are right.")
    waiting.first.get_by_role("button", name="Decide").click()
    expect(waiting.first).to_contain_text("Why")
    before = waiting.count()
    expect(waiting.first.get_by_label("Score")).to_have_value("")  # what could not be read suggests no score
    waiting.first.get_by_label("Score").fill("50")
    waiting.first.get_by_role("button", name="Sign").click()
    expect(waiting).to_have_count(before - 1)
    page.get_by_test_id("begin").click()
    expect(page.get_by_test_id("check").locator("li")).to_have_count(5)
    page.get_by_role("button", name=re.compile("^Sign all")).click()
    expect(page.get_by_text("Nothing was signed")).to_be_visible()
    page.get_by_test_id("look").click()
    results = page.get_by_test_id("results")
    results.get_by_role("button", name=re.compile(r"^Ada, question 5: ")).click()
    expect(results).to_contain_text("Signed by")
    results.get_by_label("Score").fill("100")
    results.get_by_role("button", name="Sign anew").click()
    expect(results.get_by_role("button", name="Ada, question 5: 100%")).to_be_visible()
    page.get_by_test_id("switch-lang").first.click()
    expect(page.get_by_test_id("begin")).to_contain_text("签发有把握的")
    expect(results).to_contain_text("合计")


def test_a_learner_sees_how_an_answer_is_read_and_hands_it_in(browser: Browser, program: Server) -> None:
    context = browser.new_context(locale="zh-CN", base_url=program.base)
    page = context.new_page()
    page.goto("/packs/education/learning?as=person&workspace=school")
    page.get_by_test_id("join").locator("input").first.fill("小明")
    page.get_by_test_id("join").get_by_role("checkbox").first.check()
    page.get_by_test_id("join").get_by_role("button").click()
    page.get_by_test_id("practice").wait_for()
    page.goto("/packs/education/homework?as=person&workspace=school")
    question = page.get_by_test_id("question").filter(has_text="2x = 10")
    question.get_by_role("textbox").fill("x＝五")
    page.keyboard.press("Enter")  # too soon: nobody has seen yet how it is read
    expect(question.get_by_test_id("held")).to_be_visible()
    expect(question.get_by_test_id("reading")).to_contain_text("x = 5")
    expect(question).not_to_contain_text("老师还未签字")
    question.get_by_role("button", name="提交").click()
    expect(question).to_contain_text("老师还未签字")
    refused = page.get_by_test_id("question").filter(has_text="1/2 + 1/4")
    refused.get_by_role("textbox").fill("3/4" + " " * 20_000 + "。")
    expect(refused).to_contain_text("请只写结果")
    refused.get_by_role("button", name="提交").click()
    expect(page.get_by_text("答案应有 1 到 20000 个字符。")).to_be_visible()
    context.close()


@pytest.mark.slow
def test_an_essay_and_a_choice_are_set_handed_in_and_signed_by_traits(browser: Browser, program: Server, teacher: Page) -> None:
    assign = teacher.get_by_test_id("assign")
    assign.locator("summary").first.click()
    assign.get_by_label("Title").fill("Summer")
    assign.get_by_label("Due").fill("2030-01-01")
    own = teacher.get_by_test_id("own")
    own.locator("summary").click()
    for kind, text, key in (("essay", "Describe your summer.", ""), ("choice", "Which is larger?", "A")):
        own.get_by_label("Question").fill(text)
        own.get_by_label("Kind").select_option(kind)
        if kind == "choice":
            own.get_by_label("Options, one a line").fill("1/2\n1/3")
        own.locator("textarea").last.fill(key)
        own.get_by_role("button").click()
    assign.get_by_role("button", name="Set (2 questions)").click()
    expect(teacher.get_by_test_id("given").first).to_contain_text("Summer")
    context = browser.new_context(
        locale="en-GB", base_url=program.base, color_scheme="dark", viewport={"width": 390, "height": 800}
    )
    page = context.new_page()
    page.goto("/packs/education/learning?as=person&workspace=school")
    page.get_by_test_id("join").locator("input").first.fill("Mia")
    page.get_by_test_id("join").get_by_role("checkbox").first.check()
    page.get_by_test_id("join").get_by_role("button").click()
    page.get_by_test_id("practice").wait_for()
    page.goto("/packs/education/homework?as=person&workspace=school")
    essay = page.get_by_test_id("question").filter(has_text="Describe your summer.")
    essay.get_by_role("textbox").fill("We swam in the lake. Then we slept in a tent, because it was warm.")
    page.reload()  # what was typed and not handed in is still there
    expect(essay.get_by_role("textbox")).to_have_value(re.compile("^We swam"))
    essay.get_by_role("button", name="Hand in").click()
    expect(essay).to_contain_text("your teacher has not signed yet")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    teacher.reload()
    waiting = teacher.get_by_test_id("waiting").filter(has_text="Describe your summer.")
    expect(waiting).to_contain_text("words in 2 sentences", timeout=30_000)  # drafted in the background
    waiting.get_by_test_id("traits").get_by_label("Content").fill("80")
    waiting.get_by_test_id("traits").get_by_label("Grammar").fill("60")
    expect(waiting.get_by_label("Score")).to_have_value("70")
    waiting.get_by_role("button", name="Sign").click()
    expect(waiting).to_have_count(0)
    page.reload()
    expect(essay.get_by_test_id("graded")).to_contain_text("70%")
    expect(essay.get_by_test_id("traits")).to_contain_text("Content: 80%")
    context.close()


@pytest.mark.slow
def test_several_options_are_chosen_by_keyboard_and_the_camera_is_reached_by_it(
    teacher: Page, browser: Browser, program: Server
) -> None:
    assign = teacher.get_by_test_id("assign")
    assign.locator("summary").first.click()
    assign.get_by_label("Title").fill("Halves")
    assign.get_by_label("Due").fill("2030-01-01")
    own = teacher.get_by_test_id("own")
    own.locator("summary").click()
    own.get_by_label("Question").fill("Which equal a half?")
    own.get_by_label("Kind").select_option("choice")
    own.get_by_label("Options, one a line").fill("1/2\n2/4\n2/3")
    for key, said in (("D", "A choice has at least two options"), ("A, B", "")):
        own.locator("textarea").last.fill(key)
        own.get_by_role("button").click()
        assign.get_by_role("button", name=re.compile("^Set")).click()
        if said:
            expect(teacher.get_by_text(said)).to_be_visible()
            assign.get_by_role("button", name="Take away").click()
            own.get_by_label("Question").fill("Which equal a half?")
            own.get_by_label("Options, one a line").fill("1/2\n2/4\n2/3")
    expect(teacher.get_by_test_id("given").first).to_contain_text("Halves")
    page = browser.new_context(locale="en-GB", base_url=program.base).new_page()
    page.goto("/packs/education/learning?as=person&workspace=school")
    page.get_by_test_id("join").locator("input").first.fill("Lea")
    page.get_by_test_id("join").get_by_role("checkbox").first.check()
    page.get_by_test_id("join").get_by_role("button").click()
    page.get_by_test_id("practice").wait_for()
    page.goto("/packs/education/homework?as=person&workspace=school")
    given = page.get_by_test_id("homework").filter(has_text="Halves")
    given.get_by_test_id("scan").focus()
    expect(given.get_by_test_id("scan")).to_be_focused()
    boxes = given.get_by_role("checkbox")
    for box in (boxes.nth(1), boxes.nth(0)):
        box.focus()
        page.keyboard.press("Space")
    given.get_by_role("button", name="Hand in").click()
    expect(given).to_contain_text("teacher")
    page.reload()
    assert [boxes.nth(k).is_checked() for k in range(3)] == [True, True, False]
    page.context.close()
