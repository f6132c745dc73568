"""All SQL of conversations, messages, desks and postures. Rows in, frozen values out; no rule is decided here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Insert,
    Integer,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from duologue.conversation.model import (
    Attention,
    AuthorKind,
    Controller,
    Conversation,
    Desk,
    Message,
    Mode,
    PostureScope,
    Visibility,
)
from duologue.kit.errors import NotFound
from duologue.store.database import Tx, WriteTx
from duologue.store.feed import from_payload, to_payload
from duologue.store.schema import Id, Json, UtcTime, metadata

desk_table = Table(
    "desk",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("name", String(200), nullable=False),
    Column("mode", String(16)),
    Column("pack", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("workspace_id", "name"),
)

posture_table = Table(
    "posture",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("scope", String(16), primary_key=True),
    Column("scope_id", String(200), primary_key=True),
    Column("mode", String(16), nullable=False),
)

conversation_table = Table(
    "conversation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("desk_id", Id, nullable=False),
    Column("person_id", Id, nullable=False),
    Column("lang", String(8), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("subject", String(400), nullable=False),
    Column("status", String(16), nullable=False),
    Column("snoozed_until", UtcTime),
    Column("mode_override", String(16)),
    Column("controller", String(80), nullable=False),
    Column("lease_expires_at", UtcTime),
    Column("attention_kind", String(16), nullable=False),
    Column("attention_reason", String(32)),
    Column("attention_at", UtcTime),
    Column("control_epoch", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("last_public_seq", Integer, nullable=False),
    Column("episode_seq", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("waiting_since", UtcTime),
    Index("ix_conversation_workspace_updated", "workspace_id", "updated_at"),
    Index("ix_conversation_person", "workspace_id", "person_id"),
    Index("ix_conversation_lease", "lease_expires_at"),
    Index("ix_conversation_snoozed", "snoozed_until"),
)

message_table = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("conversation_id", Id, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("client_id", String(80), nullable=False),
    Column("author_kind", String(16), nullable=False),
    Column("author_id", Id, nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("lang", String(8), nullable=False),
    Column("citations", Json, nullable=False),
    Column("draft_id", Id),
    Column("run_id", Id),
    Column("data", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("conversation_id", "seq"),
    UniqueConstraint("conversation_id", "author_kind", "client_id"),
)

_c, _p, _d = conversation_table.c, posture_table.c, desk_table.c


def _posture(scope: PostureScope, scope_id: Any) -> Any:
    return (
        select(_p.mode)
        .where(_p.workspace_id == _c.workspace_id, _p.scope == scope, _p.scope_id == scope_id)
        .correlate(conversation_table)
        .scalar_subquery()
    )


# The mode in force: the conversation's own, else the topic's, the desk's, the workspace's.
MODE = func.coalesce(
    _c.mode_override,
    _posture("topic", _c.topic),
    select(_d.mode).where(_d.id == _c.desk_id).correlate(conversation_table).scalar_subquery(),
    _posture("workspace", ""),
    "copilot",
)


def _conversations() -> Select[Any]:
    return select(conversation_table, MODE.label("mode"))


# Made once: building and compiling a statement costs as much as running it.
_ONE = _conversations().where(_c.workspace_id == bindparam("workspace_id"), _c.id == bindparam("conversation_id"))
_ONE_LOCKED = _ONE.with_for_update(of=conversation_table)
_INSERT_MESSAGE: dict[str, Insert] = {
    "sqlite": sqlite.insert(message_table).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(message_table).on_conflict_do_nothing(),
}
_SEQ = {
    visibility: update(conversation_table)
    .where(_c.id == bindparam("conversation_id"))
    .values({"last_seq": _c.last_seq + 1} | moved)
    .returning(_c.last_seq)
    for visibility, moved in {
        "internal": {},
        "public": {"last_public_seq": _c.last_seq + 1, "updated_at": bindparam("at"), "waiting_since": bindparam("waiting")},
    }.items()
}


async def hold_modes(tx: Tx, workspace_id: str, *, to_change: bool = False) -> None:
    """Until the transaction ends, nobody changes what modes are inherited; with `to_change`, nobody reads one to move by either.

    On SQLite writers take turns anyway. Take it before any row.
    """
    if not tx.is_sqlite:
        take = func.pg_advisory_xact_lock if to_change else func.pg_advisory_xact_lock_shared
        await tx.conn.execute(select(take(func.hashtext(workspace_id))))


async def get_conversation(tx: Tx, workspace_id: str, conversation_id: str, *, lock: bool = False) -> Conversation:
    """One conversation; NotFound where it is not in this workspace. `lock` holds its row until the transaction ends."""
    found = await tx.conn.execute(_ONE_LOCKED if lock else _ONE, {"workspace_id": workspace_id, "conversation_id": conversation_id})
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such conversation.")
    return _conversation(dict(row))


async def list_by_id(tx: Tx, workspace_id: str, conversation_ids: Sequence[str]) -> list[Conversation]:
    """These conversations, as far as they are of this workspace, in the order of the ids."""
    rows = await tx.conn.execute(_conversations().where(_c.workspace_id == workspace_id, _c.id.in_(conversation_ids)))
    found = {row["id"]: _conversation(dict(row)) for row in rows.mappings()}
    return [found[i] for i in conversation_ids if i in found]


async def list_modes(tx: Tx, workspace_id: str) -> dict[str, Mode]:
    """The mode in force of every conversation that is not resolved, by id."""
    rows = await tx.conn.execute(select(_c.id, MODE.label("mode")).where(_c.workspace_id == workspace_id, _c.status != "resolved"))
    return {row.id: row.mode for row in rows}


async def raise_epochs(tx: WriteTx, conversation_ids: Sequence[str]) -> None:
    """One epoch more for each of these conversations."""
    raised = update(conversation_table).where(_c.id.in_(conversation_ids))
    await tx.conn.execute(raised.values(control_epoch=_c.control_epoch + 1, updated_at=tx.now))


async def list_conversations(
    tx: Tx,
    workspace_id: str,
    *,
    controllers: Sequence[str] = (),
    controller_prefix: str = "",
    statuses: Sequence[str] = (),
    person_id: str = "",
    person_ids: Collection[str] | None = None,
    subject: Sequence[str] = (),
    wants_attention: bool = False,
    before: datetime | None = None,
    limit: int = 50,
) -> list[Conversation]:
    """Conversations, the most recently changed first; `subject`: words that theirs holds, all of them."""
    query = _conversations().where(_c.workspace_id == workspace_id)
    for word in subject:
        query = query.where(func.lower(_c.subject).contains(word.lower(), autoescape=True))
    if person_ids is not None:
        query = query.where(_c.person_id.in_(person_ids))
    if controllers:
        query = query.where(_c.controller.in_(controllers))
    if wants_attention:
        query = query.where(or_(_c.attention_kind == "requested", _c.controller.startswith("queue")))
    elif controller_prefix:
        query = query.where(_c.controller.like(f"{controller_prefix}%"))
    if statuses:
        query = query.where(_c.status.in_(statuses))
    if person_id:
        query = query.where(_c.person_id == person_id)
    if before is not None:
        query = query.where(_c.updated_at < before)
    rows = await tx.conn.execute(query.order_by(_c.updated_at.desc(), _c.id.desc()).limit(limit))
    return [_conversation(dict(row)) for row in rows.mappings()]


async def list_closed(tx: Tx, pack: str, before: datetime) -> list[Conversation]:
    """Of all workspaces: resolved conversations at the desks of a pack that are unchanged since then, the oldest first."""
    mine = _c.desk_id.in_(select(_d.id).where(_d.pack == pack))
    rows = await tx.conn.execute(
        _conversations().where(mine, _c.status == "resolved", _c.updated_at < before).order_by(_c.updated_at)
    )
    return [_conversation(dict(row)) for row in rows.mappings()]


async def list_due(tx: Tx, now: datetime) -> tuple[list[Conversation], list[Conversation]]:
    """Conversations whose lease has run out, and those whose snooze has."""
    leases = await tx.conn.execute(_conversations().where(_c.lease_expires_at <= now))
    snoozes = await tx.conn.execute(_conversations().where(_c.status == "snoozed", _c.snoozed_until <= now))
    return [_conversation(dict(r)) for r in leases.mappings()], [_conversation(dict(r)) for r in snoozes.mappings()]


async def insert_conversation(tx: WriteTx, conversation: Conversation) -> None:
    """Store a new conversation."""
    await tx.conn.execute(insert(conversation_table).values(**_to_row(conversation)))


async def update_conversation(tx: WriteTx, conversation: Conversation) -> None:
    """Write everything that may change, except the counters of messages."""
    row = _to_row(conversation)
    for fixed in ("id", "workspace_id", "person_id", "desk_id", "created_at", "last_seq", "last_public_seq"):
        row.pop(fixed)
    await tx.conn.execute(update(conversation_table).where(_c.id == conversation.id).values(**row))


async def next_seq(tx: WriteTx, conversation_id: str, visibility: Visibility, waiting_since: datetime | None) -> int:
    """The next seq of a conversation, under its row's lock. A note moves neither `updated_at` nor `waiting_since`."""
    given: dict[str, Any] = {"conversation_id": conversation_id}
    if visibility == "public":
        given |= {"at": tx.now, "waiting": waiting_since}
    return int((await tx.conn.execute(_SEQ[visibility], given)).scalar_one())


async def insert_message(tx: WriteTx, message: Message) -> bool:
    """Store a message; False where its author has already sent this client id here."""
    payload = to_payload(message)
    row = {name: getattr(message, name) for name in Message.__slots__} | {
        "citations": payload["citations"],
        "data": payload["data"],
    }
    return (await tx.conn.execute(_INSERT_MESSAGE[tx.conn.dialect.name], row)).rowcount == 1


async def find_message(tx: Tx, conversation_id: str, author_kind: AuthorKind, client_id: str) -> Message | None:
    """The message that this client id of this kind of author made, if any."""
    query = select(message_table).where(
        message_table.c.conversation_id == conversation_id,
        message_table.c.author_kind == author_kind,
        message_table.c.client_id == client_id,
    )
    row = (await tx.conn.execute(query)).mappings().one_or_none()
    return None if row is None else from_payload(Message, dict(row))


async def get_message(tx: Tx, workspace_id: str, message_id: str) -> Message:
    """One message; NotFound where it is not in this workspace."""
    query = select(message_table).where(message_table.c.workspace_id == workspace_id, message_table.c.id == message_id)
    row = (await tx.conn.execute(query)).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such message.")
    return from_payload(Message, dict(row))


async def list_messages(tx: Tx, conversation_id: str, *, visibility: Visibility | None = None) -> list[Message]:
    """All messages in order."""
    query = select(message_table).where(message_table.c.conversation_id == conversation_id)
    if visibility is not None:
        query = query.where(message_table.c.visibility == visibility)
    rows = await tx.conn.execute(query.order_by(message_table.c.seq))
    return [from_payload(Message, dict(row)) for row in rows.mappings()]


async def list_public_messages(tx: Tx, workspace_id: str, conversation_ids: Sequence[str]) -> dict[str, list[Message]]:
    """The public messages of these conversations of the workspace, each in order; those that are gone have none."""
    mine = (message_table.c.workspace_id == workspace_id) & message_table.c.conversation_id.in_(conversation_ids)
    query = select(message_table).where(mine, message_table.c.visibility == "public").order_by(message_table.c.seq)
    found: dict[str, list[Message]] = {}
    for row in (await tx.conn.execute(query)).mappings():
        found.setdefault(row["conversation_id"], []).append(from_payload(Message, dict(row)))
    return found


async def insert_desk(tx: WriteTx, desk: Desk) -> None:
    """Store a desk, unless there is one of that name."""
    made = (sqlite.insert if tx.is_sqlite else postgresql.insert)(desk_table).on_conflict_do_nothing()
    await tx.conn.execute(made, {n: getattr(desk, n) for n in Desk.__slots__})


async def update_desk(tx: WriteTx, desk: Desk) -> None:
    """Change a desk's name, mode or pack."""
    await tx.conn.execute(update(desk_table).where(_d.id == desk.id).values(name=desk.name, mode=desk.mode, pack=desk.pack))


async def list_desks(tx: Tx, workspace_id: str) -> list[Desk]:
    """Desks, oldest first."""
    rows = await tx.conn.execute(select(desk_table).where(_d.workspace_id == workspace_id).order_by(_d.created_at, _d.id))
    return [Desk(**row) for row in rows.mappings()]


async def replace_posture(tx: WriteTx, workspace_id: str, scope: PostureScope, scope_id: str, mode: Mode | None) -> None:
    """Set the posture of a workspace or a topic; None removes it."""
    key = {"workspace_id": workspace_id, "scope": scope, "scope_id": scope_id}
    if mode is None:
        await tx.conn.execute(delete(posture_table).filter_by(**key))
        return
    upsert = sqlite.insert if tx.is_sqlite else postgresql.insert
    put = upsert(posture_table).values(mode=mode, **key)
    await tx.conn.execute(put.on_conflict_do_update(index_elements=list(key), set_={"mode": mode}))


async def list_postures(tx: Tx, workspace_id: str) -> dict[tuple[PostureScope, str], Mode]:
    """Postures that are set, by (scope, id)."""
    rows = await tx.conn.execute(select(posture_table).where(_p.workspace_id == workspace_id))
    return {(row.scope, row.scope_id): row.mode for row in rows}


async def delete_of_person(tx: WriteTx, workspace_id: str, person_id: str) -> list[str]:
    """Remove a person's conversations and their messages; returns the ids that are gone."""
    ids = list((await tx.conn.execute(select(_c.id).where(_c.workspace_id == workspace_id, _c.person_id == person_id))).scalars())
    if ids:
        await tx.conn.execute(delete(message_table).where(message_table.c.conversation_id.in_(ids)))
        await tx.conn.execute(delete(conversation_table).where(_c.id.in_(ids)))
    return ids


def _to_row(conversation: Conversation) -> dict[str, Any]:
    row = {name: getattr(conversation, name) for name in Conversation.__slots__}
    attention: Attention = row.pop("attention")
    row.pop("mode")
    return row | {
        "controller": str(conversation.controller),
        "attention_kind": attention.kind,
        "attention_reason": attention.reason,
        "attention_at": attention.at,
    }


def _conversation(row: dict[str, Any]) -> Conversation:
    attention = Attention(row.pop("attention_kind"), row.pop("attention_reason"), row.pop("attention_at"))
    return Conversation(**(row | {"controller": Controller.parse(row["controller"]), "attention": attention}))
