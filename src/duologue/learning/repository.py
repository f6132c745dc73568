"""All SQL of earned autonomy: the operator's rules, blind reviews of what left alone, and what reviews said of answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Table, Text, delete, false, func, select
from sqlalchemy.dialects.postgresql import insert as upsert_postgresql
from sqlalchemy.dialects.sqlite import insert as upsert_sqlite

from duologue.assistant.repository import draft_table, run_table
from duologue.conversation.repository import conversation_table, message_table
from duologue.learning.autonomy import Rules
from duologue.review.model import Verdict
from duologue.review.repository import rating_table, verdict_table
from duologue.store.database import Tx, WriteTx
from duologue.store.schema import Id, Json, UtcTime, metadata

rules_table = Table(
    "autonomy_rules",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("alpha", Float, nullable=False),
    Column("delta", Float, nullable=False),
    Column("audit", Float, nullable=False),
    Column("forbidden", Json, nullable=False),
    Column("each", Boolean, nullable=False, server_default=false()),
)

audit_table = Table(
    "audit",
    metadata,
    Column("draft_id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("person_id", Id, nullable=False),
    Column("reviewer_id", Id, nullable=False),
    Column("is_changed", Boolean, nullable=False),
    Column("final_text", Text, nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Index("ix_audit_workspace", "workspace_id", "decided_at"),
)
closed_table = Table(
    "proposal_closed",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("draft_id", Id, primary_key=True),
    Column("person_id", Id, nullable=False),
    Column("article", Text, nullable=False),
    Column("closed_by", Id, nullable=False),
    Column("closed_at", UtcTime, nullable=False),
)
AUDIT = "aud_"
"""How the ids of blind reviews begin where they stand among verdicts."""
UNANSWERED = ("no_evidence", "low_confidence", "not_grounded", "failed_turns", "unverified")
"""Reasons of a draft that mean: the knowledge did not hold the answer."""
_d, _c, _r, _v, _m = draft_table.c, conversation_table.c, run_table.c, verdict_table.c, message_table.c


@dataclass(frozen=True, slots=True)
class Choice:
    """What a workspace chose: the rules, and the topics that are never answered alone."""

    rules: Rules
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was said of one answer. `kind`: a verdict's, or `audit` (a blind review), or `down` (a person's thumb).

    `read_s`: seconds from showing a draft to its verdict, where that is known.
    """

    at: datetime
    kind: str
    message_id: str
    desk_id: str
    topic: str
    lang: str
    confidence: float
    draft_text: str
    final_text: str
    is_changed: bool
    draft_reason: str
    model_version: str
    conversation_id: str = ""
    read_s: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what became of its draft. `verdict` and `final_text` are empty where nobody decided."""

    draft_id: str
    person_id: str
    question: str
    draft_text: str
    final_text: str
    verdict: str
    is_unanswered: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An answer that left alone and that no expert judged. `rating`: its person's thumb, empty without one."""

    draft_id: str
    run_id: str
    message_id: str
    conversation_id: str
    person_id: str
    seq: int
    lang: str
    body: str
    model_version: str
    prompt_version: str
    is_resolved: bool
    rating: str
    reason: str
    at: datetime


def _upsert(tx: WriteTx, table: Table) -> Any:
    """An insert that may say what happens where another one came first."""
    return upsert_sqlite(table) if tx.is_sqlite else upsert_postgresql(table)


async def find_choice(tx: Tx, workspace_id: str) -> Choice | None:
    """The workspace's choice; None where autonomy is not earned there but set."""
    row = (await tx.conn.execute(select(rules_table).where(rules_table.c.workspace_id == workspace_id))).one_or_none()
    return None if row is None else Choice(Rules(row.alpha, row.delta, row.audit, each=row.each), tuple(row.forbidden))


async def put_choice(tx: WriteTx, workspace_id: str, choice: Choice | None) -> None:
    """Store it; None takes it back."""
    if choice is None:
        await tx.conn.execute(delete(rules_table).where(rules_table.c.workspace_id == workspace_id))
        return
    rules = choice.rules
    row = {
        "alpha": rules.alpha, "delta": rules.delta, "audit": rules.audit, "each": rules.each, "forbidden": list(choice.forbidden)
    }  # fmt: skip
    query = _upsert(tx, rules_table).values(workspace_id=workspace_id, **row)
    await tx.conn.execute(query.on_conflict_do_update(index_elements=["workspace_id"], set_=row))


async def list_seen(tx: Tx, workspace_id: str, limit: int = 20_000) -> list[Seen]:
    """Everything that was said of the workspace's answers, oldest first."""
    about = draft_table.join(conversation_table, _c.id == _d.conversation_id).join(run_table, _r.id == _d.run_id)
    answer = (_r.message_id, _c.desk_id, _c.topic, _d.lang, _d.confidence, _d.body, _d.reason, _r.model_version, _d.conversation_id)
    mine = (_d.workspace_id == workspace_id) & (_d.kind == "reply") & _d.confidence.is_not(None)
    verdicts = select(*answer, _v.kind.label("said"), _v.final_text.label("final"), _v.decided_at.label("at"), _v.shown_at)
    verdicts = verdicts.select_from(about.join(verdict_table, _v.draft_id == _d.id)).where(mine)
    verdicts = verdicts.where(_v.kind.in_(("approve", "edit", "respond", "reject")))
    a, t = audit_table.c, rating_table.c
    audits = select(*answer, a.is_changed, a.final_text.label("final"), a.decided_at.label("at"))
    audits = audits.select_from(about.join(audit_table, a.draft_id == _d.id)).where(mine)
    thumbs = select(*answer, t.rated_at.label("at"))
    told = about.join(message_table, _m.draft_id == _d.id).join(rating_table, t.message_id == _m.id)
    thumbs = thumbs.select_from(told)
    thumbs = thumbs.where(mine, _d.status == "auto_sent", t.value == "down")
    found = [_seen(row, row.said, row.final, row.said != "approve", row.shown_at) for row in await tx.conn.execute(verdicts)]
    found += [_seen(row, "audit", row.final, bool(row.is_changed)) for row in await tx.conn.execute(audits)]
    found += [_seen(row, "down", "", True) for row in await tx.conn.execute(thumbs)]
    return sorted(found, key=lambda one: (one.at, one.message_id))[-limit:]


def _seen(row: Any, kind: str, final: str, is_changed: bool, shown_at: datetime | None = None) -> Seen:
    return Seen(
        row.at, kind, row.message_id, row.desk_id, row.topic, row.lang, row.confidence, row.body, final, is_changed, row.reason,
        row.model_version, row.conversation_id, (row.at - shown_at).total_seconds() if shown_at else None,
    )  # fmt: skip


async def list_answers_of(tx: Tx, workspace_id: str, version: str, limit: int) -> tuple[int, list[tuple[str, str, datetime]]]:
    """How many turns a version wrote that came to an answer or a draft; (run, conversation, moment) of the latest."""
    mine = (_r.workspace_id == workspace_id) & (_r.model_version == version) & _r.status.in_(("sent", "drafted", "handed_over"))
    count = (await tx.conn.execute(select(func.count()).select_from(run_table).where(mine))).scalar_one()
    query = select(_r.id, _r.conversation_id, _r.started_at).where(mine).order_by(_r.id.desc()).limit(limit)
    return int(count), [(row[0], row[1], row[2]) for row in await tx.conn.execute(query)]


async def list_unaudited(tx: Tx, workspace_id: str, limit: int = 500) -> list[tuple[str, str, str, str]]:
    """(draft, message, conversation, person) of answers that left alone and were not reviewed since, newest first."""
    known = select(audit_table.c.draft_id).where(audit_table.c.workspace_id == workspace_id)
    query = select(_d.id, _r.message_id, _d.conversation_id, _d.person_id).join(run_table, _r.id == _d.run_id)
    query = query.where(_d.workspace_id == workspace_id, _d.status == "auto_sent", _d.kind == "reply", _d.id.not_in(known))
    return [tuple(row) for row in await tx.conn.execute(query.order_by(_d.id.desc()).limit(limit))]


async def list_audits(tx: Tx, workspace_id: str, draft_id: str = "") -> list[Verdict]:
    """Blind reviews as verdicts (`aud_<draft>`), oldest first: an answer that was right counts as approved, another as edited."""
    a = audit_table.c
    query = select(audit_table, _d.run_id, _d.responding_to_seq, _d.lang, _d.question, _d.body, _d.confidence)
    query = query.add_columns(_r.model_version, _r.prompt_version).select_from(
        audit_table.join(draft_table, a.draft_id == _d.id).join(run_table, _r.id == _d.run_id)
    )
    query = query.where(a.workspace_id == workspace_id)
    rows = await tx.conn.execute((query.where(a.draft_id == draft_id) if draft_id else query).order_by(a.decided_at, a.draft_id))
    return [
        Verdict(
            id=f"{AUDIT}{row.draft_id}", workspace_id=workspace_id, conversation_id=row.conversation_id, person_id=row.person_id,
            draft_id=row.draft_id, run_id=row.run_id, message_id=None, responding_to_seq=row.responding_to_seq,
            kind="edit" if row.is_changed else "approve", lang=row.lang, question=row.question, draft_text=row.body,
            final_text=row.final_text, reason="", instruction="", reviewer_id=row.reviewer_id, model_version=row.model_version,
            prompt_version=row.prompt_version, confidence=row.confidence, retrieved=(), citations=(), shown_at=None,
            decided_at=row.decided_at,
        )
        for row in rows
    ]  # fmt: skip


async def mark_audits(tx: Tx, workspace_id: str) -> tuple[int, datetime | None]:
    """Something that is another one as soon as there is another blind review."""
    a = audit_table.c
    row = (await tx.conn.execute(select(func.count(), func.max(a.decided_at)).where(a.workspace_id == workspace_id))).one()
    return int(row[0]), row[1]


async def insert_audit(tx: WriteTx, row: dict[str, Any]) -> bool:
    """Store a blind review; False where the answer has one."""
    query = _upsert(tx, audit_table).values(**row).on_conflict_do_nothing().returning(audit_table.c.draft_id)
    return (await tx.conn.execute(query)).one_or_none() is not None


async def list_unjudged(tx: Tx, workspace_id: str, limit: int = 20_000) -> list[Unjudged]:
    """The latest answers that left alone and have neither verdict nor blind review, oldest first."""
    t = rating_table.c
    judged = select(_v.draft_id).where(_v.workspace_id == workspace_id)
    audited = select(audit_table.c.draft_id).where(audit_table.c.workspace_id == workspace_id)
    query = select(_d.id, _d.run_id, _m.id.label("message_id"), _d.conversation_id, _d.person_id, _m.seq, _d.lang, _m.body)
    query = query.add_columns(_r.model_version, _r.prompt_version, _c.status, t.value, t.reason, t.rated_at, _m.created_at)
    query = query.select_from(
        draft_table.join(run_table, _r.id == _d.run_id)
        .join(message_table, _m.draft_id == _d.id)
        .join(conversation_table, _c.id == _d.conversation_id)
        .outerjoin(rating_table, t.message_id == _m.id)
    )
    query = query.where(_d.workspace_id == workspace_id, _d.status == "auto_sent", _d.kind == "reply")
    query = query.where(_d.id.not_in(judged), _d.id.not_in(audited))
    rows = (await tx.conn.execute(query.order_by(_d.id.desc()).limit(limit))).all()
    return [
        Unjudged(
            row.id, row.run_id, row.message_id, row.conversation_id, row.person_id, row.seq, row.lang, row.body, row.model_version,
            row.prompt_version, row.status == "resolved", row.value or "", row.reason or "", row.rated_at or row.created_at,
        )
        for row in reversed(rows)
    ]  # fmt: skip


async def list_asked(tx: Tx, workspace_id: str, after: datetime, limit: int = 5_000) -> list[Asked]:
    """Drafted questions since a moment that no article and nobody settled, oldest first."""
    settled = select(closed_table.c.draft_id).where(closed_table.c.workspace_id == workspace_id)
    query = select(_d.id, _d.person_id, _d.question, _d.body, _d.reason, _d.created_at, _v.kind, _v.final_text)
    query = query.select_from(draft_table.outerjoin(verdict_table, _v.draft_id == _d.id))
    query = query.where(_d.workspace_id == workspace_id, _d.kind == "reply", _d.created_at >= after, _d.id.not_in(settled))
    rows = (await tx.conn.execute(query.order_by(_d.id.desc()).limit(limit))).all()
    return [
        Asked(
            row.id, row.person_id, row.question, row.body, row.final_text or "", row.kind or "", row.reason in UNANSWERED,
            row.created_at,
        )
        for row in reversed(rows)
    ]  # fmt: skip


async def close_proposals(tx: WriteTx, workspace_id: str, draft_ids: Sequence[str], article: str, by: str) -> None:
    """Settle questions of this workspace; those of others and those that are settled are passed over."""
    known = select(closed_table.c.draft_id).where(closed_table.c.workspace_id == workspace_id)
    mine = select(_d.id, _d.person_id).where(_d.workspace_id == workspace_id, _d.id.in_(list(draft_ids)), _d.id.not_in(known))
    more = {"article": article, "closed_by": by, "closed_at": tx.now, "workspace_id": workspace_id}
    if rows := [{"draft_id": row.id, "person_id": row.person_id, **more} for row in await tx.conn.execute(mine)]:
        await tx.conn.execute(_upsert(tx, closed_table).values(rows).on_conflict_do_nothing())


async def delete_proposals_of(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget which of a person's questions were settled."""
    mine = (closed_table.c.workspace_id == workspace_id) & (closed_table.c.person_id == person_id)
    await tx.conn.execute(delete(closed_table).where(mine))


async def delete_of_person(tx: WriteTx, workspace_id: str, person_ids: Sequence[str]) -> None:
    """Forget the blind reviews of persons' answers."""
    query = delete(audit_table).where(audit_table.c.workspace_id == workspace_id, audit_table.c.person_id.in_(list(person_ids)))
    await tx.conn.execute(query)
