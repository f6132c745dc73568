"""The clinic's pages in a Chromium: a patient in danger, the queue, and a record read, edited, opened and signed."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import ask
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


@pytest.fixture
def patient(browser: Browser, program: Server) -> Iterator[Page]:
    """Somebody new on the clinic's chat page."""
    context = browser.new_context(locale="en-GB", base_url=program.base)
    page = context.new_page()
    page.goto("/?workspace=clinic")
    page.get_by_test_id("composer").wait_for()
    yield page
    context.close()


def test_a_patient_is_asked_for_consent_and_told_what_to_do_in_danger(patient: Page) -> None:
    ask(patient, "I have had a sore throat for two days")
    expect(patient.locator("[data-testid=message][data-author=ai]").last).to_contain_text("May I ask")
    ask(patient, "yes")
    expect(patient.locator("[data-testid=message][data-author=ai]").last).to_contain_text("drooling")
    ask(patient, "Actually I can't breathe and my lips are turning blue")
    expect(patient.get_by_test_id("notice").filter(has_text="emergency").first).to_be_visible()


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
    expect(record).to_have_attribute("data-state", "draft")
    bad.get_by_role("button", name="I have looked at it").click()
    expect(bad).to_contain_text("looked at")
    clinician.get_by_test_id("sign").locator("input").fill(PASSWORD)
    clinician.get_by_test_id("sign").get_by_role("button").click()
    expect(record).to_have_attribute("data-state", "signed")
    clinician.get_by_test_id("addendum").locator("input").fill("Eye test arranged.")
    clinician.get_by_test_id("addendum").get_by_role("button").click()
    expect(record).to_contain_text("Eye test arranged.")


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
    clinician.get_by_test_id("bring").set_input_files(files=[file])  # type: ignore[list-item]
    expect(brought).to_contain_text("Penicillin (active)")
    expect(brought).to_contain_text("Allergies")
    expect(clinician.get_by_test_id("record")).not_to_contain_text("Penicillin")


def test_another_clinicians_patient_opens_with_a_reason_only(clinician: Page) -> None:
    clinician.get_by_test_id("patient").filter(has_text="陈立新").click()
    asked = clinician.get_by_test_id("break-glass")
    expect(asked).to_be_visible()
    asked.locator("input").fill("covering for Dr. Lin tonight")
    asked.get_by_role("button").click()
    expect(clinician.get_by_test_id("record")).to_contain_text("咳")


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
