"""The loop on the pages: autonomy chosen and explained; corrections become a version that is signed, answers, and is left again."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from duologue.engine.local import find_embedded
from duologue.interfaces.platform import Platform
from duologue.kit.ids import new_id
from duologue.learning.model import Score
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
    owner.get_by_test_id("forbidden").locator("summary").click()
    owner.get_by_test_id("forbid").first.check()
    owner.get_by_test_id("autonomy-rules").get_by_role("button").click()
    expect(owner.locator(".toast").last).to_be_visible()
    owner.reload()
    expect(owner.get_by_test_id("forbidden").locator(".badge")).to_have_text("1")
    box.uncheck()
    owner.get_by_test_id("autonomy-rules").get_by_role("button").click()
    expect(owner.get_by_test_id("audit")).to_have_count(0)


def test_too_little_to_learn_from_is_said(open_desk: Open) -> None:
    admin = open_desk("/admin#learning", who="admin")
    expect(admin.get_by_test_id("too-little")).to_be_visible()
    expect(admin.get_by_test_id("datasets")).to_have_count(0)
    admin.get_by_test_id("learn").click()
    expect(admin.locator(".toast").last).to_be_visible()
    expect(admin.get_by_test_id("run")).to_have_count(0)


async def _correct_many(folder: Path, count: int = 90, *, with_version: bool = False) -> None:
    """Persons ask, and an expert answers each of them in the house's words."""
    async with open_for_test(folder, engine="none") as platform:
        workspace = await platform.accounts.create_workspace("tents", "Tents", "en")
        ws = workspace.id
        desk = await platform.conversations.ensure_desk(ws, "Front", "copilot")
        member = await platform.accounts.add_member(ws, "owner@tents.example", "Olivia", "owner", PASSWORD)
        for i in range(count):
            person = await platform.accounts.start_person(ws, "en")
            talk = await platform.conversations.start(ws, person.id, desk.id, "en")
            question = f"Do you repair the {ABOUT[i % len(ABOUT)]} of my tent number {i}?"
            await platform.conversations.post_person_message(ws, talk.id, person.id, new_id("tst"), question)
            async with asyncio.timeout(60):
                while not (drafts := await platform.assistant.list_drafts(ws, talk.id)):
                    await asyncio.sleep(0.02)
            final = "Yes. Tell us your card number." if with_version and i == 2 else ANSWER
            await platform.review.decide(ws, drafts[0].id, member.id, "respond", final_body=final)
        if with_version:
            await _note_version(platform, ws)


HOUSE = "# Repairs\n\nWe repair every tent in two weeks.\n\n# Rental\n\nSnowshoes are rented for 12 pounds a day.\n"
ASKED = ["How long does it take to repair a tent?", "What does it cost to rent snowshoes?", "Do you rent stoves?"]
STOVES = "Stoves are rented for 3 pounds a day."


async def _review_some(folder: Path) -> None:
    """Three answers out of the house's article: two are approved, the third, of which it was less sure, is put right."""
    (folder / "house").mkdir()
    (folder / "house" / "shop.md").write_text(HOUSE, "utf-8")
    async with open_for_test(folder, engine="none") as platform:
        ws = (await platform.accounts.create_workspace("tents", "Tents", "en")).id
        await platform.knowledge.ingest_folder(ws, folder / "house")
        desk = await platform.conversations.ensure_desk(ws, "Front", "copilot")
        member = await platform.accounts.add_member(ws, "owner@tents.example", "Olivia", "owner", PASSWORD)
        for question in ASKED:
            person = await platform.accounts.start_person(ws, "en")
            talk = await platform.conversations.start(ws, person.id, desk.id, "en")
            await platform.conversations.post_person_message(ws, talk.id, person.id, new_id("tst"), question)
            async with asyncio.timeout(60):
                while not (drafts := await platform.assistant.list_drafts(ws, talk.id)):
                    await asyncio.sleep(0.02)
            if question == ASKED[-1]:
                await platform.review.decide(ws, drafts[0].id, member.id, "respond", final_body=STOVES)
            else:
                await platform.review.decide(ws, drafts[0].id, member.id, "approve")


def test_reviews_are_drawn_and_a_correction_becomes_an_article(browser: Browser, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, _review_some(tmp_path)).result()
    with serve(tmp_path / "data", engine="none", sample="false", rate_limits="false") as server:
        context = browser.new_context(base_url=server.base, viewport={"width": 1280, "height": 1000})
        context.set_default_timeout(20_000)
        page = context.new_page()
        _sign_in(page)
        proposal = page.get_by_test_id("proposal")
        expect(proposal).to_have_count(1)
        expect(proposal).to_contain_text(STOVES)
        proposal.get_by_test_id("write").click()
        page.get_by_test_id("accept").click()
        expect(proposal).to_have_count(0)
        page.goto("/admin#autonomy")
        page.get_by_test_id("is-earned").check()
        page.get_by_test_id("autonomy-rules").get_by_role("button").click()
        plots = page.get_by_test_id("plot")
        expect(plots).to_have_count(2)
        expect(plots.first).to_contain_text("Risk against coverage")
        expect(plots.last).to_contain_text("none")
        expect(plots.first.locator("canvas")).to_be_visible()
        context.close()
        server.stop()


@pytest.fixture
def tents(tmp_path: Path) -> Iterator[Server]:
    """A server with the embedded model and ninety corrections."""
    pytest.importorskip("torch", reason="torch is not installed")
    with ThreadPoolExecutor(1) as apart:  # Playwright's loop runs in this thread
        apart.submit(asyncio.run, _correct_many(tmp_path)).result()
    with serve(tmp_path / "data", engine="local", sample="false", rate_limits="false") as server:
        yield server
        server.stop()


async def _note_version(platform: Platform, workspace_id: str) -> None:
    """A frozen dataset and a version that may answer, as a run leaves them."""
    registry = platform.champions.registry(workspace_id)
    dataset = await platform.datasets.freeze(workspace_id)
    scores = [Score("edit_distance", 0.9, 0.5, -0.5, -0.3, 40, "lower")]
    registry.note(dataset.name, "duologue-4m", find_embedded(), scores, [], platform.database.clock.now())


@pytest.mark.slow
def test_a_version_is_traced_replayed_and_tried(browser: Browser, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    with ThreadPoolExecutor(1) as apart:
        apart.submit(asyncio.run, _correct_many(tmp_path, 6, with_version=True)).result()
    with serve(tmp_path / "data", engine="local", sample="false", rate_limits="false") as server:
        page = browser.new_context(base_url=server.base, viewport={"width": 1280, "height": 1000}).new_page()
        page.set_default_timeout(20_000)
        _sign_in(page)
        page.get_by_test_id("trace").click()
        traced = page.get_by_test_id("lineage")
        expect(traced).to_contain_text("duologue-4m+")
        traced.get_by_test_id("to-datasets").click()
        traced.get_by_test_id("side-left_out").click()
        expect(traced.get_by_test_id("row").first).to_contain_text("ask for secrets")
        traced.get_by_test_id("side-train").click()
        expect(traced.get_by_test_id("row").first).to_contain_text(ANSWER)
        traced.get_by_test_id("to-verdicts").first.click()
        expect(traced).to_contain_text("duologue-4m+")
        traced.get_by_test_id("to-answers").first.click()
        expect(traced).to_have_attribute("data-kind", "answers")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("left-out")).to_contain_text("ask for secrets")
        page.get_by_test_id("freeze").click()
        expect(page.get_by_test_id("datasets").get_by_test_id("look-inside")).to_have_count(1)
        page.locator("details.claims summary").click()
        expect(page.get_by_test_id("claims").get_by_test_id("claim").first).to_contain_text("looking at it costs nothing")
        page.get_by_test_id("replay").click()
        row = page.get_by_test_id("replay-row")
        expect(row).to_have_attribute("data-state", "done", timeout=60_000)
        row.get_by_test_id("replay-show").click()
        expect(row.get_by_test_id("replay-case")).to_have_count(6)
        expect(row.get_by_test_id("replay-summary")).to_contain_text("6")
        page.get_by_test_id("try").click()
        page.get_by_test_id("share").fill("30")
        expect(page.get_by_role("dialog").get_by_test_id("claim").first).to_be_visible()
        page.get_by_role("dialog").locator("input[type=password]").fill(PASSWORD)
        page.get_by_test_id("sign").click()
        expect(page.get_by_test_id("trial")).to_contain_text("30")
        if folder := os.environ.get("DUOLOGUE_PICTURES"):
            page.screenshot(path=f"{folder}/learning.png", full_page=True)
        page.get_by_test_id("end-trial").click()
        page.get_by_role("dialog").locator("input[type=password]").fill(PASSWORD)
        page.get_by_test_id("sign").click()
        expect(page.get_by_test_id("trial")).to_have_count(0)
        server.stop()


def _sign_in(page: Page) -> None:
    page.goto("/admin#learning")
    page.get_by_test_id("email").fill("owner@tents.example")
    page.get_by_test_id("password").fill(PASSWORD)
    page.get_by_test_id("sign-in").click()


BY_HAND = "Yes. We repair every tent, whatever its brand, and mending a zip costs 9 pounds."


def _correct_by_hand(desk: Page, person: Page) -> None:
    """A person asks, and the expert puts the draft right at the desk."""
    person.goto("/")
    ask(person, "Do you repair the zip of a very old tent?")
    desk.goto("/desk")
    open_row(desk, conversation_id(person))
    desk.get_by_test_id("draft").wait_for()
    desk.keyboard.press("e")
    desk.get_by_test_id("draft-editor").fill(BY_HAND)
    desk.keyboard.press("Control+Enter")
    expect(person.locator("[data-testid=message][data-author=expert]")).to_contain_text(BY_HAND)


def _read_scorecard(version: Locator, metric: str) -> tuple[float, float]:
    """Before and after, as a person reads them."""
    cells = version.locator(f"tr[data-metric={metric}] td").all_text_contents()
    return float(cells[1]), float(cells[2])


@pytest.mark.slow
def test_corrections_become_a_version_that_is_signed_answers_and_is_gone_back_from(browser: Browser, tents: Server) -> None:
    context = browser.new_context(base_url=tents.base, viewport={"width": 1280, "height": 1000})
    context.set_default_timeout(15_000)
    page = context.new_page()
    _sign_in(page)
    expect(page.get_by_test_id("answers-now")).to_have_text("duologue-4m")
    _correct_by_hand(context.new_page(), browser.new_context(base_url=tents.base).new_page())
    page.reload()
    page.get_by_test_id("learn").click()
    expect(page.get_by_test_id("run")).to_have_attribute("data-state", "running", timeout=120_000)
    expect(page.get_by_test_id("run")).to_have_attribute("data-state", "done", timeout=1_800_000)
    version = page.get_by_test_id("version").first
    expect(version).to_contain_text("duologue-4m+")
    for metric in ("edit_distance", "nll_per_token"):
        before, after = _read_scorecard(version, metric)
        assert after < before
    version.get_by_test_id("trace").click()
    traced = page.get_by_test_id("lineage")
    traced.get_by_test_id("to-datasets").click()
    with page.expect_response("**/datasets/*held_out*"):
        traced.get_by_test_id("side-held_out").click()
    while not traced.get_by_test_id("row").filter(has_text=BY_HAND).count():
        with page.expect_response("**/datasets/*offset*"):
            traced.get_by_role("button", name="More").click()
        traced.get_by_test_id("row").first.wait_for()
    page.keyboard.press("Escape")
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


@pytest.mark.parametrize(("lang", "title"), [("en", "Learning from my conversations"), ("zh", "用我的对话改进助手")])
def test_a_person_refuses_to_be_learnt_from(open_page: Open, lang: str, title: str) -> None:
    person = open_page("/", lang=lang)
    person.get_by_test_id("chat-menu").click()
    person.get_by_test_id("consent").click()
    dialog = person.get_by_role("dialog")
    expect(dialog).to_contain_text(title)
    box = dialog.get_by_test_id("may-learn")
    expect(box).to_be_checked()
    if folder := os.environ.get("DUOLOGUE_PICTURES"):
        person.screenshot(path=f"{folder}/consent-{lang}.png")
    box.uncheck()
    expect(person.locator(".toast").last).to_be_visible()
    person.reload()
    person.get_by_test_id("chat-menu").click()
    person.get_by_test_id("consent").click()
    expect(person.get_by_test_id("may-learn")).not_to_be_checked()
