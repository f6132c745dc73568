"""All SQL of the audit: links, and beside them people's words, each under the persons whom they may name."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, String, Table, delete, func, insert, select

from duologue.packs.health.audit.chain import TRIMMED, UNSAID, Entry, link, trim_of
from duologue.sdk import Id, Json, Tx, WriteTx, new_metadata

metadata = new_metadata()
audit = Table(
    "health_audit", metadata, Column("workspace_id", Id, primary_key=True), Column("seq", BigInteger, primary_key=True),
    Column("at", String(40)), Column("who", Id), Column("action", String(40)), Column("conversation_id", Id),
    Column("detail", Json), Column("before", String(64)), Column("hash", String(64)),
)  # fmt: skip
words = Table(
    "health_audit_words", metadata, Column("workspace_id", Id, primary_key=True), Column("seq", BigInteger, primary_key=True),
    Column("person_id", Id, primary_key=True), Column("said", Json),
)  # fmt: skip
"""The words of a link, once for each person whom they may concern; "" where that is nobody known."""


async def hold_chain(tx: WriteTx, workspace_id: str) -> None:
    """Nobody else adds to the chain, a record or a review until the transaction ends. On SQLite writers take turns anyway."""
    if not tx.is_sqlite:
        await tx.conn.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"health:{workspace_id}"))))


async def note_audit(
    tx: WriteTx,
    workspace_id: str,
    who: str,
    action: str,
    conversation_id: str,
    at: datetime,
    detail: Mapping[str, Any] | None = None,
    persons: Collection[str] = (),
) -> None:
    """Add a link to the workspace's chain; its words are erased with any of `persons`."""
    await hold_chain(tx, workspace_id)
    last = await list_audit(tx, workspace_id, newest=1)
    entry = link(last[-1] if last else None, at, who, action, conversation_id, detail or {})
    row = {c.name: getattr(entry, c.name) for c in audit.columns if c.name != "workspace_id"}
    await tx.conn.execute(insert(audit).values(workspace_id=workspace_id, **row))
    if entry.said:
        rows = [{"workspace_id": workspace_id, "seq": entry.seq, "person_id": p, "said": entry.said} for p in persons or ("",)]
        await tx.conn.execute(insert(words), rows)


async def list_audit(tx: Tx, workspace_id: str, conversation_id: str = "", *, action: str = "", newest: int = 0) -> list[Entry]:
    """The chain in order; of one conversation, or of one action, the links that concern it; the `newest` ones where that is set."""
    query = select(audit).where(audit.c.workspace_id == workspace_id).order_by(audit.c.seq.desc())
    if conversation_id:
        query = query.where(audit.c.conversation_id == conversation_id)
    if action:
        query = query.where(audit.c.action == action)
    if newest:
        query = query.limit(newest)
    rows = list(await tx.conn.execute(query))[::-1]
    beside = select(words.c.seq, words.c.said).where(words.c.workspace_id == workspace_id)
    if rows:
        beside = beside.where(words.c.seq.between(rows[0].seq, rows[-1].seq))
    said = {row.seq: row.said for row in await tx.conn.execute(beside)} if rows else {}
    return [Entry(r.seq, r.at, r.who, r.action, r.conversation_id, r.detail, r.before, r.hash, said.get(r.seq)) for r in rows]


async def list_audited(tx: Tx) -> list[str]:
    """The workspaces that have a chain."""
    return list((await tx.conn.execute(select(audit.c.workspace_id).distinct())).scalars())


async def trim_audit(tx: WriteTx, before: datetime, at: datetime) -> int:
    """Drop links older than `before`, in each workspace, and say so in its chain; how many. The newest link always stays."""
    dropped = 0
    for workspace_id in await list_audited(tx):
        chain = await list_audit(tx, workspace_id)
        old = [e for e in chain[:-1] if datetime.fromisoformat(e.at) < before]
        if old:
            last = old[-1]
            for table in (words, audit):
                await tx.conn.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.seq <= last.seq))
            await note_audit(tx, workspace_id, "chore", TRIMMED, "", at, trim_of(last))
            dropped += len(old)
    return dropped


async def unsay(tx: WriteTx, workspace_id: str, person_id: str, who: str, at: datetime) -> int:
    """Erase the words that may name a person; the chain says of which links. How many links."""
    await hold_chain(tx, workspace_id)
    his = select(words.c.seq).where(words.c.workspace_id == workspace_id, words.c.person_id == person_id)
    links = sorted((await tx.conn.execute(his)).scalars())
    if links:
        await tx.conn.execute(delete(words).where(words.c.workspace_id == workspace_id, words.c.seq.in_(links)))
        await note_audit(tx, workspace_id, who, UNSAID, "", at, {"person": person_id, "links": links})
    return len(links)
