"""How a pack reaches the turn and the desk, with a pack of the test's own: readers, skills, panels, tables, erasure."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Column, String, Table, delete, insert, select

from duologue.assistant.host import PAGE
from duologue.bootstrap import create_app, packs
from duologue.bootstrap.join import make_ready
from duologue.sdk import (
    Download,
    Host,
    Pack,
    Panel,
    PanelContext,
    ReadContext,
    Reader,
    ReadingAlarm,
    Reply,
    Seen,
    Skill,
    SkillContext,
    Upload,
    WriteTx,
    new_metadata,
)
from duologue.store.bus import Ephemeral, Signal
from tests.platforms import Browser, House, add_house, open_for_test

MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("toy_word", sa.Column("message_id", sa.String(48), primary_key=True), sa.Column("person_id", sa.String(48)),
                    sa.Column("word", sa.Text()))


def downgrade() -> None:
    op.drop_table("toy_word")
"""
words = Table(
    "toy_word",
    new_metadata(),
    Column("message_id", String(48), primary_key=True),
    Column("person_id", String(48)),
    Column("word", String),
)


async def read_word(context: ReadContext) -> Seen | None:
    word = context.message.body.split()[0].casefold()
    if word == "crash":
        raise RuntimeError("a reader that fails")

    async def keep(tx: WriteTx) -> None:
        row = {"message_id": context.message.id, "person_id": context.conversation.person_id, "word": word}
        await tx.conn.execute(insert(words).values(**row))

    alarm = ReadingAlarm("fire", notice={"en": "Leave the house.", "zh": "请离开。"}) if word == "fire" else None
    return Seen(
        {"word": word, "before": len(context.history)}, topic="greeting" if word == "hello" else None, alarm=alarm, effect=keep
    )


async def count(context: SkillContext) -> Reply | None:
    if context.turn.question.startswith("count"):
        return Reply("One, two, three.", 0.99, data={"asked": "count", "card": {"pack": "toy", "kind": "Numbers"}})
    return Reply("Sign this.", 0.99, must_sign=True, data={"asked": "sign"}) if context.turn.question == "sign" else None


async def clarify(context: SkillContext) -> Reply | None:
    assert context.answer is not None
    return Reply("Which one do you mean?", 0.95, is_settled=True) if "which" in context.turn.question else None


async def list_words(context: PanelContext, limit: int = 10) -> Any:
    async with context.host.read() as tx:
        found = (await tx.conn.execute(select(words.c.word).order_by(words.c.message_id).limit(limit))).scalars().all()
    return {"words": list(found), "here": context.conversation.id if context.conversation else "", "role": context.role}


async def export(context: PanelContext) -> Download:
    return Download("字.csv", "text/csv", b"word\n")


async def forget(context: PanelContext, word: str, times: int) -> Any:
    context.check_role("expert")
    async with context.host.write() as tx:
        await tx.conn.execute(delete(words).where(words.c.word == word))
    return {"times": times, "by": context.member_id or context.person_id}


async def take(context: PanelContext, file: Upload) -> Any:
    return {"name": file.name, "size": len(file.content)}


async def sign(context: PanelContext, password: str) -> Any:
    assert context.confirm is not None
    await context.confirm(password)
    return {"ok": True}


async def erase(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    await tx.conn.execute(delete(words).where(words.c.person_id == person_id))


def make_pack(folder: Path, *, judges_danger: bool = False) -> Pack:
    (folder / "migrations").mkdir()
    (folder / "migrations/0001_words.py").write_text(MIGRATION, "utf-8")
    (folder / "panels").mkdir()
    (folder / "panels/words.js").write_text("/** The words. */\nexport default () => null;\n", "utf-8")
    functions: dict[str, Any] = {"queries": {"words": list_words, "export": export}}
    functions["commands"] = {"forget": forget, "take": take, "sign": sign}
    mine = Panel("mine", {"en": "Mine", "zh": "我的"}, ("person",), "words.js", place="chat", queries={"words": list_words})
    return Pack(
        "toy", {"en": "Toy", "zh": "玩具"}, "1", folder=folder, migrations=folder / "migrations", erase=erase,
        readers=(Reader("word", read_word, is_vital=True, judges_danger=judges_danger),),
        skills=(Skill("count", count), Skill("clarify", clarify, when="last")),
        topics={"greeting": {"en": "a greeting", "zh": "问候"}},
        panels=(Panel("words", {"en": "Words", "zh": "字"}, ("owner", "admin", "expert"), "words.js", **functions), mine),
    )  # fmt: skip


@pytest_asyncio.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    folder = tmp_path / "toy"
    folder.mkdir()

    class Point:
        name, value = "toy", "toy"

        def load(self) -> Pack:
            return make_pack(folder, judges_danger=getattr(request, "param", False))

    monkeypatch.setattr(packs, "entry_points", lambda group: [Point()])
    async with open_for_test(tmp_path / "p", rules=[{"reply": "I do not know."}]) as platform:
        house = await add_house(platform, create_app(platform), "one")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Front", mode="autopilot", pack="toy")
        yield house


async def begin(house: House) -> tuple[Browser, str]:
    person = await house.person()
    return person, (await person.post("/api/chat/conversations", {}))["conversation"]["id"]


async def say(house: House, person: Browser, conversation_id: str, text: str) -> Any:
    """Send a message and wait until it was read and the turn has ended; the run where there was one."""
    sent = await person.post(f"/api/chat/conversations/{conversation_id}/messages", {"client_id": text, "body": text})
    ws, message_id = house.workspace.id, sent["message"]["id"]
    for _ in range(3_000):
        runs = [r for r in await house.platform.assistant.list_runs(ws, conversation_id) if r.message_id == message_id]
        readings = await house.platform.hosts["toy"].list_readings(ws, conversation_id=conversation_id)
        here = await house.platform.conversations.get(ws, conversation_id)
        if any(r.message_id == message_id for r in readings) and (
            runs[0].status != "running" if runs else here.controller.kind == "human"
        ):
            return runs[0] if runs else None
        await asyncio.sleep(0.02)
    raise AssertionError("nobody answered")


async def texts(house: House, conversation_id: str) -> list[Any]:
    return list((await house.platform.conversations.snapshot(house.workspace.id, conversation_id, "internal")).messages)


async def test_a_message_is_read_once_with_what_the_pack_keeps_of_it(house: House) -> None:
    person, conversation_id = await begin(house)
    await say(house, person, conversation_id, "hello there")
    await say(house, person, conversation_id, "again hello")
    readings = await house.platform.hosts["toy"].list_readings(house.workspace.id, conversation_id=conversation_id)
    assert [r.data["word"] for r in readings] == ["hello", "again"]
    assert readings[0].data["before"] == 0
    assert readings[1].data["before"] >= 1
    assert (await house.platform.conversations.get(house.workspace.id, conversation_id)).topic == "greeting"
    expert = await house.member("expert")
    assert (await expert.get("/api/packs/toy/words/words"))["words"] == ["hello", "again"]


async def test_messages_are_read_while_an_expert_holds_the_conversation(house: House) -> None:
    person, conversation_id = await begin(house)
    await house.platform.conversations.take_over(house.workspace.id, conversation_id, house.members["expert"].id)
    assert await say(house, person, conversation_id, "fire in the kitchen") is None
    here = await house.platform.conversations.get(house.workspace.id, conversation_id)
    assert here.controller.kind == "human"
    assert here.attention.kind == "requested"


async def test_an_alarm_hands_over_before_anything_is_thought(house: House) -> None:
    person, conversation_id = await begin(house)
    run = await say(house, person, conversation_id, "fire in the kitchen")
    assert (run.status, run.reason) == ("handed_over", "fire")
    assert "think" not in [step.name for step in run.steps]
    assert [m.body for m in await texts(house, conversation_id) if m.data.get("code") == "fire"] == ["Leave the house."]


async def post_in_one_go(house: House, person: Browser, conversation_id: str, *bodies: str) -> Any:
    """Send messages faster than a turn begins; the run of the last one, ended."""
    held = asyncio.Lock()
    house.platform.assistant._runner._locks[conversation_id] = held
    async with held:
        for body in bodies:
            sent = await person.post(f"/api/chat/conversations/{conversation_id}/messages", {"client_id": body, "body": body})
    for _ in range(3_000):
        runs = await house.platform.assistant.list_runs(house.workspace.id, conversation_id)
        ended = [r for r in runs if r.message_id == sent["message"]["id"] and r.status not in ("running", "superseded")]
        if ended:
            return ended[-1]
        await asyncio.sleep(0.02)
    raise AssertionError("nobody answered")


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        (("fire in the kitchen", "hello?"), "fire"),
        (("fire in the kitchen", "hello?", "count for me"), "fire"),
        (("my flat is on fire", "anybody?"), "danger"),
        (("let me talk to a human", "hello?"), "asked_for_person"),
        (("crash", "hello?"), "reader_failed"),
    ],
)
async def test_a_cry_for_help_is_heard_though_the_next_message_overtakes_it(
    house: House, bodies: tuple[str, ...], reason: str
) -> None:
    person, conversation_id = await begin(house)
    run = await post_in_one_go(house, person, conversation_id, *bodies)
    assert (run.status, run.reason) == ("handed_over", reason)


async def test_what_is_asked_in_several_messages_is_answered_as_one(house: House) -> None:
    person, conversation_id = await begin(house)
    run = await post_in_one_go(house, person, conversation_id, "hi", "count for me", "hello?")
    assert run.status == "sent"
    assert [m.body for m in await texts(house, conversation_id) if m.author_kind == "ai"] == ["One, two, three."]
    again = await post_in_one_go(house, person, conversation_id, "I camp in winter", "which tent")
    assert next(step for step in again.steps if step.name == "retrieve").input["question"] == "I camp in winter\nwhich tent"


async def test_an_alarm_is_kept_with_what_was_read_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the reading and its alarm would read as "seen", and nobody would come."""
    person, conversation_id = await begin(house)
    await house.platform.conversations.take_over(house.workspace.id, conversation_id, house.members["expert"].id)

    async def die(*_: object) -> None:
        raise RuntimeError("the process ends here")

    control = type(house.platform.conversations)
    with monkeypatch.context() as patch:
        patch.setattr(control, "request_attention", die)
        await person.post(f"/api/chat/conversations/{conversation_id}/messages", {"client_id": "a", "body": "fire in the kitchen"})
        await asyncio.sleep(0.2)
    assert await house.platform.hosts["toy"].list_readings(house.workspace.id, conversation_id=conversation_id) == []
    await house.platform.assistant._runner.readings.put_unread(house.workspace.id)
    for _ in range(3_000):
        here = await house.platform.conversations.get(house.workspace.id, conversation_id)
        if here.attention.kind == "requested":
            break
        await asyncio.sleep(0.02)
    assert [m.body for m in await texts(house, conversation_id) if m.data.get("code") == "fire"] == ["Leave the house."]


async def test_a_vital_reader_that_fails_calls_a_person(house: House) -> None:
    person, conversation_id = await begin(house)
    run = await say(house, person, conversation_id, "crash")
    assert (run.status, run.reason) == ("handed_over", "reader_failed")


@pytest.mark.parametrize("text", ["hello, I have chest pain", "fire in my kitchen, it is on fire", "crash and chest pain"])
async def test_danger_is_the_houses_matter_before_any_alarm_of_a_pack_that_does_not_judge_it(house: House, text: str) -> None:
    person, conversation_id = await begin(house)
    run = await say(house, person, conversation_id, text)
    assert (run.status, run.reason) == ("handed_over", "danger")
    assert [m.data["code"] for m in await texts(house, conversation_id) if m.author_kind == "system"] == ["handed_over", "danger"]


@pytest.mark.parametrize("house", [True], indirect=True)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("count to chest pain", ""),
        ("fire in my kitchen, it is on fire", "fire"),
        ("hello, I have chest pain, let me talk to a human", "asked_for_person"),
        ("crash and chest pain", "danger"),
    ],
)
async def test_a_reader_that_judges_danger_judges_it_alone_unless_it_fails(house: House, text: str, reason: str) -> None:
    person, conversation_id = await begin(house)
    run = await say(house, person, conversation_id, text)
    assert (run.status, run.reason) == (("handed_over" if reason else "sent"), reason)
    codes = [m.data["code"] for m in await texts(house, conversation_id) if m.author_kind == "system"]
    assert ("danger" in codes) is (reason == "danger")


async def test_a_skill_answers_and_its_data_goes_with_the_message(house: House) -> None:
    person, conversation_id = await begin(house)
    run = await say(house, person, conversation_id, "count for me")
    assert run.status == "sent"
    answer = (await texts(house, conversation_id))[-1]
    assert (answer.body, answer.data["asked"], answer.data["card"]["kind"]) == ("One, two, three.", "count", "Numbers")


async def test_what_must_be_signed_waits_and_keeps_its_data(house: House) -> None:
    person, conversation_id = await begin(house)
    run = await say(house, person, conversation_id, "sign")
    assert run.status == "drafted"
    await house.platform.review.decide(house.workspace.id, run.draft_id, house.members["expert"].id, "approve")
    answer = (await texts(house, conversation_id))[-1]
    assert (answer.author_kind, answer.data["asked"]) == ("expert", "sign")


async def test_a_last_skill_speaks_only_where_nothing_else_would_be_sent(house: House) -> None:
    person, conversation_id = await begin(house)
    run = await say(house, person, conversation_id, "which tent")
    assert run.status == "sent"
    assert (await texts(house, conversation_id))[-1].body == "Which one do you mean?"


async def test_a_panel_asks_and_does_by_its_functions(house: House) -> None:
    person, conversation_id = await begin(house)
    await say(house, person, conversation_id, "hello there")
    expert, viewer = await house.member("expert"), await house.member("viewer")
    listed = await expert.get("/api/packs")
    assert [(p["name"], [x["name"] for x in p["panels"]]) for p in listed["packs"]] == [("toy", ["words"])]
    assert listed["packs"][0]["topics"] == {"greeting": {"en": "a greeting", "zh": "问候"}}
    assert (await viewer.get("/api/packs"))["packs"][0]["panels"] == []
    found = await expert.get("/api/packs/toy/words/words", params={"limit": 1, "conversation_id": conversation_id})
    assert found == {"words": ["hello"], "here": conversation_id, "role": "expert"}
    assert (await viewer.call("GET", "/api/packs/toy/words/words")).status_code == 403
    done = await expert.post("/api/packs/toy/words/forget", {"word": "hello", "times": 2})
    assert done == {"times": 2, "by": house.members["expert"].id}
    wrong = await expert.call("POST", "/api/packs/toy/words/forget", {"word": "hello", "times": "many"})
    assert (wrong.status_code, wrong.json()["error"]["detail"]) == (422, {"field": "times"})
    assert (await expert.call("POST", "/api/packs/toy/words/nothing", {})).status_code == 404
    assert (await expert.call("GET", "/api/packs/toy/words/words", params={"conversation_id": "cnv_x"})).status_code == 404


async def test_files_go_in_and_out(house: House) -> None:
    expert = await house.member("expert")
    response = await expert.call("GET", "/api/packs/toy/words/export")
    assert response.content == b"word\n"
    assert "%E5%AD%97.csv" in response.headers["content-disposition"]
    sent = await expert.client.post("/api/packs/toy/words/take", files={"file": ("a.txt", b"abc")})
    assert sent.json() == {"name": "a.txt", "size": 3}


async def test_signing_asks_for_the_password_again(house: House) -> None:
    expert = await house.member("expert")
    assert (await expert.call("POST", "/api/packs/toy/words/sign", {"password": "wrong"})).status_code == 401
    assert await expert.post("/api/packs/toy/words/sign", {"password": "a long password"}) == {"ok": True}


async def test_a_person_reaches_persons_panels_only(house: House) -> None:
    person, conversation_id = await begin(house)
    assert [p["name"] for p in (await person.get("/api/chat/packs"))["packs"][0]["panels"]] == ["mine"]
    assert (await person.get("/api/chat/packs/toy/mine/words"))["role"] == "person"
    assert (await person.call("GET", "/api/chat/packs/toy/words/words")).status_code == 404
    stranger = await house.person()
    asked = await stranger.call("GET", "/api/chat/packs/toy/mine/words", params={"conversation_id": conversation_id})
    assert asked.status_code == 404


async def test_who_is_erased_is_forgotten_in_the_packs_tables_too(house: House) -> None:
    person, conversation_id = await begin(house)
    await say(house, person, conversation_id, "hello there")
    here = await house.platform.conversations.get(house.workspace.id, conversation_id)
    async with house.platform.database.write() as tx:
        await house.platform.conversations.erase_person(tx, house.workspace.id, here.person_id)
    assert await house.platform.hosts["toy"].list_readings(house.workspace.id) == []
    expert = await house.member("expert")
    assert (await expert.get("/api/packs/toy/words/words"))["words"] == []


async def test_the_panels_files_are_served_beside_the_pages_own(house: House) -> None:
    browser = house.browser()
    page = await browser.call("GET", "/packs/toy/words")
    assert 'data-panel="toy/words"' in page.text
    digest = page.text.split("/static/")[1].split("/")[0]
    assert "The words." in (await browser.call("GET", f"/static/{digest}/packs/toy/words.js")).text
    assert (await browser.call("GET", "/packs/Toy/%3Cscript%3E")).status_code == 404


async def test_a_pack_sees_all_conversations_since_a_moment_or_hears_that_it_does_not(house: House) -> None:
    ws, host = house.workspace.id, house.platform.hosts["toy"]
    began = host.clock.now()
    person, _ = await begin(house)
    person_id = (await host.list_conversations(ws))[0].person_id
    (desk,) = await host.list_desks(ws)
    for _ in range(PAGE):
        last = await house.platform.conversations.start(ws, person_id, desk.id, "en")
    every, is_cut = await host.list_since(ws, began, 10_000)
    assert (len(every), is_cut) == (PAGE + 1, False)
    some, is_cut = await host.list_since(ws, began, 100)
    assert (len(some), some[0].id, is_cut) == (100, last.id, True)
    assert await host.list_since(ws, host.clock.now() + timedelta(hours=1), 100) == ([], False)
    await person.post(f"/api/chat/conversations/{last.id}/messages", {"client_id": "1", "body": "hello"})
    said = (await host.list_public_messages(ws, [last.id, "cnv_gone"]))[last.id]
    assert said[0].body == "hello"


async def test_a_pack_makes_ready_for_the_workspaces_that_have_a_desk_of_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    other = await add_house(house.platform, house.app, "two")
    (toy,), seen = house.platform.packs, []

    async def prepare(host: Host, workspace_id: str) -> None:
        seen.append(workspace_id)
        raise RuntimeError("one that fails keeps nobody else waiting")

    monkeypatch.setattr(house.platform, "packs", [replace(toy, name="toy", prepare=prepare), replace(toy, prepare=prepare)])
    await make_ready(house.platform)
    assert seen == [house.workspace.id] * 2
    assert other.workspace.id not in seen


async def test_who_writes_sees_at_once_that_something_is_done_though_a_reader_takes_its_time(house: House) -> None:
    person, conversation_id = await begin(house)
    seen: list[tuple[str, str]] = []

    def note(signal: Signal) -> None:
        if isinstance(signal, Ephemeral) and signal.kind == "run" and signal.audience == "public":
            seen.append((signal.data["state"], signal.data["run_id"]))

    house.platform.database.bus.tap(note)
    run = await say(house, person, conversation_id, "hello")
    assert seen[0] == ("reading", ""), "before a reader has looked, and before there is a run"
    assert ("started", run.id) in seen[1:]
    assert seen[-1][0] == "finished"
