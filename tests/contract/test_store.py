"""The store on both databases: migrations give the declared schema, writers lose no event, readers see no gap."""

import asyncio
import importlib
import pkgutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text, update

import duologue
from duologue.kit.errors import CursorExpired, SetupError
from duologue.store import feed
from duologue.store.database import Database
from duologue.store.migrate import upgrade
from duologue.store.schema import metadata

WRITERS, EACH = 16, 25


@dataclass(frozen=True)
class Happened:
    kind: ClassVar[str] = "Happened"
    number: int


async def test_the_migrated_schema_is_the_declared_one(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        def ours(name: str | None, kind: str, parents: object) -> bool:
            return kind != "table" or not (name or "").startswith("passage_fts")  # SQLite's own, behind the full-text index

        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        return list(compare_metadata(context, metadata))

    for module in pkgutil.walk_packages(duologue.__path__, "duologue."):
        if module.name.endswith(".repository"):
            importlib.import_module(module.name)
    async with database.read() as tx:
        assert await tx.conn.run_sync(differences) == []


async def test_upgrading_again_changes_nothing(database: Database) -> None:
    await upgrade(database)


async def test_a_newer_database_is_refused(database: Database) -> None:
    async with database.write() as tx:
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SetupError, match="newer Duologue"):
        await upgrade(database)


async def test_a_file_that_is_no_database_gets_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is not a database, only text that is long enough to be read as one" * 20)
    broken = Database(f"sqlite+aiosqlite:///{path}")
    with pytest.raises(SetupError, match=r"cannot be used: .*not a database"):
        await upgrade(broken)
    await broken.aclose()
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(path).execute("SELECT 1 FROM sqlite_master")


async def test_sixteen_writers_lose_no_event_for_any_reader(database: Database) -> None:
    done = asyncio.Event()

    async def write(writer: int) -> None:
        for i in range(EACH):
            async with database.write() as tx:
                await tx.append("wsp", Happened(writer * EACH + i))

    async def follow() -> list[int]:
        cursor, seen = 0, []
        while True:
            last_round = done.is_set()
            async with database.read() as tx:
                records = await feed.read(tx.conn, "wsp", cursor) if await feed.get_cursor(tx.conn, "wsp") else []
            for record in records:
                assert record.cursor == cursor + 1, "the feed has a gap"
                cursor = record.cursor
                seen.append(record.payload["number"])
            if last_round and not records:
                return seen
            await asyncio.sleep(0)

    readers = [asyncio.create_task(follow()) for _ in range(3)]
    await asyncio.gather(*(write(w) for w in range(WRITERS)))
    done.set()
    for seen in await asyncio.gather(*readers):
        assert sorted(seen) == list(range(WRITERS * EACH))


async def test_a_failed_transaction_leaves_neither_rows_nor_events(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as tx:
            await tx.append("wsp", Happened(1))
            raise RuntimeError
    async with database.read() as tx:
        assert await feed.get_cursor(tx.conn, "wsp") == 0


async def test_handlers_run_inside_and_listeners_after_the_commit(database: Database) -> None:
    order: list[str] = []

    async def inside(tx: object, pending: feed.Pending) -> None:
        order.append("inside")

    database.handle("Happened", inside)
    database.listen(lambda records: order.append(f"after {len(records)}"))
    async with database.bus.subscribe("wsp") as queue:
        async with database.write() as tx:
            await tx.append("wsp", Happened(1))
            await tx.append("wsp", Happened(2))
            order.append("end")
        assert order == ["inside", "inside", "end", "after 2"]
        assert queue.get_nowait().cursor == 2  # type: ignore[union-attr]


async def test_a_trimmed_feed_sends_old_cursors_back_for_the_whole_state(database: Database) -> None:
    for number in range(5):
        async with database.write() as tx:
            await tx.append("wsp", Happened(number))
    async with database.write() as tx:
        await tx.conn.execute(update(feed.feed_table).values(first=4))
    async with database.read() as tx:
        assert [r.cursor for r in await feed.read(tx.conn, "wsp", 3)] == [4, 5]
        for cursor in (2, 6):
            with pytest.raises(CursorExpired):
                await feed.read(tx.conn, "wsp", cursor)
