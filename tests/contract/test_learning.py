"""Versions are promoted by a signature and gone back from; turns follow the version in force, running ones are not cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from duologue.engine.protocol import ChatMessage, Finished, GenerationRequest
from duologue.kit.errors import Conflict, NotFound
from duologue.learning.model import Score
from duologue.learning.registry import Registry
from tests.platforms import PASSWORD, House, open_house

pytest.importorskip("torch", reason="torch is not installed")
THEN = datetime(2026, 1, 1, tzinfo=UTC)
SCORES = [Score("edit_distance", 0.9, 0.5, -0.5, -0.3, 40, "lower")]


def embedded() -> Path:
    from duologue.engine.local import find_embedded

    return find_embedded()


def test_a_version_is_promoted_whole_signed_and_gone_back_from(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    first = registry.note("a" * 16, "duologue-4m", embedded(), SCORES, [], THEN)
    second = registry.note("b" * 16, first.name, embedded(), SCORES, [], THEN.replace(day=2))
    assert (
        [v.name for v in registry.list_versions()] == [second.name, first.name] == ["duologue-4m+bbbbbbbb", "duologue-4m+aaaaaaaa"]
    )
    assert registry.find_champion() is None
    registry.promote(first.name, "mem_1", "Olivia", THEN)
    registry.promote(second.name, "mem_1", "Olivia", THEN)
    found = registry.find_champion()
    assert found is not None
    assert found[0] == second.name
    assert (found[1] / "model.safetensors").exists()
    assert registry.roll_back("mem_1", "Olivia", THEN).version == first.name
    assert registry.roll_back("mem_1", "Olivia", THEN).version == second.name
    assert [p.kind for p in registry.list_promotions()] == ["promote", "promote", "roll_back", "roll_back"]
    assert not list((tmp_path / "models").glob(".*"))


def test_what_stands_in_the_way_is_not_promoted(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    version = registry.note("c" * 16, "duologue-4m", embedded(), SCORES, ["It forgot."], THEN)
    with pytest.raises(Conflict, match="It forgot"):
        registry.promote(version.name, "mem_1", "Olivia", THEN)
    with pytest.raises(NotFound):
        registry.promote("nobody", "mem_1", "Olivia", THEN)
    with pytest.raises(Conflict):
        registry.roll_back("mem_1", "Olivia", THEN)
    (tmp_path / "promotions.jsonl").write_text('{"kind": "promote", "ver', "utf-8")  # a line that a crash cut short
    assert registry.find_champion() is None


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, engine="local") as opened:
        yield opened


def registry_of(house: House) -> Registry:
    return house.platform.champions.registry(house.workspace.id)


async def test_the_pages_routes_sign_and_turns_follow(house: House) -> None:
    version = registry_of(house).note("d" * 16, "duologue-4m", embedded(), SCORES, [], THEN)
    admin, viewer = await house.member("admin"), await house.member("viewer")
    looked = await viewer.get("/api/admin/learning")
    assert looked["answers_now"] == "duologue-4m"
    assert looked["versions"][0]["scores"][0]["metric"] == "edit_distance"
    path = f"/api/admin/learning/versions/{version.name}/promote"
    assert (await viewer.call("POST", path, {"password": PASSWORD})).status_code == 403
    assert (await admin.call("POST", path, {"password": "wrong"})).status_code == 401
    assert (await admin.post(path, {"password": PASSWORD}))["answers_now"] == version.name
    person = await house.person()
    started = (await person.post("/api/chat/conversations", {}))["conversation"]["id"]
    await person.post(f"/api/chat/conversations/{started}/messages", {"client_id": "1", "body": "How are boots waxed?"})
    for _ in range(600):
        runs = await house.platform.assistant.list_runs(house.workspace.id, started)
        if runs and runs[0].status != "running":
            break
        await asyncio.sleep(0.02)
    assert runs[0].model_version == version.name
    back = await admin.post("/api/admin/learning/roll-back", {"password": PASSWORD})
    assert back["answers_now"] == "duologue-4m"
    assert [p["by_name"] for p in back["promotions"]] == ["Admin", "Admin"]


async def test_an_answer_that_is_being_written_ends_with_the_model_that_began_it(house: House) -> None:
    registry, champions = registry_of(house), house.platform.champions
    for letter in "ef":
        registry.note(letter * 16, "duologue-4m", embedded(), SCORES, [], THEN)
    registry.promote("duologue-4m+eeeeeeee", "m", "M", THEN)
    first = champions.find(house.workspace.id)
    events = []
    async for event in first.generate(GenerationRequest([ChatMessage("user", "Tell me of tents.")], max_tokens=24)):
        if not events:
            registry.promote("duologue-4m+ffffffff", "m", "M", THEN)
            assert champions.find(house.workspace.id) is not first
        events.append(event)
    assert isinstance(events[-1], Finished)
    assert champions.find(house.workspace.id).info.version == "duologue-4m+ffffffff"


async def test_another_workspace_keeps_its_own_model(house: House) -> None:
    registry_of(house).note("9" * 16, "duologue-4m", embedded(), SCORES, [], THEN)
    registry_of(house).promote("duologue-4m+99999999", "m", "M", THEN)
    other = await house.platform.accounts.create_workspace("two", "Two", "en")
    assert house.platform.champions.find(other.id).info.version == "duologue-4m"
    assert house.platform.champions.find(house.workspace.id).info.version == "duologue-4m+99999999"


async def test_a_run_with_too_little_is_refused_with_the_reason(house: House) -> None:
    admin = await house.member("admin")
    refused = await admin.call("POST", "/api/admin/learning/run", {})
    assert refused.status_code == 422
    assert "too little to learn from" in refused.json()["error"]["message"]
    assert (await admin.call("DELETE", "/api/admin/learning/run")).status_code == 200


async def test_the_process_that_learns_says_what_it_does(house: House) -> None:
    studies = house.platform.studies
    await studies.start(house.workspace.slug)
    with pytest.raises(Conflict):
        await studies.start(house.workspace.slug)
    async with asyncio.timeout(60):
        while studies.look(house.workspace.slug).state == "running":
            await asyncio.sleep(0.1)
    ended = studies.look(house.workspace.slug)
    assert ended.state == "failed"
    assert "too little to learn from" in ended.error
    assert json.dumps(ended.said[0]["left_out"]) == "{}"
