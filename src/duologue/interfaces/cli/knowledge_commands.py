"""`duologue knowledge …`: the options. What the commands do stands in `knowledge.py`, imported when one is run."""

from typing import Annotated

import typer

from duologue.interfaces.cli.options import AsJson, DataDir, Workspace

knowledge = typer.Typer(help="The documents that answers stand on.", no_args_is_help=True)


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
