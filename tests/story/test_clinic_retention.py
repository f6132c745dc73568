"""How long a clinic keeps what: with the clock frozen, by the settings, with a signed record, on hold, and asked for by hand."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from duologue.bootstrap import create_app
from duologue.kit.clock import FrozenClock
from duologue.packs.health.audit import repository as audit
from duologue.packs.health.audit.chain import find_break
from duologue.packs.health.care.repository import list_patients_of
from duologue.packs.health.pages.retention import forget_patients
from tests.platforms import PASSWORD, House, add_house, open_for_test
from tests.story.test_clinic import SCRIPTS, act, escalations, play, states

DAY = 86_400.0
YEAR = 365 * DAY


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[House, FrozenClock]]:
    """A clinic whose talks are kept for two years and whose records for ten, and its clock."""
    clock = FrozenClock()
    terms = {"health_retention_talks_days": 730, "health_retention_records_days": 3650}
    async with open_for_test(tmp_path / "p", engine="none", clock=clock, **terms) as platform:
        house = await add_house(platform, create_app(platform), "clinic")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="autopilot", pack="health")
        yield house, clock


async def close(house: House, conversation_id: str) -> None:
    await house.platform.conversations.resolve(house.workspace.id, conversation_id, house.members["expert"].id)


async def left(house: House) -> set[str]:
    return {c.id for c in await house.platform.hosts["health"].list_conversations(house.workspace.id)}


async def chain(house: House) -> list[Any]:
    async with house.platform.hosts["health"].read() as tx:
        return await audit.list_audit(tx, house.workspace.id)


async def test_a_patient_is_forgotten_whole_after_the_days_that_hold_for_him(place: tuple[House, FrozenClock]) -> None:
    house, clock = place
    signed, plain, open_, alarmed = [
        await play(house, SCRIPTS[name], turns)
        for name, turns in (("Marta Keller", 3), ("Priya Nair", 3), ("Tom Okafor", 3), ("孙国强", 1))
    ]
    expert = await house.member("expert")
    await act(expert, "break_glass", {"reason": "on duty"}, signed)
    assert (await act(expert, "sign", {"password": PASSWORD}, signed)).json() == {"state": "signed"}
    for conversation_id in (signed, plain, alarmed):
        await close(house, conversation_id)
    host, all_of_them = house.platform.hosts["health"], {signed, plain, open_, alarmed}
    clock.advance(2 * YEAR - DAY)
    await forget_patients(host)
    assert await left(house) == all_of_them
    clock.advance(2 * DAY)
    await forget_patients(host)
    assert await left(house) == all_of_them - {plain}
    clock.advance(8 * YEAR + DAY)
    await forget_patients(host)
    assert await left(house) == {open_, alarmed}
    assert (await states(house), [e.conversation_id for e in await escalations(house)]) == ({}, [alarmed])
    links = await chain(house)
    assert [(e.who, e.detail["days"], e.detail["signed"]) for e in links if e.action == "erased"] == [
        ("chore", 730, False), ("chore", 3650, True),
    ]  # fmt: skip
    assert find_break(links) is None
    async with host.read() as tx:
        person = next(e.detail["person"] for e in links if e.action == "erased")
        assert await host.names(house.workspace.id, {person}) == {}
        assert await list_patients_of(tx, house.workspace.id, house.members["expert"].id, clock.now()) == set()


async def test_a_hold_keeps_a_patient_even_from_the_administrator(place: tuple[House, FrozenClock]) -> None:
    house, clock = place
    conversation_id = await play(house, SCRIPTS["Priya Nair"], 3)
    here = await house.platform.conversations.get(house.workspace.id, conversation_id)
    await close(house, conversation_id)
    clock.advance(3 * YEAR)
    expert, admin = await house.member("expert"), await house.member("admin")
    for member in (expert, admin):
        await act(member, "break_glass", {"reason": "asked by a court"}, conversation_id)
    reason = {"reason": "court order 12/26"}
    assert (await act(expert, "hold", reason, conversation_id)).status_code == 403
    assert (await act(admin, "hold", {"reason": " "}, conversation_id)).status_code == 422
    assert (await act(admin, "hold", reason, conversation_id)).status_code == 200
    kept = (await admin.get("/api/packs/health/note/record", params={"conversation_id": conversation_id}))["kept"]
    assert (kept["hold"]["reason"], kept["until"]) == ("court order 12/26", None)
    await forget_patients(house.platform.hosts["health"])
    owner = await house.member("owner")
    assert (await owner.call("DELETE", f"/api/admin/persons/{here.person_id}")).status_code == 409
    assert await left(house) == {conversation_id}
    assert (await act(admin, "lift", {}, conversation_id)).status_code == 200
    assert (await act(admin, "lift", {}, conversation_id)).status_code == 409
    assert {"held", "lifted"} <= {e.action for e in await chain(house)}
    await forget_patients(house.platform.hosts["health"])
    assert await left(house) == set()


async def test_nothing_is_forgotten_where_the_settings_give_no_end(tmp_path: Path) -> None:
    clock = FrozenClock()
    async with open_for_test(tmp_path / "p", engine="none", clock=clock) as platform:
        house = await add_house(platform, create_app(platform), "clinic")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="autopilot", pack="health")
        conversation_id = await play(house, SCRIPTS["Priya Nair"], 2)
        await close(house, conversation_id)
        clock.advance(40 * YEAR)
        await forget_patients(platform.hosts["health"])
        assert await left(house) == {conversation_id}
        owner = await house.member("owner")
        here = await platform.conversations.get(house.workspace.id, conversation_id)
        assert (await owner.call("DELETE", f"/api/admin/persons/{here.person_id}")).status_code == 200
        assert await left(house) == set()
