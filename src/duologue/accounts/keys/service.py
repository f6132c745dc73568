"""Makes, lists, revokes and checks keys. Knows no HTTP and no model; a secret leaves it once.

A key's answer is remembered for some seconds, so that a busy client costs no query per request; a revoked key may work that long.
How often a key may ask is counted in this process: with several processes each counts for itself.
"""

import time
from datetime import timedelta

from duologue.accounts.keys import repository
from duologue.accounts.keys.model import SCOPES, ApiKey
from duologue.accounts.throttle import Throttle
from duologue.accounts.tokens import hash_token, new_token
from duologue.kit.errors import Invalid, NotFound, NotSignedIn
from duologue.kit.ids import new_id
from duologue.store.database import Database

PREFIX = "duo-"
REMEMBERED_S = 5.0
USED_EVERY_S = 60.0
MOST_REMEMBERED = 1_000


class KeyService:
    """The keys of all workspaces."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = database.clock
        self._known: dict[str, tuple[ApiKey, float]] = {}
        self._requests: dict[int, Throttle] = {}
        self._tokens: dict[int, Throttle] = {}

    async def add(
        self,
        workspace_id: str,
        name: str,
        *,
        scopes: tuple[str, ...] = SCOPES,
        requests_per_minute: int = 0,
        tokens_per_minute: int = 0,
        days: float | None = None,
        by: str = "",
    ) -> tuple[str, ApiKey]:
        """A new key: its secret, and what everybody may see. Raises Invalid."""
        name = name.strip()
        if not 1 <= len(name) <= 100:
            raise Invalid("A key needs a name of 1 to 100 characters, which says who uses it.", field="name")
        unknown = [s for s in scopes if s not in SCOPES]
        if unknown or not scopes:
            raise Invalid(f"A key is good for some of {', '.join(SCOPES)}.", field="scopes")
        if (
            not 0 <= requests_per_minute < 2**31
            or not 0 <= tokens_per_minute < 2**31
            or (days is not None and not 0 < days < 36_500)
        ):
            raise Invalid("Limits are at least 0 (none), days above 0.", field="limits")
        secret, now = PREFIX + new_token(), self._clock.now()
        key = ApiKey(
            id=new_id("key"),
            workspace_id=workspace_id,
            name=name,
            hint=secret[-4:],
            scopes=tuple(s for s in SCOPES if s in scopes),
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            created_by=by,
            created_at=now,
            used_at=None,
            expires_at=None if days is None else now + timedelta(days=days),
            revoked_at=None,
        )
        async with self._database.write() as tx:
            await repository.insert_key(tx, key, hash_token(secret))
        return secret, key

    async def list_keys(self, workspace_id: str) -> list[ApiKey]:
        """All keys of a workspace, newest first, revoked ones too."""
        async with self._database.read() as tx:
            return await repository.list_keys(tx, workspace_id)

    async def revoke(self, workspace_id: str, key_id: str) -> None:
        """End a key. Raises NotFound."""
        async with self._database.write() as tx:
            if not await repository.revoke_key(tx, workspace_id, key_id, self._clock.now()):
                raise NotFound("There is no such key, or it was revoked already.")
        self._known.clear()

    async def check(self, secret: str) -> ApiKey:
        """The key of a secret, one request of it taken. Raises NotSignedIn, or TooManyRequests where it asks too often."""
        key = await self._find(secret)
        if key.requests_per_minute:
            bucket = self._requests.setdefault(
                key.requests_per_minute, Throttle(key.requests_per_minute, 60 / key.requests_per_minute, clock=self._clock)
            )
            bucket.take(key.id)
        if key.tokens_per_minute:
            self._token_bucket(key.tokens_per_minute).take(key.id, 0.0)
        return key

    def spend(self, key: ApiKey, tokens: int) -> None:
        """Count what a request cost; where it is more than the key has left, the next one waits."""
        if key.tokens_per_minute:
            self._token_bucket(key.tokens_per_minute).spend(key.id, tokens)

    def _token_bucket(self, per_minute: int) -> Throttle:
        return self._tokens.setdefault(per_minute, Throttle(per_minute, 60 / per_minute, clock=self._clock))

    async def _find(self, secret: str) -> ApiKey:
        digest, now = hash_token(secret), self._clock.now()
        known, until = self._known.get(digest, (None, 0.0))
        if known is None or until < time.monotonic():
            async with self._database.read() as tx:
                known = await repository.find_key(tx, digest)
            if known is None or not known.is_valid(now):
                raise NotSignedIn("This key is unknown, revoked or over.")
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[digest] = known, time.monotonic() + REMEMBERED_S
            if known.used_at is None or (now - known.used_at).total_seconds() > USED_EVERY_S:
                async with self._database.write() as tx:
                    await repository.touch_key(tx, known.id, now)
        return known
