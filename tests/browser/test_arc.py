"""The whole arc, in both languages: ask, read the source, hand over, correct, and the correction counts."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Open, ask, conversation_id, open_row

pytestmark = pytest.mark.browser

WORDS = {
    "en": {
        "known": "How much is express delivery in the UK?",
        "answer": "£7.95",
        "unknown": "Can you sharpen the blades of my ice axe?",
        "again": "Hello, can you sharpen my ice axe blades?",
        "correct": "Yes: the workshop in Bristol sharpens ice axes for £9 while you wait.",
        "reason": "The knowledge does not hold an answer to this.",
        "verified": "Verified by our team",
    },
    "zh": {
        "known": "羽绒服怎么洗？",
        "answer": "30 °C",
        "unknown": "你们能帮我打磨冰镐的镐尖吗？",
        "again": "请问你们能打磨冰镐的镐尖吗？",
        "correct": "可以，成都维修部现场打磨冰镐，每把 80 元。",
        "reason": "知识库中没有找到答案。",
        "verified": "已由人工核实",
    },
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_answer_comes_with_its_source(open_page: Open, lang: str) -> None:
    words = WORDS[lang]
    page = open_page(lang=lang)
    ask(page, words["known"])
    answer = page.locator("[data-testid=message][data-author=ai]")
    expect(answer).to_contain_text(words["answer"])
    answer.locator("button.cite").first.click()
    source = page.get_by_test_id("source")
    expect(source.locator(".cited")).to_contain_text(words["answer"])
    expect(source.locator(".cited mark").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(source).to_have_count(0)
    page.reload()
    expect(answer).to_contain_text(words["answer"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_correction_counts_the_next_time(open_page: Open, open_desk: Open, lang: str) -> None:
    words = WORDS[lang]
    person = open_page(lang=lang)
    ask(person, words["unknown"])
    expect(person.get_by_test_id("notice").first).to_be_visible()
    expect(person.locator("[data-testid=message][data-author=ai]")).to_have_count(0)

    desk = open_desk(lang=lang)
    desk.get_by_test_id("view-waiting").click()
    row = desk.locator(f"[data-testid=row][data-id={conversation_id(person)}]")
    expect(row.get_by_test_id("draft-badge")).to_be_visible()
    open_row(desk, conversation_id(person))
    expect(desk.get_by_test_id("stop-reason")).to_have_text(words["reason"])
    desk.keyboard.press("e")
    desk.get_by_test_id("draft-editor").fill(words["correct"])
    expect(desk.get_by_test_id("draft-diff").locator("ins").first).to_be_visible()
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_test_id("draft")).to_have_count(0)
    sent = person.locator("[data-testid=message][data-author=expert]")
    expect(sent).to_contain_text(words["correct"])
    expect(sent).to_contain_text("Wen Li")

    other = open_page(lang=lang)
    ask(other, words["again"])
    expect(other.locator("[data-testid=message][data-author=ai]")).to_contain_text(words["correct"])
    expect(other.get_by_test_id("verified")).to_have_text(words["verified"])


def test_a_person_is_one_click_away(open_page: Open, open_desk: Open) -> None:
    person = open_page(width=360, height=740)
    person.get_by_test_id("talk-to-person").click()
    expect(person.get_by_test_id("notice")).to_have_count(1)
    expect(person.get_by_test_id("who")).to_contain_text("Waiting")
    desk = open_desk()
    desk.get_by_test_id("view-waiting").click()
    desk.locator(f"[data-testid=row][data-id={conversation_id(person)}]").click()
    desk.get_by_test_id("take-over").click()
    expect(person.get_by_test_id("who")).to_contain_text("Wen Li")
    desk.get_by_test_id("desk-composer").fill("Hello, this is Wen.")
    expect(person.get_by_test_id("typing")).to_be_visible()
    desk.keyboard.press("Control+Enter")
    expect(person.locator("[data-testid=message][data-author=expert]")).to_contain_text("Hello, this is Wen.")
    desk.get_by_test_id("tab-internal").click()
    desk.get_by_test_id("desk-composer").fill("A secret of the house")
    desk.get_by_test_id("desk-send").click()
    expect(desk.locator("[data-testid=message][data-author=note]")).to_contain_text("A secret of the house")
    ask(person, "Thank you")
    expect(person.locator("body")).not_to_contain_text("A secret of the house")
    desk.get_by_test_id("hand-back").click()
    expect(person.get_by_test_id("who")).to_contain_text("Assistant")


def test_a_rejection_takes_its_reason_and_an_own_answer(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "Will you ever sell bicycles with three wheels?")
    desk = open_desk()
    open_row(desk, conversation_id(person))
    desk.get_by_test_id("draft").wait_for()
    desk.keyboard.press("x")
    desk.get_by_test_id("reason-unsupported").click()
    desk.get_by_test_id("own-reply").fill("We do not plan to sell bicycles.")
    desk.get_by_test_id("reject-done").click()
    expect(person.locator("[data-testid=message][data-author=expert]")).to_contain_text("We do not plan to sell bicycles.")
    admin = open_desk("/admin#verdicts", who="owner")
    expect(admin.get_by_test_id("verdict").first).to_contain_text("three wheels")
    with admin.expect_download() as download:
        admin.get_by_test_id("export-dpo").click()
    assert "three wheels" in download.value.path().read_text("utf-8")


def test_a_draft_grows_stale_when_the_person_goes_on(open_page: Open, open_desk: Open) -> None:
    person = open_page()
    ask(person, "Do you sell kayaks for two people?")
    desk = open_desk()
    open_row(desk, conversation_id(person))
    draft = desk.get_by_test_id("draft")
    expect(draft).to_have_attribute("data-status", "ready")
    desk.keyboard.press("e")
    desk.get_by_test_id("draft-editor").fill("An answer to the first question")
    ask(person, "I mean a canoe, sorry.")
    expect(desk.locator("[data-testid=message]", has_text="I mean a canoe")).to_be_visible()
    desk.keyboard.press("Control+Enter")
    desk.wait_for_timeout(1_000)
    expect(person.locator("body")).not_to_contain_text("An answer to the first question")
