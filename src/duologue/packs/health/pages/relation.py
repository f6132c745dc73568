"""Care on the record's page: who cares for the patient, ending it, handing him on to a colleague; and what ends it by itself.

Afterwards the record opens with a reason only, for hours, which the audit keeps (`care.py`). An administrator ends anybody's care,
and reads nothing by it. Care ends by itself so many days after the patient's last consultation was closed, or after it began, where
that is later; not while a consultation or an alarm is open.
"""

from datetime import datetime, timedelta
from typing import Any, get_args

from duologue.kit.errors import Conflict, Forbidden, Invalid
from duologue.packs.health import repository
from duologue.packs.health.audit.repository import note_audit
from duologue.packs.health.care.relation import OF_ITSELF, Care, Way
from duologue.packs.health.care.repository import begin_care, list_care, list_lasting
from duologue.packs.health.care.repository import end_care as end_in
from duologue.packs.health.pages.care import note_in
from duologue.sdk import Conversation, Host, PanelContext

_OFFICE = ("owner", "admin")


async def show_care(context: PanelContext, here: Conversation) -> dict[str, Any]:
    """Who may read of the patient and why, with what the member may end, and the colleagues to whom he may hand him on."""
    host, now = context.host, context.host.clock.now()
    async with host.read() as tx:
        running = [c for c in await list_care(tx, here.workspace_id, here.person_id) if c.runs(now)]
    colleagues = await host.colleagues(here.workspace_id)
    return {
        "now": [_row(c, context) | {"name": colleagues.get(c.member_id) or c.name} for c in running],
        "colleagues": {i: name for i, name in colleagues.items() if i not in {c.member_id for c in running if c.until is None}},
        "days": host.settings.health_care_days,
    }  # fmt: skip


def _row(c: Care, context: PanelContext) -> dict[str, Any]:
    mine = c.member_id == context.member_id
    until = c.until and c.until.isoformat()
    return {
        "member": c.member_id, "mine": mine, "reason": c.reason, "at": c.at.isoformat(), "until": until,
        "may_end": mine or context.role in _OFFICE,
    }  # fmt: skip


async def end_care(context: PanelContext, way: Way, member_id: str = "", to: str = "", reason: str = "") -> Any:
    """End one's own care for the patient, or as an administrator somebody's; `to`: the colleague who cares from now on."""
    if context.conversation is None or not context.member_id:
        raise Invalid("Name the conversation.")
    if way not in get_args(Way):
        raise Invalid(f"Say how it ends: {', '.join(get_args(Way))}.", field="way")
    host, here, whose = context.host, context.conversation, member_id or context.member_id
    if whose != context.member_id and context.role not in _OFFICE:
        raise Forbidden("Members end their own care, administrators anybody's.", action="end_care")
    colleagues = await host.colleagues(here.workspace_id)
    if (way == "handed_on") != bool(to) or (to and (to not in colleagues or to == whose)):
        raise Invalid("Name the colleague to whom the patient is handed on.", field="to")
    for talk in await host.list_of_persons(here.workspace_id, [here.person_id], 1000):
        if talk.controller.kind == "human" and talk.controller.id == whose:
            raise Conflict("A talk with this patient is still held; hand it back or close it first.", action="hand_back")
    async with host.write() as tx:
        if not await end_in(tx, here.workspace_id, here.person_id, whose, context.member_name, way):
            raise Conflict("This patient is not in the member's care.", action="reload")
        told = {"of": colleagues.get(whose, ""), "way": way, "to": colleagues.get(to, ""), "reason": reason.strip()[:500]}
        await note_in(tx, context, "care_ended", here.id, {k: v for k, v in told.items() if v})
        if to:
            new = Care(here.person_id, to, colleagues[to], f"handed on by {context.member_name}", tx.now)
            await begin_care(tx, here.workspace_id, new)
    host.refresh(here.workspace_id)
    return {"ok": True}


async def end_what_is_over(host: Host) -> None:
    """End every care whose days are over; each leaves a link."""
    now, days = host.clock.now(), host.settings.health_care_days
    if not days:
        return
    before = now - timedelta(days=days)
    async with host.read() as tx:
        old = await list_lasting(tx, before)
    for workspace_id, person_id in dict.fromkeys((ws, c.person_id) for ws, c in old):
        talk = await _last_if_over(host, workspace_id, person_id, before)
        if talk is None:
            continue
        async with host.write() as tx:
            for c in (c for ws, c in old if (ws, c.person_id) == (workspace_id, person_id)):
                if await end_in(tx, workspace_id, person_id, c.member_id, "", OF_ITSELF):
                    told = {"of": c.name, "way": OF_ITSELF, "days": days}
                    await note_audit(tx, workspace_id, "chore", "care_ended", talk.id, now, told)
        host.refresh(workspace_id)


async def _last_if_over(host: Host, workspace_id: str, person_id: str, before: datetime) -> Conversation | None:
    """The patient's last consultation, if all were closed before then and no alarm of his is open."""
    talks = await host.list_of_persons(workspace_id, [person_id], 1000)
    async with host.read() as tx:
        has_alarm = (await repository.get_keeping(tx, workspace_id, person_id)).has_alarm
    is_over = talks and not has_alarm and all(c.status == "resolved" and c.updated_at < before for c in talks)
    return max(talks, key=lambda c: c.updated_at) if is_over else None
