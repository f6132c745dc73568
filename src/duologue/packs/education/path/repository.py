"""All SQL about calendars that were taken along: which events stand in them. Knows no plan."""

from collections.abc import Sequence

from sqlalchemy import Column, Integer, String, Table, Text, delete, insert, select

from duologue.packs.education.path.calendar import Entry
from duologue.sdk import Id, Tx, WriteTx, new_metadata

metadata = new_metadata()
events = Table(
    "education_event", metadata,
    Column("workspace_id", Id, primary_key=True), Column("person_id", Id, primary_key=True),
    Column("uid", String(280), primary_key=True), Column("step", String(250)), Column("begins", String(20)),
    Column("minutes", Integer), Column("summary", Text),
)  # fmt: skip
_KEPT = ("uid", "step", "begins", "minutes", "summary")


async def list_entries(tx: Tx, workspace_id: str, person_id: str) -> list[Entry]:
    """The events of one learner, in the order of their times."""
    here = (events.c.workspace_id == workspace_id) & (events.c.person_id == person_id)
    rows = (await tx.conn.execute(select(events).where(here).order_by(events.c.begins, events.c.uid))).mappings()
    return [Entry(**{name: row[name] for name in _KEPT}) for row in rows]


async def save_entries(tx: WriteTx, workspace_id: str, person_id: str, entries: Sequence[Entry]) -> None:
    """Keep these events in place of those of before."""
    await erase_person(tx, workspace_id, person_id)
    for entry in entries:
        row = {name: getattr(entry, name) for name in _KEPT}
        await tx.conn.execute(insert(events).values(workspace_id=workspace_id, person_id=person_id, **row))


async def erase_person(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget a learner's events."""
    await tx.conn.execute(delete(events).where(events.c.workspace_id == workspace_id, events.c.person_id == person_id))
