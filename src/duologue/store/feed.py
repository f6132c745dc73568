"""The append-only event feed of each workspace, resumable from a cursor without gaps.

The cursor is allocated by UPDATE … RETURNING at the very end of a transaction, so that the row lock makes events visible in the
order of their cursors: reading `cursor > n` from a bare sequence loses events that commit out of order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Column, Integer, String, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from duologue.kit.errors import CursorExpired
from duologue.store.bus import Audience
from duologue.store.schema import Id, Json, UtcTime, metadata

E = TypeVar("E")

KEPT = timedelta(days=30)
"""How long the feed holds an event: a reader that was away for longer fetches the whole state."""

feed_table = Table(
    "feed",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False, comment="lowest cursor still held"),
)

event_table = Table(
    "event",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("cursor", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("kind", String(64), nullable=False),
    Column("conversation_id", Id, nullable=False, index=True),
    Column("audience", String(16), nullable=False),
    Column("payload", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
)


class Event(Protocol):
    """A frozen dataclass with a literal `kind`."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Record:
    """An event as stored. `conversation_id` is empty for what concerns the whole workspace."""

    workspace_id: str
    cursor: int
    kind: str
    conversation_id: str
    audience: Audience
    payload: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """An event that waits for the end of its transaction."""

    workspace_id: str
    event: Event
    conversation_id: str
    audience: Audience


_adapters: dict[type, TypeAdapter[Any]] = {}


def _adapter(cls: type) -> TypeAdapter[Any]:
    if cls not in _adapters:
        _adapters[cls] = TypeAdapter(cls)
    return _adapters[cls]


def to_payload(event: object) -> dict[str, Any]:
    """A frozen dataclass as JSON values."""
    payload: dict[str, Any] = _adapter(type(event)).dump_python(event, mode="json")
    return payload


def from_payload(cls: type[E], payload: dict[str, Any]) -> E:
    """The inverse of `to_payload`."""
    value: E = _adapter(cls).validate_python(payload)
    return value


async def append(conn: AsyncConnection, workspace_id: str, pending: Sequence[Pending], at: datetime) -> list[Record]:
    """Give the events their cursors and store them. Call it last in a transaction: it holds the workspace's lock until commit."""
    count = len(pending)
    insert_or = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    moved = insert_or(feed_table).values(workspace_id=workspace_id, last=count, first=1)
    moved = moved.on_conflict_do_update(index_elements=["workspace_id"], set_={"last": feed_table.c.last + count})
    last = (await conn.execute(moved.returning(feed_table.c.last))).scalar_one()
    records = [
        Record(workspace_id, last - count + 1 + i, p.event.kind, p.conversation_id, p.audience, to_payload(p.event), at)
        for i, p in enumerate(pending)
    ]
    rows = [{k: getattr(r, k) for k in Record.__slots__} for r in records]
    await conn.execute(insert(event_table), rows)
    return records


async def get_cursor(conn: AsyncConnection, workspace_id: str) -> int:
    """The cursor of the newest event; 0 where there is none."""
    row = await conn.execute(select(feed_table.c.last).where(feed_table.c.workspace_id == workspace_id))
    return row.scalar_one_or_none() or 0


async def has_any(conn: AsyncConnection, workspace_id: str, since: int, kinds: Sequence[str]) -> bool:
    """Whether anything of these kinds happened after a cursor; yes, where the feed no longer reaches back that far."""
    first = select(feed_table.c.first).where(feed_table.c.workspace_id == workspace_id)
    if ((await conn.execute(first)).scalar_one_or_none() or 1) - 1 > since:
        return True
    mine = (event_table.c.workspace_id == workspace_id) & (event_table.c.cursor > since) & event_table.c.kind.in_(kinds)
    return (await conn.execute(select(event_table.c.cursor).where(mine).limit(1))).first() is not None


async def read(
    conn: AsyncConnection,
    workspace_id: str,
    since: int,
    *,
    conversation_id: str | None = None,
    audience: Audience | None = None,
    limit: int = 500,
) -> list[Record]:
    """Events after `since`, in order. Raises CursorExpired where the feed no longer reaches back that far."""
    bounds = (
        await conn.execute(select(feed_table.c.first, feed_table.c.last).where(feed_table.c.workspace_id == workspace_id))
    ).one_or_none()
    first, last = (1, 0) if bounds is None else bounds
    if not first - 1 <= since <= last:
        raise CursorExpired("The feed does not hold what follows this cursor; fetch the state again.", cursor=last)
    query = select(event_table).where(event_table.c.workspace_id == workspace_id, event_table.c.cursor > since)
    if conversation_id is not None:
        query = query.where(event_table.c.conversation_id == conversation_id)
    if audience is not None:
        query = query.where(event_table.c.audience == audience)
    rows = await conn.execute(query.order_by(event_table.c.cursor).limit(limit))
    return [Record(**row._mapping) for row in rows]


async def erase(conn: AsyncConnection, workspace_id: str, conversation_ids: Sequence[str]) -> None:
    """Blank the events of conversations that are erased; their cursors stay, so that the feed keeps no gap."""
    for conversation_id in conversation_ids:
        mine = (event_table.c.workspace_id == workspace_id) & (event_table.c.conversation_id == conversation_id)
        await conn.execute(update(event_table).where(mine).values(kind="Erased", payload={}))


async def trim(conn: AsyncConnection, workspace_id: str, before: datetime) -> int:
    """Drop what happened before a moment, as far as nothing later stands before it; how many events went.

    Whoever comes with a cursor that lies further back gets CursorExpired and fetches the state.
    """
    mine = event_table.c.workspace_id == workspace_id
    oldest = select(event_table.c.cursor).where(mine, event_table.c.at >= before).order_by(event_table.c.cursor).limit(1)
    first = (await conn.execute(oldest)).scalar_one_or_none()
    if first is None:
        first = await get_cursor(conn, workspace_id) + 1
    kept = update(feed_table).where(feed_table.c.workspace_id == workspace_id, feed_table.c.first < first).values(first=first)
    if not (await conn.execute(kept)).rowcount:
        return 0
    return (await conn.execute(delete(event_table).where(mine, event_table.c.cursor < first))).rowcount


async def list_workspace_ids(conn: AsyncConnection) -> list[str]:
    """The workspaces that have a feed."""
    return list((await conn.execute(select(feed_table.c.workspace_id).order_by(feed_table.c.workspace_id))).scalars())
