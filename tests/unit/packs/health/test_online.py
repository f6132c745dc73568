"""PubMed and Europe PMC, against answers in their published formats."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from duologue.kit.errors import Invalid, Unavailable
from duologue.packs.health.literature.asked import Asked, without_persons
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
        got = await fetch_papers(database, query, limit, client=client, pause_s=0)
        return got.count, got.papers


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


async def test_nobodys_data_leave_with_a_query_and_the_reader_is_told() -> None:
    sent: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url))
        return httpx.Response(200, json={"hitCount": 0, "resultList": {"result": []}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(note)) as client:
        got = await fetch_papers("europepmc", "Anna Meier, MRN 4478812, warfarin AND stroke", client=client, pause_s=0)
        assert (got.asked.query, got.asked.withheld) == ("MRN, warfarin AND stroke", ("Anna Meier", "4478812"))
        assert "warfarin" in sent[0]
        assert not [x for x in ("Anna", "Meier", "4478812") if x in sent[0]]
        with pytest.raises(Invalid, match="personal data"):
            await fetch_papers("pubmed", "Anna Meier", client=client, pause_s=0)
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("query", "leaves"),
    [
        ("(Mr Thomas Keller) AND (warfarin OR apixaban)", "(warfarin OR apixaban)"),
        ("ibuprofen AND (Jane Doe) AND asthma", "ibuprofen AND asthma"),
        ("患者王小明，身份证110101199003074578，房颤抗凝治疗", "患者，身份证，房颤抗凝治疗"),
        ("张建国 高血压 氨氯地平", "高血压 氨氯地平"),
    ],
)
def test_what_is_left_of_a_query_is_a_query(query: str, leaves: str) -> None:
    assert without_persons(query).query == leaves


@pytest.mark.parametrize(
    "query",
    [
        "(Parkinson disease) AND (exercise)", "Hodgkin lymphoma in patients from Shanghai", "Smith J[au] AND asthma",
        '"2015/01/01"[Date - Publication] : "2020/12/31"[Date - Publication] AND COVID-19', "HbA1c AND Ramipril AND Lisinopril",
        'FIRST_PDATE:[2015-01-01 TO 2020-12-31] AND AUTH:"Smith J" AND statins', "patients over 90 years old with hip fracture",
        "Epley manoeuvre for vertigo", "帕金森病患者 左旋多巴 运动并发症", "在成人偏头痛患者中，镁剂与安慰剂相比能否减少发作次数？",
    ],
)  # fmt: skip
def test_diseases_drugs_authors_and_years_are_nobodys_data(query: str) -> None:
    assert without_persons(query) == Asked(query, ())
