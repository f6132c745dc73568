"""The researcher's page in a Chromium: question, screening, random sample, table, quotations, exports, flow, both languages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.program import Server

pytestmark = pytest.mark.browser
QUESTION = "Does magnesium reduce attack frequency in adults with migraine compared with placebo?"


@pytest.fixture
def researcher(browser: Browser, program: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A clinician, signed in on the page of reviews; `request.param`: the language, English unless another is asked for."""
    context = browser.new_context(locale=getattr(request, "param", "en-GB"), base_url=program.base)
    page = context.new_page()
    page.goto("/packs/health/research")
    page.locator("input[type=email]").fill("ada@clinic.example")
    page.locator("input[type=password]").fill("clinic-demo")
    page.keyboard.press("Enter")
    page.get_by_test_id("ask").wait_for()
    yield page
    context.close()


@pytest.mark.parametrize("researcher", ["zh-CN"], indirect=True)
def test_a_chinese_question_finds_reads_and_quotes_a_chinese_paper(researcher: Page) -> None:
    page = researcher
    page.get_by_test_id("ask").locator("input").fill("在成人偏头痛患者中，镁剂与安慰剂相比能否减少发作次数？")
    page.get_by_role("button", name="开始").click()
    terms = page.get_by_test_id("terms").locator("input")
    assert [terms.nth(i).input_value() for i in range(4)] == ["成人偏头痛患者", "镁剂", "安慰剂", "发作次数"]
    expect(page.get_by_test_id("review")).to_contain_text("不会离开本机")
    page.get_by_role("button", name="虚构").click()
    first = page.get_by_test_id("screening").get_by_test_id("paper").first
    expect(first).to_contain_text("口服镁剂预防成人偏头痛", timeout=60_000)  # the first search of a start loads its libraries
    first.get_by_role("button", name="纳入").click()
    expect(page.get_by_test_id("evidence-row")).to_have_count(1)
    cells = page.get_by_test_id("evidence-row").locator(".cell").all_inner_texts()
    assert cells[:4] == ["“80例成人偏头痛患者”", "“镁剂”", "“安慰剂”", "“每月发作次数”"]
    assert "P<0.05" in cells[4]
    assert all(re.search(r"\[\d+\]$", words.strip()) for words in page.get_by_test_id("summary").locator("li").all_inner_texts())
    assert not re.search(r"health\.|Include|Evidence", page.get_by_test_id("review").inner_text())


def test_a_question_becomes_a_table_whose_every_cell_is_quoted(researcher: Page) -> None:
    page = researcher
    page.get_by_test_id("ask").locator("input").fill(QUESTION)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_test_id("terms").get_by_label("Intervention")).to_have_value("magnesium")
    expect(page.get_by_test_id("review")).to_contain_text("Nothing leaves this machine")
    page.get_by_role("button", name="Add 12 invented sample papers").click()
    screening = page.get_by_test_id("screening")
    expect(page.get_by_test_id("review")).to_contain_text("Papers: 12 · retracted: 1")
    expect(page.get_by_test_id("estimate")).to_contain_text("not known before a random sample")
    first = screening.get_by_test_id("paper").first
    expect(first).to_contain_text("agnesium")
    page.get_by_role("button", name="Draw a random sample").click()
    expect(screening).to_contain_text("read them all to know")
    for n in range(12):
        expect(page.get_by_test_id("estimate")).to_contain_text(f"{n} read")
        paper = screening.get_by_test_id("paper").first
        is_relevant = re.search(r"agnesium.*migraine|镁", paper.locator("strong").inner_text())
        paper.get_by_role("button", name="Include" if is_relevant else "Exclude").click()
    expect(page.get_by_test_id("estimate")).to_contain_text("Every paper is read: none is left.")
    expect(page.locator("summary").filter(has_text="Search the papers")).to_have_count(1)
    rows = page.get_by_test_id("evidence-row")
    expect(rows).to_have_count(5)
    page.get_by_test_id("evidence").get_by_role("button", name="Year").click()
    expect(rows.first).to_contain_text("2015")
    rows.first.locator(".cell").last.click()
    rows.first.locator("textarea").fill("Headache vanished in everyone.")
    rows.first.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("do not stand in the paper")).to_be_visible()
    rows.first.locator("textarea").fill("The trial was small.")
    rows.first.get_by_role("button", name="Keep").click()
    expect(rows.first).to_contain_text("“The trial was small.”")
    said = page.get_by_test_id("summary").locator("li")
    assert all(re.search(r"\[\d+\]$", words.strip()) for words in said.all_inner_texts())
    expect(page.get_by_test_id("summary")).to_contain_text("retracted and is not quoted")
    with page.expect_download() as got:
        page.get_by_role("button", name="RIS", exact=True).click()
    assert got.value.path().read_text("utf-8").count("TY  - JOUR") == 5
    expect(page.get_by_test_id("flow").locator("svg")).to_contain_text("Studies included: 5")
    for text in page.get_by_test_id("flow").locator("text").all():
        box, frame = text.bounding_box(), page.get_by_test_id("flow").bounding_box()
        assert box is not None
        assert frame is not None
        assert box["width"] > 0
        assert box["x"] + box["width"] <= frame["x"] + frame["width"]
    page.set_viewport_size({"width": 390, "height": 844})
    review, flow = page.get_by_test_id("review").bounding_box(), page.get_by_test_id("flow").bounding_box()
    assert review is not None
    assert flow is not None
    assert max(review["x"] + review["width"], flow["x"] + flow["width"]) <= 390
    page.get_by_test_id("switch-lang").click()
    expect(page.get_by_test_id("flow").locator("svg")).to_contain_text("纳入研究：5")
    expect(page.get_by_test_id("summary")).to_contain_text("已被撤稿")


def test_a_file_that_cannot_be_read_says_why_and_a_second_tab_follows(researcher: Page) -> None:
    page = researcher
    page.get_by_test_id("ask").locator("input").fill(QUESTION)
    page.get_by_role("button", name="Begin").click()
    page.get_by_test_id("terms").wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_test_id("terms").wait_for()
    for name, content, why in (
        ("cut.xml", b"<PubmedArticleSet><PubmedArticle>", "cut.xml is damaged or cut short"),
        ("none.ris", b"", "none.ris is empty"),
        ("words.txt", b"no paper at all", "words.txt is neither PubMed XML"),
    ):
        page.get_by_test_id("import").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
        expect(page.get_by_text(why)).to_be_visible()
    page.get_by_role("button", name="Add 12 invented sample papers").click()
    expect(other.get_by_test_id("estimate")).to_contain_text("0 read, 12 unread", timeout=60_000)
    other.close()
