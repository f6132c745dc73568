"""Asks PubMed (E-utilities) and Europe PMC for papers. Only where the owner's setting allows it: queries leave the machine.

NCBI: "A General Introduction to the E-utilities" (NBK25497): esearch with history, then efetch in batches, at most three requests a
second. Europe PMC: the RESTful search with a cursor. Nothing but the query is sent, and of that no personal data (`asked.py`).
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

import httpx

from duologue.kit.errors import Invalid, Unavailable
from duologue.packs.health.literature.asked import Asked, without_persons
from duologue.packs.health.literature.papers import read_europepmc, read_pubmed
from duologue.packs.health.literature.search import Paper

Database = Literal["pubmed", "europepmc"]
PUBMED = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
EUROPE_PMC = "https://www.ebi.ac.uk/europepmc/webservices/rest"
_BATCH = 100
_PAUSE_S = 0.34
"""NCBI allows three requests a second without a key."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """How many records the database has for the query, the first of them, and what was asked."""

    count: int
    papers: list[Paper]
    asked: Asked


async def fetch_papers(
    database: Database, query: str, limit: int = 200, *, client: httpx.AsyncClient | None = None, pause_s: float = _PAUSE_S
) -> Fetched:
    """Ask with the query, without personal data, and fetch the first `limit` records. Raises Unavailable, Invalid."""
    if not query.strip():
        raise Invalid("Say what to search for.")
    asked = await asyncio.to_thread(without_persons, query)
    if not asked.query:
        raise Invalid("Nothing is left of the query without personal data; ask in general words.")
    here = client or httpx.AsyncClient(timeout=30.0, headers={"User-Agent": "duologue"})
    try:
        count, papers = await (_pubmed if database == "pubmed" else _europe_pmc)(here, asked.query, limit, pause_s)
        return Fetched(count, papers, asked)
    except httpx.HTTPStatusError as error:
        raise Unavailable(f"The database answered {error.response.status_code}; try again later.") from error
    except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unavailable(f"The database does not answer as expected ({type(error).__name__}); try again later.") from error
    finally:
        if client is None:
            await here.aclose()


async def _get(client: httpx.AsyncClient, url: str, params: dict[str, str | int], pause_s: float, tries: int = 3) -> httpx.Response:
    """GET; waits and asks again where the database says that it is asked too often."""
    for n in range(tries):
        answer = await client.get(url, params=params)
        if answer.status_code not in (429, 503) or n == tries - 1:
            break
        await asyncio.sleep(pause_s * 3 * 2**n)
    answer.raise_for_status()
    return answer


async def _pubmed(client: httpx.AsyncClient, query: str, limit: int, pause_s: float) -> tuple[int, list[Paper]]:
    asked: dict[str, str | int] = {
        "db": "pubmed",
        "term": query,
        "usehistory": "y",
        "retmode": "json",
        "retmax": 0,
        "tool": "duologue",
    }
    told = (await _get(client, f"{PUBMED}/esearch.fcgi", asked, pause_s)).json()["esearchresult"]
    if "ERROR" in told:
        raise Invalid(f"PubMed can't read the query: {told['ERROR']}")
    count = int(told["count"])
    out: list[Paper] = []
    for start in range(0, min(count, limit), _BATCH):
        await asyncio.sleep(pause_s)
        part: dict[str, str | int] = {
            "db": "pubmed", "WebEnv": told["webenv"], "query_key": told["querykey"], "retmode": "xml", "tool": "duologue",
            "retstart": start, "retmax": min(_BATCH, limit - start),
        }  # fmt: skip
        out += read_pubmed((await _get(client, f"{PUBMED}/efetch.fcgi", part, pause_s)).text)
    return count, out


async def _europe_pmc(client: httpx.AsyncClient, query: str, limit: int, pause_s: float) -> tuple[int, list[Paper]]:
    out: list[Paper] = []
    mark, count = "*", 0
    while len(out) < limit:
        asked: dict[str, str | int] = {
            "query": query, "format": "json", "resultType": "core", "pageSize": min(_BATCH, limit - len(out)), "cursorMark": mark
        }  # fmt: skip
        told = (await _get(client, f"{EUROPE_PMC}/search", asked, pause_s)).json()
        count = int(told["hitCount"])
        found = read_europepmc(told)
        out += found
        following = told.get("nextCursorMark")
        if not found or not following or following == mark:
            break
        mark = following
        await asyncio.sleep(pause_s)
    return count, out[:limit]
