"""One database, SQLite or PostgreSQL: short transactions, one writer on SQLite, events that leave after the commit.

One request, one transaction; nobody commits by hand. No model call, no network and no waiting for a person inside a transaction.
"""

import asyncio
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncTransaction, create_async_engine

from duologue.kit.clock import Clock, SystemClock
from duologue.kit.errors import SetupError
from duologue.store import feed
from duologue.store.bus import Audience, Bus, FeedMoved
from duologue.store.sqlite import create_sqlite_engine

READERS = 4
_ALONE = 7_240_312

Handler = Callable[["WriteTx", feed.Pending], Awaitable[None]]
Listener = Callable[[Sequence[feed.Record]], None]


class Tx:
    """A transaction: `conn` for repositories, and the dialect where the two databases differ."""

    def __init__(self, conn: AsyncConnection) -> None:
        self.conn = conn

    @property
    def is_sqlite(self) -> bool:
        return self.conn.dialect.name == "sqlite"


class WriteTx(Tx):
    """A transaction that may change things and append events. `now` is one moment for all that it writes."""

    def __init__(self, conn: AsyncConnection, database: "Database") -> None:
        super().__init__(conn)
        self._database = database
        self.now = database.clock.now()
        self.pending: list[feed.Pending] = []

    async def append(
        self, workspace_id: str, happened: feed.Event, *, conversation_id: str = "", audience: Audience = "internal"
    ) -> None:
        """Record that something happened; handlers of its kind run now, inside this transaction."""
        pending = feed.Pending(workspace_id, happened, conversation_id, audience)
        self.pending.append(pending)
        for handler in self._database.handlers[happened.kind]:
            await handler(self, pending)


def _url(text: str) -> URL:
    """The URL of a database that is known here.

    Raises:
        SetupError: it is none, or of another kind than SQLite and PostgreSQL.
    """
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise SetupError("DUOLOGUE_DATABASE_URL is not the address of a database; write it as postgresql+asyncpg://….") from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise SetupError(f"The database {url.get_backend_name()} is not known here; DUOLOGUE_DATABASE_URL takes PostgreSQL.")
    return url


class Database:
    """The store. `handlers` run inside a transaction, listeners after its commit."""

    def __init__(self, url: str, *, bus: Bus | None = None, clock: Clock | None = None) -> None:
        self.url = _url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.bus = bus or Bus()
        self.clock = clock or SystemClock()
        self.handlers: dict[str, list[Handler]] = defaultdict(list)
        self._listeners: list[Listener] = []
        self._turn = asyncio.Lock()
        self._writer, self._reader = self._engines()

    def _engines(self) -> tuple[AsyncEngine, AsyncEngine]:
        if not self.is_sqlite:
            engine = create_async_engine(self.url, pool_size=10, max_overflow=10, pool_pre_ping=True)
            return engine, engine
        if self.url.database:
            try:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SetupError(f"The folder of the database {self.url.database} cannot be made: {error.strerror}.") from error
        writer = create_sqlite_engine(self.url, begin="BEGIN IMMEDIATE", connections=1)
        return writer, create_sqlite_engine(self.url, begin="BEGIN", connections=READERS)

    def handle(self, kind: str, handler: Handler) -> None:
        """Run `handler` inside every transaction that appends an event of `kind`."""
        self.handlers[kind].append(handler)

    def listen(self, listener: Listener) -> None:
        """Call `listener` with the records of every commit of this process, each commit's in order. It must not block.

        On PostgreSQL two commits at the same time may be told in either order; the feed's cursors are the truth.
        """
        self._listeners.append(listener)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A consistent view; nothing is changed."""
        async with self._reader.connect() as conn:
            if not self.is_sqlite:
                await conn.execution_options(isolation_level="REPEATABLE READ")
            async with conn.begin():
                yield Tx(conn)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        """Change things; commits at the end, rolls back on any exception. On SQLite writers take turns."""
        async with self._maybe_turn(), self._writer.connect() as conn:
            transaction = await conn.begin()
            tx = WriteTx(conn, self)
            yield tx
            await _to_the_end(self._finish(tx, transaction))

    async def _finish(self, tx: WriteTx, transaction: AsyncTransaction) -> None:
        """Store the events, commit, and tell. Until here an exception or a cancellation rolls everything back."""
        records: list[feed.Record] = []
        for workspace_id in sorted({p.workspace_id for p in tx.pending}):
            batch = [p for p in tx.pending if p.workspace_id == workspace_id]
            records += await feed.append(tx.conn, workspace_id, batch, tx.now)
        await transaction.commit()
        self._announce(records)

    @asynccontextmanager
    async def _maybe_turn(self) -> AsyncIterator[None]:
        if not self.is_sqlite:
            yield
            return
        async with self._turn:
            yield

    def _announce(self, records: Sequence[feed.Record]) -> None:
        for workspace_id in {r.workspace_id for r in records}:
            newest = max(r.cursor for r in records if r.workspace_id == workspace_id)
            self.bus.publish(FeedMoved(workspace_id, newest))
        if records:
            for listener in self._listeners:
                listener(records)

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[bool]:
        """True for one process at a time, for as long as the context lasts; the others get False and go on."""
        if self.is_sqlite:  # one process answers for a data folder (see `bootstrap.lock`)
            yield True
            return
        key = zlib.crc32(name.encode())
        async with self._reader.connect() as conn:
            taken = bool((await conn.exec_driver_sql(f"SELECT pg_try_advisory_lock({_ALONE}, {key - 2**31})")).scalar_one())
            await conn.commit()
            try:
                yield taken
            finally:
                if taken:
                    await conn.exec_driver_sql(f"SELECT pg_advisory_unlock({_ALONE}, {key - 2**31})")
                    await conn.commit()

    async def trim_feeds(self, before: datetime) -> int:
        """Drop the events of all workspaces that happened before a moment; how many went. Readers that are further back refetch."""
        async with self.read() as tx:
            workspace_ids = await feed.list_workspace_ids(tx.conn)
        count = 0
        for workspace_id in workspace_ids:
            async with self.write() as tx:
                count += await feed.trim(tx.conn, workspace_id, before)
        return count

    async def check(self) -> None:
        """Raise SetupError with one clear sentence where the database does not answer."""
        try:
            async with self._reader.connect() as conn:
                await conn.exec_driver_sql("SELECT 1")
                if self.is_sqlite:
                    await conn.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        except (DBAPIError, OSError, OperationalError) as error:
            where = self.url.render_as_string(hide_password=True)
            cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
            raise SetupError(f"The database {where} cannot be used: {cause}.") from error

    async def aclose(self) -> None:
        """Close all connections."""
        await self._writer.dispose()
        await self._reader.dispose()


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Do all of it even where the caller is cancelled meanwhile: what is committed is also announced."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()):
            raise error from None
        raise
