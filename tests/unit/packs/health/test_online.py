"""PubMed and Europe PMC, against answers in their published formats."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from duologue.kit.errors import Invalid, Unavailable
from duologue.packs.health.literature.online import Database, fetch_papers

ONE = (
    "<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article><ArticleTitle>T{n}</ArticleTitle></Article>"
    "</MedlineCitation></PubmedArticle>"
)


def pubmed(request: httpx.Request) -> httpx.Response:
    asked = request.url.params
    if request.url.path.endswith("esearch.fcgi"):
        assert (asked["db"], asked["usehistory"], asked["retmode"]) == ("pubmed", "y", "json")
        if asked["term"] == "bad[":
            return httpx.Response(200, json={"esearchresult": {"ERROR": "Search Backend failed"}})
        return httpx.Response(200, json={"esearchresult": {"count": "230", "webenv": "W", "querykey": "1", "idlist": []}})
    assert (asked["WebEnv"], asked["query_key"], asked["retmode"]) == ("W", "1", "xml")
    first, size = int(asked["retstart"]), int(asked["retmax"])
    return httpx.Response(
        200, text=f"<PubmedArticleSet>{''.join(ONE.format(n=n) for n in range(first, first + size))}</PubmedArticleSet>"
    )


def europe_pmc(request: httpx.Request) -> httpx.Response:
    asked = request.url.params
    assert (asked["resultType"], asked["format"]) == ("core", "json")
    first = {"*": 0, "m1": 100, "m2": 130}[asked["cursorMark"]]
    size = min(int(asked["pageSize"]), 130 - first)
    found = [{"id": str(n), "title": f"T{n}"} for n in range(first, first + size)]
    told: dict[str, Any] = {"hitCount": 130, "nextCursorMark": "m1" if first == 0 else "m2", "resultList": {"result": found}}
    return httpx.Response(200, text=json.dumps(told))


async def ask(answer: Callable[[httpx.Request], httpx.Response], database: Database, query: str = "q", limit: int = 200) -> Any:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        return await fetch_papers(database, query, limit, client=client, pause_s=0)


async def test_pubmed_is_fetched_in_batches_up_to_the_limit() -> None:
    count, found = await ask(pubmed, "pubmed", limit=150)
    assert (count, [p.id for p in found]) == (230, [str(n) for n in range(150)])


async def test_europe_pmc_is_followed_by_its_cursor_to_the_end() -> None:
    count, found = await ask(europe_pmc, "europepmc")
    assert (count, [p.id for p in found]) == (130, [str(n) for n in range(130)])


async def test_a_database_that_is_busy_is_asked_again() -> None:
    turns: list[int] = []

    def busy(request: httpx.Request) -> httpx.Response:
        turns.append(1)
        return httpx.Response(429) if len(turns) == 1 else europe_pmc(request)

    assert len((await ask(busy, "europepmc", limit=5))[1]) == 5


async def test_failures_say_what_to_do() -> None:
    with pytest.raises(Invalid, match="can't read the query"):
        await ask(pubmed, "pubmed", "bad[")
    with pytest.raises(Unavailable, match="500"):
        await ask(lambda r: httpx.Response(500), "pubmed")
    with pytest.raises(Unavailable):
        await ask(lambda r: httpx.Response(200, text="<html>"), "europepmc")
    for odd in (
        "[]",
        "null",
        '{"hitCount": null}',
        '{"hitCount": 1, "resultList": {"result": ["x"]}}',
    ):
        with pytest.raises(Unavailable):
            await ask(lambda r, odd=odd: httpx.Response(200, text=odd), "europepmc")
    with pytest.raises(Unavailable):
        await ask(lambda r: httpx.Response(200, text='{"esearchresult": []}'), "pubmed")
    with pytest.raises(Invalid, match="what to search"):
        await ask(pubmed, "pubmed", " ")
