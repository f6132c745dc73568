"""All SQL of verdicts, ratings and consent to learning. A verdict row is never updated: the database refuses it (0006)."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert_postgresql
from sqlalchemy.dialects.sqlite import insert as upsert_sqlite

from duologue.conversation.repository import conversation_table
from duologue.review.model import Rating, Verdict
from duologue.store.database import Tx, WriteTx
from duologue.store.feed import from_payload, to_payload
from duologue.store.schema import Id, Json, UtcTime, metadata

verdict_table = Table(
    "verdict",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("person_id", Id, nullable=False),
    Column("draft_id", Id, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("message_id", Id),
    Column("responding_to_seq", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("question", Text, nullable=False),
    Column("draft_text", Text, nullable=False),
    Column("final_text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("instruction", Text, nullable=False),
    Column("reviewer_id", Id, nullable=False),
    Column("model_version", String(200), nullable=False),
    Column("prompt_version", String(80), nullable=False),
    Column("confidence", Float),
    Column("retrieved", Json, nullable=False),
    Column("citations", Json, nullable=False),
    Column("shown_at", UtcTime),
    Column("decided_at", UtcTime, nullable=False),
    UniqueConstraint("draft_id"),
    CheckConstraint("kind IN ('approve','edit','reject','respond','ignore','regenerate')", name="kind"),
    Index("ix_verdict_workspace_decided", "workspace_id", "decided_at"),
)

rating_table = Table(
    "rating",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("message_id", Id, primary_key=True),
    Column("person_id", Id, primary_key=True),
    Column("value", String(8), nullable=False),
    Column("reason", Text, nullable=False),
    Column("rated_at", UtcTime, nullable=False),
    Index("ix_rating_workspace", "workspace_id", "rated_at"),
)

consent_table = Table(
    "learning_consent",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("person_id", Id, primary_key=True),
    Column("may_learn", Boolean, nullable=False),
    Column("said_at", UtcTime, nullable=False),
)
consent_rule_table = Table(
    "learning_consent_rule",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("rule", String(20), nullable=False),
)


async def insert_verdict(tx: WriteTx, verdict: Verdict) -> None:
    """Store a verdict, once and for all."""
    row = {f.name: getattr(verdict, f.name) for f in fields(Verdict)}
    payload = to_payload(verdict)
    row |= {"retrieved": payload["retrieved"], "citations": payload["citations"]}
    await tx.conn.execute(insert(verdict_table).values(**row))


async def find_verdict_of_draft(tx: Tx, workspace_id: str, draft_id: str) -> Verdict | None:
    """The verdict on a draft, if one was given."""
    query = select(verdict_table).where(verdict_table.c.workspace_id == workspace_id, verdict_table.c.draft_id == draft_id)
    row = (await tx.conn.execute(query)).mappings().one_or_none()
    return None if row is None else _verdict(dict(row))


async def find_verdict(tx: Tx, workspace_id: str, verdict_id: str) -> Verdict | None:
    """A verdict by its id."""
    query = select(verdict_table).where(verdict_table.c.workspace_id == workspace_id, verdict_table.c.id == verdict_id)
    row = (await tx.conn.execute(query)).mappings().one_or_none()
    return None if row is None else _verdict(dict(row))


async def list_verdicts(
    tx: Tx,
    workspace_id: str,
    *,
    kinds: Sequence[str] = (),
    before: str = "",
    after: str = "",
    limit: int = 100,
    oldest_first: bool = False,
) -> list[Verdict]:
    """Verdicts, newest first unless told; `before` and `after` are verdict ids, which sort by time."""
    query = select(verdict_table).where(verdict_table.c.workspace_id == workspace_id)
    if kinds:
        query = query.where(verdict_table.c.kind.in_(kinds))
    if before:
        query = query.where(verdict_table.c.id < before)
    if after:
        query = query.where(verdict_table.c.id > after)
    order = verdict_table.c.id.asc() if oldest_first else verdict_table.c.id.desc()
    rows = await tx.conn.execute(query.order_by(order).limit(limit))
    return [_verdict(dict(row)) for row in rows.mappings()]


async def count_verdicts(tx: Tx, workspace_id: str, kinds: Collection[str], *, until: str) -> int:
    """How many verdicts of these kinds there are up to an id, itself included."""
    c = verdict_table.c
    query = select(func.count()).where(c.workspace_id == workspace_id, c.kind.in_(kinds), c.id <= until)
    return int((await tx.conn.execute(query)).scalar_one())


async def list_messages_rated_down(tx: Tx, workspace_id: str) -> set[str]:
    """Ids of messages that a person rated down."""
    query = select(rating_table.c.message_id).where(rating_table.c.workspace_id == workspace_id, rating_table.c.value == "down")
    return set((await tx.conn.execute(query)).scalars())


async def replace_rating(tx: WriteTx, rating: Rating) -> None:
    """Store a rating; an earlier one of the same person on the same message goes."""
    await tx.conn.execute(
        delete(rating_table).where(rating_table.c.message_id == rating.message_id, rating_table.c.person_id == rating.person_id)
    )
    await tx.conn.execute(insert(rating_table).values(**{f.name: getattr(rating, f.name) for f in fields(Rating)}))


async def list_ratings(tx: Tx, workspace_id: str, *, conversation_id: str = "") -> list[Rating]:
    """Ratings, oldest first."""
    query = select(rating_table).where(rating_table.c.workspace_id == workspace_id)
    if conversation_id:
        query = query.where(rating_table.c.conversation_id == conversation_id)
    rows = await tx.conn.execute(query.order_by(rating_table.c.rated_at, rating_table.c.message_id))
    return [Rating(**row) for row in rows.mappings()]


async def find_consent_rule(tx: Tx, workspace_id: str) -> str | None:
    """What holds of persons who said nothing; None where nobody chose."""
    query = select(consent_rule_table.c.rule).where(consent_rule_table.c.workspace_id == workspace_id)
    rule: str | None = (await tx.conn.execute(query)).scalar_one_or_none()
    return rule


async def put_consent_rule(tx: WriteTx, workspace_id: str, rule: str) -> None:
    """Store what holds of persons who said nothing."""
    make = upsert_sqlite if tx.is_sqlite else upsert_postgresql
    row = make(consent_rule_table).values(workspace_id=workspace_id, rule=rule)
    await tx.conn.execute(row.on_conflict_do_update(index_elements=["workspace_id"], set_={"rule": row.excluded.rule}))


async def list_consents(tx: Tx, workspace_id: str) -> dict[str, bool]:
    """What persons said, by their ids."""
    rows = await tx.conn.execute(
        select(consent_table.c.person_id, consent_table.c.may_learn).where(consent_table.c.workspace_id == workspace_id)
    )
    return {row.person_id: bool(row.may_learn) for row in rows}


async def put_consent(tx: WriteTx, workspace_id: str, person_id: str, *, may_learn: bool) -> None:
    """Store a person's word in place of an earlier one, also where another tab says it at the same moment."""
    make = upsert_sqlite if tx.is_sqlite else upsert_postgresql
    row = make(consent_table).values(workspace_id=workspace_id, person_id=person_id, may_learn=may_learn, said_at=tx.now)
    rest = {"may_learn": row.excluded.may_learn, "said_at": row.excluded.said_at}
    await tx.conn.execute(row.on_conflict_do_update(index_elements=["workspace_id", "person_id"], set_=rest))


async def _delete_consent(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    mine = (consent_table.c.workspace_id == workspace_id) & (consent_table.c.person_id == person_id)
    await tx.conn.execute(delete(consent_table).where(mine))


async def list_conversations_of(tx: Tx, workspace_id: str, person_id: str) -> list[str]:
    """Ids of all of a person's conversations."""
    c = conversation_table.c
    return list((await tx.conn.execute(select(c.id).where(c.workspace_id == workspace_id, c.person_id == person_id))).scalars())


async def delete_of_person(tx: WriteTx, workspace_id: str, person_id: str) -> int:
    """Remove what a person's conversations left here; returns the number of verdicts removed."""
    await _delete_consent(tx, workspace_id, person_id)
    await tx.conn.execute(
        delete(rating_table).where(rating_table.c.workspace_id == workspace_id, rating_table.c.person_id == person_id)
    )
    result = await tx.conn.execute(
        delete(verdict_table)
        .where(verdict_table.c.workspace_id == workspace_id, verdict_table.c.person_id == person_id)
        .returning(verdict_table.c.id)
    )
    return len(result.all())


def _verdict(row: dict[str, Any]) -> Verdict:
    return from_payload(Verdict, row)
