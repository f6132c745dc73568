"""A review through the program's own doors: import, search, screen, table, exports; and the network left alone unless allowed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from duologue.bootstrap import create_app
from duologue.packs.health.pages.research import SAMPLE
from tests.platforms import House, add_house, open_for_test

ROAD = "/api/packs/health/research"
QUESTION = "Does magnesium reduce attack frequency in adults with migraine compared with placebo?"


@pytest_asyncio.fixture
async def clinic(tmp_path: Path) -> AsyncIterator[House]:
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "clinic")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Clinic", mode="autopilot", pack="health")
        yield house


async def test_papers_are_found_screened_and_exported(clinic: House) -> None:
    expert = await clinic.member("expert")
    of = {"review_id": (await expert.post(f"{ROAD}/create", {"question": QUESTION}))["id"]}
    for new in (12, 0):
        sent = await expert.client.post(f"{ROAD}/import", data=of, files={"file": ("s.ris", SAMPLE.read_bytes())})
        assert sent.json() == {"read": 12, "new": new, "duplicates": 12 - new, "retracted": int(new > 0)}
    late = b"TY  - JOUR\nTI  - RETRACTED: " + b"".join(SAMPLE.read_bytes().split(b"TI  - ")[1:2]) + b"\nER  - \n"
    other = {"review_id": (await expert.post(f"{ROAD}/create", {"question": QUESTION}))["id"]}
    for content, marked in ((SAMPLE.read_bytes(), 1), (late, 2)):
        sent = await expert.client.post(f"{ROAD}/import", data=other, files={"file": ("s.ris", content)})
        assert (await expert.get(f"{ROAD}/review", params=other))["retracted"] == marked
    assert (sent.json()["new"], sent.json()["retracted"]) == (0, 1)
    found = (await expert.post(f"{ROAD}/search", {**of, "query": "riboflavin"}))["found"]
    assert "Riboflavin" in found[0]["title"]
    assert found[0]["quote"] in found[0]["abstract"]
    first = await expert.get(f"{ROAD}/next", params=of)
    assert (first["why"], first["left"]) == ("question", 12)
    assert "agnesium" in first["papers"][0]["title"]
    for seq, include in ((0, True), (8, False), (1, True)):
        await expert.post(f"{ROAD}/decide", {**of, "seq": seq, "include": include})
    after = await expert.get(f"{ROAD}/next", params={**of, "k": 9})
    assert (after["why"], after["left"]) == ("learned", 9)
    assert not {0, 1, 8} & {p["seq"] for p in after["papers"]}
    assert (await expert.call("POST", f"{ROAD}/decide", {**of, "seq": 1, "include": False, "stage": "full"})).status_code == 422
    await expert.post(f"{ROAD}/decide", {**of, "seq": 1, "include": False, "stage": "full", "reason": "wrong population"})
    flow = (await expert.get(f"{ROAD}/review", params=of))["flow"]
    assert (flow["total"], flow["duplicates"], flow["screened"], flow["excluded"], flow["included"]) == (24, 12, 3, 1, 1)
    assert flow["reasons"] == {"wrong population": 1}
    csv = (await expert.call("GET", f"{ROAD}/csv", params=of)).content.decode("utf-8-sig").splitlines()
    assert len(csv) == 2
    assert "Attacks fell by 41%" in csv[1]


async def test_databases_are_not_asked_unless_the_owner_allows_it_and_strangers_see_nothing(clinic: House) -> None:
    expert = await clinic.member("expert")
    of = {"review_id": (await expert.post(f"{ROAD}/create", {"question": QUESTION}))["id"]}
    refused = await expert.call("POST", f"{ROAD}/ask", {**of, "database": "pubmed", "query": "x"})
    assert refused.status_code == 403
    assert "DUOLOGUE_HEALTH_LITERATURE" in refused.json()["error"]["message"]
    viewer = await clinic.member("viewer")
    assert (await viewer.call("GET", f"{ROAD}/reviews")).status_code == 403
    other = await add_house(clinic.platform, create_app(clinic.platform), "other")
    stranger = await other.member("expert")
    assert (await stranger.call("GET", f"{ROAD}/review", params=of)).status_code in (403, 404)
