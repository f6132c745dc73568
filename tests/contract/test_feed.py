"""The feed on both databases: cursors without gaps, why they need a lock, retention, and commits that outlive their callers."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import text

from duologue.kit.clock import FrozenClock
from duologue.kit.errors import CursorExpired
from duologue.store import feed
from duologue.store.database import Database, WriteTx
from tests.conftest import fresh_postgres


@dataclass(frozen=True)
class Happened:
    kind: ClassVar[str] = "Happened"
    number: int


async def tell(database: Database, workspace_id: str, *numbers: int) -> None:
    async with database.write() as tx:
        for number in numbers:
            await tx.append(workspace_id, Happened(number))


async def read(database: Database, workspace_id: str, since: int, **only: str) -> list[feed.Record]:
    async with database.read() as tx:
        return await feed.read(tx.conn, workspace_id, since, **only)  # type: ignore[arg-type]


async def test_the_first_writers_of_a_workspace_do_not_stumble_over_each_other(database: Database) -> None:
    await asyncio.gather(*(tell(database, "wsp", n) for n in range(16)))
    records = await read(database, "wsp", 0)
    assert [r.cursor for r in records] == list(range(1, 17))
    assert sorted(r.payload["number"] for r in records) == list(range(16))


async def test_workspaces_have_feeds_of_their_own(database: Database) -> None:
    async with database.write() as tx:
        await tx.append("wsp_b", Happened(1))
        await tx.append("wsp_a", Happened(2), conversation_id="cnv_1", audience="public")
        await tx.append("wsp_a", Happened(3), conversation_id="cnv_2")
    assert [(r.cursor, r.payload["number"]) for r in await read(database, "wsp_a", 0)] == [(1, 2), (2, 3)]
    assert [(r.cursor, r.payload["number"]) for r in await read(database, "wsp_b", 0)] == [(1, 1)]
    assert [r.cursor for r in await read(database, "wsp_a", 0, conversation_id="cnv_2")] == [2]
    assert [r.cursor for r in await read(database, "wsp_a", 0, audience="public")] == [1]


@pytest.mark.postgres
async def test_a_bare_sequence_would_lose_events(postgres_server: str, migrated_postgres: str) -> None:
    """Why the cursor is allocated under a lock: two transactions, the later number commits first, a reader passes it by.

    On PostgreSQL only: SQLite has one writer, so its numbers become visible in order.
    """
    database = Database(await fresh_postgres(postgres_server, migrated_postgres))
    async with database.write() as tx:
        await tx.conn.execute(text("CREATE TABLE naive (id bigserial PRIMARY KEY)"))
    add, after = text("INSERT INTO naive DEFAULT VALUES RETURNING id"), text("SELECT id FROM naive WHERE id > :since ORDER BY id")
    seen: list[int] = []

    async def look() -> None:
        async with database.read() as tx:
            seen.extend((await tx.conn.execute(after, {"since": max(seen, default=0)})).scalars())

    async with database.write() as slow:
        await slow.conn.execute(add)
        async with database.write() as quick:
            await quick.conn.execute(add)
        await look()
    await look()
    assert seen == [2], "the reader passed number 1 by"

    told = asyncio.Event()

    async def slowly() -> None:
        async with database.write() as tx:
            await tx.append("wsp", Happened(1))
            told.set()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(slowly())
    await told.wait()
    await tell(database, "wsp", 2)
    first = await read(database, "wsp", 0)
    await task
    rest = await read(database, "wsp", first[-1].cursor)
    assert sorted(r.payload["number"] for r in (*first, *rest)) == [1, 2], "the feed loses nothing"
    await database.aclose()


async def test_a_trimmed_feed_keeps_what_is_young_and_its_cursors(database: Database, clock: FrozenClock) -> None:
    await tell(database, "wsp", 1, 2)
    clock.advance(3_600)
    await tell(database, "wsp", 3)
    await tell(database, "wsp_b", 4)
    assert await database.trim_feeds(clock.now() - timedelta(minutes=1)) == 2
    assert await database.trim_feeds(clock.now() - timedelta(minutes=1)) == 0
    assert [r.cursor for r in await read(database, "wsp", 2)] == [3]
    for cursor in (0, 1, 4):
        with pytest.raises(CursorExpired) as expired:
            await read(database, "wsp", cursor)
        assert expired.value.detail["cursor"] == 3
    clock.advance(3_600)
    assert await database.trim_feeds(clock.now()) == 2
    assert await read(database, "wsp", 3) == []
    await tell(database, "wsp", 5)
    assert [r.cursor for r in await read(database, "wsp", 3)] == [4]


async def test_an_unknown_workspace_has_an_empty_feed(database: Database) -> None:
    assert await read(database, "wsp_none", 0) == []
    with pytest.raises(CursorExpired):
        await read(database, "wsp_none", 7)


async def test_a_reader_sees_one_moment(database: Database) -> None:
    await tell(database, "wsp", 1)
    async with database.read() as tx:
        assert await feed.get_cursor(tx.conn, "wsp") == 1
        await tell(database, "wsp", 2)
        assert await feed.get_cursor(tx.conn, "wsp") == 1


async def test_what_is_committed_is_announced_though_the_caller_is_cancelled(database: Database) -> None:
    heard: list[int] = []
    database.listen(lambda records: heard.extend(r.cursor for r in records))
    for number in range(12):
        task = asyncio.create_task(tell(database, "wsp", number))
        await asyncio.sleep(number * 0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    stored = [r.cursor for r in await read(database, "wsp", 0)]
    assert heard == stored
    await tell(database, "wsp", 99)
    assert (await read(database, "wsp", len(stored)))[0].payload["number"] == 99, "the database is as usable as before"


async def test_a_cancelled_writer_leaves_nothing_and_frees_its_turn(database: Database) -> None:
    inside = asyncio.Event()

    async def hang() -> None:
        async with database.write() as tx:
            await tx.append("wsp", Happened(1))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await tell(database, "wsp", 2)
    assert [r.payload["number"] for r in await read(database, "wsp", 0)] == [2]


async def test_a_handlers_event_is_handled_and_stored_in_its_place(database: Database) -> None:
    async def more(tx: WriteTx, pending: feed.Pending) -> None:
        assert isinstance(pending.event, Happened)
        if pending.event.number < 3:
            await tx.append(pending.workspace_id, Happened(pending.event.number + 1))

    database.handle(Happened.kind, more)
    await tell(database, "wsp", 1, 9)
    assert [r.payload["number"] for r in await read(database, "wsp", 0)] == [1, 2, 3, 9]
