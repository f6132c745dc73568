"""What the health pack keeps, on both databases: the chain grows by one link at a time, and of two changes at once none is lost."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from duologue.packs.health import repository
from duologue.packs.health.audit import repository as audit
from duologue.packs.health.audit.chain import find_break
from duologue.packs.health.record.life import Record, amend, sign
from tests.conftest import fresh_postgres
from tests.platforms import open_house

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("backend", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def test_links_and_addenda_written_at_once_all_stand(tmp_path: Path, backend: str, request: pytest.FixtureRequest) -> None:
    more = {}
    if backend == "postgresql":
        more["database_url"] = await fresh_postgres(request.getfixturevalue("postgres_server"))
    async with open_house(tmp_path, **more) as house:
        host, ws = house.platform.hosts["health"], house.workspace.id

        async def add(n: int) -> None:
            async with host.write() as tx:
                await audit.hold_chain(tx, ws)
                record = await repository.get_record(tx, ws, "c1")
                assert record is not None
                await repository.keep_record(tx, amend(record, f"addendum {n}", "dr", AT), AT)
                await audit.note_audit(tx, ws, "dr", "amended", "c1", AT)

        async def look(n: int) -> None:
            async with host.write() as tx:
                await audit.note_audit(tx, ws, "dr", "read", f"c{n}", AT)

        async with host.write() as tx:
            await repository.keep_record(tx, sign(Record("r", ws, "c1", "p1", "en", ()), "dr", AT), AT)
        await asyncio.gather(*(step(n) for n in range(8) for step in (add, look)))
        async with host.read() as tx:
            record, links = await repository.get_record(tx, ws, "c1"), await audit.list_audit(tx, ws)
        assert record is not None
        assert sorted(a.text for a in record.addenda) == [f"addendum {n}" for n in range(8)]
        assert (len(links), find_break(links)) == (16, None)
