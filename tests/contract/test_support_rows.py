"""What the support pack keeps, by person and by time: of many rows the latest are read, not the first."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from duologue.packs.support import repository
from duologue.packs.support.minds import Minds
from duologue.packs.support.model import Offer, SurveyRow
from duologue.packs.support.shop.catalogue import Item
from duologue.packs.support.shop.imports import ShopEvent
from tests.platforms import open_house


async def test_of_more_rows_than_are_read_the_latest_are(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        host, ws = house.platform.hosts["support"], house.workspace.id
        now = host.clock.now()
        survey = SurveyRow("s0", ws, "c0", "p0", "", 3.0, None, "", now - timedelta(days=9))
        offer = Offer("o0", ws, "c0", "p0", "tent", 0, 1.0, 0.5, "", "shown", "ai", now - timedelta(days=9))
        async with host.write() as tx:
            for n in range(4):
                at = now - timedelta(days=9 - n)
                await repository.add(tx, replace(survey, id=f"s{n}", conversation_id=f"c{n}", person_id=f"p{n % 2}", asked_at=at))
                await repository.add(tx, replace(offer, id=f"o{n}", person_id=f"p{n % 2}", at=at))
        async with host.read() as tx:
            assert [s.id for s in await repository.list_surveys(tx, ws, limit=2)] == ["s2", "s3"]
            assert [s.id for s in await repository.list_surveys(tx, ws, person_id="p1")] == ["s1", "s3"]
            assert [s.id for s in await repository.list_surveys(tx, ws, since=now - timedelta(days=6))] == ["s3"]
            assert [o.id for o in await repository.list_offers(tx, ws, limit=2)] == ["o2", "o3"]
            assert [o.id for o in await repository.list_offers(tx, ws, since=now - timedelta(days=7))] == ["o2", "o3"]


async def test_another_process_sees_a_catalogue_of_as_many_items(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        host, ws = house.platform.hosts["support"], house.workspace.id
        here, there, at = Minds(), Minds(), host.clock.now()  # the minds as two processes hold them
        for title in ("Tent", "Stove"):
            async with host.write() as tx:
                await repository.replace_items(tx, ws, [Item("one", title)])
                await repository.add_events(tx, ws, [ShopEvent("ann", "one", at)])
            for minds in (here, there):
                assert (await minds.shop(host, ws))[1]["one"].title == title
        async with host.read() as tx:
            assert await repository.shop_stamp(tx, ws) == 4
            assert await repository.count_shop(tx, ws) == (1, 1)
        async with host.write() as tx:
            await repository.erase(tx, ws, "ann")
        async with host.read() as tx:
            assert await repository.shop_stamp(tx, ws) == 5


async def test_a_file_of_which_no_line_can_be_read_says_what_is_wrong(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        admin, ws = await house.member("admin"), house.workspace.id
        (desk,) = await house.platform.conversations.list_desks(ws)
        await house.platform.conversations.change_desk(ws, desk.id, name="Front", mode="autopilot", pack="support")

        async def send(name: str, text: bytes) -> dict[str, Any]:
            given = {"file": ("a.csv", text, "text/csv")}
            answer = await admin.call("POST", f"/api/packs/support/shop/{name}", files=given)
            assert answer.status_code == 422, answer.text
            return dict(answer.json()["error"]["detail"])

        wrong = await send("import_events", b"person,item,at\n\np1,x,soon\n")
        assert (wrong["why"], wrong["line"]) == ("no_line", 3)
        assert (await send("import_catalogue", b"id,title\n"))["why"] == "only_header"
        assert (await send("import_orders", b"number,email\nRO-1,a@b.example\n"))["why"] == "columns"
        assert (await send("import_catalogue", b'id,title\n1,"never closed\n2,x\n'))["why"] == "csv"
