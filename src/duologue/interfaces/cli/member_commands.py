"""`duologue member …`: the options. What the commands do stands in `member.py`, imported when one is run."""

from typing import Annotated, Literal

import typer

from duologue.interfaces.cli.options import AsJson, DataDir, Workspace

member = typer.Typer(help="The people who work in a workspace.", no_args_is_help=True)


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
    from duologue.interfaces.cli.member import add, check_email, read_password
    from duologue.interfaces.cli.run import with_platform

    check_email(email)
    password = read_password(from_stdin=password_stdin)
    given = (workspace, workspace_name, email, name, role, team, password)
    with_platform(context, lambda platform: add(platform, *given), data_dir, sample=False)


@member.command("list")
def list_members(context: typer.Context, workspace: Workspace = "", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show all members."""
    from duologue.interfaces.cli.member import list_all
    from duologue.interfaces.cli.run import with_platform

    with_platform(context, lambda platform: list_all(platform, workspace, as_json=as_json), data_dir)
