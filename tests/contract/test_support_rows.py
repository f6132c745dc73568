"""What the support pack keeps, by person and by time: of many rows the latest are read, not the first."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from duologue.packs.support import repository
from duologue.packs.support.model import Offer, SurveyRow
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
