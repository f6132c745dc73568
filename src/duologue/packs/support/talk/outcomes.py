"""How each turn ended, kept for what it shows over time: questions without an answer, and who answered the rest."""

from duologue.kit.errors import NotFound
from duologue.packs.support import repository
from duologue.packs.support.model import Outcome
from duologue.sdk import Host, Record, Run

UNANSWERED = ("no_evidence", "low_confidence", "not_grounded", "failed_turns", "unverified")
"""Reasons of a run that mean: the knowledge did not hold the answer."""
FINAL = ("sent", "drafted", "handed_over", "failed")
CATCH_UP = 100


async def keep_outcome(host: Host, record: Record) -> None:
    """Keep what came of a turn of this pack's desks."""
    ws, conversation_id = record.workspace_id, record.conversation_id
    try:
        here = await host.get_conversation(ws, conversation_id)
        if here.desk_id not in {desk.id for desk in await host.list_desks(ws)}:
            return
        runs = await host.list_runs(ws, conversation_id)
    except NotFound:
        return
    await _keep(host, [run for run in runs if run.id == record.payload.get("run_id")], here.topic)


async def catch_up(host: Host, workspace_id: str) -> None:
    """Keep what was missed, as after a crash: the outcomes of the latest conversations."""
    for here in await host.list_conversations(workspace_id, limit=CATCH_UP):
        await _keep(host, await host.list_runs(workspace_id, here.id), here.topic)


async def _keep(host: Host, runs: list[Run], topic: str) -> None:
    wanted = [run for run in runs if run.status in FINAL and not run.instruction]
    if not wanted:
        return
    ws, conversation_id = wanted[0].workspace_id, wanted[0].conversation_id
    try:
        asked = {m.id: m.body for m in await host.list_messages(ws, conversation_id, public_only=True)}
    except NotFound:
        return
    async with host.write() as tx:
        for run in wanted:
            at = run.finished_at or run.started_at
            question = asked.get(run.message_id, "")[:2000]
            row = Outcome(run.message_id, ws, conversation_id, run.person_id, question, topic, run.status, run.reason, at)
            await repository.add(tx, row)
