"""The SQL of the desk's list, over the tables of `conversation.repository`. Changes nothing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true, tuple_

from duologue.conversation.model import Message, Status
from duologue.conversation.repository import MODE, conversation_table, message_table
from duologue.store.database import Tx
from duologue.store.feed import from_payload

_c, _m = conversation_table.c, message_table.c


def _in_view(view: str, member_id: str) -> ColumnElement[bool]:
    match view:
        case "mine":
            return and_(_c.controller == f"human:{member_id}", _c.status == "open")
        case "waiting":
            called = or_(_c.attention_kind == "requested", _c.controller.startswith("queue"))
            drafted = and_(_c.controller == "ai", MODE == "copilot", _c.waiting_since.is_not(None))
            return and_(or_(called, drafted), _c.status == "open")
        case "ai":
            return and_(_c.controller == "ai", _c.status == "open")
        case _:
            return true()


def _says(query: str) -> ColumnElement[bool]:
    pattern = "%" + query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    said = select(_m.id).where(_m.conversation_id == _c.id, _m.body.ilike(pattern, escape="\\")).correlate(conversation_table)
    return or_(said.exists(), _c.subject.ilike(pattern, escape="\\"), _c.topic.ilike(pattern, escape="\\"))


async def list_ids(
    tx: Tx, workspace_id: str, view: str, member_id: str, *, status: Status | None, query: str, before: str, limit: int
) -> list[str]:
    """Ids of a view's conversations, the most recently changed first, after the conversation `before`."""
    wanted = select(_c.id).where(_c.workspace_id == workspace_id, _in_view(view, member_id))
    if status:
        wanted = wanted.where(_c.status == status)
    if query:
        wanted = wanted.where(_says(query))
    if before:
        last = conversation_table.alias("last")
        moment = select(last.c.updated_at).where(last.c.workspace_id == workspace_id, last.c.id == before).scalar_subquery()
        wanted = wanted.where(or_(_c.updated_at < moment, and_(_c.updated_at == moment, _c.id < before)))
    rows = await tx.conn.execute(wanted.order_by(_c.updated_at.desc(), _c.id.desc()).limit(limit))
    return list(rows.scalars())


async def count_views(tx: Tx, workspace_id: str, member_id: str) -> dict[str, int]:
    """How many conversations each view has."""
    views = ("mine", "waiting", "ai", "all")
    counted = [func.count().filter(_in_view(view, member_id)).label(view) for view in views]
    row = (await tx.conn.execute(select(*counted).where(_c.workspace_id == workspace_id))).one()
    return {view: getattr(row, view) for view in views}


async def last_messages(tx: Tx, conversation_ids: Sequence[str]) -> dict[str, Message]:
    """The last public text of each conversation that has one; notices are left out."""
    if not conversation_ids:
        return {}
    texts = and_(_m.conversation_id.in_(conversation_ids), _m.visibility == "public", _m.kind == "text")
    newest = select(_m.conversation_id, func.max(_m.seq)).where(texts).group_by(_m.conversation_id)
    rows = await tx.conn.execute(select(message_table).where(tuple_(_m.conversation_id, _m.seq).in_(newest)))
    found: dict[str, Message] = {}
    for row in rows.mappings():
        values: dict[str, Any] = dict(row)
        found[values["conversation_id"]] = from_payload(Message, values)
    return found
