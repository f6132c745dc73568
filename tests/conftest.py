"""What tests of the whole share: both databases, a frozen clock. PostgreSQL is started once, when the first test asks for it."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from duologue.kit.clock import FrozenClock
from duologue.store.database import Database
from duologue.store.migrate import upgrade
from tests.postgres import NoServer, throwaway_server

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_numbers = itertools.count()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of the server's maintenance database."""
    try:
        with throwaway_server() as url:
            yield url
    except NoServer as reason:
        pytest.skip(str(reason))


async def fresh_postgres(server: str) -> str:
    """URL of a new, empty database on that server."""
    name = f"test_{next(_numbers)}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    await engine.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture(params=BACKENDS)
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once on each backend."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    return await fresh_postgres(request.getfixturevalue("postgres_server"))


@pytest.fixture
def clock() -> FrozenClock:
    """Time that stands still until it is moved."""
    return FrozenClock()


@pytest.fixture
async def database(database_url: str, clock: FrozenClock) -> AsyncIterator[Database]:
    """A migrated database, once on each backend."""
    opened = Database(database_url, clock=clock)
    await upgrade(opened)
    yield opened
    await opened.aclose()
