"""All SQL of keys. Secrets come hashed."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Integer, Row, String, Table, insert, select, update

from duologue.accounts.keys.model import ApiKey
from duologue.store.database import Tx
from duologue.store.schema import Id, Json, UtcTime, metadata

api_key = Table(
    "api_key",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, ForeignKey("workspace.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("hint", String(8), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("scopes", Json, nullable=False),
    Column("requests_per_minute", Integer, nullable=False),
    Column("tokens_per_minute", Integer, nullable=False),
    Column("created_by", Id, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
)


def _make(row: Row[Any]) -> ApiKey:
    values = {name: row._mapping[name] for name in ApiKey.__slots__}
    return ApiKey(**values | {"scopes": tuple(values["scopes"])})


async def insert_key(tx: Tx, value: ApiKey, secret_hash: str) -> None:
    """Store a new key under the hash of its secret."""
    await tx.conn.execute(insert(api_key).values(**asdict(value) | {"scopes": list(value.scopes)}, secret_hash=secret_hash))


async def find_key(tx: Tx, secret_hash: str) -> ApiKey | None:
    """The key of a secret; revoked and expired ones too."""
    row = (await tx.conn.execute(select(api_key).where(api_key.c.secret_hash == secret_hash))).one_or_none()
    return _make(row) if row else None


async def list_keys(tx: Tx, workspace_id: str) -> list[ApiKey]:
    """All keys of a workspace, newest first."""
    query = select(api_key).where(api_key.c.workspace_id == workspace_id).order_by(api_key.c.created_at.desc(), api_key.c.id.desc())
    return [_make(row) for row in await tx.conn.execute(query)]


async def revoke_key(tx: Tx, workspace_id: str, key_id: str, at: datetime) -> int:
    """Revoke a key; how many there were that had not been."""
    query = update(api_key).where(api_key.c.workspace_id == workspace_id, api_key.c.id == key_id, api_key.c.revoked_at.is_(None))
    return (await tx.conn.execute(query.values(revoked_at=at))).rowcount


async def touch_key(tx: Tx, key_id: str, used_at: datetime) -> None:
    """Note when a key was last used."""
    await tx.conn.execute(update(api_key).where(api_key.c.id == key_id).values(used_at=used_at))
