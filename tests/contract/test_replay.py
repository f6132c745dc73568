"""The replay lab: what was sent beside what either model would say; nothing is sent; a replay goes on where it was."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio

from duologue.learning.rehearsals import Rehearsals
from duologue.learning.replay import gather, summarise
from tests.platforms import Browser, House, open_house

RETURNS = b"# Returns\n\nUnused tents can be returned within 30 days of delivery.\n"
REPLY = "Unused tents can be returned within 30 days of delivery [1]."
PATH = "/api/admin/learning/replays"
ASKED = 3
EVER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, rules=[{"reply": REPLY}], autopilot_threshold=0.2) as opened:
        admin = await opened.member("admin")
        await admin.client.post("/api/admin/documents", files={"files": ("returns.md", RETURNS)})
        yield opened


async def converse(house: House, person: Browser) -> str:
    """A question in a new conversation, and its answer."""
    started: str = (await person.post("/api/chat/conversations", {}))["conversation"]["id"]
    asked = {"client_id": "1", "body": "Can unused tents be returned?"}
    await person.post(f"/api/chat/conversations/{started}/messages", asked)
    async with asyncio.timeout(60):
        while not [r for r in await house.platform.assistant.list_runs(house.workspace.id, started) if r.status == "sent"]:
            await asyncio.sleep(0.01)
    return started


async def wait(admin: Browser, state: str) -> dict[str, object]:
    async with asyncio.timeout(60):
        while (found := (await admin.get(PATH))["replays"][0])["state"] != state:
            await asyncio.sleep(0.02)
    return dict(found)


async def test_what_was_sent_stands_beside_what_would_be_and_nothing_is_sent(house: House) -> None:
    admin, viewer, person = await house.member("admin"), await house.member("viewer"), await house.person()
    assert (await admin.call("POST", PATH, {"days": 30})).status_code == 422  # nothing was sent yet
    talks = [await converse(house, person) for _ in range(ASKED)]
    assert (await viewer.call("POST", PATH, {"days": 30})).status_code == 403
    assert (await admin.call("POST", PATH, {"version": "nobody"})).status_code == 404
    before = [len((await house.platform.conversations.snapshot(house.workspace.id, c, "internal")).messages) for c in talks]
    await admin.post(PATH, {"days": 30})
    ended = await wait(admin, "done")
    assert (ended["total"], ended["done"]) == (ASKED, ASKED)
    looked = await admin.get(f"{PATH}/{ended['id']}?limit=2")
    assert len(looked["rows"]) == 2
    row = looked["rows"][0]
    assert "30 days" in row["sent"]
    assert row["sent_by"] == "ai"
    assert row["candidate"]["is_sent"]
    assert row["candidate"]["distance"] == row["present"]["distance"]
    assert looked["summary"] | {"n": ASKED, "wins": 0, "losses": 0, "low": 0.0, "high": 0.0} == looked["summary"]
    after = [len((await house.platform.conversations.snapshot(house.workspace.id, c, "internal")).messages) for c in talks]
    assert before == after


async def test_a_replay_is_paused_resumed_taken_up_and_cancelled(house: House) -> None:
    admin, person = await house.member("admin"), await house.person()
    for _ in range(ASKED):
        await converse(house, person)
    platform, ws = house.platform, house.workspace.id
    first = (await admin.post(PATH, {}))["replays"][0]["id"]
    assert (await admin.call("POST", PATH, {})).status_code == 409
    await admin.post(f"{PATH}/{first}/pause")
    assert (await admin.call("POST", f"{PATH}/{first}/pause")).status_code == 409
    lab = platform.rehearsals.lab(ws)
    done = len(lab.read(first))
    lab.folder.joinpath(first, "cases.jsonl").open("a").write('{"message_id": "cut')  # as a crash leaves it
    await admin.post(f"{PATH}/{first}/resume")
    assert (await wait(admin, "done"))["done"] == ASKED >= done
    found = lab.find(first)
    assert found is not None
    lab.set_state(found, "running")  # as a server leaves it that was killed
    again = Rehearsals(
        platform.database.clock, platform.conversations, platform.assistant, platform.knowledge, platform.champions,
        platform.consents,
    )  # fmt: skip
    assert again.take_up() == 1
    await wait(admin, "done")
    assert len(lab.read(first)) == ASKED
    assert (await admin.call("DELETE", f"{PATH}/{first}")).status_code == 200
    assert (await admin.get(PATH))["replays"] == []
    assert (await admin.call("GET", f"{PATH}/{first}")).status_code == 404


async def test_who_is_erased_is_in_no_replay(house: House) -> None:
    admin, owner, person = await house.member("admin"), await house.member("owner"), await house.person()
    talk = await converse(house, person)
    await admin.post(PATH, {})
    ended = await wait(admin, "done")
    here = await house.platform.conversations.get(house.workspace.id, talk)
    assert (await owner.call("DELETE", f"/api/admin/persons/{here.person_id}")).status_code == 200
    assert (await admin.get(f"{PATH}/{ended['id']}"))["rows"] == []


def test_the_nearer_one_wins() -> None:
    def row(mine: float, theirs: float) -> dict[str, object]:
        return {side: {"distance": d, "is_sent": False} for side, d in (("candidate", mine), ("present", theirs))}

    found = summarise([row(0.1, 0.5), row(0.2, 0.4), row(0.5, 0.5), row(0.9, 0.8)])
    assert (found["n"], found["wins"], found["losses"]) == (4, 2, 1)
    assert found["low"] < 0 < found["high"]
    assert summarise([]) == {"n": 0}


async def test_an_answer_to_several_messages_is_replayed_with_them_all(house: House) -> None:
    person, platform, ws = await house.person(), house.platform, house.workspace.id
    started: str = (await person.post("/api/chat/conversations", {}))["conversation"]["id"]
    await platform.conversations.take_over(ws, started, house.members["expert"].id)
    for number, body in enumerate(("你好", "I bought a tent.", "Can it be returned?")):
        await person.post(f"/api/chat/conversations/{started}/messages", {"client_id": str(number), "body": body})
    await platform.conversations.post_expert_message(ws, started, house.members["expert"].id, "e", "Within 30 days.", "public")
    await person.post(f"/api/chat/conversations/{started}/messages", {"client_id": "4", "body": "And boots?"})
    await platform.conversations.post_expert_message(ws, started, house.members["expert"].id, "f", "These too.", "public")
    cases = await gather(platform.conversations, ws, EVER, lambda _: True)
    assert [case.turn.question for case in cases] == ["And boots?", "I bought a tent.\nCan it be returned?"]
    assert [len(case.turn.history) for case in cases] == [4, 0]
