"""`duologue knowledge …`: documents in, out, listed and searched."""

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from duologue.interfaces.cli.run import err, get_workspace, out, print_json
from duologue.interfaces.platform import Platform
from duologue.kit.errors import Invalid, NotFound
from duologue.knowledge.model import IngestProgress, IngestReport, Input
from duologue.store.feed import to_payload

WIDE = 400
"""Columns of a table that goes to a file or a pipe: nothing is shortened there, for names and ids are copied from it."""


async def add(platform: Platform, slug: str, sources: list[str], *, as_json: bool) -> None:
    """Ingest files, folders and addresses; failures are listed by name and end with an error."""
    workspace = await get_workspace(platform, slug)
    reports: list[IngestReport] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=as_json) as progress:
        task = progress.add_task("reading", total=None)

        def on_progress(step: IngestProgress) -> None:
            progress.update(task, completed=step.done, total=step.total, description=step.uri[-40:])

        knowledge = platform.knowledge
        addresses = [s for s in sources if s.startswith(("http://", "https://"))]
        if addresses:
            reports.append(await knowledge.ingest_urls(workspace.id, addresses, on_progress))
        for path in (Path(s) for s in sources if s not in addresses):
            if path.is_dir():
                reports.append(await knowledge.ingest_folder(workspace.id, path, on_progress))
            elif path.is_file():
                reports.append(await knowledge.ingest(workspace.id, [Input(path.name, path.read_bytes())], on_progress))
            else:
                raise NotFound(f"There is no file or folder {path}.")
    ready = [d for r in reports for d in r.ready]
    failed = [f for r in reports for f in r.failed]
    if as_json:
        print_json({"ready": [to_payload(d) for d in ready], "failed": [{"uri": u, "error": e} for u, e in failed]})
    else:
        out.print(f"Documents ready: {len(ready)}; passages: {sum(d.passage_count for d in ready)}.")
        for uri, error in failed:
            err.print(f"{uri}: {error}", style="yellow", markup=False)
    if failed:
        raise Invalid(f"{len(failed)} of {len(ready) + len(failed)} documents could not be read.")


async def list_all(platform: Platform, slug: str, *, as_json: bool) -> None:
    """All documents as a table or as JSON lines."""
    workspace = await get_workspace(platform, slug)
    documents = await platform.knowledge.list_documents(workspace.id)
    if as_json:
        for document in documents:
            print_json(to_payload(document))
        return
    table = Table("title", "lang", "passages", "status", "name", "id", box=None)
    for d in documents:
        table.add_row(d.title, d.lang, str(d.passage_count), d.error or d.status, d.uri, d.id)
    # rich never prints wider than its console is, and takes a pipe for one of 80 columns
    wide = out if sys.stdout.isatty() else Console(width=WIDE, highlight=False, soft_wrap=True)
    wide.print(table, crop=False)


async def remove(platform: Platform, slug: str, wanted: list[str]) -> None:
    """Delete documents by id or by name; unknown ones are an error before anything is deleted."""
    workspace = await get_workspace(platform, slug)
    documents = await platform.knowledge.list_documents(workspace.id)
    by_name = {d.id: d.id for d in documents} | {d.uri: d.id for d in documents}
    unknown = [w for w in wanted if w not in by_name]
    if unknown:
        raise NotFound(f"There is no document {unknown[0]}; `duologue knowledge list` shows them.")
    for name in wanted:
        await platform.knowledge.delete(workspace.id, by_name[name])
    out.print(f"Documents deleted: {len(wanted)}.")


async def search(platform: Platform, slug: str, query: str, k: int, *, as_json: bool) -> None:
    """The best passages for a question."""
    workspace = await get_workspace(platform, slug)
    found = await platform.knowledge.search(workspace.id, query, k=k)
    if as_json:
        hits = [{"score": h.score, "passage": to_payload(h.passage), "uri": h.uri} for h in found.hits]
        print_json({"query": query, "support": found.support, "hits": hits})
        return
    out.print(f"support {found.support:.2f}")
    for number, hit in enumerate(found.hits, start=1):
        where = " › ".join(p for p in (hit.passage.title, hit.passage.heading) if p)
        out.print(f"\n[bold]{number}.[/bold] {hit.score:.3f}  ", end="")
        out.print(where, style="bold", markup=False)
        out.print(hit.passage.body.strip(), markup=False)
