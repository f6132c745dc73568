"""pgvector names the same nearest passages as memory does, follows deletions, and is rebuilt from the rows."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from duologue.knowledge.embedding import repository as embedding
from duologue.knowledge.model import Input
from duologue.knowledge.search import CANDIDATES
from duologue.knowledge.service import KnowledgeService
from duologue.store.database import Database
from duologue.store.migrate import upgrade
from tests.postgres import NoServer, find_bundled, throwaway_server

pytestmark = pytest.mark.postgres
WS = "wsp_1"
THINGS = ["boots", "tents", "stoves", "jackets", "ropes", "maps", "lamps", "socks", "gloves", "packs", "poles", "bottles"]
CARES = ["wash", "wax", "dry", "store", "mend", "check", "carry", "fold"]
ARTICLES = [
    Input(f"{thing}-{care}.md", f"# {care} {thing}\n\nHow to {care} your {thing}, and when {thing} are repaired.\n".encode())
    for thing in THINGS
    for care in CARES
]
"""More than a search takes from each channel, so that the nearest ones matter."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    try:
        with throwaway_server(find_bundled()) as running:
            yield running
    except NoServer as reason:
        pytest.skip(str(reason))


async def found(service: KnowledgeService, query: str) -> list[tuple[str, float]]:
    result = await service.search(WS, query, k=8)
    return [(hit.uri, round(hit.dense_score, 5)) for hit in result.hits]


async def play(url: str) -> None:
    database = Database(url)
    try:
        await upgrade(database)
        in_memory = KnowledgeService(database)
        await in_memory.ingest(WS, ARTICLES)
        queries = ["mend my boots", "wash a jacket", "rope repaired?", "lamp and map"]
        assert len(ARTICLES) > CANDIDATES
        expected = [await found(in_memory, query) for query in queries]
        service = KnowledgeService(database)
        assert await service.prepare()
        await service.encode_missing(WS)
        async with database.read() as tx:
            rows = (await tx.conn.execute(text("SELECT count(*) FROM passage_embedding"))).scalar_one()
            assert await embedding.is_ready(tx)
        assert rows >= len(ARTICLES)
        assert [await found(service, query) for query in queries] == expected
        boots = next(d for d in await service.list_documents(WS) if d.uri == "boots-mend.md")
        await service.delete(WS, boots.id)
        assert "boots-mend.md" not in [uri for uri, _ in await found(service, "mend my boots")]
        await service.ingest(WS, [Input("skis.md", b"# Skis\n\nSkis are waxed every week.\n")])
        assert (await found(service, "wax for skis"))[0][0] == "skis.md"
        async with database.write() as tx:
            await tx.conn.execute(text("DELETE FROM passage_embedding"))
        await service.encode_missing(WS)
        assert (await found(service, "wax for skis"))[0][0] == "skis.md"
    finally:
        await database.aclose()


def test_it_finds_what_memory_finds(url: str) -> None:
    asyncio.run(play(url))


async def test_without_postgresql_nothing_of_it_exists(tmp_path: object) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/x.db")
    assert not await embedding.prepare(database)
    await database.aclose()
