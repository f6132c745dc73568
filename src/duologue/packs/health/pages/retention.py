"""How long what is kept, and what is never dropped by itself: a chore for each kind, a hold, and what a record's page shows of it.

A patient is forgotten as a whole, talks, records, alarms and all, once his last consultation has been closed for the days of the
settings and no alarm of his is open. Who has a signed record is judged by the days for records, since its sentences rest on the
talk. Nobody is forgotten while his record is on hold, not even by an administrator: the hold is lifted first. 0 days: for good.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from duologue.kit.errors import Conflict, Invalid
from duologue.kit.log import get_logger
from duologue.packs.health import repository
from duologue.packs.health.audit import repository as audit
from duologue.packs.health.audit.chain import CHECKED, find_break
from duologue.packs.health.audit.repository import list_audit, list_audited, note_audit
from duologue.packs.health.care.repository import erase_care
from duologue.packs.health.pages.care import here_in_care, note_in
from duologue.sdk import Conversation, Host, PanelContext, WriteTx

log = get_logger(__name__)


async def forget_drafts(host: Host) -> None:
    """Drop drafts of records that nobody signed within the days of the settings; each leaves a link."""
    now, days = host.clock.now(), host.settings.health_retention_days
    async with host.write() as tx:
        for workspace_id, conversation_id in await repository.erase_before(tx, now - timedelta(days=days)):
            await note_audit(tx, workspace_id, "chore", "draft_dropped", conversation_id, now, {"days": days})


async def check_audit(host: Host) -> None:
    """Look at each workspace's whole chain, which no page does, and say in it whether it is broken, and where."""
    async with host.read() as tx:
        workspaces = await list_audited(tx)
    for workspace_id in workspaces:
        async with host.read() as tx:
            chain = await list_audit(tx, workspace_id)
        if chain[-1].action == CHECKED:
            continue
        broken_at, now = await asyncio.to_thread(find_break, chain), host.clock.now()
        if broken_at is not None:
            log.error("the audit of %s is broken at link %s", workspace_id, broken_at)
        async with host.write() as tx:
            told = {"upto": chain[-1].seq, "broken_at": broken_at}
            await note_audit(tx, workspace_id, "chore", CHECKED, "", now, told)


async def trim_audit(host: Host) -> None:
    """Drop the audit's oldest links where the settings give it an end."""
    now, days = host.clock.now(), host.settings.health_retention_audit_days
    if days:
        async with host.write() as tx:
            await audit.trim_audit(tx, now - timedelta(days=days), now)


def days_of(host: Host, *, is_signed: bool) -> int:
    """For how many days a patient is kept after his last consultation; 0 for good."""
    talks, records = host.settings.health_retention_talks_days, host.settings.health_retention_records_days
    return (max(talks, records) if records else 0) if is_signed else talks


async def forget_patients(host: Host) -> None:
    """Forget every patient whose time is over."""
    now, limits = host.clock.now(), [d for d in (days_of(host, is_signed=False), days_of(host, is_signed=True)) if d]
    if not limits:
        return
    closed = await host.list_closed(now - timedelta(days=min(limits)))
    for workspace_id, person_id in dict.fromkeys((c.workspace_id, c.person_id) for c in closed):
        async with host.read() as tx:
            kept = await repository.get_keeping(tx, workspace_id, person_id)
        days = days_of(host, is_signed=kept.is_signed)
        if days:
            await _forget(host, workspace_id, person_id, now, days)


async def _forget(host: Host, workspace_id: str, person_id: str, now: datetime, days: int) -> None:
    before = now - timedelta(days=days)

    async def agrees(tx: WriteTx) -> bool:
        kept = await repository.get_keeping(tx, workspace_id, person_id)
        if kept.hold or kept.has_alarm or days != days_of(host, is_signed=kept.is_signed):
            return False
        if kept.changed_at is not None and kept.changed_at >= before:
            return False
        told = {"person": person_id, "days": days, "signed": kept.is_signed}
        await note_audit(tx, workspace_id, "chore", "erased", "", now, told)
        return True

    if await host.erase_person(workspace_id, person_id, before=before, agrees=agrees):
        host.refresh(workspace_id)


async def erase_person(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget a person in the pack's tables, and in the audit every word that may name him; links say so.

    Raises Conflict, and erases nothing, while the record is on hold.
    """
    if (await repository.get_keeping(tx, workspace_id, person_id)).hold:
        raise Conflict("This patient's record is on hold; lift the hold on the record's page first.", action="lift_hold")
    gone = await repository.erase_person(tx, workspace_id, person_id) + await erase_care(tx, workspace_id, person_id)
    last = await list_audit(tx, workspace_id, newest=1)
    is_told = [(e.action, e.detail.get("person")) for e in last] == [("erased", person_id)]  # the chore has said so itself
    if await audit.unsay(tx, workspace_id, person_id, "chore" if is_told else "command", tx.now) + gone and not is_told:
        await note_audit(tx, workspace_id, "command", "erased", "", tx.now, {"person": person_id})


async def show_keeping(context: PanelContext, here: Conversation) -> dict[str, Any]:
    """The hold, if there is one, and until when the patient is kept: None where for good, or as long as a consultation is open."""
    host = context.host
    async with host.read() as tx:
        kept = await repository.get_keeping(tx, here.workspace_id, here.person_id)
    days = days_of(host, is_signed=kept.is_signed)
    talks = await host.list_of_persons(here.workspace_id, [here.person_id], 1000)
    is_open = kept.has_alarm or any(c.status != "resolved" for c in talks)
    until = None if kept.hold or is_open or not days else _last(talks, [kept.changed_at]) + timedelta(days=days)
    return {
        "hold": kept.hold, "days": days, "is_open": is_open, "until": until and until.isoformat(),
        "may_hold": context.role in ("owner", "admin"),
    }  # fmt: skip


def _last(talks: Sequence[Conversation], others: Iterable[datetime | None]) -> datetime:
    return max([c.updated_at for c in talks] + [at for at in others if at is not None])


async def hold(context: PanelContext, reason: str) -> Any:
    """Keep a patient whatever the settings say, for a reason, until somebody lifts it."""
    context.check_role("admin")
    here, now = await here_in_care(context), context.host.clock.now()
    if len(reason.strip()) < 4:
        raise Invalid("Say why the record is held.", field="reason")
    async with context.host.write() as tx:
        await repository.keep_hold(tx, here.workspace_id, here.person_id, reason.strip(), context.member_name, now)
        await note_in(tx, context, "held", here.id, {"reason": reason.strip()})
    context.host.refresh(here.workspace_id, here.id)
    return {"ok": True}


async def lift(context: PanelContext) -> Any:
    """Lift the hold; the settings count again."""
    context.check_role("admin")
    here = await here_in_care(context)
    async with context.host.write() as tx:
        if not await repository.drop_hold(tx, here.workspace_id, here.person_id):
            raise Conflict("This record is not on hold.")
        await note_in(tx, context, "lifted", here.id)
    context.host.refresh(here.workspace_id, here.id)
    return {"ok": True}
