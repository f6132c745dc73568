"""The tree of commands: those of the platform itself, and the families (`*_commands.py`) hung on it.

What a command does stands in the module of its name, imported when it is run.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from duologue import __version__
from duologue.interfaces.cli import errand_commands, model_commands, train_commands
from duologue.interfaces.cli.evaluate_commands import evaluate
from duologue.interfaces.cli.key_commands import key
from duologue.interfaces.cli.knowledge_commands import knowledge
from duologue.interfaces.cli.member_commands import member
from duologue.interfaces.cli.options import AsJson, DataDir, Workspace
from duologue.interfaces.cli.run import load_settings, out
from duologue.kit.errors import SetupError

app = typer.Typer(
    name="duologue",
    help="Human–AI collaborative dialogue, self-hosted, in English and Chinese.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(knowledge, name="knowledge")
app.add_typer(member, name="member")
app.add_typer(key, name="key")
app.add_typer(evaluate, name="eval")
errand_commands.add_commands(app)
model_commands.add_commands(app)
train_commands.add_commands(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"duologue {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Human–AI collaborative dialogue, self-hosted, in English and Chinese."""


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on (default 8600).")] = None,
    data_dir: DataDir = None,
    database_url: Annotated[str | None, typer.Option(help="SQLAlchemy URL of PostgreSQL; SQLite without it.")] = None,
    engine: Annotated[str | None, typer.Option(help="Where answers come from: local, remote, scripted or none.")] = None,
    sample: Annotated[bool | None, typer.Option("--sample/--no-sample", help="Prepare the sample workspace.")] = None,
    log_level: Annotated[str | None, typer.Option(help="Least severity that is logged.")] = None,
    engine_only: Annotated[bool, typer.Option("--engine-only", help="Serve models over /v1 alone: no database, no pages.")] = False,
    model: Annotated[
        list[Path] | None, typer.Option(help="Folder of a model for --engine-only, ours or of Hugging Face; again for more.")
    ] = None,
) -> None:
    """Start the server; Ctrl-C stops it. All settings: docs/reference/settings.md."""
    settings = load_settings(
        host=host,
        port=port,
        data_dir=data_dir,
        database_url=database_url,
        engine=engine,
        sample=sample,
        log_level=log_level,
    )
    if engine_only:
        context.obj.serve_models(settings, tuple(model or ()))
    elif model:
        raise SetupError("--model goes with --engine-only; the platform's model is named by DUOLOGUE_MODEL_DIR.")
    else:
        context.obj.serve(settings)


@app.command()
def chat(
    context: typer.Context,
    url: Annotated[str, typer.Option(help="Address of a running server; empty means in this process.")] = "",
    workspace: Workspace = "",
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the notices.")] = "en",
    data_dir: DataDir = None,
) -> None:
    """Talk with the assistant in the terminal, as a person does on the page."""
    from duologue.interfaces.cli.chat import chat_here, chat_over_http
    from duologue.interfaces.cli.run import with_platform

    if url:
        import asyncio

        asyncio.run(chat_over_http(url, workspace, lang))
    else:
        with_platform(context, lambda platform: chat_here(platform, workspace, lang), data_dir, answers=True)


@app.command()
def export(
    context: typer.Context,
    form: Annotated[Literal["sft", "dpo", "kto"], typer.Option("--format", help="Verdicts: which form of examples.")] = "sft",
    to: Annotated[
        Path | None, typer.Option("--to", "--out", "-o", help="File to write (stdout without it); a model's folder.")
    ] = None,
    workspace: Workspace = "",
    data_dir: DataDir = None,
    model: Annotated[str, typer.Option("--model", help="Write this model instead, as transformers and vLLM load it.")] = "",
    adapter: Annotated[Path | None, typer.Option(help="With --model: a PEFT folder of adapters to work in.")] = None,
    dtype: Annotated[
        str, typer.Option(help="With --model: fp32, bf16 or fp16 (of the source without it); with --gguf also q8_0 and q4_0.")
    ] = "",
    shard_mb: Annotated[int, typer.Option(min=0, help="With --model: most megabytes per file; 0 writes one.")] = 0,
    as_gguf: Annotated[bool, typer.Option("--gguf", help="With --model: one file for llama.cpp and Ollama.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the verdicts as training examples, one JSON object per line; with --model a model in Hugging Face's layout, or GGUF."""
    from duologue.interfaces.cli.export import export_model, export_to
    from duologue.interfaces.cli.run import with_platform

    if model:
        export_model(model, to, adapter=adapter, dtype=dtype, shard_mb=shard_mb, as_gguf=as_gguf, as_json=as_json)
    else:
        with_platform(context, lambda platform: export_to(platform, workspace, form, to), data_dir)


@app.command()
def learn(
    context: typer.Context,
    look_only: Annotated[bool, typer.Option("--look-only", help="Only say what would be learnt from; nothing is written.")] = False,
    freeze_only: Annotated[bool, typer.Option("--freeze-only", help="Write the dataset and stop.")] = False,
    dataset: Annotated[str, typer.Option(help="Go on with this frozen dataset; without it a new one is frozen.")] = "",
    attached: Annotated[
        bool, typer.Option("--attached", help="End when standard input is closed; the server starts it so.")
    ] = False,
    workspace: Workspace = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let the verdicts become a better model: a dataset, a challenger, and how it compares with the one that answers now."""
    from duologue.interfaces.cli.learn import learn_from
    from duologue.interfaces.cli.run import with_platform
    from duologue.learning.study import follow

    if attached:
        follow()
    with_platform(
        context,
        lambda platform: learn_from(platform, workspace, dataset, look_only=look_only, freeze_only=freeze_only, as_json=as_json),
        data_dir,
    )


@app.command()
def bench(
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to the measurements.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure this machine: messages per second, delays, start-up, memory. Needs a checkout of the source."""
    from duologue.interfaces.cli.bench import run_bench

    run_bench([*(arguments or []), *(["--json"] if as_json else [])])


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="Archive to write, such as backup.tar.gz.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write everything that the program holds into one archive; the server may go on running."""
    from duologue.interfaces.cli.backup import do_backup

    do_backup(load_settings(data_dir=data_dir), to, as_json=as_json)


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="Archive that `duologue backup` wrote.")],
    data_dir: DataDir = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a data folder that is not empty.")] = False,
) -> None:
    """Put an archive's content back; stop the server first."""
    from duologue.interfaces.cli.backup import do_restore

    do_restore(load_settings(data_dir=data_dir), archive, force=force)
