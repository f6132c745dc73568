"""`duologue eval …`: the options. What the commands do stands in `evaluate.py`, imported when one is run."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from duologue.interfaces.cli.options import AsJson

evaluate = typer.Typer(help="Measure an ability on labelled questions.", no_args_is_help=True)


def _add_evaluation(name: str) -> None:
    def run(
        context: typer.Context,
        task: Annotated[list[str] | None, typer.Option(help="Only this task; give it again for more.")] = None,
        data: Annotated[
            Path | None, typer.Option(help="Folder with test.jsonl and mostly train.jsonl; the pack's own rows without it.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        from duologue.interfaces.cli.evaluate import evaluate_pack

        evaluate_pack(context, name, task or (), data, as_json=as_json)

    evaluate.command(name, help=f"Measure the models of the {name} pack, each figure beside its baseline.")(run)


for _name in sorted(point.name for point in entry_points(group="duologue.evaluations")):
    _add_evaluation(_name)


@evaluate.command("knowledge")
def evaluate_knowledge(context: typer.Context, as_json: AsJson = False) -> None:
    """Search the packs' knowledge with labelled questions: recall@5, MRR@10, nDCG@10, AUROC of the unanswerable."""
    import tempfile

    from duologue.interfaces.cli.evaluate import evaluate_search
    from duologue.interfaces.cli.run import with_platform

    apart: dict[str, Any] = {"database_url": "", "engine": "none", "sample": False}
    with tempfile.TemporaryDirectory(prefix="duologue-eval-") as folder:
        with_platform(context, lambda platform: evaluate_search(platform, as_json=as_json), Path(folder), **apart)


@evaluate.command("answers")
def evaluate_answers(context: typer.Context, as_json: AsJson = False) -> None:
    """What the assistant would send by itself, what of it is right, and what it holds back."""
    import tempfile

    from duologue.interfaces.cli.evaluate import evaluate_answering
    from duologue.interfaces.cli.run import with_platform

    apart: dict[str, Any] = {"database_url": "", "engine": "none", "sample": False}
    with tempfile.TemporaryDirectory(prefix="duologue-eval-") as folder:
        with_platform(context, lambda platform: evaluate_answering(platform, as_json=as_json), Path(folder), answers=True, **apart)


@evaluate.command("learning")
def evaluate_learning(
    task: Annotated[list[str] | None, typer.Option(help="Only this task; give it again for more.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many simulated years.")] = 200,
    as_json: AsJson = False,
) -> None:
    """What is promised of autonomy, what corrections teach, and what remembering them gives: risk, corrections, recall."""
    from duologue.interfaces.cli.evaluate import evaluate_loop

    evaluate_loop(task or (), seeds, as_json=as_json)


@evaluate.command("parity")
def evaluate_parity(as_json: AsJson = False) -> None:
    """Networks, decoding and files beside independent ones (extra `oracles`): how far apart they are, and may be."""
    from duologue.interfaces.cli.evaluate_model import print_parity

    print_parity(as_json=as_json)


@evaluate.command("text")
def evaluate_text(
    model: Annotated[str, typer.Option("--model", help="Folder of a model, ours or Hugging Face's, or its name on the Hub.")],
    data: Annotated[list[str], typer.Option(help="Files or folders of texts and conversations; give it again for more.")],
    as_json: AsJson = False,
) -> None:
    """A language model on texts: bits per byte and perplexity by language; on conversations also how its answers end and repeat."""
    from duologue.interfaces.cli.evaluate_model import print_texts

    print_texts(model, data, as_json=as_json)


@evaluate.command("lm")
def evaluate_lm(
    model: Annotated[str, typer.Option("--model", help="Folder of a model, ours or Hugging Face's, or its name on the Hub.")],
    tasks: Annotated[list[str], typer.Option(help="A task's name, or a YAML file of one; give it again for more.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Only this many documents per task.")] = None,
    num_fewshot: Annotated[
        int | None, typer.Option(min=0, help="Examples before each question; the task's own without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """A language model on tasks of lm-evaluation-harness, through its own adapter (extra `lm-eval`)."""
    from duologue.interfaces.cli.evaluate_model import print_harness

    print_harness(model, tasks, limit, num_fewshot, as_json=as_json)
