"""What learners write stays on the machine until the owner lets it go; consent, handing out and deleting leave nothing behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.engine.protocol import ChatMessage
from duologue.engine.remote_client import is_elsewhere
from duologue.engine.scripted import Script, ScriptedEngine
from duologue.kit.errors import ModelUnavailable
from duologue.packs.education.course import sample_course
from tests.doubles.openai_server import OpenAIServer, serve_openai
from tests.platforms import PASSWORD, House, add_house, open_for_test

LEARNING, PRIVACY = "/api/chat/packs/education/learning", "/api/packs/education/privacy"
SECRET = "my dog Bruno ate the worksheet about volcanoes"


@pytest.fixture
def outside() -> Iterator[OpenAIServer]:
    """A model elsewhere, which tells what it was asked."""
    with serve_openai(ScriptedEngine(Script.model_validate({"rules": [{"reply": "Volcanoes are mountains."}]}))) as server:
        yield server


@pytest_asyncio.fixture
async def school(tmp_path: Path, outside: OpenAIServer) -> AsyncIterator[House]:
    """A school whose model is reached under an address that is not this machine's own."""
    settings = {"engine": "remote", "remote_base_url": outside.base_url.replace("127.0.0.1", "0.0.0.0"), "remote_model": "m"}
    async with open_for_test(tmp_path / "p", **settings) as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Homework", mode="copilot", pack="education")
        yield house


async def _ask(house: House, words: str) -> None:
    """A learner writes, and the turn comes to its end."""
    platform, ws = house.platform, house.workspace.id
    person = await platform.accounts.start_person(ws, "en")
    (desk,) = await platform.conversations.list_desks(ws)
    conversation = await platform.conversations.start(ws, person.id, desk.id, "en")
    await platform.conversations.post_person_message(ws, conversation.id, person.id, "one", words)
    for _ in range(6_000):
        runs = await platform.assistant.list_runs(ws, conversation.id)
        if runs and runs[0].status != "running":
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody answered")


def test_an_address_is_elsewhere_unless_it_is_this_machines_own() -> None:
    assert [is_elsewhere(f"http://{h}:8000/v1") for h in ("127.0.0.1", "localhost", "[::1]")] == [False] * 3
    assert [is_elsewhere(f"https://{h}/v1") for h in ("api.example", "10.0.0.4", "0.0.0.0", "localhost.example")] == [True] * 4


async def test_a_learners_words_reach_no_model_elsewhere_before_the_owner_allows_it(school: House, outside: OpenAIServer) -> None:
    host, ws = school.platform.hosts["education"], school.workspace.id
    await _ask(school, SECRET)
    with pytest.raises(ModelUnavailable, match="stays on this machine"):
        await host.think([ChatMessage("user", SECRET)], workspace_id=ws)
    assert outside.requests == []

    for role in ("admin", "expert"):
        refused = await (await school.member(role)).call("POST", f"{PRIVACY}/allow", {"is_allowed": True, "password": PASSWORD})
        assert refused.status_code == 403
    owner = await school.member("owner")
    assert (await owner.call("POST", f"{PRIVACY}/allow", {"is_allowed": True, "password": "wrong"})).status_code == 401
    assert (await owner.get(f"{PRIVACY}/state"))["may_leave"] is False
    await owner.post(f"{PRIVACY}/allow", {"is_allowed": True, "password": PASSWORD})
    await _ask(school, SECRET)
    assert "Bruno" in str(outside.requests)
    assert await host.think([ChatMessage("user", "hello")], workspace_id=ws) == "Volcanoes are mountains."

    asked = len(outside.requests)
    await owner.post(f"{PRIVACY}/allow", {"is_allowed": False, "password": PASSWORD})
    await _ask(school, SECRET)
    assert len(outside.requests) == asked


async def test_consent_comes_first_and_everything_is_handed_out_and_deleted(school: House) -> None:
    pupil = await school.person()
    assert (await pupil.call("POST", f"{LEARNING}/take_part", {"name": "Ada", "consent": False})).status_code == 422
    await pupil.post(f"{LEARNING}/take_part", {"name": "Ada", "consent": True})
    asked = await pupil.get(f"{LEARNING}/practice")
    await pupil.post(f"{LEARNING}/answer", {"item": asked["id"], "text": "987654"})
    admin = await school.member("admin")
    (one,) = (await admin.get(f"{PRIVACY}/state"))["learners"]
    assert (one["name"], one["is_minor"]) == ("Ada", True)
    kept = await admin.get(f"{PRIVACY}/export?person_id={one['person_id']}")
    assert [a["text"] for a in kept["answers"]] == ["987654"]
    assert kept["learner"]["consented_at"]
    assert kept["about"].keys() == kept.keys() - {"about"}
    assert (await (await school.member("expert")).call("GET", f"{PRIVACY}/export?person_id={one['person_id']}")).status_code == 403
    await admin.post(f"{PRIVACY}/erase", {"person_id": one["person_id"]})
    assert await rows_about(school, one["person_id"]) == {}
    assert (await pupil.call("GET", f"{LEARNING}/export")).status_code == 404


async def test_nothing_is_kept_of_who_has_not_consented_or_has_left(school: House) -> None:
    pupil = await school.person()
    item = sample_course("en").items[0]
    wanted = [
        ("hint", {"item": item.id}),
        ("tutor", {"item": item.id, "text": "I am stuck"}),
        ("answer", {"item": item.id, "text": "1"}),
        ("rate", {"resource": sample_course("en").resources[0].id, "helped": True}),
    ]
    for step in ("before", "after"):
        for name, body in wanted:
            assert (await pupil.call("POST", f"{LEARNING}/{name}", body)).status_code in (404, 409), (step, name)
        assert await rows_about(school, "per_") == {}
        if step == "before":
            await pupil.post(f"{LEARNING}/take_part", {"name": "Ada", "consent": True})
            for name, body in wanted:
                await pupil.post(f"{LEARNING}/{name}", body)
            await pupil.post(f"{LEARNING}/leave", {})


async def rows_about(house: House, person_id: str) -> dict[str, int]:
    """Rows of the pack's tables that still name a person, by table; whatever tables there are."""
    from duologue.packs.education import PACK

    assert PACK.migrations is not None
    found: dict[str, Any] = {}
    async with house.platform.database.read() as tx:
        tables = await tx.conn.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'education_%'"))
        for (table,) in tables.all():
            columns = [row[1] for row in (await tx.conn.execute(text(f"PRAGMA table_info({table})"))).all()]
            where = " OR ".join(f'CAST("{column}" AS TEXT) LIKE :who' for column in columns)
            n = (await tx.conn.execute(text(f"SELECT count(*) FROM {table} WHERE {where}"), {"who": f"%{person_id}%"})).scalar_one()
            if n:
                found[table] = n
    return found
