"""Conversations that a pack shows only to some members: a clinic's, to those who care for the patient. Knows no pack.

Who may not read one sees that it is there and whose it is; its words reach him neither by the list, nor by the stream, nor by a
draft. He may say why he needs it where the pack has a command for that.
"""

import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence

from fastapi import Request

from duologue.accounts.model import Session
from duologue.conversation.model import Conversation
from duologue.interfaces.api.services import Services
from duologue.kit.errors import DuologueError, Forbidden, NotFound

MaySee = Callable[[str], Awaitable[bool]]
SURE_FOR_S = 10.0
"""How long a stream trusts that a member may read a conversation."""


async def find_hidden(services: Services, session: Session, conversations: Sequence[Conversation]) -> dict[str, str]:
    """Ids of those that the member may not read, each with the road on which he may say why he needs it."""
    guards = {p.name: p.guard for p in services.packs if p.guard is not None}
    if not guards or not conversations:
        return {}
    packs = {d.id: d.pack for d in await services.conversations.list_desks(session.workspace.id)}
    hidden: dict[str, str] = {}
    for name, guard in guards.items():
        mine = [c for c in conversations if packs.get(c.desk_id) == name]
        if mine:
            member = session.member
            open_to_him = await guard.find_readable(services.hosts[name], mine, member.id, member.team)
            hidden |= {c.id: f"/api/packs/{name}/{guard.ask}" for c in mine if c.id not in open_to_him}
    return hidden


async def check_read(services: Services, session: Session, conversation_id: str) -> None:
    """Raises Forbidden for whom the conversation's pack does not show it; its detail tells where a reason may be given."""
    here = await services.conversations.get(session.workspace.id, conversation_id)
    hidden = await find_hidden(services, session, [here])
    if here.id in hidden:
        sentence = "This person is not in your care; say why you need the conversation."
        raise Forbidden(sentence, action="give_reason", ask=hidden[here.id])


async def check_path(services: Services, session: Session, request: Request) -> None:
    """As `check_read`, of the conversation that the request's path names, if it names one.

    This runs before the route asks for its role: that there is no such conversation is the route's to say.
    """
    if "conversation_id" in request.path_params:
        with contextlib.suppress(NotFound):
            await check_read(services, session, str(request.path_params["conversation_id"]))


def seeing(services: Services, session: Session) -> MaySee | None:
    """What a member's stream may show of which conversation; None where no pack hides any."""
    if all(p.guard is None for p in services.packs):
        return None
    sure: dict[str, float] = {}

    async def may_see(conversation_id: str) -> bool:
        now = time.monotonic()
        if not conversation_id or now - sure.get(conversation_id, -SURE_FOR_S) < SURE_FOR_S:
            return True
        try:
            await check_read(services, session, conversation_id)
        except DuologueError:
            return False
        sure[conversation_id] = now
        return True

    return may_see
