"""The newest events of each workspace, read once from the feed and shared by all its streams.

Cursors of a workspace have no gaps, so a slice of this tail is complete or the feed itself is read. Holds frames ready to send:
an event is turned into bytes once per audience, not once per stream.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from duologue.conversation.events import PersonErased
from duologue.kit.errors import CursorExpired
from duologue.store import feed
from duologue.store.bus import Audience
from duologue.store.database import Database
from duologue.store.feed import Record

KEPT = 1_000
LOOK_EVERY_S = 5.0
PAGE = 500

Frame = Callable[[Record, Audience], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Item:
    """An event, and its frames as they become known."""

    record: Record
    frames: dict[Audience, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Shared:
    upto: int = -1
    looked_at: float = -LOOK_EVERY_S
    items: deque[Item] = field(default_factory=lambda: deque(maxlen=KEPT))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Tail:
    """Reads the feed for many streams."""

    def __init__(self, database: Database, frame: Frame) -> None:
        self._database = database
        self._frame = frame
        self._shared: dict[str, _Shared] = {}

    async def cursor(self, workspace_id: str) -> int:
        """The newest cursor of the feed."""
        async with self._database.read() as tx:
            return await feed.get_cursor(tx.conn, workspace_id)

    async def look(self, workspace_id: str) -> int:
        """The newest cursor, read at most every few seconds: finds what another process wrote without a signal."""
        shared = self._shared.setdefault(workspace_id, _Shared())
        now = time.monotonic()
        if now - shared.looked_at > LOOK_EVERY_S:
            shared.looked_at = now
            await self._refresh(workspace_id, shared, 0)
        return shared.upto

    async def after(
        self, workspace_id: str, since: int, *, known: int = 0, conversation_id: str | None = None, audience: Audience | None = None
    ) -> tuple[list[Item], int]:
        """The next events after `since`, and the cursor up to which nothing was left out. `known`: a cursor that is said to exist.

        Raises CursorExpired where the feed does not reach back that far.
        """
        shared = self._shared.setdefault(workspace_id, _Shared())
        if not known or shared.upto < known:
            await self._refresh(workspace_id, shared, known)
        first = shared.items[0].record.cursor if shared.items else shared.upto + 1
        if first - 1 <= since <= shared.upto:
            start = since - (first - 1)
            items = [shared.items[i] for i in range(start, len(shared.items))]
            fits = [i for i in items if _is_for(i.record, conversation_id, audience)]
            return fits, shared.upto
        return await self._replay(workspace_id, since, conversation_id, audience)

    async def _refresh(self, workspace_id: str, shared: _Shared, known: int) -> None:
        async with shared.lock:
            if known and shared.upto >= known:
                return
            async with self._database.read() as tx:
                if shared.upto < 0:
                    shared.upto = await feed.get_cursor(tx.conn, workspace_id)
                records = await feed.read(tx.conn, workspace_id, shared.upto, limit=PAGE)
                while records:
                    for record in records:
                        if record.kind == PersonErased.kind:
                            shared.items.clear()  # what was erased is not replayed from memory either
                        shared.items.append(Item(record))
                    shared.upto = records[-1].cursor
                    records = await feed.read(tx.conn, workspace_id, shared.upto, limit=PAGE) if len(records) == PAGE else []

    async def _replay(
        self, workspace_id: str, since: int, conversation_id: str | None, audience: Audience | None
    ) -> tuple[list[Item], int]:
        async with self._database.read() as tx:
            newest = await feed.get_cursor(tx.conn, workspace_id)
            if since > newest:
                raise CursorExpired("This cursor lies beyond the feed; fetch the state again.", cursor=newest)
            records = await feed.read(tx.conn, workspace_id, since, conversation_id=conversation_id, audience=audience, limit=PAGE)
        upto = records[-1].cursor if len(records) == PAGE else newest
        return [Item(r) for r in records], max(upto, since)

    async def bytes(self, item: Item, audience: Audience) -> bytes:
        """The frame of an event as this audience may see it."""
        if audience not in item.frames:
            item.frames[audience] = await self._frame(item.record, audience)
        return item.frames[audience]


def _is_for(record: Record, conversation_id: str | None, audience: Audience | None) -> bool:
    return (conversation_id is None or record.conversation_id == conversation_id) and (
        audience is None or record.audience == audience
    )
