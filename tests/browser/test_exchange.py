"""Import and export, learners' data, platforms and work on paper in a Chromium."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.program import Server

pytestmark = pytest.mark.browser
GIFT = "::cap::Name the capital of France.{=Paris}\n\n::pairs::Match.{=a -> b =c -> d}\n"


def sign_in(browser: Browser, program: Server, who: str, path: str) -> Page:
    """A member of the sample school on a page."""
    page = browser.new_context(locale="en-GB", base_url=program.base).new_page()
    page.goto(path)
    page.locator("input[type=email]").fill(f"{who}@school.example")
    page.locator("input[type=password]").fill("school-demo")
    page.keyboard.press("Enter")
    return page


def test_a_teacher_imports_and_reads_what_was_left_out(browser: Browser, program: Server) -> None:
    page = sign_in(browser, program, "expert", "/packs/education/exchange")
    files = [{"name": "quiz.txt", "mimeType": "text/plain", "buffer": GIFT.encode()}]
    page.get_by_test_id("import").locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    expect(page.get_by_test_id("notes")).to_contain_text("pairs: left out")
    expect(page.get_by_test_id("imported")).to_contain_text("Name the capital of France.")
    with page.expect_download() as fetched:
        page.get_by_test_id("export").get_by_role("button").click()
    assert fetched.value.suggested_filename == "course.gift.txt"
    expect(page.get_by_test_id("export").get_by_test_id("notes")).to_contain_text("without its hints")
    page.get_by_test_id("switch-lang").first.click()
    expect(page.get_by_test_id("import")).to_contain_text("选择文件")
    expect(page.get_by_test_id("imported").get_by_role("row", name="Name the capital of France.")).to_contain_text("填空")
    page.context.close()


def test_the_owner_sees_where_words_go_and_who_may_open_the_school(browser: Browser, program: Server) -> None:
    page = sign_in(browser, program, "owner", "/admin#education/privacy")
    expect(page.get_by_test_id("leave")).to_contain_text("stays on this machine")
    expect(page.get_by_test_id("learners")).to_contain_text("consented on")
    page.goto("/admin#education/lti")
    page.reload()
    expect(page.get_by_test_id("lti")).to_contain_text("/lti/launch")
    page.context.close()


def test_a_learner_sees_what_was_read_before_handing_it_in(browser: Browser, program: Server) -> None:
    from tests.unit.packs.education.test_scan import make_pdf

    page = browser.new_context(locale="en-GB", base_url=program.base).new_page()
    page.goto("/packs/education/learning?as=person&workspace=school")
    page.get_by_test_id("join").locator("input").first.fill("Kim")
    page.get_by_test_id("join").get_by_role("checkbox").first.check()
    page.get_by_test_id("join").get_by_role("button").click()
    page.get_by_test_id("practice").wait_for()
    page.goto("/packs/education/homework?as=person&workspace=school")
    files = [{"name": "sheet.pdf", "mimeType": "application/pdf", "buffer": make_pdf("1. 1/2 + 1/4", "= 3/4", "2. x = 5")}]
    sheet = page.get_by_test_id("homework").filter(has_text="Fractions and first equations")  # others may have been set before
    sheet.get_by_test_id("scan").set_input_files(files)  # type: ignore[arg-type]
    first = sheet.get_by_test_id("question").first
    expect(first.get_by_test_id("scanned")).to_contain_text("1/2 + 1/4")
    expect(first.get_by_role("textbox")).to_have_value("= 3/4")
    expect(sheet.get_by_test_id("question").nth(1).get_by_role("textbox")).to_have_value("x = 5")
    first.get_by_role("textbox").fill("3/4")
    first.get_by_role("button", name="Hand in").click()
    expect(first).to_contain_text("teacher")
    page.context.close()
