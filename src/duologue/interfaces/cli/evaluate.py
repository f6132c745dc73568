"""`duologue eval …`: figures on the packs' labelled questions, one JSON object per line with `--json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

from duologue.interfaces.cli.run import err, out, print_json
from duologue.kit.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duologue.interfaces.platform import Platform


async def evaluate_search(platform: Platform, *, as_json: bool) -> None:
    """Search the packs' knowledge with their questions, in a database of its own. Raises NotFound where no pack has any."""
    from duologue.knowledge.evaluate import evaluate_knowledge

    measured = False
    for pack in platform.packs:
        questions = [t.questions for t in pack.tasks if t.measures == "retrieval"]
        folders = sorted({s.folder.parent for s in pack.sources})
        for folder in folders if questions else ():
            measured = True
            with err.status(f"measuring {pack.name} …"):
                rows = await evaluate_knowledge(platform.knowledge, folder, questions)
            _print(pack.name, rows, as_json=as_json)
    if not measured:
        raise NotFound("No installed pack brings questions for its knowledge.")


def _print(pack: str, rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print_json(row)
        return
    table = Table("task", "metric", "value", "baseline", "n", "note", box=None, title=pack)
    for row in rows:
        table.add_row(row["task"], row["metric"], f"{row['value']:.3f}", f"{row['baseline']:.3f}", str(row["n"]), row["note"])
    out.print(table)
