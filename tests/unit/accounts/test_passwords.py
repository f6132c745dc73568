"""Passwords: argon2id, bounds on their length, no answer for nobody."""

import asyncio

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from duologue.accounts.passwords import MOST_CHARS, Passwords
from duologue.kit.errors import Invalid


async def test_right_and_wrong() -> None:
    passwords = Passwords.cheap()
    made = await passwords.hash("correct horse")
    assert made.startswith("$argon2id$")
    assert await passwords.is_right("correct horse", made)
    assert not await passwords.is_right("Correct horse", made)
    assert not await passwords.is_right("correct horse", None)
    assert not await passwords.is_right("correct horse", "not a hash")


async def test_nobody_has_no_password() -> None:
    passwords = Passwords.cheap()
    assert not await passwords.is_right("nobody has this password", None)


@pytest.mark.parametrize("password", ["", "short", "x" * (MOST_CHARS + 1)])
async def test_too_short_or_too_long(password: str) -> None:
    with pytest.raises(Invalid):
        await Passwords.cheap().hash(password)


async def test_the_product_uses_the_recommended_parameters() -> None:
    hasher = Passwords()._hasher
    assert (hasher.type, hasher.memory_cost, hasher.time_cost) == (Type.ID, 65_536, 3)


async def test_few_at_a_time() -> None:
    running = most = 0

    class Counting(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            nonlocal running, most
            running += 1
            most = max(most, running)
            try:
                return super().hash(password, salt=salt)
            finally:
                running -= 1

    passwords = Passwords(Counting(time_cost=1, memory_cost=256, parallelism=1), at_once=2)
    await asyncio.gather(*(passwords.hash(f"password {n:04d}") for n in range(12)))
    assert most <= 2


async def test_nobody_takes_as_long_as_somebody() -> None:
    checks: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            checks.append(str(hash))
            return super().verify(hash, password)

    passwords = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    made = await passwords.hash("correct horse")
    for known in (made, None):
        for password in ("correct horse", "wrong", "x" * 10_000):
            await passwords.is_right(password, known)
    assert len(checks) == 6
    assert {h.split("$")[3] for h in checks} == {made.split("$")[3]}, "the same parameters for both"
