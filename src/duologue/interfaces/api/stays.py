"""Whether sound may go to a model on another machine: not where a desk's pack keeps what is said here, and not where it would be
redacted first, for nobody can take personal data out of a recording.
"""

from duologue.engine.speech import Hear, Say
from duologue.interfaces.api.services import Services


async def allows(services: Services, workspace_id: str, desk_id: str, port: Hear | Say | None) -> bool:
    """Whether an ear or a mouth may be used at a desk; without a desk's id the first one."""
    if port is None:
        return False
    if not port.is_outside:
        return True
    desks = {d.id: d for d in await services.conversations.list_desks(workspace_id)}
    desk = desks.get(desk_id) or next(iter(desks.values()), None)
    pack = next((p for p in services.packs if desk is not None and p.name == desk.pack), None)
    if pack is None or pack.name not in services.hosts:
        return True
    return pack.redact is None and await pack.may_leave(services.hosts[pack.name], workspace_id)
