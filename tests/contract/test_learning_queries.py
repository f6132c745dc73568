"""The queries of learning and of consent on both databases: the same rows give the same answers, and two at once do not collide."""

import asyncio
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, Float, Integer, Table, insert

from duologue.assistant.repository import draft_table, run_table
from duologue.conversation.repository import conversation_table, message_table
from duologue.learning import repository
from duologue.learning.autonomy import Rules
from duologue.learning.repository import Choice
from duologue.review.consent import Consents, ConsentService
from duologue.review.repository import rating_table, verdict_table
from duologue.store.database import Database, WriteTx
from duologue.store.schema import Json, UtcTime

W, P, E = "wsp_1", "per_1", "mem_1"


async def put(tx: WriteTx, table: Table, **given: Any) -> None:
    """A row with what is given, and something of the right type where something must be."""
    blank = {UtcTime: tx.now, Json: {}, Integer: 0, Float: 0.0, Boolean: False}
    row = {c.name: blank.get(type(c.type), "") for c in table.columns if not c.nullable and c.server_default is None}
    await tx.conn.execute(insert(table).values(**row | given))


async def answer(tx: WriteTx, n: int, *, status: str = "auto_sent", reason: str = "", person: str = P) -> None:
    """An answer in a conversation of its own, with its turn."""
    here = {"workspace_id": W, "conversation_id": f"cnv_{n}", "person_id": person}
    await put(tx, conversation_table, id=f"cnv_{n}", workspace_id=W, person_id=person, desk_id="dsk", topic="returns",
              status="resolved")  # fmt: skip
    await put(
        tx,
        run_table,
        id=f"run_{n}",
        message_id=f"msg_{n}",
        job_id=f"job_{n}",
        model_version="m1",
        status="sent" if status == "auto_sent" else "running",
        **here,
    )
    await put(tx, draft_table, id=f"drf_{n}", run_id=f"run_{n}", question="Can it be returned?", body="Within 30 days.", lang="en",
              kind="reply", status=status, reason=reason, confidence=0.9, **here)  # fmt: skip
    await put(tx, message_table, id=f"ans_{n}", workspace_id=W, conversation_id=f"cnv_{n}", seq=2, client_id="a", lang="en",
              draft_id=f"drf_{n}", run_id=f"run_{n}", author_kind="ai", body="Within 30 days.")  # fmt: skip


async def judge(tx: WriteTx, n: int, kind: str, final: str, *, shown_s: float | None = None) -> None:
    shown_at = tx.now - timedelta(seconds=shown_s) if shown_s is not None else None
    await put(tx, verdict_table, id=f"vrd_{n}", workspace_id=W, conversation_id=f"cnv_{n}", person_id=P, draft_id=f"drf_{n}",
              run_id=f"run_{n}", kind=kind, lang="en", final_text=final, shown_at=shown_at)  # fmt: skip


def audit(n: int, at: Any) -> dict[str, Any]:
    return {"draft_id": f"drf_{n}", "workspace_id": W, "conversation_id": f"cnv_{n}", "person_id": P, "reviewer_id": E,
            "is_changed": True, "final_text": "Within 14 days.", "decided_at": at}  # fmt: skip


async def test_what_was_said_of_answers_is_found_and_forgotten(database: Database) -> None:
    async with database.write() as tx:
        for n in range(5):
            await answer(tx, n)
        await answer(tx, 5, status="approved", reason="copilot")
        await answer(tx, 6, status="open", reason="no_evidence", person="per_2")
        await judge(tx, 5, "edit", "Within 60 days.", shown_s=9.5)
        await put(tx, rating_table, workspace_id=W, conversation_id="cnv_1", message_id="ans_1", person_id=P, value="down",
                  reason="Wrong.")  # fmt: skip
        assert await repository.insert_audit(tx, audit(0, tx.now))
        assert not await repository.insert_audit(tx, audit(0, tx.now)), "once per answer"
    async with database.read() as tx:
        seen = {one.kind: one for one in await repository.list_seen(tx, W)}
        assert {kind: (one.message_id, one.is_changed) for kind, one in seen.items()} == {
            "audit": ("msg_0", True), "down": ("msg_1", True), "edit": ("msg_5", True),
        }  # fmt: skip
        assert (seen["edit"].read_s, seen["edit"].topic, seen["edit"].final_text) == (9.5, "returns", "Within 60 days.")
        waiting = await repository.list_unaudited(tx, W)
        assert [row[0] for row in waiting] == ["drf_4", "drf_3", "drf_2", "drf_1"]
        (verdict,) = await repository.list_audits(tx, W)
        assert (verdict.id, verdict.kind, verdict.final_text) == ("aud_drf_0", "edit", "Within 14 days.")
        unjudged = await repository.list_unjudged(tx, W)
        assert [(one.draft_id, one.rating, one.is_resolved) for one in unjudged] == [
            ("drf_1", "down", True), ("drf_2", "", True), ("drf_3", "", True), ("drf_4", "", True),
        ]  # fmt: skip
        count, latest = await repository.list_answers_of(tx, W, "m1", 2)
        assert (count, len(latest)) == (5, 2)
        asked = await repository.list_asked(tx, W, database.clock.now() - timedelta(days=1))
        assert [(one.draft_id, one.person_id) for one in asked if one.is_unanswered] == [("drf_6", "per_2")]
    async with database.write() as tx:
        await repository.delete_of_person(tx, W, [P])
        assert await repository.list_audits(tx, W) == []


async def test_rules_and_settled_questions_are_kept_once(database: Database) -> None:
    first, second = Choice(Rules(0.1, 0.1, 0.2), ("returns",)), Choice(Rules(0.05, 0.1), ())

    async def choose(choice: Choice | None) -> Choice | None:
        async with database.write() as tx:
            await repository.put_choice(tx, W, choice)
        async with database.read() as tx:
            return await repository.find_choice(tx, W)

    async def settle() -> None:
        async with database.write() as tx:
            await repository.close_proposals(tx, W, ["drf_1", "drf_2", "drf_unknown"], "returns.md", E)

    assert await choose(first) == first
    await asyncio.gather(*(choose(second) for _ in range(4)))
    assert await choose(second) == second
    assert await choose(None) is None
    async with database.write() as tx:
        for n in (1, 2, 3):
            await answer(tx, n, status="open", reason="no_evidence")
    await asyncio.gather(*(settle() for _ in range(4)))
    async with database.write() as tx:
        since = tx.now - timedelta(days=1)
        assert [one.draft_id for one in await repository.list_asked(tx, W, since)] == ["drf_3"]
        await repository.delete_proposals_of(tx, W, P)
        assert len(await repository.list_asked(tx, W, since)) == 3


async def test_a_person_says_it_in_several_tabs_at_once(database: Database) -> None:
    consents = ConsentService(database)
    await asyncio.gather(*(consents.say(W, P, may_learn=n % 2 == 0) for n in range(8)))
    assert set((await consents.look(W)).said or {}) == {P}
    await consents.say(W, P, may_learn=False)
    await asyncio.gather(*(consents.choose(W, "only_given") for _ in range(4)))
    found = await consents.look(W)
    assert found == Consents("only_given", {P: False})
    assert (found.allow("per_2"), found.refuses("per_2"), found.refuses(P)) == (False, False, True)
