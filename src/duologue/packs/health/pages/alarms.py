"""The queue of escalations, as its page asks and does: acknowledge, take over, close with what came of it.

An alarm reaches every member who may act on it, so that none waits for a clinician who is away. Whose it is follows the relation
of care, as everywhere in the pack (`care.py`): the name, and what came of it, are for those in whose care the patient is, for the
team in whose queue his talk waits (the clinicians on duty), and for who holds the talk. Anyone else sees what it is, how grave and
since when; who acknowledges it or takes it over cares for the patient from then on, which the audit keeps, and sees the name.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from duologue.kit.errors import NotFound
from duologue.kit.text import Lang
from duologue.packs.health import repository
from duologue.packs.health.care.repository import begin_care, list_patients_of
from duologue.packs.health.pages.care import care_of, is_with, note_in
from duologue.packs.health.redflags.escalation import MOST_OPEN, OPEN, Step, advance
from duologue.packs.health.redflags.rules import UNNAMED, load_redflag_rules
from duologue.sdk import PanelContext


def titles_of(rules: Sequence[str], titles: Sequence[str], lang: Lang) -> list[str]:
    """What rules are called in the reader's language; a rule that is no more keeps the title that it had."""
    known = {"unnamed": UNNAMED} | {rule.id: rule.title for rule in load_redflag_rules()[1]}
    return [known[rule][lang] if rule in known else title for rule, title in zip(rules, titles, strict=True)]


async def list_queue(context: PanelContext, closed: bool = False) -> Any:
    """Escalations, gravest and oldest first: every open one; of closed ones, where asked for, the latest."""
    host, ws = context.host, context.workspace_id
    async with host.read() as tx:
        shown = await repository.list_escalations(tx, ws, states=OPEN, limit=MOST_OPEN)
        shown += await repository.list_escalations(tx, ws, states=("closed",)) if closed else []
        mine = await list_patients_of(tx, ws, context.member_id, host.clock.now())
    here = {c.id: c for c in await host.list_of_persons(ws, {e.person_id for e in shown}, 1000)}
    readable = {c.id for c in here.values() if c.person_id in mine or is_with(c, context.member_id, context.team)}
    names = await host.names(ws, {c.person_id for c in here.values() if c.id in readable})
    rows = []
    for e in sorted(shown, key=lambda e: (e.state == "closed", e.level, e.raised_at)):
        row = {**_times(e), "titles": titles_of(e.rules, e.titles, context.lang), "may_read": e.conversation_id in readable}
        if row["may_read"]:
            c = here[e.conversation_id]
            row |= {"subject": c.subject or names.get(c.person_id, "")}
        else:
            row |= {"subject": "", "person_id": "", "outcome": ""}
        rows.append(row)
    return {"escalations": rows}


def _times(e: Any) -> dict[str, Any]:
    row = asdict(e)
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()}


async def acknowledge(context: PanelContext, id: str) -> Any:  # noqa: A002
    """Somebody has seen it; it is paged no more."""
    return await _move(context, id, "acknowledge")


async def take_over(context: PanelContext, id: str, words: str = "") -> Any:  # noqa: A002
    """Take the conversation over, with a word to the person."""
    moved = await _move(context, id, "take_over")
    async with context.host.read() as tx:
        e = await repository.get_escalation(tx, context.workspace_id, id)
    if e is not None:
        here = await context.host.get_conversation(context.workspace_id, e.conversation_id)
        hello = words.strip() or (
            "我是医生，现在由我和您沟通。" if here.lang == "zh" else "This is a clinician; I am with you now."
        )
        await context.host.post_as(context.workspace_id, here.id, context.member_id, f"{e.id}.hello", hello, visibility="public")
    return moved


async def close(context: PanelContext, id: str, outcome: str) -> Any:  # noqa: A002
    """End it, with what came of it."""
    return await _move(context, id, "close", outcome)


async def _move(context: PanelContext, escalation_id: str, step: Step, outcome: str = "") -> Any:
    now = context.host.clock.now()
    async with context.host.write() as tx:
        e = await repository.get_escalation(tx, context.workspace_id, escalation_id)
        if e is None:
            raise NotFound("There is no such escalation.")
        e = advance(e, step, now, context.member_id, outcome)
        await repository.keep_escalation(tx, e)
        await begin_care(tx, e.workspace_id, care_of(context, e.person_id, f"escalation: {step}", now))
        await note_in(tx, context, e.state, e.conversation_id, {"escalation": e.id, "outcome": outcome}, [e.person_id])
    context.host.refresh(context.workspace_id)
    return {"state": e.state}
