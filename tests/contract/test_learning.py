"""Versions are promoted by a signature and gone back from; turns follow the version in force, running ones are not cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from duologue.engine.protocol import ChatMessage, Finished, GenerationRequest
from duologue.kit.errors import Conflict, NotFound
from duologue.learning.model import Score
from duologue.learning.registry import Promotion, Registry
from duologue.learning.repository import Seen
from duologue.learning.study import Studies, hold
from duologue.learning.trial import pick
from duologue.review.model import VerdictKind
from tests.platforms import PASSWORD, Browser, House, open_house

pytest.importorskip("torch", reason="torch is not installed")
THEN = datetime(2026, 1, 1, tzinfo=UTC)
BOOTS = b"# Boots\n\nBoots are waxed once a month.\n"
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
    for _ in range(3_000):
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


async def test_a_run_says_what_it_does_and_is_paused_resumed_and_cancelled(house: House) -> None:
    studies, ws = house.platform.studies, house.workspace
    admin = await house.member("admin")
    assert (await admin.call("POST", "/api/admin/learning/run/pause")).status_code == 409
    assert (await admin.call("POST", "/api/admin/learning/run/resume")).status_code == 409
    await studies.start(ws.id, ws.slug)
    with pytest.raises(Conflict):
        await studies.start(ws.id, ws.slug)
    assert (await admin.post("/api/admin/learning/run/pause"))["run"]["state"] == "paused"
    kept = json.loads((registry_of(house).folder / "study.json").read_text())
    assert (kept["state"], kept["slug"]) == ("paused", "one")
    assert Studies(house.platform.settings, house.platform.champions.folder).look(ws.id).state == "paused"
    assert (await admin.post("/api/admin/learning/run/resume"))["run"]["state"] == "running"
    async with asyncio.timeout(60):
        while studies.look(ws.id).state == "running":
            await asyncio.sleep(0.1)
    ended = studies.look(ws.id)
    assert ended.state == "failed"
    assert "too little to learn from" in ended.error
    assert json.dumps(ended.said[0]["left_out"]) == "{}"
    made = registry_of(house).folder / "runs" / ended.dataset / "finetune"
    made.mkdir(parents=True)
    assert (await admin.call("DELETE", "/api/admin/learning/run")).json()["run"]["state"] == "cancelled"
    assert not made.exists()


async def test_a_run_that_the_end_of_a_server_cut_short_is_taken_up_by_the_next(house: House) -> None:
    ws, folder = house.workspace, house.platform.champions.folder
    first = Studies(house.platform.settings, folder)
    await first.start(ws.id, ws.slug)
    await first.aclose()
    second = Studies(house.platform.settings, folder)
    assert await second.take_up() == 1
    assert second.look(ws.id).state == "running"
    await second.cancel(ws.id)
    assert await Studies(house.platform.settings, folder).take_up() == 0


def test_one_process_at_a_time_learns_for_a_workspace(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(Conflict), hold(tmp_path):
        pass
    with hold(tmp_path):
        pass


async def _start(person: Browser) -> str:
    started: str = (await person.post("/api/chat/conversations", {}))["conversation"]["id"]
    return started


async def _ask(house: House, person: Browser, conversation_id: str, text: str) -> str:
    """Ask, wait, and say which version answered."""
    sent = {"client_id": text, "body": text}
    await person.post(f"/api/chat/conversations/{conversation_id}/messages", sent)
    async with asyncio.timeout(60):
        while True:
            runs = await house.platform.assistant.list_runs(house.workspace.id, conversation_id)
            if runs and runs[0].status != "running" and runs[0].message_id == await _last_question(house, conversation_id):
                return runs[0].model_version
            await asyncio.sleep(0.02)


async def _last_question(house: House, conversation_id: str) -> str:
    snapshot = await house.platform.conversations.snapshot(house.workspace.id, conversation_id, "public")
    return [m.id for m in snapshot.messages if m.author_kind == "person"][-1]


async def test_a_version_is_tried_on_a_share_and_a_conversation_keeps_its_model(house: House) -> None:
    version = registry_of(house).note("4" * 16, "duologue-4m", embedded(), SCORES, [], THEN).name
    admin = await house.member("admin")
    path = f"/api/admin/learning/versions/{version}"
    assert (await admin.call("POST", f"{path}/try", {"password": "wrong", "share": 0.5})).status_code == 401
    assert (await admin.call("POST", f"{path}/try", {"password": PASSWORD, "share": 0.9})).status_code == 422
    looked = await admin.post(f"{path}/try", {"password": PASSWORD, "share": 0.5})
    assert (looked["trial"]["version"], looked["answers_now"]) == (version, "duologue-4m")
    assert (await admin.call("POST", f"{path}/try", {"password": PASSWORD, "share": 0.5})).status_code == 409
    found = registry_of(house).find_trial()
    assert found is not None
    person, sides = await house.person(), {True: "", False: ""}
    while not all(sides.values()):
        conversation = await _start(person)
        sides[found[0].holds(conversation)] = conversation
    for is_mine, conversation in sides.items():
        for i in range(2):
            said = await _ask(house, person, conversation, f"Number {i}: how are boots waxed?")
            assert said == (version if is_mine else "duologue-4m")
    ended = await admin.post("/api/admin/learning/trial/end", {"password": PASSWORD})
    assert ended["trial"] is None
    assert [p["kind"] for p in ended["promotions"]] == ["try", "end_trial"]
    assert house.platform.champions.find(house.workspace.id, sides[True]).info.version == "duologue-4m"


def _seen(trial: Promotion, i: int, *, is_mine: bool, is_changed: bool, at: datetime) -> Seen:
    conversation = next(c for c in (f"cnv_{i}_{n}" for n in range(99)) if trial.holds(c) == is_mine)
    version = trial.version if is_mine else "duologue-4m"
    kind = "reject" if is_changed else "approve"
    return Seen(at, kind, f"msg_{i}", "dsk", "", "en", 0.5, "A.", "A.", is_changed, "copilot", version, conversation)


def test_only_what_was_said_since_and_of_the_right_model_counts(tmp_path: Path) -> None:
    trial = Promotion("try", "m+1", "mem", "M", THEN.isoformat(), 0.5)
    later = THEN + timedelta(hours=1)
    mine = _seen(trial, 1, is_mine=True, is_changed=True, at=later)
    theirs = _seen(trial, 2, is_mine=False, is_changed=False, at=later)
    before = _seen(trial, 3, is_mine=True, is_changed=True, at=THEN - timedelta(hours=1))
    of_another = replace(mine, message_id="msg_4", model_version="duologue-4m")
    again = replace(mine, kind="down")
    assert pick([before, mine, theirs, of_another, again], trial) == [(True, True), (False, False)]


async def test_a_worse_version_goes_back_by_itself(tmp_path: Path) -> None:
    """Its drafts are rejected, those of the present model approved; how sure one must be stands in a file."""
    async with open_house(tmp_path, engine="local", mode="copilot") as house:
        champions, trials, ws = house.platform.champions, house.platform.trials, house.workspace.id
        champions.folder.mkdir(parents=True, exist_ok=True)
        (champions.folder / "gates.toml").write_text("[workspaces.one]\nfalse_return = 0.3\n", "utf-8")
        version = registry_of(house).note("5" * 16, "duologue-4m", embedded(), SCORES, [], THEN).name
        admin, expert = await house.member("admin"), house.members["expert"].id
        await admin.client.post(
            "/api/admin/documents", files={"files": ("boots.md", b"# Boots\n\nBoots are waxed once a month.\n")}
        )
        trial = trials.begin(ws, version, 0.5, "mem", "Olivia")
        assert not await trials.check(ws)
        person, left = await house.person(), {True: 6, False: 6}
        while any(left.values()) and registry_of(house).find_trial() is not None:
            conversation = await _start(person)
            if not left[is_mine := trial.holds(conversation)]:
                continue
            left[is_mine] -= 1
            await _ask(house, person, conversation, "How often are boots waxed?")
            (draft,) = await house.platform.assistant.list_drafts(ws, conversation)
            kind: VerdictKind = "reject" if is_mine else "approve"
            await house.platform.review.decide(ws, draft.id, expert, kind, reason="wrong")
        async with asyncio.timeout(60):
            while registry_of(house).find_trial() is not None:
                await asyncio.sleep(0.02)
        told = (await admin.get("/api/admin/learning"))["promotions"]
        assert [(p["kind"], p["by"]) for p in told] == [("try", "mem"), ("send_back", "")]
        assert champions.find(ws).info.version == "duologue-4m"
