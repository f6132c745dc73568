"""Passwords as argon2id hashes, made in threads so that the event loop goes on, few at a time so that memory stays bounded.

One hash with the library's defaults (RFC 9106, second recommendation) takes 64 MiB and some 0.2–0.8 s of a core.
"""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from duologue.kit.errors import Invalid

LEAST_CHARS = 10
MOST_CHARS = 256
AT_ONCE = 2


class Passwords:
    """Hashes and checks passwords. Tests pass cheap parameters."""

    def __init__(self, hasher: PasswordHasher | None = None, *, at_once: int = AT_ONCE) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = asyncio.Semaphore(at_once)
        self._nobody = ""

    @classmethod
    def cheap(cls) -> "Passwords":
        """For tests and benchmarks only: the least that argon2 allows."""
        return cls(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

    async def hash(self, password: str) -> str:
        """The hash of a new password. Raises Invalid where it is too short or too long."""
        if not LEAST_CHARS <= len(password) <= MOST_CHARS:
            raise Invalid(f"A password has {LEAST_CHARS} to {MOST_CHARS} characters; choose another.", field="password")
        async with self._slots:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, password: str, password_hash: str | None) -> bool:
        """Whether the password fits; takes equally long where there is no hash (an unknown e-mail address)."""
        async with self._slots:
            if not self._nobody:
                self._nobody = await asyncio.to_thread(self._hasher.hash, "nobody has this password")
            if len(password) > MOST_CHARS:
                password = ""
            fits = await asyncio.to_thread(self._check, password, password_hash or self._nobody)
        return fits and password_hash is not None

    def _check(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
