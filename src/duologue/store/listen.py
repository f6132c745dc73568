"""Joins the buses of several processes on one PostgreSQL database by LISTEN/NOTIFY.

A notification is a hint, never the truth: what was stored is read from the feed. So hints are coalesced (NOTIFY takes a lock of the
whole server at commit, hence one notification per beat and not one per message), they leave after the commit and on a connection of
their own, and while that connection is down the feed is polled. Ephemeral signals travel along and may be lost. SQLite needs none
of this: it has one process.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from duologue.kit.log import get_logger
from duologue.store import feed
from duologue.store.bus import Ephemeral, FeedMoved, Signal
from duologue.store.database import Database

log = get_logger(__name__)

CHANNEL = "duologue"
BEAT_S = 0.02
POLL_S = 1.0
ALIVE_S = 15.0
LONGEST_PAYLOAD = 7_900
"""PostgreSQL refuses a payload of 8000 bytes or more."""
MOST_WAITING = 5_000


class Listen:
    """Carries signals between the processes that share a database. Nothing happens on SQLite."""

    def __init__(self, database: Database, *, poll_s: float = POLL_S) -> None:
        self._database = database
        self._poll_s = poll_s
        self._origin = os.urandom(6).hex()
        self._moved: dict[str, int] = {}
        self._ephemeral: list[Ephemeral] = []
        self._polled: dict[str, int] = {}
        self._something = asyncio.Event()
        self.is_connected = False
        if not database.is_sqlite:
            database.bus.add_outlet(self._take)

    async def run(self) -> None:
        """Connect and stay connected, until it is cancelled; returns at once on SQLite."""
        while not self._database.is_sqlite:
            try:
                await self._serve()
            except Exception as error:
                log.warning("the line between the processes is down, the feed is polled meanwhile: %s", error)
            self.is_connected = False
            self._drop()
            await self._poll()

    def _take(self, signal: Signal) -> None:
        if isinstance(signal, FeedMoved):
            self._moved[signal.workspace_id] = max(signal.cursor, self._moved.get(signal.workspace_id, 0))
        elif len(self._ephemeral) < MOST_WAITING:
            self._ephemeral.append(signal)
        self._something.set()

    async def _serve(self) -> None:
        """One connection's life."""
        import asyncpg  # an extra: needed on PostgreSQL only

        dsn = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection: asyncpg.Connection = await asyncpg.connect(dsn, timeout=10)
        try:
            connection.add_termination_listener(lambda _: self._something.set())
            await connection.add_listener(CHANNEL, self._on_notification)
            self.is_connected = True
            for workspace_id in self._database.bus.list_workspace_ids():
                self._database.bus.deliver(FeedMoved(workspace_id, 0))  # whatever was missed: look
            while not connection.is_closed():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._something.wait(), ALIVE_S)
                if not self._something.is_set():
                    await connection.execute("SELECT 1", timeout=10)  # a line that died in silence is noticed
                    continue
                await asyncio.sleep(BEAT_S)
                self._something.clear()
                for payload in self._payloads():
                    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload, timeout=10)
        finally:
            with contextlib.suppress(Exception):
                await connection.close(timeout=2)

    def _payloads(self) -> list[str]:
        """What waits to be told, as few notifications as it fits into."""
        moved, ephemeral = list(self._moved.items()), self._ephemeral
        self._drop()
        return pack(self._origin, [{"m": list(m)} for m in moved] + [{"e": asdict(e)} for e in ephemeral])

    def _drop(self) -> None:
        self._moved, self._ephemeral = {}, []

    def _on_notification(self, connection: Any, pid: int, channel: str, payload: str) -> None:
        origin, items = json.loads(payload)
        if origin == self._origin:
            return
        for item in items:
            if "m" in item:
                self._database.bus.deliver(FeedMoved(*item["m"]))
            else:
                self._database.bus.deliver(Ephemeral(**item["e"]))

    async def _poll(self) -> None:
        """Once while the line is down: tell the subscribers here of whatever feed has moved."""
        await asyncio.sleep(self._poll_s)
        try:
            async with self._database.read() as tx:
                for workspace_id in self._database.bus.list_workspace_ids():
                    cursor = await feed.get_cursor(tx.conn, workspace_id)
                    if self._polled.get(workspace_id) != cursor:
                        self._polled[workspace_id] = cursor
                        self._database.bus.deliver(FeedMoved(workspace_id, cursor))
        except Exception as error:
            log.warning("the database does not answer: %s", error)


def pack(origin: str, items: Sequence[dict[str, Any]]) -> list[str]:
    """JSON payloads of less than 8000 bytes each, in order; an item that is larger by itself is left out."""
    payloads: list[str] = []
    batch: list[str] = []
    room = LONGEST_PAYLOAD - len(origin) - 16
    size = 0
    for item in items:
        text = json.dumps(item, separators=(",", ":"))  # ASCII: one character, one byte
        if len(text) > room:
            continue
        if size + len(text) + 1 > room:
            payloads.append(f'["{origin}",[{",".join(batch)}]]')
            batch, size = [], 0
        batch.append(text)
        size += len(text) + 1
    if batch:
        payloads.append(f'["{origin}",[{",".join(batch)}]]')
    return payloads
