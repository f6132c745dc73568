"""The owner's page about learners' data: whether text may leave the machine, who has consented when, handing out, deleting."""

from typing import Any

from duologue.kit.errors import NotFound
from duologue.packs.education.days import day_of
from duologue.packs.education.learners import repository as learners
from duologue.packs.education.privacy import leave, records
from duologue.sdk import Download, Panel, PanelContext


async def state(context: PanelContext) -> Any:
    """How it stands, which model would be asked, and the learners with the day of their consent."""
    found = await leave.get_leave(context.host, context.workspace_id)
    async with context.host.read() as tx:
        rows = await learners.list_learners(tx, context.workspace_id)
    people = [
        {"person_id": r.person_id, "name": r.name, "is_minor": r.is_minor, "consented": str(day_of(r.consented_at))} for r in rows
    ]
    return {"may_leave": found.is_allowed, "by": found.by, "at": str(day_of(found.at)) if found.at else "",
            "is_outside": context.host.engine.is_outside, "model": context.host.engine.version, "learners": people,
            "is_owner": context.role == "owner"}  # fmt: skip


async def allow(context: PanelContext, is_allowed: bool, password: str) -> Any:
    """Let what learners write go to a model or tool server elsewhere, or stop it; the owner alone, with the password."""
    context.check_role("owner")
    assert context.confirm is not None
    await context.confirm(password)
    await leave.set_leave(context.host, context.workspace_id, is_allowed, context.member_name)
    context.host.refresh(context.workspace_id)
    return {"may_leave": is_allowed}


async def export(context: PanelContext, person_id: str) -> Download:
    """Everything that is kept of a learner, as for parents who ask."""
    return await records.to_download(context.host, context.workspace_id, person_id, "learner.json", context.lang, unsigned=True)


async def erase(context: PanelContext, person_id: str) -> Any:
    """Delete everything that the pack keeps of a learner; the conversations are erased at the desk."""
    async with context.host.write() as tx:
        if not await learners.list_learners(tx, context.workspace_id, person_id):
            raise NotFound("Nothing is kept of this learner here.")
        await records.erase(tx, context.workspace_id, person_id)
    context.host.refresh(context.workspace_id)
    return {"erased": person_id}


PANEL = Panel(
    "privacy", {"en": "Learners' data", "zh": "学生数据"}, ("owner", "admin"), "privacy.js", place="admin", icon="people",
    queries={"state": state, "export": export},
    commands={"allow": allow, "erase": erase},
)  # fmt: skip
