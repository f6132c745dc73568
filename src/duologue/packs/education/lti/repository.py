"""All SQL about learning platforms: registrations, launches under way, users, links, grades sent. Knows no protocol."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Integer, String, Table, Text, delete, insert, select, update

from duologue.packs.education.lti.model import Link, Registration, Score, User
from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

metadata = new_metadata()
registrations = Table(
    "education_lti_registration", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("name", Text), Column("issuer", Text),
    Column("client_id", Text), Column("deployment_id", Text), Column("auth_url", Text), Column("token_url", Text),
    Column("key_set_url", Text), Column("has_consent", Boolean), Column("by", Text), Column("at", UtcTime),
)  # fmt: skip
launches = Table(
    "education_lti_launch", metadata,
    Column("state", String(64), primary_key=True), Column("nonce", Text), Column("issuer", Text), Column("client_id", Text),
    Column("expires_at", UtcTime),
)  # fmt: skip
users = Table(
    "education_lti_user", metadata,
    Column("registration_id", Id, primary_key=True), Column("sub", String(255), primary_key=True), Column("workspace_id", Id),
    Column("name", Text), Column("role", String(10)), Column("at", UtcTime), Column("person_id", Id), Column("member_email", Text),
)  # fmt: skip
links = Table(
    "education_lti_link", metadata,
    Column("registration_id", Id, primary_key=True), Column("id", String(255), primary_key=True), Column("workspace_id", Id),
    Column("title", Text), Column("homework_id", Id), Column("endpoint", Json),
)  # fmt: skip
scores = Table(
    "education_lti_score", metadata,
    Column("registration_id", Id, primary_key=True), Column("link_id", String(255), primary_key=True),
    Column("person_id", Id, primary_key=True), Column("workspace_id", Id), Column("sent", Json), Column("tries", Integer),
    Column("error", Text), Column("next_at", UtcTime),
)  # fmt: skip


def _values(row: Any) -> dict[str, Any]:
    return {n: getattr(row, n) for n in type(row).__dataclass_fields__}


async def _save(tx: WriteTx, table: Table, keys: tuple[str, ...], values: Mapping[str, Any]) -> None:
    query = update(table).values(**values)
    for key in keys:
        query = query.where(table.c[key] == values[key])
    if not (await tx.conn.execute(query)).rowcount:
        await tx.conn.execute(insert(table).values(**values))


async def save_registration(tx: WriteTx, row: Registration) -> None:
    """Add a registration, or change one."""
    await _save(tx, registrations, ("id",), _values(row))


async def list_registrations(tx: Tx, workspace_id: str = "", *, issuer: str = "", client_id: str = "") -> list[Registration]:
    """Registrations of a workspace, or of an issuer in all of them; oldest first."""
    query = select(registrations).order_by(registrations.c.id)
    for column, value in (("workspace_id", workspace_id), ("issuer", issuer), ("client_id", client_id)):
        if value:
            query = query.where(registrations.c[column] == value)
    return [Registration(**r) for r in (await tx.conn.execute(query)).mappings()]


async def drop_registration(tx: WriteTx, workspace_id: str, registration_id: str) -> bool:
    """Delete a registration with its users, links and scores; whether there was one."""
    here = (registrations.c.workspace_id == workspace_id) & (registrations.c.id == registration_id)
    gone = (await tx.conn.execute(delete(registrations).where(here))).rowcount
    if gone:
        for table in (users, links, scores):
            await tx.conn.execute(delete(table).where(table.c.registration_id == registration_id))
    return bool(gone)


async def add_launch(tx: WriteTx, state: str, nonce: str, issuer: str, client_id: str, expires_at: datetime) -> None:
    """Keep a launch that begins; those that never came are forgotten."""
    await tx.conn.execute(delete(launches).where(launches.c.expires_at < tx.now))
    await tx.conn.execute(
        insert(launches).values(state=state, nonce=nonce, issuer=issuer, client_id=client_id, expires_at=expires_at)
    )


async def take_launch(tx: WriteTx, state: str) -> dict[str, Any] | None:
    """The launch of a state, once: it is gone afterwards, whoever asks at the same time."""
    row = (await tx.conn.execute(select(launches).where(launches.c.state == state))).mappings().first()
    gone = (await tx.conn.execute(delete(launches).where(launches.c.state == state))).rowcount
    return dict(row) if row and gone else None


async def save_user(tx: WriteTx, row: User) -> None:
    """Add somebody of a platform, or change him."""
    await _save(tx, users, ("registration_id", "sub"), _values(row))


async def find_user(tx: Tx, registration_id: str, sub: str) -> User | None:
    """Somebody of a platform."""
    query = select(users).where(users.c.registration_id == registration_id, users.c.sub == sub)
    row = (await tx.conn.execute(query)).mappings().first()
    return User(**row) if row else None


async def list_users(tx: Tx, workspace_id: str, *, person_id: str = "") -> list[User]:
    """Those of a workspace, by name; or those who are one person."""
    query = select(users).where(users.c.workspace_id == workspace_id).order_by(users.c.name, users.c.sub)
    if person_id:
        query = query.where(users.c.person_id == person_id)
    return [User(**r) for r in (await tx.conn.execute(query)).mappings()]


async def save_link(tx: WriteTx, row: Link) -> None:
    """Add a link, or change it."""
    await _save(tx, links, ("registration_id", "id"), _values(row))


async def list_links(tx: Tx, workspace_id: str = "") -> list[Link]:
    """The links of a workspace, or all."""
    query = select(links).order_by(links.c.registration_id, links.c.id)
    if workspace_id:
        query = query.where(links.c.workspace_id == workspace_id)
    return [Link(**r) for r in (await tx.conn.execute(query)).mappings()]


async def find_link(tx: Tx, registration_id: str, link_id: str) -> Link | None:
    """One link."""
    query = select(links).where(links.c.registration_id == registration_id, links.c.id == link_id)
    row = (await tx.conn.execute(query)).mappings().first()
    return Link(**row) if row else None


async def save_score(tx: WriteTx, row: Score) -> None:
    """Add a score that is to be sent, or what came of it."""
    await _save(tx, scores, ("registration_id", "link_id", "person_id"), _values(row))


async def list_scores(tx: Tx, workspace_id: str = "", *, person_id: str = "") -> list[Score]:
    """Scores of a workspace, of a person, or all."""
    query = select(scores).order_by(scores.c.registration_id, scores.c.link_id, scores.c.person_id)
    for column, value in (("workspace_id", workspace_id), ("person_id", person_id)):
        if value:
            query = query.where(scores.c[column] == value)
    return [Score(**r) for r in (await tx.conn.execute(query)).mappings()]


async def erase_person(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget who a learner is on any platform, and the grades sent."""
    for table in (users, scores):
        await tx.conn.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.person_id == person_id))
