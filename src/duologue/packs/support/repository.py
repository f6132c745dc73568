"""All SQL of the pack's own tables."""

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert_postgresql
from sqlalchemy.dialects.sqlite import insert as upsert_sqlite

from duologue.packs.support.model import Alarm, ApprovedAnswer, Offer, Outcome, SurveyRow, Version
from duologue.packs.support.shop.catalogue import Item
from duologue.packs.support.shop.imports import ShopEvent
from duologue.packs.support.talk.routing import Route
from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

metadata = new_metadata()
R = TypeVar("R", Version, ApprovedAnswer, Offer, SurveyRow, Outcome, Alarm)


def _key(name: str, kind: Any) -> "Column[Any]":
    return Column(name, kind, primary_key=True)


def _has(name: str, kind: Any, *, index: bool = False) -> "Column[Any]":
    return Column(name, kind, nullable=False, index=index)


versions = Table(
    "support_version",
    metadata,
    _key("id", Id),
    _has("workspace_id", Id),
    _has("number", Integer),
    _has("examples", Json),
    _has("card", Json),
    _has("note", Text),
    _has("by", Id),
    _has("at", UtcTime),
    _has("is_active", Boolean),
    Index("ix_support_version_workspace", "workspace_id", "number", unique=True),
)
answers = Table(
    "support_answer",
    metadata,
    _key("workspace_id", Id),
    _key("intent", String(120)),
    _key("lang", String(8)),
    _has("body", Text),
    _has("by", Id),
    _has("at", UtcTime),
)
routes = Table(
    "support_route",
    metadata,
    _key("workspace_id", Id),
    _key("intent", String(120)),
    _has("team", String(80)),
    _has("priority", String(16)),
    _has("mode", String(16)),
)
outcomes = Table(
    "support_outcome",
    metadata,
    _key("message_id", Id),
    _has("workspace_id", Id),
    _has("conversation_id", Id),
    _has("person_id", Id, index=True),
    _has("question", Text),
    _has("topic", String(120)),
    _has("status", String(16)),
    _has("reason", String(32)),
    _has("at", UtcTime),
    _has("article", Text),
    Index("ix_support_outcome_workspace", "workspace_id", "at"),
)
offers = Table(
    "support_offer",
    metadata,
    _key("id", Id),
    _has("workspace_id", Id),
    _has("conversation_id", Id, index=True),
    _has("person_id", Id, index=True),
    _has("item", String(120)),
    _has("place", Integer),
    _has("score", Float),
    _has("propensity", Float),
    _has("reason", Text),
    _has("state", String(16)),
    _has("by", Id),
    _has("at", UtcTime),
    Column("decided_at", UtcTime),
    Index("ix_support_offer_workspace", "workspace_id", "at"),
)
surveys = Table(
    "support_survey",
    metadata,
    _key("id", String(80)),
    _has("workspace_id", Id),
    _has("conversation_id", Id),
    _has("person_id", Id, index=True),
    _has("topic", String(120)),
    _has("predicted", Float),
    Column("score", Integer),
    _has("remark", Text),
    _has("asked_at", UtcTime),
    Column("answered_at", UtcTime),
    Index("ix_support_survey_workspace", "workspace_id", "asked_at"),
)
alarms = Table(
    "support_alarm",
    metadata,
    _key("id", Id),
    _has("workspace_id", Id),
    _has("conversation_id", Id),
    _has("desk_id", Id),
    _has("person_id", Id, index=True),
    _has("level", Float),
    _has("at", UtcTime),
    Index("ix_support_alarm_workspace", "workspace_id", "at"),
)
items = Table(
    "support_item",
    metadata,
    _key("workspace_id", Id),
    _key("id", String(120)),
    _has("place", Integer),
    _has("data", Json),
)
events = Table(
    "support_event",
    metadata,
    _key("workspace_id", Id),
    _key("person", String(200)),
    _key("item", String(120)),
    _key("at", UtcTime),
    _has("kind", String(16)),
)
shops = Table("support_shop", metadata, _key("workspace_id", Id), _has("changes", Integer))
_TABLE_OF = {Version: versions, ApprovedAnswer: answers, Offer: offers, SurveyRow: surveys, Outcome: outcomes, Alarm: alarms}
_PERSONAL = (outcomes, offers, surveys, alarms)


async def put(tx: WriteTx, row: Version | ApprovedAnswer | Offer | SurveyRow | Outcome | Alarm) -> None:
    """Store a row, in place of the one with the same key."""
    await _replace(tx, _TABLE_OF[type(row)], [asdict(row)])


async def add(tx: WriteTx, row: Offer | SurveyRow | Outcome | Alarm) -> None:
    """Store a row unless one with its key is there."""
    table = _TABLE_OF[type(row)]
    make = upsert_sqlite if tx.is_sqlite else upsert_postgresql
    await tx.conn.execute(make(table).values(**asdict(row)).on_conflict_do_nothing())


async def _replace(tx: WriteTx, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    keys = [column.name for column in table.primary_key]
    make = upsert_sqlite if tx.is_sqlite else upsert_postgresql
    for start in range(0, len(rows), 500):
        found = make(table).values(rows[start : start + 500])
        rest = {c.name: found.excluded[c.name] for c in table.columns if c.name not in keys}
        await tx.conn.execute(found.on_conflict_do_update(index_elements=keys, set_=rest))


async def _list(tx: Tx, cls: type[R], *where: Any, order: Any = None, limit: int = 0) -> list[R]:
    asked = select(_TABLE_OF[cls]).where(*where)
    asked = asked.order_by(order) if order is not None else asked
    found = (await tx.conn.execute(asked.limit(limit) if limit else asked)).mappings()
    return [_make(cls, dict(row)) for row in found]


def _make(cls: type[R], row: dict[str, Any]) -> R:
    values = {field.name: row[field.name] for field in fields(cls)}
    if cls is Version:
        values["examples"] = tuple((text, intent) for text, intent in values["examples"])
    return cls(**values)


# ---- intents -------------------------------------------------------------------------------------------------------------------


async def list_versions(tx: Tx, workspace_id: str, limit: int = 20) -> list[Version]:
    """Versions of the intents, newest first."""
    return await _list(tx, Version, versions.c.workspace_id == workspace_id, order=versions.c.number.desc(), limit=limit)


async def find_active(tx: Tx, workspace_id: str) -> Version | None:
    """The version in force, None where the shipped one is."""
    return next(iter(await _list(tx, Version, versions.c.workspace_id == workspace_id, versions.c.is_active)), None)


async def find_active_number(tx: Tx, workspace_id: str) -> int:
    """Its number; 0 is the shipped one."""
    asked = select(versions.c.number).where(versions.c.workspace_id == workspace_id, versions.c.is_active)
    return (await tx.conn.execute(asked)).scalar() or 0


async def activate(tx: WriteTx, workspace_id: str, number: int) -> bool:
    """Put a version in force; 0 for the shipped one. False where there is no such version."""
    mine = versions.c.workspace_id == workspace_id
    await tx.conn.execute(update(versions).where(mine).values(is_active=False))
    if number == 0:
        return True
    done = await tx.conn.execute(update(versions).where(mine, versions.c.number == number).values(is_active=True))
    return done.rowcount == 1


async def next_number(tx: Tx, workspace_id: str) -> int:
    """The number of the next version, from 1."""
    asked = select(func.max(versions.c.number)).where(versions.c.workspace_id == workspace_id)
    return int((await tx.conn.execute(asked)).scalar() or 0) + 1


async def list_answers(tx: Tx, workspace_id: str) -> list[ApprovedAnswer]:
    """Approved answers."""
    return await _list(tx, ApprovedAnswer, answers.c.workspace_id == workspace_id, order=answers.c.intent)


async def drop_answer(tx: WriteTx, workspace_id: str, intent: str, lang: str) -> None:
    """Take an approved answer away."""
    await tx.conn.execute(
        delete(answers).where(answers.c.workspace_id == workspace_id, answers.c.intent == intent, answers.c.lang == lang)
    )


async def list_routes(tx: Tx, workspace_id: str) -> dict[str, Route]:
    """The routes that were set in this workspace, by intent."""
    found = (await tx.conn.execute(select(routes).where(routes.c.workspace_id == workspace_id))).mappings()
    return {row["intent"]: Route(row["team"], row["priority"], row["mode"]) for row in found}


async def put_route(tx: WriteTx, workspace_id: str, intent: str, route: Route) -> None:
    """Set a route."""
    await _replace(tx, routes, [{"workspace_id": workspace_id, "intent": intent, **asdict(route)}])


# ---- what happened -----------------------------------------------------------------------------------------------------------


async def list_outcomes(tx: Tx, workspace_id: str, since: datetime, limit: int = 20_000) -> list[Outcome]:
    """Outcomes of turns since a moment, oldest first; of more than `limit` the latest."""
    where = (outcomes.c.workspace_id == workspace_id, outcomes.c.at >= since)
    return (await _list(tx, Outcome, *where, order=outcomes.c.at.desc(), limit=limit))[::-1]


async def close_gap(tx: WriteTx, workspace_id: str, message_ids: Sequence[str], article: str) -> None:
    """Note the article that answers these questions from now on."""
    where = (outcomes.c.workspace_id == workspace_id, outcomes.c.message_id.in_(list(message_ids)))
    await tx.conn.execute(update(outcomes).where(*where).values(article=article))


async def list_offers(
    tx: Tx, workspace_id: str, *, conversation_id: str = "", person_id: str = "", since: datetime | None = None, limit: int = 20_000
) -> list[Offer]:
    """Offers, oldest first; of one conversation or person where it is named; of more than `limit` the latest."""
    where = [offers.c.workspace_id == workspace_id]
    where += [offers.c.conversation_id == conversation_id] if conversation_id else []
    where += [offers.c.person_id == person_id] if person_id else []
    where += [offers.c.at >= since] if since else []
    found = await _list(tx, Offer, *where, order=offers.c.at.desc(), limit=limit)
    return sorted(found, key=lambda offer: (offer.at, offer.place))


async def find_offer(tx: Tx, workspace_id: str, offer_id: str) -> Offer | None:
    """One offer."""
    return next(iter(await _list(tx, Offer, offers.c.workspace_id == workspace_id, offers.c.id == offer_id)), None)


async def list_surveys(
    tx: Tx, workspace_id: str, *, conversation_id: str = "", person_id: str = "", since: datetime | None = None, limit: int = 20_000
) -> list[SurveyRow]:
    """Surveys that were sent, oldest first; of one conversation or person where it is named; of more than `limit` the latest."""
    where = [surveys.c.workspace_id == workspace_id]
    where += [surveys.c.conversation_id == conversation_id] if conversation_id else []
    where += [surveys.c.person_id == person_id] if person_id else []
    where += [surveys.c.asked_at >= since] if since else []
    return (await _list(tx, SurveyRow, *where, order=surveys.c.asked_at.desc(), limit=limit))[::-1]


async def list_alarms(tx: Tx, workspace_id: str, since: datetime) -> list[Alarm]:
    """Alarms since a moment, oldest first."""
    return await _list(tx, Alarm, alarms.c.workspace_id == workspace_id, alarms.c.at >= since, order=alarms.c.at)


async def erase(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget a person: outcomes, offers, surveys, alarms, and events under his id."""
    for table in _PERSONAL:
        await tx.conn.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.person_id == person_id))
    await tx.conn.execute(delete(events).where(events.c.workspace_id == workspace_id, events.c.person == person_id))
    await _count_change(tx, workspace_id)


# ---- the shop --------------------------------------------------------------------------------------------------------------------


async def replace_items(tx: WriteTx, workspace_id: str, catalogue: Sequence[Item]) -> None:
    """The catalogue, in place of the earlier one."""
    await _count_change(tx, workspace_id)
    await tx.conn.execute(delete(items).where(items.c.workspace_id == workspace_id))
    rows = [
        {"workspace_id": workspace_id, "id": item.id, "place": place, "data": {k: v for k, v in asdict(item).items() if k != "id"}}
        for place, item in enumerate(catalogue)
    ]
    for start in range(0, len(rows), 1000):
        await tx.conn.execute(insert(items), rows[start : start + 1000])


async def list_items(tx: Tx, workspace_id: str) -> list[Item]:
    """The catalogue in its order."""
    found = (await tx.conn.execute(select(items).where(items.c.workspace_id == workspace_id).order_by(items.c.place))).mappings()
    rows: list[tuple[str, dict[str, Any]]] = [
        (row["id"], {k: tuple(v) if isinstance(v, list) else v for k, v in row["data"].items()}) for row in found
    ]
    return [replace(Item(name, ""), **values) for name, values in rows]


async def add_events(tx: WriteTx, workspace_id: str, found: Sequence[ShopEvent]) -> None:
    """Events, each once."""
    await _count_change(tx, workspace_id)
    unique = {(e.person, e.item, e.at): {"workspace_id": workspace_id, **asdict(e)} for e in found}
    await _replace(tx, events, list(unique.values()))


async def list_events(tx: Tx, workspace_id: str) -> list[ShopEvent]:
    """Events, oldest first."""
    asked = select(events).where(events.c.workspace_id == workspace_id).order_by(events.c.at)
    return [ShopEvent(row["person"], row["item"], row["at"], row["kind"]) for row in (await tx.conn.execute(asked)).mappings()]


async def shop_stamp(tx: Tx, workspace_id: str) -> int:
    """How often the catalogue or the events were changed, by whichever process."""
    asked = select(shops.c.changes).where(shops.c.workspace_id == workspace_id)
    return int((await tx.conn.execute(asked)).scalar() or 0)


async def count_shop(tx: Tx, workspace_id: str) -> tuple[int, int]:
    """How many items and events there are."""
    counts = [
        (await tx.conn.execute(select(func.count()).select_from(table).where(table.c.workspace_id == workspace_id))).scalar()
        for table in (items, events)
    ]
    return int(counts[0] or 0), int(counts[1] or 0)


async def _count_change(tx: WriteTx, workspace_id: str) -> None:
    make = upsert_sqlite if tx.is_sqlite else upsert_postgresql
    first = make(shops).values(workspace_id=workspace_id, changes=1)
    more = first.on_conflict_do_update(index_elements=["workspace_id"], set_={"changes": shops.c.changes + 1})
    await tx.conn.execute(more)
