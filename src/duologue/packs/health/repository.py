"""All SQL of records, alarms, consents, holds and reviews. What comes out are the values of the pack's modules.

The audit's tables stand in `audit/repository.py`, the relation of care in `care/repository.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, String, Table, Text, delete, insert, select, update

from duologue.kit.errors import NotFound
from duologue.kit.text import Lang
from duologue.packs.health.literature.review import Decision, Review
from duologue.packs.health.literature.search import Paper
from duologue.packs.health.record.life import Addendum, Line, Record
from duologue.packs.health.record.template import Template, default_template, from_json, to_json
from duologue.packs.health.redflags.escalation import Escalation
from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

metadata = new_metadata()
escalations = Table(
    "health_escalation", metadata, Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("conversation_id", Id),
    Column("person_id", Id), Column("state", String(20)), Column("body", Json), Column("raised_at", UtcTime),
)  # fmt: skip
records = Table(
    "health_record", metadata, Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("conversation_id", Id),
    Column("person_id", Id), Column("state", String(20)), Column("body", Json), Column("changed_at", UtcTime),
)  # fmt: skip
consents = Table(
    "health_consent", metadata, Column("conversation_id", Id, primary_key=True), Column("workspace_id", Id),
    Column("person_id", Id), Column("purpose", String(40), primary_key=True), Column("given", Boolean), Column("at", UtcTime),
)  # fmt: skip
contexts = Table(
    "health_context", metadata, Column("workspace_id", Id, primary_key=True), Column("person_id", Id, primary_key=True),
    Column("body", Json), Column("at", UtcTime),
)  # fmt: skip
collections = Table(
    "health_collection", metadata, Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("title", Text),
    Column("body", Json), Column("changed_at", UtcTime),
)  # fmt: skip
papers = Table(
    "health_paper", metadata, Column("collection_id", Id, primary_key=True), Column("seq", BigInteger, primary_key=True),
    Column("body", Json),
)  # fmt: skip
decisions = Table(
    "health_decision", metadata, Column("collection_id", Id, primary_key=True), Column("seq", BigInteger, primary_key=True),
    Column("include", Boolean), Column("body", Json), Column("at", UtcTime),
)  # fmt: skip
holds = Table(
    "health_hold", metadata, Column("workspace_id", Id, primary_key=True), Column("person_id", Id, primary_key=True),
    Column("reason", Text), Column("by", String(200)), Column("at", UtcTime),
)  # fmt: skip
templates = Table(
    "health_template", metadata, Column("workspace_id", Id, primary_key=True), Column("lang", String(8), primary_key=True),
    Column("body", Json), Column("at", UtcTime),
)  # fmt: skip


def _plain(value: Any) -> Any:
    """Values as JSON keeps them."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


# ---- escalations


async def keep_escalation(tx: WriteTx, e: Escalation) -> None:
    """Insert it, or change it where it is known."""
    row = {"state": e.state, "body": _plain(asdict(e))}
    changed = await tx.conn.execute(update(escalations).where(escalations.c.id == e.id).values(**row))
    if not changed.rowcount:
        where = {"workspace_id": e.workspace_id, "conversation_id": e.conversation_id, "person_id": e.person_id}
        await tx.conn.execute(insert(escalations).values(id=e.id, raised_at=e.raised_at, **where, **row))


async def list_escalations(
    tx: Tx, workspace_id: str = "", *, conversation_id: str = "", states: Sequence[str] = (), limit: int = 200
) -> list[Escalation]:
    """The latest first; of all workspaces where none is named."""
    query = select(escalations.c.body).order_by(escalations.c.raised_at.desc()).limit(limit)
    if workspace_id:
        query = query.where(escalations.c.workspace_id == workspace_id)
    if conversation_id:
        query = query.where(escalations.c.conversation_id == conversation_id)
    if states:
        query = query.where(escalations.c.state.in_(states))
    return [_escalation(body) for body in (await tx.conn.execute(query)).scalars()]


async def get_escalation(tx: Tx, workspace_id: str, escalation_id: str) -> Escalation | None:
    query = select(escalations.c.body).where(escalations.c.workspace_id == workspace_id, escalations.c.id == escalation_id)
    body = (await tx.conn.execute(query)).scalar_one_or_none()
    return _escalation(body) if body else None


def _escalation(body: Mapping[str, Any]) -> Escalation:
    times = {k: _time(body[k]) for k in ("raised_at", "changed_at", "paged_at")}
    return Escalation(**{**body, **times, "rules": tuple(body["rules"]), "titles": tuple(body["titles"])})


# ---- records


async def keep_record(tx: WriteTx, r: Record, at: datetime) -> None:
    """Insert it, or change it where it is known."""
    row = {"state": r.state, "body": _plain(asdict(r)), "changed_at": at}
    changed = await tx.conn.execute(update(records).where(records.c.id == r.id).values(**row))
    if not changed.rowcount:
        where = {"workspace_id": r.workspace_id, "conversation_id": r.conversation_id, "person_id": r.person_id}
        await tx.conn.execute(insert(records).values(id=r.id, **where, **row))


async def get_record(tx: Tx, workspace_id: str, conversation_id: str) -> Record | None:
    query = select(records.c.body).where(records.c.workspace_id == workspace_id, records.c.conversation_id == conversation_id)
    body = (await tx.conn.execute(query)).scalar_one_or_none()
    if body is None:
        return None
    lines = tuple(
        Line(**{**x, "turns": tuple(x["turns"]), "quotes": tuple((int(a), str(b)) for a, b in x["quotes"])}) for x in body["lines"]
    )
    addenda = tuple(Addendum(x["text"], x["by"], datetime.fromisoformat(x["at"]), x.get("name", "")) for x in body["addenda"])
    return Record(**{**body, "lines": lines, "addenda": addenda, "signed_at": _time(body["signed_at"])})


async def list_record_states(tx: Tx, workspace_id: str) -> dict[str, str]:
    """The state of each record by its conversation."""
    query = select(records.c.conversation_id, records.c.state).where(records.c.workspace_id == workspace_id)
    return {row.conversation_id: row.state for row in await tx.conn.execute(query)}


# ---- templates


async def keep_template(tx: WriteTx, workspace_id: str, lang: str, template: Template, at: datetime) -> None:
    """The workspace's note template of a language."""
    where = (templates.c.workspace_id == workspace_id, templates.c.lang == lang)
    await tx.conn.execute(delete(templates).where(*where))
    await tx.conn.execute(insert(templates).values(workspace_id=workspace_id, lang=lang, body=to_json(template), at=at))


async def get_template(tx: Tx, workspace_id: str, lang: Lang) -> Template:
    """The template that was kept, or the default."""
    query = select(templates.c.body).where(templates.c.workspace_id == workspace_id, templates.c.lang == lang)
    body = (await tx.conn.execute(query)).scalar_one_or_none()
    return from_json(body) if body else default_template(lang)


# ---- consent, context


async def keep_consent(
    tx: WriteTx, workspace_id: str, conversation_id: str, person_id: str, given: bool, at: datetime, purpose: str = "record"
) -> None:
    """What a person agreed to; the last word counts."""
    at_row = (consents.c.conversation_id == conversation_id) & (consents.c.purpose == purpose)
    await tx.conn.execute(delete(consents).where(at_row))
    row = {"workspace_id": workspace_id, "conversation_id": conversation_id, "person_id": person_id, "purpose": purpose}
    await tx.conn.execute(insert(consents).values(given=given, at=at, **row))


async def get_consent(tx: Tx, conversation_id: str, purpose: str = "record") -> bool | None:
    query = select(consents.c.given).where(consents.c.conversation_id == conversation_id, consents.c.purpose == purpose)
    return (await tx.conn.execute(query)).scalar_one_or_none()


async def list_consents(tx: Tx, workspace_id: str, purpose: str = "record") -> dict[str, bool]:
    """What was answered to the question of consent, by conversation."""
    here = (consents.c.workspace_id == workspace_id) & (consents.c.purpose == purpose)
    query = select(consents.c.conversation_id, consents.c.given).where(here)
    return {row.conversation_id: row.given for row in await tx.conn.execute(query)}


async def find_consented_at(tx: Tx, conversation_id: str, purpose: str = "record", *, given: bool = True) -> datetime | None:
    """When the person agreed; None where he did not, or took it back."""
    at_row = (consents.c.conversation_id == conversation_id) & (consents.c.purpose == purpose) & (consents.c.given == given)
    return (await tx.conn.execute(select(consents.c.at).where(at_row))).scalar_one_or_none()


async def keep_context(tx: WriteTx, workspace_id: str, person_id: str, body: Mapping[str, Any], at: datetime) -> None:
    """What another record system told of a person."""
    mine = (contexts.c.workspace_id == workspace_id) & (contexts.c.person_id == person_id)
    await tx.conn.execute(delete(contexts).where(mine))
    await tx.conn.execute(insert(contexts).values(workspace_id=workspace_id, person_id=person_id, body=_plain(body), at=at))


async def get_context(tx: Tx, workspace_id: str, person_id: str) -> dict[str, Any] | None:
    query = select(contexts.c.body).where(contexts.c.workspace_id == workspace_id, contexts.c.person_id == person_id)
    return (await tx.conn.execute(query)).scalar_one_or_none()


# ---- reviews of the literature


async def keep_review(tx: WriteTx, r: Review, at: datetime) -> None:
    """Insert it, or change it where it is known."""
    row = {"title": r.title, "body": _plain(asdict(r)), "changed_at": at}
    changed = await tx.conn.execute(update(collections).where(collections.c.id == r.id).values(**row))
    if not changed.rowcount:
        await tx.conn.execute(insert(collections).values(id=r.id, workspace_id=r.workspace_id, **row))


async def get_review(tx: Tx, workspace_id: str, review_id: str) -> Review:
    """Raises NotFound."""
    query = select(collections.c.body).where(collections.c.id == review_id, collections.c.workspace_id == workspace_id)
    body = (await tx.conn.execute(query)).scalar_one_or_none()
    if body is None:
        raise NotFound("There is no such review.")
    return Review(**{**body, "sample": tuple(body["sample"]), "sample_of": tuple(body["sample_of"])})


async def list_reviews(tx: Tx, workspace_id: str) -> list[tuple[str, str]]:
    """Ids and titles, the latest first."""
    query = select(collections.c.id, collections.c.title).where(collections.c.workspace_id == workspace_id)
    return [(row.id, row.title) for row in await tx.conn.execute(query.order_by(collections.c.changed_at.desc()))]


async def add_papers(tx: WriteTx, review_id: str, first: int, found: Sequence[Paper]) -> None:
    """Append papers; `first` is how many there are."""
    rows = [{"collection_id": review_id, "seq": first + n, "body": _plain(asdict(p))} for n, p in enumerate(found)]
    if rows:
        await tx.conn.execute(insert(papers), rows)


async def mark_retracted(tx: WriteTx, review_id: str, fallen: Mapping[int, Paper]) -> None:
    """Papers by `seq` that a later record says to be retracted."""
    mine = update(papers).where(papers.c.collection_id == review_id)
    for seq, p in fallen.items():
        await tx.conn.execute(mine.where(papers.c.seq == seq).values(body=_plain({**asdict(p), "retracted": True})))


async def list_papers(tx: Tx, review_id: str) -> list[Paper]:
    """All papers of a review; the place in the list is the paper's `seq`."""
    query = select(papers.c.body).where(papers.c.collection_id == review_id).order_by(papers.c.seq)
    return [Paper(**{**body, "authors": tuple(body["authors"])}) for body in (await tx.conn.execute(query)).scalars()]


async def keep_decision(tx: WriteTx, review_id: str, d: Decision, at: datetime) -> None:
    """The last word counts."""
    mine = (decisions.c.collection_id == review_id) & (decisions.c.seq == d.seq)
    await tx.conn.execute(delete(decisions).where(mine))
    row = {"collection_id": review_id, "seq": d.seq, "include": d.include, "body": _plain(asdict(d)), "at": at}
    await tx.conn.execute(insert(decisions).values(**row))


async def list_decisions(tx: Tx, review_id: str) -> dict[int, Decision]:
    """Decisions by `seq`."""
    query = select(decisions.c.body).where(decisions.c.collection_id == review_id)
    return {body["seq"]: Decision(**body) for body in (await tx.conn.execute(query)).scalars()}


# ---- holds and erasure


@dataclass(frozen=True, slots=True)
class Keeping:
    """What decides how long a person is kept. `changed_at`: the last change of a record or an alarm; `hold`: reason, by, at."""

    is_signed: bool
    has_alarm: bool
    changed_at: datetime | None
    hold: dict[str, str] | None


async def get_keeping(tx: Tx, workspace_id: str, person_id: str) -> Keeping:
    """What decides how long a person is kept."""

    def of(table: Table, *columns: Any) -> Any:
        return select(*columns).where(table.c.workspace_id == workspace_id, table.c.person_id == person_id)

    written = (await tx.conn.execute(of(records, records.c.state, records.c.changed_at))).all()
    alarms = [_escalation(body) for body in (await tx.conn.execute(of(escalations, escalations.c.body))).scalars()]
    held = (await tx.conn.execute(of(holds, holds.c.reason, holds.c.by, holds.c.at))).first()
    changed = [row.changed_at for row in written] + [e.changed_at for e in alarms]
    return Keeping(
        any(row.state != "draft" for row in written), any(e.state != "closed" for e in alarms), max(changed, default=None),
        {"reason": held.reason, "by": held.by, "at": held.at.isoformat()} if held else None,
    )  # fmt: skip


async def keep_hold(tx: WriteTx, workspace_id: str, person_id: str, reason: str, by: str, at: datetime) -> None:
    """Hold a person's record; the last reason counts."""
    await drop_hold(tx, workspace_id, person_id)
    row = {"workspace_id": workspace_id, "person_id": person_id, "reason": reason, "by": by}
    await tx.conn.execute(insert(holds).values(at=at, **row))


async def drop_hold(tx: WriteTx, workspace_id: str, person_id: str) -> bool:
    """Lift the hold; whether there was one."""
    mine = (holds.c.workspace_id == workspace_id) & (holds.c.person_id == person_id)
    return bool((await tx.conn.execute(delete(holds).where(mine))).rowcount)


async def erase_person(tx: WriteTx, workspace_id: str, person_id: str) -> int:
    """Forget a person; how many rows went. Care and the audit have their own."""
    gone = 0
    for table in (escalations, records, consents, contexts):
        mine = (table.c.workspace_id == workspace_id) & (table.c.person_id == person_id)
        gone += (await tx.conn.execute(delete(table).where(mine))).rowcount
    return gone


async def erase_before(tx: WriteTx, before: datetime) -> list[tuple[str, str]]:
    """Drop drafts that nobody signed since then, but of no patient on hold; the workspace and the conversation of each."""
    held = (holds.c.workspace_id == records.c.workspace_id) & (holds.c.person_id == records.c.person_id)
    old = (records.c.state == "draft") & (records.c.changed_at < before) & ~select(holds.c.at).where(held).exists()
    done = await tx.conn.execute(delete(records).where(old).returning(records.c.workspace_id, records.c.conversation_id))
    return [(row.workspace_id, row.conversation_id) for row in done]
