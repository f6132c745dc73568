"""Knowledge on every database: what goes in is found, cited exactly, replaced whole and gone when it is deleted."""

from pathlib import Path

import httpx
import numpy as np
import pytest

from duologue.kit.errors import NotFound
from duologue.kit.ids import new_id
from duologue.knowledge import repository
from duologue.knowledge.encoder import HashingEncoder
from duologue.knowledge.model import IngestProgress, Input
from duologue.knowledge.service import KnowledgeService
from duologue.store import feed
from duologue.store.database import Database

WARRANTY = """---
title: Warranty
topic: warranty
---

# Warranty

## How long

Two years on everything. Five years on tent poles.

## What is not covered

Wear of soles, and holes that animals bit.
"""
RETURNS = "# 退货\n\n## 期限\n\n签收后 30 天内可以退货，未使用并保留吊牌。\n\n## 运费\n\n中国大陆和英国的退货运费由我们承担。\n"


@pytest.fixture
def service(database: Database) -> KnowledgeService:
    return KnowledgeService(database)


@pytest.fixture
def workspace() -> str:
    return new_id("wsp")


def markdown(uri: str, text: str) -> Input:
    return Input(uri, text.encode())


async def rows_of(database: Database, workspace: str) -> dict[str, int]:
    """How many rows each table of knowledge holds of a workspace, and of the full-text index how many numbers match."""
    tables = (repository.document, repository.passage, repository.passage_vector, repository.knowledge_term)
    async with database.read() as tx:
        held = {}
        for table in tables:
            counted = await tx.conn.execute(table.select().where(table.c.workspace_id == workspace))
            held[table.name] = len(counted.all())
        held["index"] = len(await repository.match(tx, workspace, dict.fromkeys(["pole", "warranti", "退货", "year"], 1.0), 100))
    return held


async def test_a_passage_is_found_in_either_language_and_cited_exactly(service: KnowledgeService, workspace: str) -> None:
    report = await service.ingest(workspace, [markdown("warranty.md", WARRANTY), markdown("退货.md", RETURNS)])
    assert [(d.title, d.lang, d.topic, d.status) for d in report.ready] == [
        ("Warranty", "en", "warranty", "ready"),
        ("退货", "zh", "", "ready"),
    ]
    poles = (await service.search(workspace, "warrenty of a tent pole")).hits[0]
    postage = (await service.search(workspace, "退货运费谁出")).hits[0]
    assert (poles.passage.heading, poles.uri) == ("How long", "warranty.md")
    assert (postage.passage.heading, postage.passage.lang) == ("运费", "zh")
    for hit in (poles, postage):
        document = await service.get_document(workspace, hit.passage.document_id)
        assert document.text[hit.passage.start : hit.passage.end] == hit.passage.body
        assert await service.get_passage(workspace, hit.passage.id) == hit.passage
        assert hit.passage in document.passages
        assert 0 < hit.score <= 1
        assert hit.bm25_rank == 1


async def test_support_is_higher_for_what_is_answered(service: KnowledgeService, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY), markdown("退货.md", RETURNS)])
    known = await service.search(workspace, "How many years of warranty do tent poles have?")
    unknown = await service.search(workspace, "Who composed the opera Turandot?")
    assert 0 <= unknown.support < 0.2 < known.support <= 1


async def test_a_word_that_no_passage_has_finds_what_it_may_be_called(service: KnowledgeService, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY), markdown("退货.md", RETURNS)])
    for asked, uri in (("guarantee", "warranty.md"), ("邮费谁出", "退货.md")):
        hit = (await service.search(workspace, asked, dense_share=0)).hits[0]
        assert hit.uri == uri
        assert 0 < hit.bm25_score <= 1
    assert not (await service.search(workspace, "bassoon", dense_share=0)).hits


async def test_pieces_of_the_first_passages_are_compared(service: KnowledgeService, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])
    found = await service.search(workspace, "How many years on tent poles?")
    hit = found.hits[0]
    best = max(hit.said, key=hit.said.__getitem__)
    assert hit.passage.body[best:].startswith("Five years on tent poles.")
    assert found.signals["said"] == max(max(h.said.values()) for h in found.hits)


async def test_ingesting_again_replaces_and_keeps_the_ids_of_what_stayed(
    service: KnowledgeService, database: Database, workspace: str
) -> None:
    first = (await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])).ready[0]
    before = {p.heading: p.id for p in (await service.get_document(workspace, first.id)).passages}
    changed = WARRANTY.replace("Five years on tent poles", "Seven years on tent poles")
    second = (await service.ingest(workspace, [markdown("warranty.md", changed)])).ready[0]
    after = {p.heading: p.id for p in (await service.get_document(workspace, first.id)).passages}
    assert second.id == first.id
    assert [d.id for d in await service.list_documents(workspace)] == [first.id]
    assert after["What is not covered"] == before["What is not covered"]
    assert after["How long"] != before["How long"]
    with pytest.raises(NotFound):
        await service.get_passage(workspace, before["How long"])
    bodies = [h.passage.body for h in (await service.search(workspace, "tent poles years")).hits]
    assert any("Seven" in body for body in bodies)
    assert not any("Five" in body for body in bodies)
    async with database.read() as tx:
        counted = await repository.count_terms(tx, workspace, ["five", "seven", "year"])
    assert counted == {"seven": 1, "year": 1}


async def test_the_same_content_again_changes_nothing(service: KnowledgeService, database: Database, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])
    async with database.read() as tx:
        cursor = await feed.get_cursor(tx.conn, workspace)
    again = await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])
    async with database.read() as tx:
        assert await feed.get_cursor(tx.conn, workspace) == cursor
    assert len(again.ready) == 1


async def test_deleting_removes_every_trace(service: KnowledgeService, database: Database, workspace: str) -> None:
    report = await service.ingest(workspace, [markdown("warranty.md", WARRANTY), markdown("退货.md", RETURNS)])
    assert all((await rows_of(database, workspace)).values())
    assert (await service.search(workspace, "tent poles")).hits
    for document in report.ready:
        await service.delete(workspace, document.id)
    assert not any((await rows_of(database, workspace)).values())
    async with database.read() as tx:
        state = await repository.get_state(tx, workspace)
        kinds = [record.kind for record in await feed.read(tx.conn, workspace, 0)]
    assert (state.passages, state.title_terms, state.heading_terms, state.body_terms) == (0, 0, 0, 0)
    assert kinds == ["DocumentIngested", "DocumentIngested", "DocumentDeleted", "DocumentDeleted"]
    assert (await service.search(workspace, "tent poles")).hits == ()
    with pytest.raises(NotFound):
        await service.delete(workspace, report.ready[0].id)


async def test_a_bad_file_is_named_and_the_rest_goes_on(service: KnowledgeService, workspace: str) -> None:
    seen: list[IngestProgress] = []
    sources = [Input("broken.pdf", b"%PDF-1.4 nothing"), markdown("warranty.md", WARRANTY), Input("photo.png", b"\x89PNG")]
    report = await service.ingest(workspace, sources, seen.append)
    assert [d.uri for d in report.ready] == ["warranty.md"]
    assert [uri for uri, _ in report.failed] == ["broken.pdf", "photo.png"]
    assert all(sentence.endswith(".") and len(sentence) > 20 for _, sentence in report.failed)
    assert [(p.done, p.total, p.uri, bool(p.error)) for p in seen] == [
        (1, 3, "broken.pdf", True),
        (2, 3, "warranty.md", False),
        (3, 3, "photo.png", True),
    ]
    by_uri = {d.uri: d for d in await service.list_documents(workspace)}
    assert by_uri["broken.pdf"].status == "failed"
    assert by_uri["broken.pdf"].error == report.failed[0][1]
    mended = await service.ingest(workspace, [Input("broken.pdf", WARRANTY.encode(), "text/markdown")])
    assert [(d.id, d.status) for d in mended.ready] == [(by_uri["broken.pdf"].id, "ready")]


async def test_a_document_that_became_unreadable_keeps_its_last_good_state(service: KnowledgeService, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])
    report = await service.ingest(workspace, [Input("warranty.md", b"\x00\x01\x02")])
    assert len(report.failed) == 1
    assert (await service.list_documents(workspace))[0].status == "ready"
    assert (await service.search(workspace, "tent poles")).hits


async def test_workspaces_do_not_see_each_other(service: KnowledgeService, workspace: str) -> None:
    document = (await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])).ready[0]
    other = new_id("wsp")
    passage = (await service.search(workspace, "tent poles")).hits[0].passage
    assert (await service.search(other, "tent poles")).hits == ()
    assert await service.list_documents(other) == []
    for attempt in (
        service.get_document(other, document.id),
        service.get_passage(other, passage.id),
        service.delete(other, document.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    await service.ingest(other, [markdown("warranty.md", WARRANTY)])
    assert {h.passage.workspace_id for h in (await service.search(other, "tent poles")).hits} == {other}


async def test_both_channels_alone_and_together(service: KnowledgeService, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY), markdown("退货.md", RETURNS)])
    lexical = (await service.search(workspace, "退货运费", dense_share=0)).hits
    dense = (await service.search(workspace, "退货运费", dense_share=1)).hits
    assert lexical[0].dense_rank is None
    assert lexical[0].passage.heading == dense[0].passage.heading == "运费"
    assert dense[0].dense_rank == 1


@pytest.mark.parametrize(
    "query", ["", "   ", "???", "the of and", "'; DROP TABLE passage; --", '" OR * NEAR(a b) {', "\\ ' : & | !", "的了吗"]
)
async def test_any_text_may_be_asked(service: KnowledgeService, workspace: str, query: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])
    result = await service.search(workspace, query)
    assert 0 <= result.support <= 0.5


async def test_a_rare_word_chooses_candidates_before_common_ones(
    service: KnowledgeService, database: Database, workspace: str
) -> None:
    common = [markdown(f"{n}.md", f"# Tent {n}\n\nThe tent and the tent peg, tent and peg, peg and tent.") for n in range(30)]
    await service.ingest(workspace, [*common, markdown("rare.md", "# Valve\n\nA valve of the tent stove may leak.")])
    async with database.read() as tx:
        numbers = await repository.match(tx, workspace, {"tent": 0.01, "peg": 0.03, "valv": 3.0}, 5)
        first = (await repository.get_candidates(tx, workspace, numbers[:1]))[0]
    assert (len(numbers), first.uri) == (5, "rare.md")
    assert (await service.search(workspace, "tent peg valve", dense_share=0)).hits[0].uri == "rare.md"


async def test_a_very_long_question_is_looked_up_too(service: KnowledgeService, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY)])
    long = " ".join(f"word{n}" for n in range(3000))
    assert (await service.search(workspace, f"tent poles {long}")).hits[0].uri == "warranty.md"


class OtherEncoder(HashingEncoder):
    """As the hashing one with every axis turned round, under another name."""

    name = "other-1"

    def encode_one(self, text: str) -> np.ndarray:
        return -super().encode_one(text)


async def test_a_new_encoder_makes_new_vectors(service: KnowledgeService, database: Database, workspace: str) -> None:
    await service.ingest(workspace, [markdown("warranty.md", WARRANTY), markdown("退货.md", RETURNS)])
    changed = KnowledgeService(database, OtherEncoder())
    hit = (await changed.search(workspace, "tent poles")).hits[0]
    assert hit.dense_rank is None
    assert await changed.encode_missing(workspace) == 4
    assert await changed.encode_missing(workspace) == 0
    hit = (await changed.search(workspace, "tent poles")).hits[0]
    assert hit.dense_rank == 1
    assert hit.dense_score > 0.1


async def test_a_second_process_sees_what_the_first_one_changed(database: Database, workspace: str) -> None:
    first, second = KnowledgeService(database), KnowledgeService(database)
    await first.ingest(workspace, [markdown("warranty.md", WARRANTY)])
    assert (await second.search(workspace, "soles")).hits[0].passage.heading == "What is not covered"
    document = (await first.ingest(workspace, [markdown("退货.md", RETURNS)])).ready[0]
    assert (await second.search(workspace, "退货期限")).hits[0].dense_rank == 1
    await first.delete(workspace, document.id)
    assert all(h.passage.lang == "en" for h in (await second.search(workspace, "退货期限")).hits)


async def test_a_folder_is_read_with_everything_below(service: KnowledgeService, workspace: str, tmp_path: Path) -> None:
    folder = tmp_path / "help"
    (folder / "zh").mkdir(parents=True)
    (folder / "warranty.md").write_text(WARRANTY, "utf-8")
    (folder / "zh" / "退货.md").write_text(RETURNS, "utf-8")
    (folder / "notes.bin").write_bytes(b"\x00")
    (tmp_path / "secret.md").write_text("# Secret\n\nnot for readers", "utf-8")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    report = await service.ingest_folder(workspace, folder)
    assert sorted(d.uri for d in report.ready) == ["warranty.md", "zh/退货.md"]
    assert [uri for uri, _ in report.failed] == ["link.md"]
    with pytest.raises(NotFound):
        await service.ingest_folder(workspace, tmp_path / "nowhere")


async def test_pages_are_fetched_by_address(database: Database, workspace: str) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/missing":
            return httpx.Response(404)
        page = "<html><head><title>Care</title></head><body><main><h1>Care</h1><p>Wash down at 30 °C.</p></main></body></html>"
        return httpx.Response(200, html=page)

    service = KnowledgeService(database, transport=httpx.MockTransport(serve), allow_private_urls=True)
    wanted = ["http://localhost/care", "", "http://localhost/missing", "ftp://localhost/care", "http://localhost/care"]
    report = await service.ingest_urls(workspace, wanted)
    assert [d.title for d in report.ready] == ["Care"]
    assert [uri for uri, _ in report.failed] == ["http://localhost/missing", "ftp://localhost/care"]
    guarded = KnowledgeService(database, transport=httpx.MockTransport(serve))
    assert (await guarded.ingest_urls(new_id("wsp"), ["http://localhost/care"])).ready == ()
