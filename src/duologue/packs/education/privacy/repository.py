"""All SQL about what a school has settled: one value by name and workspace, with who settled it. Knows no meaning of a value."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, String, Table, Text, insert, select, update

from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

metadata = new_metadata()
settings = Table(
    "education_setting", metadata,
    Column("workspace_id", Id, primary_key=True), Column("name", String(60), primary_key=True), Column("value", Json),
    Column("by", Text), Column("at", UtcTime),
)  # fmt: skip


async def find_setting(tx: Tx, workspace_id: str, name: str) -> tuple[Any, str, datetime] | None:
    """(value, who settled it, when), or None where nobody has."""
    query = select(settings).where(settings.c.workspace_id == workspace_id, settings.c.name == name)
    row = (await tx.conn.execute(query)).mappings().first()
    return (row["value"], row["by"], row["at"]) if row else None


async def save_setting(tx: WriteTx, workspace_id: str, name: str, value: Any, by: str, at: datetime) -> None:
    """Settle a value."""
    here = (settings.c.workspace_id == workspace_id) & (settings.c.name == name)
    done = await tx.conn.execute(update(settings).where(here).values(value=value, by=by, at=at))
    if not done.rowcount:
        await tx.conn.execute(insert(settings).values(workspace_id=workspace_id, name=name, value=value, by=by, at=at))
