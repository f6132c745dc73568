"""The tree of commands and their options. What a command does stands in the module of its name, imported when it is run."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from duologue import __version__
from duologue.interfaces.cli.run import load_settings, out

app = typer.Typer(
    name="duologue",
    help="Human–AI collaborative dialogue, self-hosted, in English and Chinese.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
knowledge = typer.Typer(help="The documents that answers stand on.", no_args_is_help=True)
member = typer.Typer(help="The people who work in a workspace.", no_args_is_help=True)
evaluate = typer.Typer(help="Measure an ability on labelled questions.", no_args_is_help=True)
app.add_typer(knowledge, name="knowledge")
app.add_typer(member, name="member")
app.add_typer(evaluate, name="eval")

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder that holds everything that the program writes.")]
Workspace = Annotated[str, typer.Option("--workspace", "-w", help="Short name of the workspace; empty means the first one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]


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
) -> None:
    """Start the server; Ctrl-C stops it. All settings: docs/reference/settings.md."""
    context.obj.serve(
        load_settings(
            host=host,
            port=port,
            data_dir=data_dir,
            database_url=database_url,
            engine=engine,
            sample=sample,
            log_level=log_level,
        )
    )


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
    form: Annotated[Literal["sft", "dpo", "kto"], typer.Option("--format", help="Which form of examples.")] = "sft",
    to: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; stdout without it.")] = None,
    workspace: Workspace = "",
    data_dir: DataDir = None,
) -> None:
    """Write the verdicts as training examples, one JSON object per line."""
    from duologue.interfaces.cli.export import export_to
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: export_to(platform, workspace, form, to), data_dir)


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


@knowledge.command("add")
def add_knowledge(
    context: typer.Context,
    sources: Annotated[list[str], typer.Argument(help="Files, folders, or addresses that start with http.")],
    workspace: Workspace = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take documents in; the same name again replaces."""
    from duologue.interfaces.cli.knowledge import add
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: add(platform, workspace, sources, as_json=as_json), data_dir)


@knowledge.command("list")
def list_knowledge(context: typer.Context, workspace: Workspace = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show all documents."""
    from duologue.interfaces.cli.knowledge import list_all
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: list_all(platform, workspace, as_json=as_json), data_dir)


@knowledge.command("remove")
def remove_knowledge(
    context: typer.Context,
    documents: Annotated[list[str], typer.Argument(help="Ids or names (uris) of documents.")],
    workspace: Workspace = "",
    data_dir: DataDir = None,
) -> None:
    """Delete documents with their passages."""
    from duologue.interfaces.cli.knowledge import remove
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: remove(platform, workspace, documents), data_dir)


@knowledge.command("search")
def search_knowledge(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="A question in English or Chinese.")],
    k: Annotated[int, typer.Option(min=1, max=50, help="How many passages.")] = 5,
    workspace: Workspace = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Search as the assistant does."""
    from duologue.interfaces.cli.knowledge import search
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: search(platform, workspace, query, k, as_json=as_json), data_dir)


@member.command("add")
def add_member(
    context: typer.Context,
    email: Annotated[str, typer.Argument(help="E-mail address to sign in with.")],
    name: Annotated[str, typer.Option(help="Name that others see.")] = "",
    role: Annotated[Literal["owner", "admin", "expert", "viewer"], typer.Option(help="What the member may do.")] = "expert",
    team: Annotated[str, typer.Option(help="Team whose queue the member works on.")] = "",
    workspace: Workspace = "",
    workspace_name: Annotated[str, typer.Option(help="Make the workspace of this name if there is none of that short name.")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin, do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Add a member; asks for the password."""
    from duologue.interfaces.cli.member import add, read_password
    from duologue.interfaces.cli.run import with_platform

    password = read_password(from_stdin=password_stdin)
    given = (workspace, workspace_name, email, name, role, team, password)
    with_platform(context, lambda platform: add(platform, *given), data_dir, sample=False)


@member.command("list")
def list_members(context: typer.Context, workspace: Workspace = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show all members."""
    from duologue.interfaces.cli.member import list_all
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: list_all(platform, workspace, as_json=as_json), data_dir)


def _add_evaluation(name: str) -> None:
    def run(
        task: Annotated[list[str] | None, typer.Option(help="Only this task; give it again for more.")] = None,
        data: Annotated[
            Path | None, typer.Option(help="Folder with test.jsonl and mostly train.jsonl; the pack's own rows without it.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        from duologue.interfaces.cli.evaluate import evaluate_pack

        evaluate_pack(name, task or (), data, as_json=as_json)

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
