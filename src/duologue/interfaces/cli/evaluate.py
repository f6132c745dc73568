"""`duologue eval …`: figures on the packs' labelled questions, one JSON object per line with `--json`."""

from __future__ import annotations

from importlib.metadata import entry_points
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.table import Table

from duologue.interfaces.cli.run import err, out, print_json, with_platform
from duologue.kit.errors import NotFound, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import typer

    from duologue.interfaces.platform import Platform


PASSAGES_OF_ONE = 6
"""Passages that are looked at for each article that is asked for."""


def evaluate_pack(context: typer.Context, name: str, tasks: Sequence[str], data_dir: Path | None, *, as_json: bool) -> None:
    """Run a pack's own evaluation `run(tasks, data_dir)`; one that has a parameter `encode` or `sentences` is handed the built-in
    encoder of words or of sentences, one that has `find` the program's search over a folder.

    Raises SetupError where a library that the pack needs is not installed.
    """
    (point,) = entry_points(group="duologue.evaluations", name=name)
    try:
        run = point.load()
    except ModuleNotFoundError as error:
        raise SetupError(f"{error.name} is not installed; install the extra: pip install 'duologue[{name}]'.") from error
    given: dict[str, Any] = {}
    if "encode" in signature(run).parameters:
        from duologue.lm.vectors.static_model import StaticModel

        given["encode"] = StaticModel.load()
    if "sentences" in signature(run).parameters:
        from duologue.lm.vectors.attentive_model import ENGLISH_SHARE, AttentiveModel

        given["sentences"] = AttentiveModel.load().mix(ENGLISH_SHARE)
    if "find" in signature(run).parameters:
        given["find"] = searcher(context)
    with err.status(f"measuring {name} …"):
        rows = list(run(tasks, data_dir, **given))
    _print(name, rows, as_json=as_json)


def searcher(context: typer.Context) -> Callable[[Path, Sequence[str], int], list[list[str]]]:
    """The program's search as a function of a folder, questions and a number: the articles of each, by path, best first."""

    def find(folder: Path, questions: Sequence[str], most: int) -> list[list[str]]:
        found: list[list[str]] = []

        from duologue.knowledge.evaluate import WORKSPACE

        async def ask(platform: Platform) -> None:
            await platform.knowledge.ingest_folder(WORKSPACE, folder)
            for question in questions:
                hits = (await platform.knowledge.search(WORKSPACE, question, k=PASSAGES_OF_ONE * most)).hits
                found.append(list(dict.fromkeys(hit.uri for hit in hits))[:most])

        with TemporaryDirectory(prefix="duologue-eval-") as home:
            with_platform(context, ask, Path(home), database_url="", engine="none", sample=False)
        return found

    return find


def evaluate_loop(tasks: Sequence[str], seeds: int, *, as_json: bool) -> None:
    """Run the measurements of the learning loop."""
    from duologue.learning.evaluate import run

    with err.status("simulating …"):
        rows = []
        for row in run(tasks, seeds=seeds):
            rows.append(row)
            if as_json:  # a figure is told when it is there: some take minutes
                print_json(row)
    if not as_json:
        _print("learning", rows, as_json=False)


async def evaluate_search(platform: Platform, *, as_json: bool) -> None:
    """Search the packs' knowledge with their questions, in a database of its own. Raises NotFound where no pack has any."""
    from duologue.knowledge.evaluate import evaluate_knowledge

    for pack, folder, questions in _labelled(platform):
        with err.status(f"measuring {pack} …"):
            rows = await evaluate_knowledge(platform.knowledge, folder, questions)
        _print(pack, rows, as_json=as_json)


async def evaluate_answering(platform: Platform, *, as_json: bool) -> None:
    """Answer the packs' questions as on autopilot, without a model's words, in a database of its own."""
    from duologue.assistant.evaluate import evaluate_answers
    from duologue.assistant.evaluate_pairs import evaluate_pairs
    from duologue.knowledge.evaluate import WORKSPACE, read_questions

    for pack, folder, questions in _labelled(platform):
        with err.status(f"answering for {pack} …"):
            await platform.knowledge.ingest_folder(WORKSPACE, folder)
            threshold = platform.settings.autopilot_threshold
            rows = await evaluate_answers(platform.knowledge, WORKSPACE, questions, threshold)
            for task in next(p for p in platform.packs if p.name == pack).tasks:
                if task.measures == "answers":
                    of = [task.questions]
                    rows += await evaluate_answers(platform.knowledge, WORKSPACE, of, threshold, part="all", task=task.name)
                    rows += await evaluate_pairs(platform.knowledge, WORKSPACE, read_questions(of), threshold, task.name)
        _print(pack, rows, as_json=as_json)


def _labelled(platform: Platform) -> list[tuple[str, Path, list[Path]]]:
    """Packs with labelled questions: name, folder of documents, files of questions. Raises NotFound where there are none."""
    found = []
    for pack in platform.packs:
        questions = [t.questions for t in pack.tasks if t.measures == "retrieval"]
        folders = sorted({s.folder.parent for s in pack.sources})
        found += [(pack.name, folder, questions) for folder in folders if questions]
    if not found:
        raise NotFound("No installed pack brings questions for its knowledge.")
    return found


def _print(pack: str, rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            print_json(row)
        return
    table = Table("task", "metric", "value", "baseline", "n", "note", box=None, title=pack)
    for row in rows:
        table.add_row(
            row["task"],
            row["metric"],
            _figure(row["value"]),
            _figure(row["baseline"]),
            str(row["n"]),
            row["note"],
        )
    out.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
