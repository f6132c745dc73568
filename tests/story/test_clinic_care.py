"""Who cares for whom, until when: ended by hand, handed on, over by itself; a reason opens for hours; words that are erased."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from duologue.bootstrap import create_app
from duologue.kit.clock import FrozenClock
from duologue.packs.health.audit.chain import find_break
from duologue.packs.health.audit.repository import list_audit
from duologue.packs.health.pages.relation import end_what_is_over
from tests.platforms import Browser, House, add_house, open_for_test
from tests.story.test_clinic import SCRIPTS, act, begin, play, say

DAY, HOUR = 86_400.0, 3_600.0


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[tuple[House, FrozenClock]]:
    """A clinic and its clock; care lasts for 30 days after the last consultation, a reason for 8 hours."""
    clock = FrozenClock()
    terms = {"health_care_days": 30, "health_reason_hours": 8}
    async with open_for_test(tmp_path / "p", engine="none", clock=clock, **terms) as platform:
        house = await add_house(platform, create_app(platform), "clinic")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="autopilot", pack="health")
        yield house, clock


async def look(member: Browser, conversation_id: str) -> Any:
    return await member.call("GET", "/api/packs/health/note/record", params={"conversation_id": conversation_id})


async def work(member: Browser, conversation_id: str) -> None:
    """A reason, and a sentence of the record: the member cares for the patient from then on."""
    await act(member, "break_glass", {"reason": "asked by the ward"}, conversation_id)
    lines = (await look(member, conversation_id)).json()["lines"]
    done = await act(member, "change", {"index": len(lines), "text": "Come back in a week."}, conversation_id)
    assert done.status_code == 200


async def audit_of(house: House) -> Any:
    async with house.platform.hosts["health"].read() as tx:
        return await list_audit(tx, house.workspace.id)


async def test_a_reason_opens_for_hours_and_work_in_the_record_makes_care_of_it(place: tuple[House, FrozenClock]) -> None:
    house, clock = place
    expert = await house.member("expert")
    read, worked = [await play(house, SCRIPTS[name], 3) for name in ("Marta Keller", "陈立新")]
    await act(expert, "break_glass", {"reason": "a colleague asked me"}, read)
    await work(expert, worked)
    shown = (await look(expert, read)).json()["care"]
    assert [(c["mine"], c["reason"], c["until"] is not None) for c in shown["now"]] == [(True, "a colleague asked me", True)]
    clock.advance(9 * HOUR)
    expert = await house.member("expert")
    assert [(await look(expert, i)).status_code for i in (read, worked)] == [403, 200]
    assert (await expert.call("GET", f"/api/desk/conversations/{read}")).status_code == 403
    assert {r["id"] for r in (await expert.get("/api/packs/health/records/patients"))["patients"] if r["mine"]} == {worked}
    await act(expert, "break_glass", {"reason": "the lab rang"}, read)
    assert (await look(expert, read)).status_code == 200


async def test_a_member_ends_his_care_hands_it_on_and_an_administrator_ends_anybodys(place: tuple[House, FrozenClock]) -> None:
    house, _ = place
    one, other = [await play(house, SCRIPTS[name], 3) for name in ("Marta Keller", "Priya Nair")]
    expert, admin = await house.member("expert"), await house.member("admin")
    ids = {role: house.members[role].id for role in ("expert", "admin", "viewer")}
    for conversation_id in (one, other):
        await work(expert, conversation_id)
    body = {"way": "handed_on", "to": ids["admin"]}
    assert (await act(expert, "end_care", {"way": "gone"}, one)).status_code == 422
    assert (await act(expert, "end_care", {"way": "handed_on"}, one)).status_code == 422
    assert (await act(expert, "end_care", body | {"to": ids["viewer"]}, one)).status_code == 422
    assert (await act(expert, "end_care", {"way": "discharged", "member_id": ids["admin"]}, one)).status_code == 403
    assert (await look(admin, one)).status_code == 403
    assert (await act(expert, "end_care", body, one)).status_code == 200
    assert (await act(expert, "end_care", body, one)).status_code == 409
    assert [(await look(m, one)).status_code for m in (expert, admin)] == [403, 200]
    assert (await act(admin, "end_care", {"way": "not_needed", "member_id": ids["expert"]}, other)).status_code == 200
    assert [(await look(m, other)).status_code for m in (expert, admin)] == [403, 403]
    ended = [e.told for e in await audit_of(house) if e.action == "care_ended"]
    names = {role: house.members[role].name for role in ("expert", "admin")}
    assert [(d["name"], d["of"], d["way"], d.get("to")) for d in ended] == [
        (names["expert"], names["expert"], "handed_on", names["admin"]), (names["admin"], names["expert"], "not_needed", None),
    ]  # fmt: skip
    await act(expert, "break_glass", {"reason": "rang me at home"}, one)
    links = [e["action"] for e in (await look(expert, one)).json()["audit"]]
    assert [a for a in links if a != "read"][-2:] == ["care_ended", "break_glass"]


async def test_who_holds_the_talk_hands_it_back_before_his_care_ends(place: tuple[House, FrozenClock]) -> None:
    house, _ = place
    conversation_id = await play(house, SCRIPTS["George Whitfield"], 4)
    expert, road = await house.member("expert"), f"/api/desk/conversations/{conversation_id}"
    (row,) = (await expert.get("/api/packs/health/queue/queue"))["escalations"]
    await expert.post("/api/packs/health/queue/take_over", {"id": row["id"]})
    refused = await act(expert, "end_care", {"way": "discharged"}, conversation_id)
    assert (refused.status_code, refused.json()["error"]["detail"]["action"]) == (409, "hand_back")
    await expert.post(f"{road}/hand-back", {})
    assert (await act(expert, "end_care", {"way": "discharged"}, conversation_id)).status_code == 200
    assert (await expert.call("GET", road)).status_code == 403


async def test_care_is_over_its_days_after_the_last_consultation_was_closed(place: tuple[House, FrozenClock]) -> None:
    house, clock = place
    host, ws = house.platform.hosts["health"], house.workspace.id
    closed, open_ = [await play(house, SCRIPTS[name], 3) for name in ("Marta Keller", "Priya Nair")]
    expert = await house.member("expert")
    for conversation_id in (closed, open_):
        await work(expert, conversation_id)
    clock.advance(40 * DAY)
    await house.platform.conversations.resolve(ws, closed, house.members["expert"].id)

    async def readable() -> list[int]:
        await end_what_is_over(host)
        member = await house.member("expert")
        return [(await look(member, i)).status_code for i in (closed, open_)]

    assert await readable() == [200, 200]
    clock.advance(29 * DAY)
    assert await readable() == [200, 200]
    clock.advance(2 * DAY)
    assert await readable() == [403, 200]
    assert await readable() == [403, 200]
    ended = [(e.who, e.conversation_id, e.told["way"]) for e in await audit_of(house) if e.action == "care_ended"]
    assert ended == [("chore", closed, "days")]


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_an_erased_patients_name_is_in_no_words_of_the_audit_and_the_chain_is_whole(
    place: tuple[House, FrozenClock], lang: str
) -> None:
    house, _ = place
    name, other = ("Marta Keller", "Priya Nair") if lang == "en" else ("陈立新", "周敏")
    ids = {n: await play(house, SCRIPTS[n], 3) for n in (name, other)}
    host, ws = house.platform.hosts["health"], house.workspace.id
    for n, i in ids.items():
        await host.label(ws, i, subject=n)
    owner = await house.member("owner")
    await owner.post("/api/packs/health/records/find", {"words": name})
    for n, i in ids.items():
        await act(owner, "break_glass", {"reason": f"{n} rang"}, i)
    person, alarmed = await begin(house, lang)
    await say(house, person, alarmed, "I can't breathe" if lang == "en" else "我喘不上气，嘴唇发紫")
    here = await house.platform.conversations.get(ws, ids[name])
    assert name in str([e.told for e in await audit_of(house)])
    assert (await owner.call("DELETE", f"/api/admin/persons/{here.person_id}")).status_code == 200
    links = await audit_of(house)
    assert name not in str(links)
    assert find_break(links) is None
    assert [e.told.get("reason") for e in links if e.action == "break_glass"] == [None, f"{other} rang"]
    assert [e.told.get("found") for e in links if e.action == "searched"] == [1]
    assert [e.action for e in links][-2:] == ["unsaid", "erased"]
