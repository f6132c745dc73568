"""All SQL of workspaces, members, sign-ins and persons. Tokens come hashed; passwords come hashed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from duologue.accounts.model import Member, Person, Role, SignIn, Workspace
from duologue.store.database import Tx
from duologue.store.schema import Id, Json, UtcTime, metadata

T = TypeVar("T")

workspace = Table(
    "workspace",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("is_sample", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

member = Table(
    "member",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, ForeignKey("workspace.id"), nullable=False),
    Column("email", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("role", String(16), nullable=False),
    Column("team", String(64), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("workspace_id", "email", name="uq_member_workspace_id_email"),
)

sign_in = Table(
    "sign_in",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("member_id", Id, ForeignKey("member.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, ForeignKey("workspace.id"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("fields", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)


def _values(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _make(cls: type[T], row: Row[Any]) -> T:
    names: tuple[str, ...] = cls.__slots__  # type: ignore[attr-defined]
    return cls(**{name: row._mapping[name] for name in names})


async def insert_workspace(tx: Tx, value: Workspace) -> None:
    """Store a new workspace."""
    await tx.conn.execute(insert(workspace).values(**_values(value)))


async def find_workspace(tx: Tx, *, workspace_id: str = "", slug: str = "") -> Workspace | None:
    """A workspace by id or by slug."""
    query = select(workspace).where(workspace.c.id == workspace_id if workspace_id else workspace.c.slug == slug)
    row = (await tx.conn.execute(query)).one_or_none()
    return _make(Workspace, row) if row else None


async def list_workspaces(tx: Tx) -> list[Workspace]:
    """All workspaces, oldest first."""
    rows = await tx.conn.execute(select(workspace).order_by(workspace.c.created_at, workspace.c.id))
    return [_make(Workspace, row) for row in rows]


async def insert_member(tx: Tx, value: Member, password_hash: str) -> None:
    """Store a new member."""
    await tx.conn.execute(insert(member).values(**_values(value), password_hash=password_hash))


async def update_member(tx: Tx, value: Member, password_hash: str | None = None) -> None:
    """Overwrite a member; the password only where one is given."""
    values = _values(value) | ({"password_hash": password_hash} if password_hash is not None else {})
    await tx.conn.execute(
        update(member).where(member.c.workspace_id == value.workspace_id, member.c.id == value.id).values(**values)
    )


async def find_member(tx: Tx, workspace_id: str, member_id: str) -> Member | None:
    """A member of this workspace."""
    query = select(member).where(member.c.workspace_id == workspace_id, member.c.id == member_id)
    row = (await tx.conn.execute(query)).one_or_none()
    return _make(Member, row) if row else None


async def find_credentials(tx: Tx, workspace_id: str, email: str) -> tuple[Member, str] | None:
    """A member and his password hash, by e-mail address (already lower-case)."""
    query = select(member).where(member.c.workspace_id == workspace_id, member.c.email == email)
    row = (await tx.conn.execute(query)).one_or_none()
    return (_make(Member, row), row.password_hash) if row else None


async def list_credentials(tx: Tx, email: str) -> list[tuple[Member, str]]:
    """The members with this e-mail address (already lower-case) in all workspaces, with their password hashes."""
    rows = await tx.conn.execute(select(member).where(member.c.email == email).order_by(member.c.created_at))
    return [(_make(Member, row), row.password_hash) for row in rows]


async def list_members(tx: Tx, workspace_id: str) -> list[Member]:
    """All members of a workspace, by name."""
    rows = await tx.conn.execute(select(member).where(member.c.workspace_id == workspace_id).order_by(member.c.name, member.c.id))
    return [_make(Member, row) for row in rows]


async def lock_owners(tx: Tx, workspace_id: str) -> list[str]:
    """Ids of the active owners; their rows stay locked until the commit, so that two owners cannot remove each other."""
    query = (
        select(member.c.id)
        .where(member.c.workspace_id == workspace_id, member.c.role == "owner", member.c.is_active)
        .order_by(member.c.id)
        .with_for_update()
    )
    return list((await tx.conn.execute(query)).scalars())


async def count_members(tx: Tx, workspace_id: str, role: Role | None = None) -> int:
    """How many members a workspace has."""
    query = select(func.count()).select_from(member).where(member.c.workspace_id == workspace_id)
    if role:
        query = query.where(member.c.role == role)
    return (await tx.conn.execute(query)).scalar_one()


async def insert_sign_in(tx: Tx, value: SignIn, token_hash: str) -> None:
    """Store a sign-in under the hash of its token."""
    await tx.conn.execute(insert(sign_in).values(**_values(value), token_hash=token_hash))


async def find_sign_in(tx: Tx, token_hash: str) -> tuple[SignIn, Member, Workspace] | None:
    """The sign-in of a token, with its member and workspace; expired and deactivated ones too."""
    row = (await tx.conn.execute(select(sign_in).where(sign_in.c.token_hash == token_hash))).one_or_none()
    if row is None:
        return None
    found = _make(SignIn, row)
    who = await find_member(tx, found.workspace_id, found.member_id)
    where = await find_workspace(tx, workspace_id=found.workspace_id)
    return (found, who, where) if who and where else None


async def list_sign_ins(tx: Tx, workspace_id: str, member_id: str, now: datetime) -> list[SignIn]:
    """A member's sign-ins that have not expired, newest first."""
    query = (
        select(sign_in)
        .where(sign_in.c.workspace_id == workspace_id, sign_in.c.member_id == member_id, sign_in.c.expires_at > now)
        .order_by(sign_in.c.created_at.desc(), sign_in.c.id.desc())
    )
    return [_make(SignIn, row) for row in await tx.conn.execute(query)]


async def touch_sign_in(tx: Tx, sign_in_id: str, seen_at: datetime) -> None:
    """Note when a sign-in was last used."""
    await tx.conn.execute(update(sign_in).where(sign_in.c.id == sign_in_id).values(seen_at=seen_at))


async def delete_sign_ins(tx: Tx, workspace_id: str, member_id: str, sign_in_id: str = "", *, keep: str = "") -> int:
    """Revoke one sign-in of a member, or all of them (but `keep`); how many there were."""
    query = delete(sign_in).where(sign_in.c.workspace_id == workspace_id, sign_in.c.member_id == member_id)
    if sign_in_id:
        query = query.where(sign_in.c.id == sign_in_id)
    if keep:
        query = query.where(sign_in.c.id != keep)
    return (await tx.conn.execute(query)).rowcount


async def delete_expired_sign_ins(tx: Tx, now: datetime) -> int:
    """Forget sign-ins whose time is over; how many there were."""
    return (await tx.conn.execute(delete(sign_in).where(sign_in.c.expires_at <= now))).rowcount


async def insert_person(tx: Tx, value: Person) -> None:
    """Store a new person."""
    await tx.conn.execute(insert(person).values(**_values(value)))


async def update_person(tx: Tx, value: Person) -> None:
    """Overwrite a person."""
    await tx.conn.execute(
        update(person).where(person.c.workspace_id == value.workspace_id, person.c.id == value.id).values(**_values(value))
    )


async def find_person(tx: Tx, workspace_id: str, person_id: str) -> Person | None:
    """A person of this workspace."""
    query = select(person).where(person.c.workspace_id == workspace_id, person.c.id == person_id)
    row = (await tx.conn.execute(query)).one_or_none()
    return _make(Person, row) if row else None


async def find_persons(tx: Tx, workspace_id: str, person_ids: set[str]) -> dict[str, Person]:
    """Several persons of this workspace, by id."""
    query = select(person).where(person.c.workspace_id == workspace_id, person.c.id.in_(person_ids))
    return {row.id: _make(Person, row) for row in await tx.conn.execute(query)} if person_ids else {}


async def find_named(tx: Tx, workspace_id: str, words: Sequence[str], limit: int) -> list[Person]:
    """Persons whose name holds every one of these words, whatever their case, by name."""
    query = select(person).where(person.c.workspace_id == workspace_id)
    for word in words:
        query = query.where(func.lower(person.c.name).contains(word.lower(), autoescape=True))
    return [_make(Person, row) for row in await tx.conn.execute(query.order_by(person.c.name, person.c.id).limit(limit))]


async def delete_person(tx: Tx, workspace_id: str, person_id: str) -> int:
    """Delete a person's row; how many there were."""
    query = delete(person).where(person.c.workspace_id == workspace_id, person.c.id == person_id)
    return (await tx.conn.execute(query)).rowcount
