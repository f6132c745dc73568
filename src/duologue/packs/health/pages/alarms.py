"""The queue of escalations, as its page asks and does: acknowledge, take over, close with what came of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from duologue.kit.errors import NotFound
from duologue.kit.text import Lang
from duologue.packs.health import repository
from duologue.packs.health.pages.care import note_in
from duologue.packs.health.redflags.escalation import Step, advance
from duologue.packs.health.redflags.rules import UNNAMED, load_redflag_rules
from duologue.sdk import PanelContext


def titles_of(rules: Sequence[str], titles: Sequence[str], lang: Lang) -> list[str]:
    """What rules are called in the reader's language; a rule that is no more keeps the title that it had."""
    known = {"unnamed": UNNAMED} | {rule.id: rule.title for rule in load_redflag_rules()[1]}
    return [known[rule][lang] if rule in known else title for rule, title in zip(rules, titles, strict=True)]


async def list_queue(context: PanelContext, closed: bool = False) -> Any:
    """Escalations, gravest and oldest first; closed ones only when asked for."""
    async with context.host.read() as tx:
        found = await repository.list_escalations(tx, context.workspace_id)
    shown = [e for e in found if closed or e.state != "closed"]
    here = await context.host.list_of_persons(context.workspace_id, {e.person_id for e in shown}, 1000)
    names = await context.host.names(context.workspace_id, {c.person_id for c in here})
    subjects = {c.id: c.subject or names.get(c.person_id, "") for c in here}
    rows = sorted(shown, key=lambda e: (e.state == "closed", e.level, e.raised_at))
    return {
        "escalations": [
            {**_times(e), "titles": titles_of(e.rules, e.titles, context.lang), "subject": subjects.get(e.conversation_id, "")}
            for e in rows
        ]
    }


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
        await repository.add_care(tx, e.workspace_id, e.person_id, context.member_id, f"escalation: {step}", now)
        await note_in(tx, context, e.state, e.conversation_id, {"escalation": e.id, "outcome": outcome})
    context.host.refresh(context.workspace_id)
    return {"state": e.state}
