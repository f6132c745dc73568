"""Who may read whose talk and record: the persons in a member's care, those who wait for his team, and others with a reason.

Every way in is audited: a search by name, a reason that was given, each read. A list names only whom the member may read. How
care ends stands in `relation.py`; a reason opens a record for the hours of the settings.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from duologue.kit.errors import Forbidden, Invalid
from duologue.packs.health import repository
from duologue.packs.health.audit.repository import note_audit
from duologue.packs.health.care.relation import Care
from duologue.packs.health.care.repository import begin_care, cares, list_patients_of
from duologue.packs.health.redflags.escalation import MOST_OPEN, OPEN
from duologue.sdk import Conversation, PanelContext, WriteTx

LEAST = 2
"""Letters that a search takes at least: one letter would be a list of everybody."""
MOST_FOUND = 20
_NO_CARE = "This person is not in your care; open the record with a reason."


def is_with(here: Conversation, member_id: str, team: str) -> bool:
    """Whether the member holds the talk, or it waits for his team or for anybody."""
    kind, who = here.controller.kind, here.controller.id
    return (kind == "human" and who == member_id) or (kind == "queue" and who in ("", team))


async def list_patients(context: PanelContext) -> Any:
    """Consultations of the persons in the member's care, and those that wait for his team (`mine` is false), the latest first."""
    host, ws = context.host, context.workspace_id
    async with host.read() as tx:
        mine = await list_patients_of(tx, ws, context.member_id, host.clock.now())
    waiting = [c for c in await host.list_conversations(ws, view="waiting") if is_with(c, context.member_id, context.team)]
    held = await host.list_conversations(ws, view="mine", member_id=context.member_id)
    found = {c.id: c for c in (*waiting, *held, *await host.list_of_persons(ws, mine))}
    return {"patients": await _rows(context, sorted(found.values(), key=lambda c: c.updated_at, reverse=True), mine)}


async def find_patients(context: PanelContext, words: str) -> Any:
    """Consultations of whoever is called so, in the member's care or not; of the others no more than their names."""
    wanted = words.split()
    if len("".join(wanted)) < LEAST:
        raise Invalid(f"Write at least {LEAST} letters of the name.", field="words")
    host, ws = context.host, context.workspace_id
    found = await host.find_called(ws, wanted, MOST_FOUND)
    async with host.read() as tx:
        mine = await list_patients_of(tx, ws, context.member_id, host.clock.now())
    sought = {"words": words.strip()[:100], "found": len(found)}
    await note(context, "searched", "", sought, {c.person_id for c in found})
    return {"patients": await _rows(context, found, mine)}


async def _rows(context: PanelContext, found: Sequence[Conversation], mine: set[str]) -> list[dict[str, Any]]:
    """What the list shows of each: of whom the member may not read, the name alone."""
    host, ws = context.host, context.workspace_id
    names = await host.names(ws, {c.person_id for c in found})
    async with host.read() as tx:
        states, agreed = await repository.list_record_states(tx, ws), await repository.list_consents(tx, ws)
        open_ = {e.conversation_id for e in await repository.list_escalations(tx, ws, states=OPEN, limit=MOST_OPEN)}
    rows = []
    for c in found:
        row = {"id": c.id, "subject": c.subject or names.get(c.person_id, ""), "mine": c.person_id in mine, "may_read": False}
        if c.person_id in mine or is_with(c, context.member_id, context.team):
            row |= {
                "may_read": True, "lang": c.lang, "at": c.updated_at.isoformat(),
                "state": _state_of(states.get(c.id, "draft"), agreed.get(c.id)),
                "escalated": c.id in open_, "controller": c.controller.kind,
            }  # fmt: skip
        rows.append(row)
    return rows


def _state_of(state: str, agreed: bool | None) -> str:
    """What the list says of a record: that there is none where the person declined or has not answered yet."""
    return "none_yet" if state == "draft" and agreed is None else "declined" if state == "draft" and not agreed else state


async def break_glass(context: PanelContext, reason: str) -> Any:
    """Open a person's talks and record for a reason, for the hours of the settings."""
    if context.conversation is None or not context.member_id:
        raise Invalid("Name the conversation.")
    if len(reason.strip()) < 4:
        raise Invalid("Say why you need this record.")
    here, now = context.conversation, context.host.clock.now()
    async with context.host.write() as tx:
        until = now + timedelta(hours=context.host.settings.health_reason_hours)
        await begin_care(tx, here.workspace_id, care_of(context, here.person_id, reason.strip(), now, until))
        await note_in(tx, context, "break_glass", here.id, {"reason": reason.strip()})
    return {"ok": True}


async def here_in_care(context: PanelContext) -> Conversation:
    """The conversation, if its person is in the member's care or waits for his team."""
    if context.conversation is None:
        raise Invalid("Name the conversation.")
    here = context.conversation
    async with context.host.read() as tx:
        known = await cares(tx, context.workspace_id, here.person_id, context.member_id, context.host.clock.now())
    if not known and not is_with(here, context.member_id, context.team):
        raise Forbidden(_NO_CARE, action="break_glass")
    return here


def care_of(context: PanelContext, person_id: str, reason: str, at: datetime, until: datetime | None = None) -> Care:
    """The member's care for a person, from now on."""
    return Care(person_id, context.member_id, context.member_name, reason, at, until)


async def note(
    context: PanelContext, action: str, conversation_id: str, detail: Mapping[str, Any] | None = None,
    persons: Collection[str] = (),
) -> None:  # fmt: skip
    """A link of the chain for what the member does, in a transaction of its own."""
    async with context.host.write() as tx:
        await note_in(tx, context, action, conversation_id, detail, persons)


async def note_in(
    tx: WriteTx, context: PanelContext, action: str, conversation_id: str, detail: Mapping[str, Any] | None = None,
    persons: Collection[str] = (),
) -> None:  # fmt: skip
    """A link of the chain for what the member does, with his name as it was; its words go with `persons`, or whose talk it is."""
    told = {"name": context.member_name, **(detail or {})}
    here, now = context.conversation, context.host.clock.now()
    whose = persons or ([here.person_id] if here else ())
    await note_audit(tx, context.workspace_id, context.member_id, action, conversation_id, now, told, whose)
