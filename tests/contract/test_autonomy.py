"""Autonomy in the running program:

off by default; where it is chosen nothing leaves alone until reviews allow it, and blind ones go on.
"""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from duologue.assistant.repository import draft_table
from duologue.kit.errors import Invalid, NotFound
from duologue.learning import repository
from duologue.learning.autonomy import Rules
from duologue.learning.earned import Earned, earn, is_drawn, replay
from duologue.learning.pool import Pool
from duologue.learning.repository import Choice, Seen
from duologue.learning.service import NEVER
from tests.platforms import House, open_house
from tests.unit.learning.test_examples import VERDICT

RULES = {"is_earned": True, "alpha": 0.1, "delta": 0.1, "audit": 1.0}
RETURNS = b"# Returns\n\nUnused tents can be returned within 30 days of delivery.\n"


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    reply = "Unused tents can be returned within 30 days of delivery [1]."
    async with open_house(tmp_path, rules=[{"reply": reply}], autopilot_threshold=0.2) as opened:
        owner = await opened.member("owner")
        await owner.client.post("/api/admin/documents", files={"files": ("returns.md", RETURNS)})
        yield opened


async def ask(house: House, text: str = "Can unused tents be returned?") -> str:
    """Ask in a new conversation; the status with which the turn ended."""
    import asyncio

    person = await house.person()
    started = (await person.post("/api/chat/conversations", {}))["conversation"]
    await person.post(f"/api/chat/conversations/{started['id']}/messages", {"client_id": "1", "body": text})
    for _ in range(6_000):
        runs = await house.platform.assistant.list_runs(house.workspace.id, started["id"])
        if runs and runs[0].status != "running":
            return runs[0].status
        await asyncio.sleep(0.01)
    raise AssertionError("no answer")


async def find_draft(house: House) -> str:
    """What the latest draft says."""
    query = select(draft_table.c.body).order_by(draft_table.c.created_at.desc(), draft_table.c.id.desc()).limit(1)
    async with house.platform.database.read() as tx:
        return str((await tx.conn.execute(query)).scalar_one())


async def test_by_default_the_fixed_threshold_holds(house: House) -> None:
    owner = await house.member("owner")
    assert not (await owner.get("/api/admin/autonomy"))["rules"]["is_earned"]
    assert await ask(house) == "sent"


async def test_where_it_is_earned_everything_is_reviewed_first_but_greetings(house: House) -> None:
    owner = await house.member("owner")
    assert (await owner.call("PUT", "/api/admin/autonomy", RULES)).status_code == 200
    assert await ask(house) == "drafted"
    assert await ask(house, "hello") == "sent"
    told = await owner.get("/api/admin/autonomy")
    assert {cell["code"] for cell in told["desks"][0]["cells"]} == {"too_few"}


async def test_only_the_owner_chooses_and_within_bounds(house: House) -> None:
    admin, owner = await house.member("admin"), await house.member("owner")
    assert (await admin.call("PUT", "/api/admin/autonomy", RULES)).status_code == 403
    assert (await owner.call("PUT", "/api/admin/autonomy", RULES | {"alpha": 0.9})).status_code == 422
    with pytest.raises(Invalid):
        await house.platform.autonomy.choose(house.workspace.id, Choice(Rules(0.9, 0.1)))


async def test_what_left_alone_is_reviewed_blindly_once(house: House) -> None:
    assert await ask(house) == "sent"
    owner, expert, viewer = await house.member("owner"), await house.member("expert"), await house.member("viewer")
    assert (await expert.get("/api/desk/audits/next"))["audit"] is None
    await owner.call("PUT", "/api/admin/autonomy", RULES)
    assert (await viewer.call("GET", "/api/desk/audits/next")).status_code == 403
    found = await expert.get("/api/desk/audits/next")
    assert found["waiting"] == 1
    assert "confidence" not in found["audit"]
    assert "30 days" in found["audit"]["body"]
    await expert.post(f"/api/desk/audits/{found['audit']['draft_id']}", {"final_body": "Within 14 days."})
    assert (await expert.get("/api/desk/audits/next"))["audit"] is None
    async with house.platform.database.read() as tx:
        (seen,) = await repository.list_seen(tx, house.workspace.id)
    assert (seen.kind, seen.is_changed) == ("audit", True)
    examples = [c.example async for c in house.platform.exports.candidates(house.workspace.id)]
    learnt = {e.kind: e for e in examples if e.is_good}
    assert learnt["sft"].chosen == learnt["preference"].chosen == "Within 14 days."
    assert "30 days" in learnt["preference"].rejected
    verdict_id = learnt["sft"].lineage["verdict_id"]
    assert (await owner.get(f"/api/admin/learning/verdicts/{verdict_id}"))["verdict"]["final_text"] == "Within 14 days."


async def test_what_a_blind_review_puts_right_counts_the_next_time(house: House) -> None:
    owner, expert, ws = await house.member("owner"), await house.member("expert"), house.workspace.id
    assert await ask(house) == "sent"
    await owner.call("PUT", "/api/admin/autonomy", RULES)
    draft_id = (await expert.get("/api/desk/audits/next"))["audit"]["draft_id"]
    await expert.post(f"/api/desk/audits/{draft_id}", {"final_body": "Since June: within 14 days."})
    assert await ask(house) == "drafted"
    assert "Since June: within 14 days." in await find_draft(house)
    async with house.platform.database.write() as tx:
        await repository.delete_of_person(tx, ws, [(await house.platform.assistant.get_draft(ws, draft_id)).person_id])
    await ask(house)
    assert "June" not in await find_draft(house)


async def test_a_draft_that_an_expert_decides_on_is_no_blind_review(house: House) -> None:
    owner = await house.member("owner")
    await owner.call("PUT", "/api/admin/autonomy", RULES)
    assert await ask(house) == "drafted"
    (conversation,) = await house.platform.conversations.list_(house.workspace.id)
    (draft,) = await house.platform.assistant.list_drafts(house.workspace.id, conversation.id)
    with pytest.raises(NotFound):
        await house.platform.autonomy.audit(house.workspace.id, draft.id, house.members["expert"].id)
    await house.platform.review.decide(house.workspace.id, draft.id, house.members["expert"].id, "approve")
    cells = (await owner.get("/api/admin/autonomy"))["desks"][0]["cells"]
    assert [c["numbers"]["own"] for c in cells if c["lang"] == "en"] == [1]
    assert await house.platform.autonomy.find_threshold(conversation, "en") == NEVER


async def test_what_is_kept_in_memory_is_what_stands_in_the_database(house: House) -> None:
    platform, ws, rules = house.platform, house.workspace.id, Rules(0.1, 0.1, audit=1.0)
    desk, _ = (await platform.conversations.list_desks(ws))[0].id, await house.member("expert")
    earned, before = Earned(), None

    async def look(*, is_new: bool = True) -> list[Seen]:
        """As kept, after it was compared with what a stranger reads."""
        nonlocal before
        async with platform.database.read() as tx:
            kept, fresh = await earned.look(tx, ws), await repository.list_seen(tx, ws)
        assert kept.seen == fresh
        assert (kept.seen is not before) == is_new
        assert await earn(kept, desk, rules) == replay(fresh, rules)
        before = kept.seen
        return kept.seen

    assert await look() == []
    assert await ask(house) == "sent"
    await look(is_new=False)  # messages and turns say nothing of answers
    async with platform.database.read() as tx:
        ((draft_id, _, conversation_id, person_id),) = await repository.list_unaudited(tx, ws)
    await platform.conversations.label(ws, conversation_id, topic="returns")
    await look()
    answer = (await platform.conversations.snapshot(ws, conversation_id, "public")).messages[-1]
    await platform.review.rate(ws, answer.id, person_id, "down")
    assert [(one.kind, one.topic) for one in await look()] == [("down", "returns")]
    await platform.autonomy.choose(ws, Choice(rules))
    await platform.autonomy.audit(ws, draft_id, house.members["expert"].id)
    assert [one.kind for one in await look()] == ["down", "audit"]
    assert await ask(house) == "drafted"
    (other,) = [one.id for one in await platform.conversations.list_(ws) if one.id != conversation_id]
    (draft,) = await platform.assistant.list_drafts(ws, other)
    await platform.review.decide(ws, draft.id, house.members["expert"].id, "approve")
    await look()
    await look(is_new=False)
    owner = await house.member("owner")
    assert (await owner.call("DELETE", f"/api/admin/persons/{person_id}")).status_code == 200
    assert [one.kind for one in await look()] == ["approve"]


def seen(i: int, kind: str, *, is_changed: bool = False, reason: str = "copilot") -> Seen:
    at = VERDICT.decided_at + timedelta(minutes=i)
    text = "It takes 5 days."
    return Seen(
        at,
        kind,
        f"msg_{i}",
        "dsk",
        "delivery",
        "en",
        0.93,
        text,
        text if not is_changed else "It takes 9 days.",
        is_changed,
        reason,
        "m1",
    )


def test_the_same_reviews_give_the_same_threshold_and_a_cosmetic_edit_is_none() -> None:
    rules = Rules(0.1, 0.1)
    good = [seen(i, "edit" if i % 3 == 0 else "approve") for i in range(120)]
    pool = replay(good, rules)
    assert pool.threshold(("delivery", "en"), rules) is not None
    assert replay(good, rules) == pool
    bad = [*good, *[seen(200 + i, "edit", is_changed=True) for i in range(3)]]
    assert replay(bad, rules).threshold(("delivery", "en"), rules) is None


def test_approvals_that_nobody_can_have_read_earn_nothing() -> None:
    rules = Rules(0.1, 0.1)
    stamped = [replace(seen(i, "approve"), read_s=0.1) for i in range(120)]
    assert replay(stamped, rules) == Pool()
    assert replay([replace(one, read_s=4.0) for one in stamped], rules).threshold(("delivery", "en"), rules) is not None
    rejected = replace(seen(1, "reject", is_changed=True), read_s=0.1)
    assert replay([rejected], rules) != Pool()


def test_once_it_is_granted_only_the_fair_sample_counts() -> None:
    rules = Rules(0.1, 0.1, audit=0.3)
    good = [seen(i, "approve") for i in range(120)]
    later = [seen(300 + i, "reject", is_changed=True, reason="low_confidence") for i in range(60)]
    outside = [one for one in later if not is_drawn(one.message_id, rules.audit)]
    assert len(outside) > 20
    assert replay([*good, *outside], rules) == replay(good, rules)


def test_the_draw_is_fair_and_knows_the_id_alone() -> None:
    draw = random.Random(5)
    ids = [f"msg_{draw.random()}" for _ in range(5_000)]
    assert sum(is_drawn(i, 0.15) for i in ids) / len(ids) == pytest.approx(0.15, abs=0.02)
    assert all(is_drawn(i, 1.0) for i in ids)
