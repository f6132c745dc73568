"""`duologue key …`: the options. What the commands do stands in `key.py`, imported when one is run."""

from typing import Annotated

import typer

from duologue.interfaces.cli.options import AsJson, DataDir, Workspace

key = typer.Typer(help="The keys of programs that ask the models over /v1.", no_args_is_help=True)


@key.command("add")
def add_key(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who uses it.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="chat, completions, embeddings, models or responses; again for more, all without it.")
    ] = None,
    requests_per_minute: Annotated[int, typer.Option(min=0, help="0: no limit.")] = 0,
    tokens_per_minute: Annotated[int, typer.Option(min=0, help="0: no limit.")] = 0,
    days: Annotated[float | None, typer.Option(help="How long it is good; until it is revoked without it.")] = None,
    workspace: Workspace = "",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; its secret is printed this once."""
    from duologue.interfaces.cli.key import add
    from duologue.interfaces.cli.run import with_platform

    given = (workspace, name, tuple(scope or ()), requests_per_minute, tokens_per_minute, days)
    with_platform(context, lambda platform: add(platform, *given, as_json=as_json), data_dir)


@key.command("list")
def list_keys(context: typer.Context, workspace: Workspace = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show all keys, without their secrets."""
    from duologue.interfaces.cli.key import list_all
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: list_all(platform, workspace, as_json=as_json), data_dir)


@key.command("revoke")
def revoke_key(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `duologue key list` shows it.")],
    workspace: Workspace = "",
    data_dir: DataDir = None,
) -> None:
    """End a key; a running server may take it for some seconds more."""
    from duologue.interfaces.cli.key import revoke
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: revoke(platform, workspace, key_id), data_dir)
