"""The loop on the pages: autonomy chosen and explained; corrections become a version that is signed, answers, and is left again."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from duologue.kit.ids import new_id
from tests.browser.people import Open, ask, conversation_id, open_row
from tests.platforms import PASSWORD, open_for_test
from tests.program import Server, serve

pytestmark = pytest.mark.browser
ANSWER = "Yes. We repair every tent, whatever its brand, and looking at it costs nothing."
ABOUT = ["zip", "pole", "seam", "floor", "window", "peg loop", "vent", "guy line"]


@pytest.mark.parametrize(("lang", "why"), [("en", "Too few reviews"), ("zh", "审核太少")])
def test_the_owner_lets_autonomy_be_earned_and_reads_why(open_desk: Open, lang: str, why: str) -> None:
    owner = open_desk("/admin#autonomy", who="owner", lang=lang)
    box = owner.get_by_test_id("is-earned")
    box.check()
    owner.get_by_test_id("autonomy-rules").get_by_role("button").click()
    expect(owner.get_by_test_id("cell").first).to_contain_text(why)
    expect(owner.get_by_test_id("audit")).to_be_visible()
    box.uncheck()
    owner.get_by_test_id("autonomy-rules").get_by_role("button").click()
    expect(owner.get_by_test_id("audit")).to_have_count(0)


def test_too_little_to_learn_from_is_said(open_desk: Open) -> None:
    admin = open_desk("/admin#learning", who="admin")
    expect(admin.get_by_test_id("dataset")).to_be_visible()
    admin.get_by_test_id("learn").click()
    expect(admin.locator(".toast").last).to_be_visible()
    expect(admin.get_by_test_id("run")).to_have_count(0)


async def _correct_many(folder: Path) -> None:
    """Ninety persons ask, and an expert answers each of them in the house's words."""
    async with open_for_test(folder, engine="none") as platform:
        workspace = await platform.accounts.create_workspace("tents", "Tents", "en")
        ws = workspace.id
        desk = await platform.conversations.ensure_desk(ws, "Front", "copilot")
        member = await platform.accounts.add_member(ws, "owner@tents.example", "Olivia", "owner", PASSWORD)
        for i in range(90):
            person = await platform.accounts.start_person(ws, "en")
            talk = await platform.conversations.start(ws, person.id, desk.id, "en")
            question = f"Do you repair the {ABOUT[i % len(ABOUT)]} of my tent number {i}?"
            await platform.conversations.post_person_message(ws, talk.id, person.id, new_id("tst"), question)
            async with asyncio.timeout(30):
                while not (drafts := await platform.assistant.list_drafts(ws, talk.id)):
                    await asyncio.sleep(0.02)
            await platform.review.decide(ws, drafts[0].id, member.id, "respond", final_body=ANSWER)


@pytest.fixture
def tents(tmp_path: Path) -> Iterator[Server]:
    """A server with the embedded model and ninety corrections."""
    pytest.importorskip("torch", reason="torch is not installed")
    with ThreadPoolExecutor(1) as apart:  # Playwright's loop runs in this thread
        apart.submit(asyncio.run, _correct_many(tmp_path)).result()
    with serve(tmp_path / "data", engine="local", sample="false", rate_limits="false") as server:
        yield server
        server.stop()


@pytest.mark.slow
def test_corrections_become_a_version_that_is_signed_answers_and_is_gone_back_from(browser: Browser, tents: Server) -> None:
    context = browser.new_context(base_url=tents.base, viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/admin#learning")
    page.get_by_test_id("email").fill("owner@tents.example")
    page.get_by_test_id("password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()
    expect(page.get_by_test_id("answers-now")).to_have_text("duologue-4m")
    page.get_by_test_id("learn").click()
    expect(page.get_by_test_id("run")).to_have_attribute("data-state", "running")
    expect(page.get_by_test_id("run")).to_have_attribute("data-state", "done", timeout=600_000)
    version = page.get_by_test_id("version").first
    expect(version).to_contain_text("duologue-4m+")
    version.get_by_test_id("promote").click()
    page.get_by_role("dialog").locator("input[type=password]").fill(PASSWORD)
    page.get_by_test_id("sign").click()
    now = page.get_by_test_id("answers-now")
    expect(now).to_contain_text("duologue-4m+")
    name = now.text_content() or ""
    person = browser.new_context(base_url=tents.base).new_page()
    person.goto("/")
    ask(person, "Do you repair the door of my tent?")
    desk = context.new_page()
    desk.goto("/desk")
    open_row(desk, conversation_id(person))
    expect(desk.locator("aside.context")).to_contain_text(name, timeout=60_000)
    page.get_by_test_id("roll-back").click()
    page.get_by_role("dialog").locator("input[type=password]").fill(PASSWORD)
    page.get_by_test_id("sign").click()
    expect(now).to_have_text("duologue-4m")
    context.close()
