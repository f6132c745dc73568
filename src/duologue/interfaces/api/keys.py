"""Keys for programs that ask the models over /v1: made, listed and revoked by administrators."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from duologue.accounts.keys.model import SCOPES, ApiKey
from duologue.accounts.model import Session
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import Done, In, Json, Out
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined
from duologue.store.feed import to_payload

router = APIRouter(prefix="/api/admin/keys", tags=["keys"], responses=RESPONSES)
Admin = Annotated[Session, Depends(Needs("model.write"))]


class KeyOut(Out):
    id: str
    name: str
    hint: str = Field(description="The last characters of the secret.")
    scopes: list[str]
    requests_per_minute: int
    tokens_per_minute: int
    created_by: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


class KeysOut(Out):
    keys: list[KeyOut]


class NewKeyOut(Out):
    key: KeyOut
    secret: str = Field(description="Shown this once; it is stored hashed.")


class KeyIn(In):
    name: str = Field(min_length=1, max_length=100)
    scopes: list[str] = Field(default_factory=lambda: list(SCOPES), max_length=10, description=f"Of {', '.join(SCOPES)}.")
    requests_per_minute: int = Field(0, ge=0, lt=2**31, description="0: no limit.")
    tokens_per_minute: int = Field(0, ge=0, lt=2**31, description="0: no limit.")
    days: float | None = Field(None, gt=0, lt=36_500, description="How long the key is good; null: until it is revoked.")


def _key_json(key: ApiKey) -> Json:
    payload: Json = to_payload(key)
    payload.pop("workspace_id")
    return payload


@router.get("", response_model=KeysOut)
async def list_keys(session: Admin, services: Joined) -> Json:
    """All keys, newest first, revoked ones too."""
    return {"keys": [_key_json(k) for k in await services.keys.list_keys(session.workspace.id)]}


@router.post("", response_model=NewKeyOut)
async def add_key(given: KeyIn, session: Admin, services: Joined) -> Json:
    """Make a key; its secret is in this answer only."""
    secret, key = await services.keys.add(
        session.workspace.id,
        given.name,
        scopes=tuple(given.scopes),
        requests_per_minute=given.requests_per_minute,
        tokens_per_minute=given.tokens_per_minute,
        days=given.days,
        by=session.member.id,
    )
    return {"key": _key_json(key), "secret": secret}


@router.delete("/{key_id}", response_model=Done)
async def revoke_key(key_id: str, session: Admin, services: Joined) -> Json:
    """Revoke a key; it may work for some seconds more."""
    await services.keys.revoke(session.workspace.id, key_id)
    return {"ok": True}
