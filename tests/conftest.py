"""What tests of the whole share: both databases, a frozen clock. PostgreSQL is started once, when the first test asks for it.

Migrations run once per backend; every test gets a copy of what they made.
"""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from duologue.kit.clock import FrozenClock
from duologue.store.database import Database
from duologue.store.migrate import upgrade
from tests.postgres import NoServer, throwaway_server

LONG = ("browser", "contract", "story", "v1")
"""Folders whose files take longest."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that none is left alone at the end; those of one folder spread out, which wait for the same."""
    files: dict[str, list[Path]] = {}
    for path, folder in {item.path: [*item.nodeid.split("/"), ""][1] for item in items}.items():
        files.setdefault(folder, []).append(path)
    order = {path: (folder not in LONG, n / len(some)) for folder, some in files.items() for n, path in enumerate(some)}
    items.sort(key=lambda item: order[item.path])


quiet = (hypothesis.HealthCheck.too_slow,)  # a busy machine is no fault of what is tested
hypothesis.settings.register_profile("same", deadline=None, suppress_health_check=quiet, derandomize=True)
hypothesis.settings.register_profile("explore", deadline=None, suppress_health_check=quiet)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

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


async def fresh_postgres(server: str, template: str = "template1") -> str:
    """URL of a new database on that server, a copy of `template`."""
    name = f"test_{next(_numbers)}"
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    await engine.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"


async def drop_postgres(server: str, url: str) -> None:
    """Remove a database again: many small ones are slow to delete at the end."""
    engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)"))
    await engine.dispose()


async def _migrate(url: str) -> None:
    database = Database(url)
    await upgrade(database)
    await database.aclose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "test.db"
    asyncio.run(_migrate(f"sqlite+aiosqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """Name of a migrated database, to be copied."""

    async def prepare() -> str:
        url = await fresh_postgres(postgres_server)
        await _migrate(url)
        return url.rsplit("/", 1)[1]

    return asyncio.run(prepare())


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database, once on each backend."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "test.db")
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("migrated_postgres")
    url = asyncio.run(fresh_postgres(server, template))
    yield url
    asyncio.run(drop_postgres(server, url))


@pytest.fixture
def clock() -> FrozenClock:
    """Time that stands still until it is moved."""
    return FrozenClock()


@pytest.fixture
async def database(database_url: str, clock: FrozenClock) -> AsyncIterator[Database]:
    """A migrated database, once on each backend."""
    opened = Database(database_url, clock=clock)
    yield opened
    await opened.aclose()
