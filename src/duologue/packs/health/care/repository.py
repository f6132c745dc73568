"""All SQL of the relation of care. One row for a member and a person; how it came and went before stands in the audit."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Column, String, Table, Text, delete, insert, or_, select, update

from duologue.packs.health.care.relation import Care
from duologue.sdk import Id, Tx, UtcTime, WriteTx, new_metadata

metadata = new_metadata()
care = Table(
    "health_care", metadata, Column("workspace_id", Id, primary_key=True), Column("person_id", Id, primary_key=True),
    Column("member_id", Id, primary_key=True), Column("reason", Text), Column("at", UtcTime), Column("name", String(200)),
    Column("until", UtcTime), Column("ended_at", UtcTime), Column("ended_by", String(200)), Column("ended_why", Text),
)  # fmt: skip


def _runs(now: datetime) -> Any:
    return care.c.ended_at.is_(None) & or_(care.c.until.is_(None), care.c.until > now)


async def begin_care(tx: WriteTx, workspace_id: str, new: Care) -> None:
    """A member's care begins: lasting care stays as it is, a reason's hours run on or become care, what has ended begins anew."""
    mine = _mine(workspace_id, new.person_id, new.member_id)
    known = await _find(tx, mine)
    if known and known.runs(new.at) and known.until is None:
        return
    await tx.conn.execute(delete(care).where(mine))
    await tx.conn.execute(insert(care).values(workspace_id=workspace_id, **asdict(new)))


async def end_care(tx: WriteTx, workspace_id: str, person_id: str, member_id: str, by: str, why: str) -> bool:
    """It ends now; whether it ran."""
    ended = {"ended_at": tx.now, "ended_by": by, "ended_why": why}
    done = await tx.conn.execute(update(care).where(_mine(workspace_id, person_id, member_id), _runs(tx.now)).values(**ended))
    return bool(done.rowcount)


async def cares(tx: Tx, workspace_id: str, person_id: str, member_id: str, now: datetime) -> bool:
    """Whether the member may read of the person: care, or a reason's hours."""
    query = select(care.c.at).where(_mine(workspace_id, person_id, member_id), _runs(now))
    return (await tx.conn.execute(query)).first() is not None


async def list_patients_of(tx: Tx, workspace_id: str, member_id: str, now: datetime) -> set[str]:
    """The persons of whom a member may read."""
    query = select(care.c.person_id).where(care.c.workspace_id == workspace_id, care.c.member_id == member_id, _runs(now))
    return set((await tx.conn.execute(query)).scalars())


async def list_care(tx: Tx, workspace_id: str, person_id: str) -> list[Care]:
    """Who cares or cared for a person, the latest first."""
    query = select(care).where(care.c.workspace_id == workspace_id, care.c.person_id == person_id).order_by(care.c.at.desc())
    return [_care(row) for row in await tx.conn.execute(query)]


async def list_lasting(tx: Tx, before: datetime) -> list[tuple[str, Care]]:
    """Of all workspaces: care that has not ended, is no reason's hours and began before; each with its workspace."""
    query = select(care).where(care.c.ended_at.is_(None), care.c.until.is_(None), care.c.at < before)
    return [(row.workspace_id, _care(row)) for row in await tx.conn.execute(query)]


async def erase_care(tx: WriteTx, workspace_id: str, person_id: str) -> int:
    """Forget a person; how many rows went."""
    his = (care.c.workspace_id == workspace_id) & (care.c.person_id == person_id)
    return (await tx.conn.execute(delete(care).where(his))).rowcount


def _mine(workspace_id: str, person_id: str, member_id: str) -> Any:
    return (care.c.workspace_id == workspace_id) & (care.c.person_id == person_id) & (care.c.member_id == member_id)


async def _find(tx: Tx, mine: Any) -> Care | None:
    row = (await tx.conn.execute(select(care).where(mine))).first()
    return _care(row) if row else None


def _care(row: Any) -> Care:
    fields = (row.person_id, row.member_id, row.name, row.reason, row.at, row.until, row.ended_at, row.ended_by, row.ended_why)
    return Care(*fields)
