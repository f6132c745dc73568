"""`duologue learn`: the workspace's verdicts become a dataset and a challenger, compared with the model that answers now."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from duologue.interfaces.cli.run import err, get_workspace, out, print_json
from duologue.kit.errors import Invalid, SetupError

if TYPE_CHECKING:
    from duologue.interfaces.platform import Platform
    from duologue.learning.dataset import Dataset
    from duologue.learning.model import Score
    from duologue.learning.registry import Registry


async def learn_from(platform: Platform, slug: str, name: str, *, look_only: bool, freeze_only: bool, as_json: bool) -> None:
    """Freeze, train, compare, say what stands in the way. `name`: a frozen dataset to go on with; `look_only` writes nothing.

    Raises Invalid where there is too little, Conflict where another process learns, SetupError without torch.
    """
    from duologue.learning.archive import drop_copies, load
    from duologue.learning.gates import check_gates, read_gates
    from duologue.learning.study import hold

    workspace = await get_workspace(platform, slug)
    registry = platform.champions.registry(workspace.id)
    folder = registry.folder
    if name:
        dataset = load(folder / "datasets" / name)
    else:
        dataset = await (platform.datasets.look(workspace.id) if look_only else platform.datasets.freeze(workspace.id))
    _say_dataset(dataset, None if look_only else folder / "datasets" / dataset.name, as_json=as_json)
    if look_only or freeze_only:
        return
    dataset.check()
    gates = read_gates(folder.parent, workspace.slug)
    texts = await platform.datasets.list_texts(workspace.id)
    parent, champion = registry.find_champion() or _of_settings(platform)
    with hold(folder):
        scores, model = await asyncio.to_thread(_train, platform, dataset, registry, parent, champion, texts, as_json)
        scores += await _sit_exams(platform, champion, model, as_json=as_json)
        in_the_way = check_gates(scores, gates)
        version = registry.note(dataset.name, parent, model, scores, in_the_way, platform.database.clock.now())
        drop_copies(folder / "runs" / dataset.name)
    taught, said = await platform.datasets.list_claims(workspace.id, version.name)
    _say_scores(scores, in_the_way, version.name, len(taught), len(said), as_json=as_json)


async def _sit_exams(platform: Platform, champion: Path, challenger: Path, *, as_json: bool) -> list[Score]:
    """Both models on the packs' questions and dialogues."""
    from duologue.learning.exams import Exam, compare_exams

    exams = [
        Exam(
            pack.name, tuple(sorted({s.folder.parent for s in pack.sources})),
            tuple(t.questions for t in pack.tasks if t.measures == "retrieval"),
            tuple(t.questions for t in pack.tasks if t.measures == "dialogues"), pack.policy, pack.voice,
        )
        for pack in platform.packs
        if pack.tasks
    ]  # fmt: skip
    if as_json:
        print_json({"part": "exams", "share": 0.0})
    first, second = platform.champions.load(champion), platform.champions.load(challenger)
    try:
        with err.status("sitting the packs' sets …"):
            return await compare_exams(first, second, exams, platform.knowledge.encoder, platform.settings.autopilot_threshold)
    finally:
        await first.aclose()
        await second.aclose()


def _of_settings(platform: Platform) -> tuple[str, Path]:
    """The model of the settings. Raises Invalid where it is not one of ours."""
    from duologue.engine.local import find_embedded

    if platform.settings.engine not in ("local", "none"):
        raise Invalid("Only our own model learns here; of a remote one, take the export: duologue export --format sft|dpo.")
    folder = Path(platform.settings.model_dir) if platform.settings.model_dir else find_embedded()
    return folder.name, folder


def _train(
    platform: Platform, dataset: Dataset, registry: Registry, parent: str, champion: Path, texts: list[str], as_json: bool
) -> tuple[list[Score], Path]:
    try:
        from duologue.learning.compare import compare, measure_planted
        from duologue.learning.ordinary import read_texts, split_texts
        from duologue.learning.train import learn
    except ModuleNotFoundError as error:
        raise SetupError(f"{error.name} is not installed; install the extra: pip install 'duologue[local]'.") from error
    ordinary = split_texts(texts, read_texts({s.folder for pack in platform.packs for s in pack.sources}))
    settings = platform.settings
    with err.status("learning …") as status:

        def say(part: str, share: float) -> None:
            status.update(f"{part} {share:.0%}")
            if as_json:
                print_json({"part": part, "share": round(share, 3)})

        run = learn(dataset, champion, registry.folder, ordinary.replay, say, settings.learn_torchrun, settings.learn_lora_rank)
        say("compare", 0.0)
        scores = registry.find_comparison(dataset.name, parent)
        if scores is None:
            found = compare(champion, run.model, dataset.held_out, ordinary, dataset.pairs(dataset.train), texts)
            registry.keep_comparison(dataset.name, parent, found)
            scores = found.scores
    return [*scores, *measure_planted(dataset)], run.model


def _say_dataset(dataset: Dataset, place: Path | None, *, as_json: bool) -> None:
    counts: dict[str, Any] = {
        "dataset": dataset.name, "answers": len(dataset.answers(dataset.train)), "pairs": len(dataset.pairs(dataset.train)),
        "labels": len(dataset.labels(dataset.train)), "held_out": len(dataset.held_out), "people": dataset.people,
        "left_out": dataset.left_out, "folder": str(place) if place else None,
    }  # fmt: skip
    if as_json:
        print_json(counts)
        return
    line = "dataset {dataset}: {answers} answers, {pairs} pairs, {labels} labels, {held_out} held out".format_map(counts)
    out.print(line, markup=False)
    for reason, n in dataset.left_out.items():
        out.print(f"  left out: {n} {reason.replace('_', ' ')}", markup=False)


def _say_scores(scores: list[Score], in_the_way: list[str], version: str, taught: int, said: int, *, as_json: bool) -> None:
    if as_json:
        for s in scores:
            print_json({"metric": s.metric, "value": s.challenger, "baseline": s.champion, "low": s.low, "high": s.high, "n": s.n})
        print_json({"version": version, "in_the_way": in_the_way, "taught_without_text": taught, "said_without_text": said})
        return
    table = Table("metric", "now", "challenger", "difference (95 %)", "n", box=None)
    for s in scores:
        interval = f"{s.difference:+.3f} [{s.low:+.3f}, {s.high:+.3f}]"
        table.add_row(s.metric, f"{s.champion:.3f}", f"{s.challenger:.3f}", interval, str(s.n))
    out.print(table)
    for sentence in in_the_way:
        out.print(f"- {sentence}", markup=False)
    if taught or said:
        out.print(
            f"No text of the house carries {taught} sentences that it was taught and {said} answers that it wrote: read them on "
            "the page Learning of /admin before you sign.",
            markup=False,
        )
    if not in_the_way:
        out.print(f"Nothing stands in the way of {version}. A person lets it answer on the page Learning of /admin.", markup=False)
