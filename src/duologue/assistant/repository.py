"""All SQL of runs, drafts and readings."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text, UniqueConstraint, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from duologue.assistant.model import OPEN_DRAFT, Action, Draft, DraftStatus, Reading, Run
from duologue.store.database import Tx, WriteTx
from duologue.store.feed import feed_table, from_payload, to_payload
from duologue.store.schema import Id, Json, UtcTime, metadata

run_table = Table(
    "run",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("person_id", Id, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("job_id", String(96), nullable=False),
    Column("responding_to_seq", Integer, nullable=False),
    Column("control_epoch", Integer, nullable=False),
    Column("last_public_seq", Integer, nullable=False),
    Column("instruction", Text, nullable=False),
    Column("draft_id", Id),
    Column("status", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("model_version", String(200), nullable=False),
    Column("prompt_version", String(80), nullable=False),
    Column("confidence", Float),
    Column("signals", Json, nullable=False),
    Column("retrieved", Json, nullable=False),
    Column("verdict_ids", Json, nullable=False),
    Column("steps", Json, nullable=False),
    Column("error", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("attempt", Integer, nullable=False),
    UniqueConstraint("workspace_id", "job_id"),
    Index("ix_run_conversation", "workspace_id", "conversation_id"),
    Index("ix_run_status", "status"),
)

draft_table = Table(
    "draft",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("person_id", Id, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("responding_to_seq", Integer, nullable=False),
    Column("control_epoch", Integer, nullable=False),
    Column("last_public_seq", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("lang", String(8), nullable=False),
    Column("citations", Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("confidence", Float),
    Column("reason", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("data", Json, nullable=False, server_default="{}"),
    Index("ix_draft_conversation", "workspace_id", "conversation_id"),
    Index("ix_draft_run", "run_id"),
)

setting_table = Table(
    "assistant_setting",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("threshold", Float, nullable=False),
)

reading_table = Table(
    "reading",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("pack", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("person_id", Id, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("data", Json, nullable=False),
    Column("alarm", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_reading_conversation", "workspace_id", "conversation_id"),
    Index("ix_reading_person", "workspace_id", "person_id"),
)

_RUN_JSON = ("signals", "retrieved", "verdict_ids", "steps")


def _run_row(run: Run) -> dict[str, Any]:
    payload = to_payload(run)
    return {f.name: payload[f.name] if f.name in _RUN_JSON else getattr(run, f.name) for f in fields(Run)}


def _run(row: Any) -> Run:
    values = {f.name: row[f.name] for f in fields(Run)}
    return from_payload(Run, values)


def _draft_row(draft: Draft) -> dict[str, Any]:
    payload = to_payload(draft)
    row = {f.name: getattr(draft, f.name) for f in fields(Draft)}
    return row | {"citations": payload["citations"], "action": payload["action"] or {}}


def _draft(row: Any) -> Draft:
    values = {f.name: row[f.name] for f in fields(Draft)}
    return from_payload(Draft, values | {"action": values["action"] or None})


async def insert_run(tx: WriteTx, run: Run, job_id: str) -> None:
    """Store a run that begins. `job_id` is unique in a workspace."""
    await tx.conn.execute(insert(run_table).values(**_run_row(run), job_id=job_id))


async def update_run(tx: WriteTx, run: Run) -> bool:
    """Store the run as it is now; False where it was already finished, so that a run ends once."""
    query = update(run_table).where(run_table.c.id == run.id, run_table.c.status == "running").values(**_run_row(run))
    return (await tx.conn.execute(query)).rowcount == 1


async def find_run(tx: Tx, workspace_id: str, *, run_id: str = "", job_id: str = "") -> Run | None:
    """A run by its id or by its job's."""
    key = run_table.c.id == run_id if run_id else run_table.c.job_id == job_id
    row = (await tx.conn.execute(select(run_table).where(run_table.c.workspace_id == workspace_id, key))).mappings().one_or_none()
    return None if row is None else _run(row)


async def list_runs(tx: Tx, workspace_id: str, conversation_id: str, limit: int = 50) -> list[Run]:
    """The runs of a conversation, newest first."""
    query = select(run_table).where(run_table.c.workspace_id == workspace_id, run_table.c.conversation_id == conversation_id)
    rows = await tx.conn.execute(query.order_by(run_table.c.id.desc()).limit(limit))
    return [_run(row) for row in rows.mappings()]


async def list_running(tx: Tx) -> list[tuple[Run, str]]:
    """Runs of all workspaces that have not ended, with their job ids, oldest first."""
    rows = await tx.conn.execute(select(run_table).where(run_table.c.status == "running").order_by(run_table.c.id))
    return [(_run(row), row["job_id"]) for row in rows.mappings()]


async def insert_draft(tx: WriteTx, draft: Draft) -> None:
    """Store a new draft."""
    await tx.conn.execute(insert(draft_table).values(**_draft_row(draft)))


async def find_draft(tx: Tx, workspace_id: str, draft_id: str) -> Draft | None:
    """A draft by its id."""
    query = select(draft_table).where(draft_table.c.workspace_id == workspace_id, draft_table.c.id == draft_id)
    row = (await tx.conn.execute(query)).mappings().one_or_none()
    return None if row is None else _draft(row)


async def list_drafts(
    tx: Tx, workspace_id: str, conversation_ids: Sequence[str], statuses: Sequence[DraftStatus] = (), limit: int = 200
) -> list[Draft]:
    """Drafts of these conversations, newest first."""
    query = select(draft_table).where(
        draft_table.c.workspace_id == workspace_id, draft_table.c.conversation_id.in_(list(conversation_ids))
    )
    if statuses:
        query = query.where(draft_table.c.status.in_(list(statuses)))
    rows = await tx.conn.execute(query.order_by(draft_table.c.id.desc()).limit(limit))
    return [_draft(row) for row in rows.mappings()]


async def close_draft(tx: WriteTx, draft_id: str, status: DraftStatus, at: datetime) -> bool:
    """Close an open draft; False where it was closed before."""
    query = update(draft_table).where(draft_table.c.id == draft_id, draft_table.c.status.in_(OPEN_DRAFT))
    return (await tx.conn.execute(query.values(status=status, closed_at=at))).rowcount == 1


async def close_stale_drafts(
    tx: WriteTx, workspace_id: str, conversation_id: str, at: datetime, *, epoch: int | None = None, public_seq: int | None = None
) -> list[str]:
    """Mark as superseded the open drafts written before this epoch or this public message; their ids."""
    stale = draft_table.c.control_epoch < epoch if epoch is not None else draft_table.c.last_public_seq < public_seq
    query = (
        update(draft_table)
        .where(
            draft_table.c.workspace_id == workspace_id,
            draft_table.c.conversation_id == conversation_id,
            draft_table.c.status.in_(OPEN_DRAFT),
            stale,
        )
        .values(status="superseded", closed_at=at)
        .returning(draft_table.c.id)
    )
    return sorted((await tx.conn.execute(query)).scalars())


async def reopen_draft(tx: WriteTx, draft_id: str, public_seq: int) -> bool:
    """Let a superseded draft stand again behind the message `public_seq`; False where it is something else by now."""
    query = update(draft_table).where(draft_table.c.id == draft_id, draft_table.c.status == "superseded")
    values = {"status": "ready", "closed_at": None, "last_public_seq": public_seq}
    return (await tx.conn.execute(query.values(**values))).rowcount == 1


async def carry_drafts(tx: WriteTx, workspace_id: str, conversation_id: str, public_seq: int) -> None:
    """Let the open drafts of a conversation stand after a message that asks nothing."""
    query = update(draft_table).where(
        draft_table.c.workspace_id == workspace_id,
        draft_table.c.conversation_id == conversation_id,
        draft_table.c.status.in_(OPEN_DRAFT),
    )
    await tx.conn.execute(query.values(last_public_seq=public_seq))


async def put_action(tx: WriteTx, draft_id: str, action: Action) -> None:
    """Store how far an approved action has come."""
    await tx.conn.execute(update(draft_table).where(draft_table.c.id == draft_id).values(action=to_payload(action)))


async def insert_reading(tx: WriteTx, reading: Reading) -> bool:
    """Store what a reader saw; False where that was stored before."""
    insert_or = sqlite.insert if tx.is_sqlite else postgresql.insert
    row = {f.name: getattr(reading, f.name) for f in fields(Reading)}
    row |= {"alarm": to_payload(reading)["alarm"] or {}}
    return (await tx.conn.execute(insert_or(reading_table).values(**row).on_conflict_do_nothing())).rowcount == 1


def _reading(row: Any) -> Reading:
    values = {f.name: row[f.name] for f in fields(Reading)}
    return from_payload(Reading, values | {"alarm": values["alarm"] or None})


async def list_readings_of_message(tx: Tx, workspace_id: str, pack: str, message_id: str) -> list[Reading]:
    """What a pack's readers saw in a message."""
    query = select(reading_table).where(
        reading_table.c.workspace_id == workspace_id, reading_table.c.pack == pack, reading_table.c.message_id == message_id
    )
    return [_reading(row) for row in (await tx.conn.execute(query)).mappings()]


async def list_readings(
    tx: Tx, workspace_id: str, pack: str, *, conversation_id: str = "", name: str = "", after: str = "", limit: int = 500
) -> list[Reading]:
    """What a pack's readers saw, oldest message first."""
    query = select(reading_table).where(reading_table.c.workspace_id == workspace_id, reading_table.c.pack == pack)
    if conversation_id:
        query = query.where(reading_table.c.conversation_id == conversation_id)
    if name:
        query = query.where(reading_table.c.name == name)
    if after:
        query = query.where(reading_table.c.message_id > after)
    rows = await tx.conn.execute(query.order_by(reading_table.c.message_id).limit(limit))
    return [_reading(row) for row in rows.mappings()]


async def delete_of_conversations(tx: WriteTx, workspace_id: str, conversation_ids: Sequence[str]) -> None:
    """Remove all runs, drafts and readings of these conversations."""
    for table in (draft_table, run_table, reading_table):
        query = delete(table).where(table.c.workspace_id == workspace_id, table.c.conversation_id.in_(list(conversation_ids)))
        await tx.conn.execute(query)


async def delete_of_person(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Remove all runs, drafts and readings of a person."""
    for table in (draft_table, run_table, reading_table):
        await tx.conn.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.person_id == person_id))


async def list_workspaces(tx: Tx) -> list[str]:
    """Every workspace in which anything ever happened."""
    return sorted((await tx.conn.execute(select(feed_table.c.workspace_id))).scalars())


async def find_threshold(tx: Tx, workspace_id: str) -> float | None:
    """The confidence from which a workspace's answers need no approval, where it set one."""
    query = select(setting_table.c.threshold).where(setting_table.c.workspace_id == workspace_id)
    return (await tx.conn.execute(query)).scalar_one_or_none()


async def put_threshold(tx: WriteTx, workspace_id: str, threshold: float) -> None:
    """Set that confidence."""
    await tx.conn.execute(delete(setting_table).where(setting_table.c.workspace_id == workspace_id))
    await tx.conn.execute(insert(setting_table).values(workspace_id=workspace_id, threshold=threshold))
