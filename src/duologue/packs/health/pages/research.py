"""What the researcher's page asks and does: import, search, screen, quote, tabulate, summarise. Every step belongs to a workspace.

Numbers cross threads here: ranking is arithmetic and runs beside the loop. Databases are asked only where the setting allows it.
"""

import asyncio
import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from duologue.kit.errors import Forbidden, Invalid, NotFound
from duologue.kit.ids import new_id
from duologue.packs.health import repository
from duologue.packs.health.audit.repository import hold_chain
from duologue.packs.health.literature import review as steps
from duologue.packs.health.literature.online import Database, fetch_papers
from duologue.packs.health.literature.papers import read_papers, write_csv, write_ris
from duologue.packs.health.literature.review import Decision, Decisions, Review, Row, Stage
from duologue.packs.health.literature.same import find_retracted, only_new
from duologue.packs.health.literature.screening import screen, vectorise
from duologue.packs.health.literature.search import Collection, Paper
from duologue.packs.health.pages.care import note
from duologue.sdk import Download, PanelContext, Upload, WriteTx

SAMPLE = Path(__file__).parents[1] / "sample" / "papers.ris"
_MOST_ONLINE = 1000
_KEPT = 4
_INDEXED: dict[tuple[str, int], Collection] = {}
_VECTORS: dict[tuple[str, int], Any] = {}


# ---- asked


async def list_reviews(context: PanelContext) -> Any:
    """Reviews of the workspace, and whether databases may be asked."""
    async with context.host.read() as tx:
        found = await repository.list_reviews(tx, context.workspace_id)
    return {"reviews": [{"id": i, "title": t} for i, t in found], "online": context.host.settings.health_literature}


async def show_review(context: PanelContext, review_id: str) -> Any:
    """The question, its terms, the flow and the estimate."""
    r, papers, decided = await _load(context, review_id)
    return {
        "id": r.id, "title": r.title, "question": r.question, "terms": {k: r.terms.get(k, "") for k in "PICO"},
        "flow": steps.count_flow(r, papers, decided), "estimate": asdict(steps.estimate(r, decided, len(papers))),
        "papers": len(papers), "retracted": sum(p.retracted for p in papers), "query": steps.query_of(r),
        "online_query": steps.online_query(r), "online": context.host.settings.health_literature,
    }  # fmt: skip


async def search(context: PanelContext, review_id: str, query: str = "", k: int = 10) -> Any:
    """Hybrid search in the collection, each paper with the sentence that fits best, verbatim."""
    r, papers, decided = await _load(context, review_id)
    asked = query.strip() or steps.query_of(r)
    if not papers or not asked:
        return {"found": []}
    found = await asyncio.to_thread(lambda: _indexed(r.id, papers).rank(asked, min(k, 100)))
    from duologue.packs.health.literature.search import best_quote

    return {
        "found": [_shown(i, papers[i], decided) | {"quote": best_quote(papers[i], asked), "score": round(s, 3)} for i, s in found]
    }


async def next_papers(context: PanelContext, review_id: str, k: int = 5) -> Any:
    """What to screen next: the drawn sample first, then the likeliest; before both kinds were decided, by the question."""
    r, papers, decided = await _load(context, review_id)
    drawn = [i for i in r.sample if i not in decided]
    order, why = drawn, "sample"
    if not drawn:
        order, why = await asyncio.to_thread(_order, r, papers, decided)
    return {"why": why, "left": len(papers) - len(decided), "papers": [_shown(i, papers[i], decided) for i in order[: min(k, 50)]]}


async def show_table(context: PanelContext, review_id: str) -> Any:
    """The evidence table and the summary over it."""
    r, papers, decided = await _load(context, review_id)
    rows = steps.evidence(papers, decided, r.question)
    return {
        "rows": [_shown(x.seq, x.paper, decided) | {"number": x.number, "quotes": dict(x.quotes)} for x in rows],
        "summary": [asdict(c) for c in steps.summarise(rows, context.lang)],
    }


async def export_csv(context: PanelContext, review_id: str) -> Download:
    """The evidence table for spreadsheets."""
    rows = await _rows(context, review_id)
    head = (
        "number",
        "id",
        "authors",
        "year",
        "title",
        "journal",
        "doi",
        "retracted",
        "population",
        "intervention",
        "comparison",
        "outcome",
        "result",
    )
    body = [
        (x.number, x.paper.id, "; ".join(x.paper.authors), x.paper.year or "", x.paper.title, x.paper.journal, x.paper.doi,
         "yes" if x.paper.retracted else "no", *(x.quotes.get(k, "") for k in steps.FIELDS))
        for x in rows
    ]  # fmt: skip
    return Download("evidence.csv", "text/csv", write_csv(head, body))


async def export_ris(context: PanelContext, review_id: str) -> Download:
    """The included papers for reference managers."""
    rows = await _rows(context, review_id)
    return Download("included.ris", "application/x-research-info-systems", write_ris([x.paper for x in rows]).encode())


# ---- done


async def create(context: PanelContext, question: str, title: str = "") -> Any:
    """A new review; its terms are read from the question."""
    if not question.strip():
        raise Invalid("Write the question that the review is to answer.")
    r = Review(
        new_id("rev"), context.workspace_id, title.strip() or question.strip()[:80], question.strip(), steps.ask_terms(question)
    )
    async with context.host.write() as tx:
        await repository.keep_review(tx, r, context.host.clock.now())
    _refresh(context)
    return {"id": r.id}


async def set_terms(
    context: PanelContext, review_id: str, population: str, intervention: str, comparison: str, outcome: str
) -> Any:
    """Correct the terms."""
    terms = dict(zip("PICO", (x.strip() for x in (population, intervention, comparison, outcome)), strict=True))
    async with context.host.write() as tx:
        r = await repository.get_review(tx, context.workspace_id, review_id)
        await repository.keep_review(tx, replace(r, terms=terms), context.host.clock.now())
    _refresh(context)
    return {"ok": True}


async def import_file(context: PanelContext, review_id: str, file: Upload) -> Any:
    """Add the papers of an export (PubMed XML, NBIB, RIS), or an article as PDF."""
    found = await asyncio.to_thread(read_papers, file.name, file.content)
    return await _add(context, review_id, found, found[0].source or file.name)


async def import_sample(context: PanelContext, review_id: str) -> Any:
    """Add the invented papers that ship with the pack."""
    return await _add(context, review_id, read_papers(SAMPLE.name, SAMPLE.read_bytes()), "sample")


async def ask_database(context: PanelContext, review_id: str, database: Database, query: str, limit: int = 200) -> Any:
    """Fetch papers from PubMed or Europe PMC, where the owner's setting lets queries leave the machine: without personal data."""
    if not context.host.settings.health_literature:
        raise Forbidden(
            "Databases may not be asked; set DUOLOGUE_HEALTH_LITERATURE to let queries leave the machine.", action="online"
        )
    async with context.host.read() as tx:
        await repository.get_review(tx, context.workspace_id, review_id)
    got = await fetch_papers(database, query, max(1, min(limit, _MOST_ONLINE)))
    await note(context, "asked_outside", "", {"to": database, "withheld": len(got.asked.withheld)})
    added = await _add(context, review_id, got.papers, "PubMed" if database == "pubmed" else "Europe PMC")
    return {"available": got.count, **added, "asked": got.asked.query, "withheld": list(got.asked.withheld)}


async def decide(context: PanelContext, review_id: str, seq: int, include: bool, stage: Stage = "screen", reason: str = "") -> Any:
    """Include or exclude a paper; an exclusion after reading the paper (`full`) needs its reason."""
    if stage == "full" and not include and not reason.strip():
        raise Invalid("Say why the paper is left out; the flow diagram shows the reasons.")
    async with context.host.write() as tx:
        await _paper(tx, context, review_id, seq)
        before = (await repository.list_decisions(tx, review_id)).get(seq)
        d = Decision(seq, include, stage, reason.strip(), context.member_id, dict(before.quotes) if before else {})
        await repository.keep_decision(tx, review_id, d, context.host.clock.now())
    _refresh(context)
    return {"ok": True}


async def draw_sample(context: PanelContext, review_id: str, size: int = 30) -> Any:
    """Draw unread papers at random; once they are read, they tell how many relevant ones may be left."""
    async with context.host.write() as tx:
        r = await repository.get_review(tx, context.workspace_id, review_id)
        decided, total = await repository.list_decisions(tx, review_id), len(await repository.list_papers(tx, review_id))
        unread = [i for i in range(total) if i not in decided]
        if not unread:
            raise Invalid("Everything is read; there is nothing to draw from.")
        drawn = tuple(sorted(random.SystemRandom().sample(unread, min(max(1, size), len(unread)))))
        await repository.keep_review(
            tx, replace(r, sample=drawn, sample_unread=len(unread), sample_of=tuple(unread)), context.host.clock.now()
        )
    _refresh(context)
    return {"drawn": len(drawn)}


async def quote(context: PanelContext, review_id: str, seq: int, field: str, words: str) -> Any:
    """Put other words of the paper into a cell of the table; refused unless they stand there."""
    async with context.host.write() as tx:
        paper = await _paper(tx, context, review_id, seq)
        d = (await repository.list_decisions(tx, review_id)).get(seq)
        if d is None or not d.include:
            raise Invalid("Include the paper first.")
        quotes = {**d.quotes, field: steps.check_quote(paper, field, words)}
        await repository.keep_decision(tx, review_id, replace(d, quotes=quotes), context.host.clock.now())
    _refresh(context)
    return {"ok": True}


# ---- within


def _refresh(context: PanelContext) -> None:
    """A review stands open in two tabs, or before two people: both see what was done."""
    context.host.refresh(context.workspace_id)


async def _load(context: PanelContext, review_id: str) -> tuple[Review, list[Paper], dict[int, Decision]]:
    async with context.host.read() as tx:
        r = await repository.get_review(tx, context.workspace_id, review_id)
        return r, await repository.list_papers(tx, review_id), await repository.list_decisions(tx, review_id)


async def _rows(context: PanelContext, review_id: str) -> list[Row]:
    r, papers, decided = await _load(context, review_id)
    return steps.evidence(papers, decided, r.question)


async def _paper(tx: WriteTx, context: PanelContext, review_id: str, seq: int) -> Paper:
    await hold_chain(tx, context.workspace_id)
    await repository.get_review(tx, context.workspace_id, review_id)
    papers = await repository.list_papers(tx, review_id)
    if not 0 <= seq < len(papers):
        raise NotFound("There is no such paper in this review.")
    return papers[seq]


async def _add(context: PanelContext, review_id: str, found: list[Paper], source: str) -> Any:
    async with context.host.write() as tx:
        await hold_chain(tx, context.workspace_id)
        r = await repository.get_review(tx, context.workspace_id, review_id)
        known = await repository.list_papers(tx, review_id)
        new, fallen = only_new(found, known), find_retracted(found, known)
        await repository.add_papers(tx, review_id, len(known), new)
        await repository.mark_retracted(tx, review_id, {i: known[i] for i in fallen})
        identified = {**r.identified, source: r.identified.get(source, 0) + len(found)}
        changed = replace(
            r, identified=identified, duplicates=r.duplicates + len(found) - len(new), sample=(), sample_unread=0, sample_of=()
        )
        await repository.keep_review(tx, changed, context.host.clock.now())
    _refresh(context)
    retracted = sum(p.retracted for p in new) + len(fallen)
    return {"read": len(found), "new": len(new), "duplicates": len(found) - len(new), "retracted": retracted}


def _shown(seq: int, p: Paper, decided: Decisions) -> dict[str, Any]:
    d = decided.get(seq)
    return {
        "seq": seq, "id": p.id, "title": p.title, "abstract": p.abstract, "retracted": p.retracted, "authors": list(p.authors),
        "year": p.year, "journal": p.journal, "doi": p.doi, "source": p.source, "include": d.include if d else None,
        "stage": d.stage if d else "", "reason": d.reason if d else "",
    }  # fmt: skip


def _order(r: Review, papers: list[Paper], decided: Decisions) -> tuple[list[int], str]:
    labels = {i: d.is_relevant for i, d in decided.items()}
    if len(set(labels.values())) == 2:
        key = (r.id, len(papers))
        if key not in _VECTORS:
            _keep(_VECTORS, key, vectorise([p.text for p in papers]))
        return list(screen([p.text for p in papers], labels, _VECTORS[key]).order), "learned"
    asked = steps.query_of(r)
    ranked = [i for i, _ in _indexed(r.id, papers).rank(asked, len(papers))] if papers and asked else []
    rest = [i for i in range(len(papers)) if i not in set(ranked)]
    order = [i for i in (*ranked, *rest) if i not in labels]
    only_hits = bool(labels) and all(labels.values())
    return (order[::-1] if only_hits else order), "question"


def _indexed(review_id: str, papers: list[Paper]) -> Collection:
    key = (review_id, len(papers))
    if key not in _INDEXED:
        _keep(_INDEXED, key, Collection(papers))
    return _INDEXED[key]


def _keep(cache: dict[tuple[str, int], Any], key: tuple[str, int], value: Any) -> None:
    while len(cache) >= _KEPT:
        cache.pop(next(iter(cache)), None)
    cache[key] = value
