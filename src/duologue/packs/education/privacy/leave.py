"""Whether what learners write may leave this machine: not before the school's owner has turned it on. Knows no model."""

from dataclasses import dataclass
from datetime import datetime

from duologue.packs.education.privacy import repository
from duologue.sdk import Host

NAME = "may_leave"


@dataclass(frozen=True, slots=True)
class Leave:
    """How it stands, and who settled it when; nobody did where `at` is None."""

    is_allowed: bool = False
    by: str = ""
    at: datetime | None = None


async def get_leave(host: Host, workspace_id: str) -> Leave:
    """How it stands in a school."""
    async with host.read() as tx:
        found = await repository.find_setting(tx, workspace_id, NAME)
    return Leave(bool(found[0]), found[1], found[2]) if found else Leave()


async def may_leave(host: Host, workspace_id: str) -> bool:
    """The pack's answer to the program: learners are taken for minors, for nobody proves his age here."""
    return (await get_leave(host, workspace_id)).is_allowed


async def set_leave(host: Host, workspace_id: str, is_allowed: bool, by: str) -> None:
    """Turn it on or off; the next turn obeys."""
    async with host.write() as tx:
        await repository.save_setting(tx, workspace_id, NAME, is_allowed, by, host.clock.now())
