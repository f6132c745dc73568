"""A key as everybody may see it. Its secret is shown once, when it is made, and stored hashed."""

from dataclasses import dataclass
from datetime import datetime

SCOPES = ("audio", "chat", "completions", "embeddings", "models", "responses")
"""What a key may be good for: one scope for each family of routes under /v1."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`hint` is the end of the secret, to tell keys apart. A limit of 0 is none."""

    id: str
    workspace_id: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    requests_per_minute: int
    tokens_per_minute: int
    created_by: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
