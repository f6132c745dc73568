"""The clinic's pages in a Chromium: a patient in danger, the queue, and a record read, edited, opened and signed."""

import json
import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from tests.browser.people import Open, ask, probe
from tests.program import Server

pytestmark = pytest.mark.browser
PASSWORD = "clinic-demo"


@pytest.fixture
def clinician(browser: Browser, program: Server) -> Iterator[Page]:
    """Dr. Lindqvist, signed in on the page of records."""
    context = browser.new_context(locale="en-GB", base_url=program.base)
    page = context.new_page()
    page.goto("/packs/health/records")
    page.locator("input[type=email]").fill("ada@clinic.example")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_test_id("patient").first.wait_for()
    yield page
    context.close()


TALK = {
    "en": (
        ("I have had a sore throat for two days", "May I ask"),
        ("yes", "drooling"),
        ("Actually I can't breathe and my lips are turning blue", "Get help now"),
    ),
    "zh": (("嗓子疼两天了", "我可以询问并记录吗"), ("可以", "口水"), ("现在喘不上气，嘴唇发紫", "请立即求助")),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_patient_is_asked_for_consent_and_told_what_to_do_in_danger(open_page: Open, lang: str) -> None:
    patient = open_page("/?workspace=clinic", lang=lang, width=390, color_scheme="dark" if lang == "zh" else "light")
    for text, answer in TALK[lang][:2]:
        ask(patient, text)
        expect(patient.locator("[data-testid=message][data-author=ai]").last).to_contain_text(answer)
    text, headline = TALK[lang][2]
    ask(patient, text)
    alert = patient.get_by_role("alert").filter(has_text=headline)
    expect(alert).to_be_visible()
    assert [a.get_attribute("href") for a in alert.get_by_role("link").all()] == ["tel:120", "tel:911", "tel:999", "tel:112"]
    assert patient.evaluate(probe("contrast")) == []
    ink, box, width = alert.evaluate("e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor, e.offsetWidth]")
    assert (ink, box) == ("rgb(255, 255, 255)", "rgb(168, 24, 16)")
    assert width > 320
    assert not re.search("cancer|pneumonia|diagnos|诊断|肺炎", patient.get_by_test_id("thread").inner_text())


def printed(page: Page) -> str:
    """The text of the page as it goes to paper or PDF, in one line."""
    pages = PdfReader(BytesIO(page.pdf(format="A4"))).pages
    return " ".join(" ".join(p.extract_text() for p in pages).split())


def test_records_are_signed_one_by_one(clinician: Page) -> None:
    assert clinician.get_by_test_id("patient").count() > 3
    assert clinician.locator(".clinic input[type=checkbox], .clinic input[type=password], [data-testid=sign]").count() == 0
    clinician.get_by_test_id("patient").filter(has_text="Priya Nair").click()
    expect(clinician.get_by_test_id("sign")).to_have_count(1)


def test_who_is_not_in_ones_care_is_found_by_name_and_opened_with_a_reason(clinician: Page) -> None:
    row = clinician.get_by_test_id("patient").filter(has_text="周敏")
    expect(row).to_have_count(0)
    search = clinician.get_by_test_id("find")
    search.locator("input").fill("周敏")
    search.get_by_role("button", name="Find").click()
    expect(row).to_contain_text("not in your care")
    expect(row.locator(".chip")).to_have_count(0)
    row.click()
    reason = clinician.get_by_test_id("break-glass")
    reason.locator("input").fill("covers for Dr. Lin")
    reason.get_by_role("button").click()
    expect(clinician.get_by_test_id("record")).to_have_attribute("data-state", "draft")
    expect(clinician.get_by_test_id("keeping")).to_contain_text("Kept")
    care = clinician.get_by_test_id("care")
    care.locator("summary").click()
    mine = care.get_by_test_id("carer").filter(has_text="opened with a reason until")
    expect(mine).to_have_count(1)
    mine.get_by_role("combobox").select_option("not_needed")
    mine.get_by_role("button", name="End my care").click()
    expect(clinician.get_by_test_id("break-glass")).to_be_visible()


def test_a_record_shows_its_sources_and_is_signed_after_reading(clinician: Page) -> None:
    clinician.get_by_test_id("patient").filter(has_text="Priya Nair").click()
    record = clinician.get_by_test_id("record")
    expect(record).to_have_attribute("data-state", "draft")
    line = clinician.get_by_test_id("line").filter(has_text="eadache").first
    line.hover()
    expect(clinician.get_by_test_id("transcript").locator("mark").first).to_contain_text("headaches")
    line.get_by_role("button", name="Edit").click()
    record.locator("textarea").fill("Fever of 39 since Monday.")
    record.get_by_role("button", name="Keep").click()
    bad = clinician.locator("[data-testid=line][data-supported=false]")
    expect(bad).to_contain_text("nothing in the talk supports this")
    clinician.get_by_test_id("sign").locator("input").fill(PASSWORD)
    clinician.get_by_test_id("sign").get_by_role("button").click()
    expect(clinician.locator(".toasts")).to_contain_text("Open each sentence that nothing in the talk supports")
    expect(record).to_have_attribute("data-state", "draft")
    bad.get_by_role("button", name="I have looked at it").click()
    expect(bad.get_by_role("button", name="I have looked at it")).to_have_count(0)
    assert "draft, not signed" in printed(clinician).lower()
    clinician.get_by_test_id("sign").locator("input").fill(PASSWORD)
    clinician.get_by_test_id("sign").get_by_role("button").click()
    expect(record).to_have_attribute("data-state", "signed")
    paper = printed(clinician)
    assert "Fever of 39 since Monday." in paper
    assert "Priya Nair" in paper
    assert "Signed by Dr. Ada Lindqvist, " in paper
    assert not re.search("draft|transcript|differential|print|addendum", paper, re.I)
    clinician.get_by_test_id("addendum").locator("input").fill("Eye test arranged.")
    clinician.get_by_test_id("addendum").get_by_role("button").dblclick()
    expect(record).to_contain_text("Eye test arranged.")
    clinician.wait_for_timeout(500)
    assert record.inner_text().count("Eye test arranged.") == 1
    assert re.search(r"Signed by(?s:.*)Eye test arranged", record.inner_text())


def test_what_another_system_knows_is_brought_beside_the_record(clinician: Page) -> None:
    clinician.get_by_test_id("patient").filter(has_text="Priya Nair").click()
    brought = clinician.get_by_test_id("brought")
    brought.locator("summary").click()
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    bundle = {
        "resourceType": "Bundle", "type": "collection",
        "entry": [
            {"fullUrl": "urn:uuid:6f9c1d0a-3a31-4c52-9d0e-0a1f2b3c4d5e", "resource": {
                "resourceType": "Patient", "id": "p", "name": [{"text": "Priya Nair"}], "gender": "female"}},
            {"fullUrl": "urn:uuid:7f9c1d0a-3a31-4c52-9d0e-0a1f2b3c4d5f", "resource": {
                "resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "Penicillin"},
                "clinicalStatus": {"coding": [{"system": system, "code": "active"}]},
                "patient": {"reference": "urn:uuid:6f9c1d0a-3a31-4c52-9d0e-0a1f2b3c4d5e"}}},
        ],
    }  # fmt: skip
    file = {"name": "ips.json", "mimeType": "application/json", "buffer": json.dumps(bundle).encode()}
    button = brought.get_by_role("button", name="Import a Patient")
    brought.locator("summary").focus()
    clinician.keyboard.press("Tab")
    expect(button).to_be_focused()
    with clinician.expect_file_chooser() as asked:
        button.press("Enter")
    asked.value.set_files(files=[file])  # type: ignore[list-item]
    expect(brought).to_contain_text("Penicillin (active)")
    expect(brought).to_contain_text("Allergies")
    expect(clinician.get_by_test_id("record")).not_to_contain_text("Penicillin")


def test_an_escalation_is_acknowledged_and_closed_with_its_outcome(clinician: Page) -> None:
    clinician.goto("/packs/health/queue")
    row = clinician.get_by_test_id("escalation").filter(has_text="Lena Fischer")
    expect(row).to_have_attribute("data-state", "notified")
    row.get_by_role("button", name="Acknowledge").click()
    expect(row).to_have_attribute("data-state", "acknowledged")
    row.get_by_role("button", name="Close").click()
    row.locator("input").fill("Sent to the labour ward")
    row.locator("form").get_by_role("button").click()
    expect(row).to_have_count(0)


def test_a_chinese_record_names_what_was_denied_and_follows_the_sites_headings(browser: Browser, program: Server) -> None:
    def signed_in(mail: str) -> Page:
        page = browser.new_context(locale="zh-CN", base_url=program.base).new_page()
        page.goto("/packs/health/records")
        page.locator("input[type=email]").fill(mail)
        page.locator("input[type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_test_id("patient").first.wait_for()
        return page

    office = signed_in("jo@clinic.example")
    office.get_by_test_id("template").locator("summary").click()
    kept = office.get_by_test_id("template").locator("textarea")
    office.get_by_test_id("template").locator("select").select_option("zh")
    expect(kept).to_have_value(re.compile("cc: 主诉"))
    kept.fill(kept.input_value().replace("cc: 主诉", "cc: 就诊原因"))
    office.get_by_test_id("template").locator("button[type=submit]").click()
    doctor = signed_in("lin@clinic.example")
    doctor.get_by_test_id("patient").filter(has_text="陈立新").click()
    record = doctor.get_by_test_id("record")
    expect(record.locator("h4").first).to_have_text("就诊原因")
    expect(record).to_contain_text("否认")
    expect(record).not_to_contain_text("没有。")
    office.context.close()
    doctor.context.close()
