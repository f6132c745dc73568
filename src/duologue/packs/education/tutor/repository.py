"""All SQL about ladders: how many hints of a question a learner has seen, and how far the tutor's ladder was climbed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Integer, String, Table, delete, insert, select

from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

KEPT_DAYS = 7
"""After so many days without a hint or a word the ladder is begun anew, so that a later review counts again."""
metadata = new_metadata()
ladders = Table(
    "education_ladder", metadata,
    Column("workspace_id", Id, primary_key=True), Column("person_id", Id, primary_key=True),
    Column("item", String(200), primary_key=True), Column("hints", Integer), Column("talk", Json), Column("at", UtcTime),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ladder:
    """One learner's help with one question. `talk` is the tutor's state as JSON, empty before a word was said."""

    workspace_id: str
    person_id: str
    item: str
    at: datetime
    hints: int = 0
    talk: dict[str, Any] = field(default_factory=dict)


async def get_ladder(tx: Tx, workspace_id: str, person_id: str, item: str, now: datetime) -> Ladder:
    """The ladder as it stands; a new one where there is none, or only one that is too old."""
    query = select(ladders).where(ladders.c.workspace_id == workspace_id, ladders.c.person_id == person_id, ladders.c.item == item)
    row = (await tx.conn.execute(query)).mappings().first()
    if row is None or row["at"] < now - timedelta(days=KEPT_DAYS):
        return Ladder(workspace_id, person_id, item, now)
    return Ladder(**row)


async def save_ladder(tx: WriteTx, row: Ladder) -> None:
    """Keep a ladder in place of the one before."""
    await drop_ladder(tx, row.workspace_id, row.person_id, row.item)
    await tx.conn.execute(insert(ladders).values(**{name: getattr(row, name) for name in Ladder.__dataclass_fields__}))


async def drop_ladder(tx: WriteTx, workspace_id: str, person_id: str, item: str) -> None:
    """Begin anew."""
    await tx.conn.execute(
        delete(ladders).where(ladders.c.workspace_id == workspace_id, ladders.c.person_id == person_id, ladders.c.item == item)
    )


async def list_ladders(tx: Tx, workspace_id: str, person_id: str) -> list[Ladder]:
    """All ladders of a learner."""
    query = select(ladders).where(ladders.c.workspace_id == workspace_id, ladders.c.person_id == person_id).order_by(ladders.c.item)
    return [Ladder(**row) for row in (await tx.conn.execute(query)).mappings()]


async def erase_person(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget a learner's ladders."""
    await tx.conn.execute(delete(ladders).where(ladders.c.workspace_id == workspace_id, ladders.c.person_id == person_id))
