"""`duologue member …`: add and list the people who work in a workspace."""

import getpass
import sys

from rich.table import Table

from duologue.accounts.model import Role, is_email
from duologue.interfaces.cli.run import get_workspace, out, print_json
from duologue.interfaces.platform import Platform
from duologue.kit.errors import Invalid, NotFound
from duologue.store.feed import to_payload


def check_email(text: str) -> None:
    """Refuse what is no e-mail address before anybody types a password for it."""
    if not is_email(text.strip().lower()):
        raise Invalid(f"{text} is not an e-mail address.", field="email")


def read_password(*, from_stdin: bool) -> str:
    """A password, typed twice or read from a pipe."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise Invalid("The two passwords differ.")
    return first


async def add(
    platform: Platform, slug: str, workspace_name: str, email: str, name: str, role: Role, team: str, password: str
) -> None:
    """Add a member; with `workspace_name` the workspace too, where there is none of that short name."""
    try:
        workspace = await get_workspace(platform, slug)
    except NotFound:
        if not (slug and workspace_name):
            raise
        workspace = await platform.accounts.create_workspace(slug, workspace_name, "en")
        await platform.conversations.ensure_desk(workspace.id, workspace_name, None)
    member = await platform.accounts.add_member(workspace.id, email, name, role, password, team=team)
    out.print(f"{member.email} is {member.role} of {workspace.slug}.", markup=False)


async def list_all(platform: Platform, slug: str, *, as_json: bool) -> None:
    """All members."""
    workspace = await get_workspace(platform, slug)
    members = await platform.accounts.list_members(workspace.id)
    if as_json:
        for member in members:
            print_json(to_payload(member))
        return
    table = Table("name", "e-mail", "role", "team", "active", box=None)
    for m in members:
        table.add_row(m.name, m.email, m.role, m.team, "yes" if m.is_active else "no")
    out.print(table)
