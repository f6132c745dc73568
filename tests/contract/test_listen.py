"""Several processes on one PostgreSQL: what one announces, the others hear; a broken line is polled over and mended."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import ClassVar

import pytest
from sqlalchemy import text

from duologue.kit.clock import SystemClock
from duologue.store import feed
from duologue.store.bus import Ephemeral, FeedMoved, Signal
from duologue.store.database import Database
from duologue.store.listen import Listen
from tests.conftest import drop_postgres, fresh_postgres


@dataclass(frozen=True)
class Happened:
    kind: ClassVar[str] = "Happened"
    number: int


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_so():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def process(url: str) -> AsyncIterator[tuple[Database, Listen]]:
    """What one process has: a database with a bus of its own, and the line to the others."""
    database = Database(url, clock=SystemClock())
    line = Listen(database, poll_s=0.05)
    task = asyncio.create_task(line.run())
    try:
        await until(lambda: line.is_connected)
        yield database, line
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await database.aclose()


@pytest.fixture
async def url(postgres_server: str, migrated_postgres: str) -> AsyncIterator[str]:
    made = await fresh_postgres(postgres_server, migrated_postgres)
    yield made
    await drop_postgres(postgres_server, made)


async def hear(queue: "asyncio.Queue[Signal]", count: int) -> list[Signal]:
    async with asyncio.timeout(60):
        return [await queue.get() for _ in range(count)]


@pytest.mark.postgres
async def test_other_processes_hear_of_events_and_of_what_is_never_stored(url: str) -> None:
    async with process(url) as (here, _), process(url) as (there, _), there.bus.subscribe("wsp") as queue:
        seen: list[Signal] = []
        there.bus.tap(seen.append)
        here.bus.publish(Ephemeral("typing", "wsp", "cnv", "public", {"who": "小王"}))
        assert await hear(queue, 1) == [Ephemeral("typing", "wsp", "cnv", "public", {"who": "小王"})]
        async with here.write() as tx:
            await tx.append("wsp", Happened(1))
        assert await hear(queue, 1) == [FeedMoved("wsp", 1)]
        assert len(seen) == 2, "taps hear other processes too"


@pytest.mark.postgres
async def test_hints_are_coalesced_and_no_event_is_missed(url: str) -> None:
    async with process(url) as (here, _), process(url) as (there, _), there.bus.subscribe("wsp") as queue:
        for number in range(50):
            async with here.write() as tx:
                await tx.append("wsp", Happened(number))
        cursor, hints = 0, 0
        async with asyncio.timeout(60):
            while cursor < 50:
                await queue.get()
                hints += 1
                async with there.read() as tx:
                    records = await feed.read(tx.conn, "wsp", cursor)
                cursor = records[-1].cursor if records else cursor
        assert hints < 50


@pytest.mark.postgres
async def test_a_broken_line_is_mended_and_polled_over_meanwhile(url: str) -> None:
    async with process(url) as (here, _), process(url) as (there, line), there.bus.subscribe("wsp") as queue:
        async with here.write() as tx:
            kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE (query LIKE 'LISTEN%' OR query LIKE '%pg_notify%')"
            others = " AND pid <> pg_backend_pid() AND datname = current_database()"
            assert list((await tx.conn.execute(text(kill + others))).scalars()) == [True, True]
        async with here.write() as tx:
            await tx.append("wsp", Happened(1))
        cursor = 0
        async with asyncio.timeout(60):
            while cursor < 1:
                await queue.get()
                async with there.read() as tx:
                    cursor = await feed.get_cursor(tx.conn, "wsp")
        await until(lambda: line.is_connected)
        here.bus.publish(Ephemeral("typing", "wsp", "cnv", "public"))
        async with asyncio.timeout(60):
            while not isinstance(await queue.get(), Ephemeral):
                here.bus.publish(Ephemeral("typing", "wsp", "cnv", "public"))


async def test_sqlite_needs_no_line(tmp_path: object) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db")
    await Listen(database).run()
    await database.aclose()
