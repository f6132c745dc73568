"""Conversations on both databases: the four axes, idempotent sends, the fence, and every move of control."""

import asyncio
from dataclasses import replace

import pytest

from duologue.conversation.inbox.service import Inbox
from duologue.conversation.model import AI, Controller, Conversation, Message
from duologue.conversation.reduce import State, apply
from duologue.conversation.service import ConversationService
from duologue.kit.clock import FrozenClock
from duologue.kit.errors import Conflict, Invalid, NotFound, NotInControl
from duologue.store.database import Database

W, P, E, F = "wsp_a", "per_a", "mem_e", "mem_f"


@pytest.fixture
def service(database: Database) -> ConversationService:
    return ConversationService(database, lease_s=60)


@pytest.fixture
async def conversation(service: ConversationService) -> Conversation:
    desk = await service.ensure_desk(W, "Help", "autopilot")
    return await service.start(W, P, desk.id, "en")


async def say(service: ConversationService, database: Database, conversation: Conversation, name: str = "run_1") -> Message | None:
    async with database.write() as tx:
        return await service.commit_ai(tx, conversation.fence, client_id=name, body="An answer.", lang="en", run_id=name)


async def test_seq_has_no_gap_and_a_retry_returns_the_first_result(
    service: ConversationService, conversation: Conversation
) -> None:
    first = await service.post_person_message(W, conversation.id, P, "c1", "Hello")
    again = await service.post_person_message(W, conversation.id, P, "c1", "Hello?")
    note = await service.post_expert_message(W, conversation.id, E, "c2", "Looks new.", "internal")
    assert (first.is_new, again.is_new, again.message) == (True, False, first.message)
    assert (note.message.seq, note.conversation.last_seq, note.conversation.last_public_seq) == (2, 2, 1)
    assert note.conversation.controller == AI, "a note takes nothing over"


async def test_concurrent_retries_make_one_message(service: ConversationService, conversation: Conversation) -> None:
    posts = await asyncio.gather(*(service.post_person_message(W, conversation.id, P, "same", "Hello") for _ in range(8)))
    assert len({p.message.id for p in posts}) == 1
    assert sum(p.is_new for p in posts) == 1


async def test_author_language_and_waiting_are_set_by_the_server(service: ConversationService, conversation: Conversation) -> None:
    posted = await service.post_person_message(W, conversation.id, P, "c1", "我的订单在哪里？\x00\r\n")
    assert (posted.message.author_kind, posted.message.author_id, posted.message.lang) == ("person", P, "zh")
    assert posted.message.body == "我的订单在哪里？", "punctuation stays as it was written, what cannot be shown goes"
    assert posted.conversation.waiting_since == posted.message.created_at


async def test_nobody_reaches_another_persons_or_workspaces_conversation(
    service: ConversationService, conversation: Conversation
) -> None:
    with pytest.raises(NotFound):
        await service.post_person_message(W, conversation.id, "per_b", "c1", "Hello")
    for call in (
        service.get("wsp_b", conversation.id),
        service.snapshot("wsp_b", conversation.id, "internal"),
        service.take_over("wsp_b", conversation.id, E),
        service.post_person_message("wsp_b", conversation.id, P, "c1", "Hello"),
    ):
        with pytest.raises(NotFound):
            await call
    assert await service.list_("wsp_b") == []


async def test_the_public_messages_of_many_are_those_of_each(service: ConversationService, conversation: Conversation) -> None:
    other = await service.start(W, P, conversation.desk_id, "en")
    for one in (conversation, other, conversation):
        await service.post_person_message(W, one.id, P, f"c{one.last_seq}", "Hello")
        await service.post_expert_message(W, one.id, E, "n1", "Looks new.", "internal")
    await service.post_expert_message(W, conversation.id, E, "c9", "Solved.", "public")
    found = await service.list_public_messages(W, [conversation.id, other.id, "cnv_gone"])
    assert found == {one.id: list((await service.snapshot(W, one.id, "public")).messages) for one in (conversation, other)}
    assert [m.body for m in found[conversation.id] if m.author_kind == "expert"] == ["Solved."]
    assert await service.list_public_messages("wsp_b", [conversation.id]) == {}


async def test_the_fence_holds_against_a_newer_message(
    service: ConversationService, database: Database, conversation: Conversation
) -> None:
    before = (await service.post_person_message(W, conversation.id, P, "c1", "Hello")).conversation
    after = (await service.post_person_message(W, conversation.id, P, "c2", "And another thing")).conversation
    assert await say(service, database, before) is None
    spoken = await say(service, database, after)
    assert spoken is not None
    assert spoken.seq == 3
    assert await say(service, database, after) == spoken, "a retried commit returns what the first one said"


@pytest.mark.parametrize("move", ["take_over", "hand_to_team", "set_mode", "reply", "request_human"])
async def test_the_fence_holds_against_every_move_of_control(
    service: ConversationService, database: Database, conversation: Conversation, move: str
) -> None:
    before = (await service.post_person_message(W, conversation.id, P, "c1", "Hello")).conversation
    match move:
        case "take_over":
            await service.take_over(W, conversation.id, E)
        case "hand_to_team":
            await service.hand_to_team(W, conversation.id, "billing", E)
        case "set_mode":
            await service.set_mode(W, conversation.id, "human", E)
        case "reply":
            await service.post_expert_message(W, conversation.id, E, "c2", "I am here.", "public")
        case _:
            await service.request_human(None, None, W, conversation.id, "asked_for_person")
    after = await service.get(W, conversation.id)
    assert after.control_epoch == before.control_epoch + 1
    assert await say(service, database, before) is None
    assert await say(service, database, replace(before, control_epoch=after.control_epoch)) is None
    assert await say(service, database, after) is None, "a person or a queue is in control"


async def test_taking_over_is_idempotent_and_exclusive_while_the_lease_lives(
    service: ConversationService, conversation: Conversation, clock: FrozenClock
) -> None:
    first = await service.take_over(W, conversation.id, E)
    clock.advance(10)
    again = await service.take_over(W, conversation.id, E)
    assert (first.controller, first.mode) == (Controller("human", E), "human")
    assert again.control_epoch == first.control_epoch
    assert again.lease_expires_at is not None
    assert first.lease_expires_at is not None
    assert again.lease_expires_at > first.lease_expires_at
    with pytest.raises(NotInControl):
        await service.take_over(W, conversation.id, F)
    with pytest.raises(NotInControl):
        await service.post_expert_message(W, conversation.id, F, "c9", "Hi", "public")
    assert (await service.take_over(W, conversation.id, F, force=True)).controller == Controller("human", F)
    clock.advance(61)
    assert (await service.take_over(W, conversation.id, E)).controller == Controller("human", E)


async def test_a_lease_that_runs_out_while_the_person_waits_returns_to_the_queue_with_one_notice(
    service: ConversationService, conversation: Conversation, clock: FrozenClock
) -> None:
    await service.take_over(W, conversation.id, E)
    await service.post_person_message(W, conversation.id, P, "c1", "Are you there?")
    clock.advance(59)
    assert await service.expire_leases(clock.now()) == 0
    clock.advance(2)
    assert await service.expire_leases(clock.now()) == 1
    assert await service.expire_leases(clock.now()) == 0
    snapshot = await service.snapshot(W, conversation.id, "public")
    assert snapshot.conversation.controller.kind == "queue"
    assert snapshot.conversation.attention.reason == "expert_left"
    assert [m.data["code"] for m in snapshot.messages if m.kind == "notice"] == ["handed_over"]


async def test_a_lease_that_runs_out_when_all_is_answered_gives_back_to_the_assistant(
    service: ConversationService, conversation: Conversation, clock: FrozenClock
) -> None:
    await service.post_person_message(W, conversation.id, P, "c1", "Hello")
    await service.post_expert_message(W, conversation.id, E, "c2", "Solved.", "public")
    clock.advance(61)
    assert await service.expire_leases(clock.now()) == 1
    snapshot = await service.snapshot(W, conversation.id, "public")
    assert (snapshot.conversation.controller, snapshot.conversation.mode_override) == (AI, None)
    assert [m.kind for m in snapshot.messages] == ["text", "text", "marker"]


async def test_asking_for_a_person_twice_leaves_one_notice(service: ConversationService, conversation: Conversation) -> None:
    for _ in range(2):
        await service.request_human(None, None, W, conversation.id, "asked_for_person", "billing")
    snapshot = await service.snapshot(W, conversation.id, "public")
    assert snapshot.conversation.controller == Controller("queue", "billing")
    assert [(m.author_kind, m.kind) for m in snapshot.messages] == [("system", "notice")]


async def test_handing_back_leaves_a_marker_and_the_assistant_may_speak(
    service: ConversationService, database: Database, conversation: Conversation
) -> None:
    await service.take_over(W, conversation.id, E)
    await service.post_expert_message(W, conversation.id, E, "c1", "Solved.", "public")
    back = await service.hand_back(W, conversation.id, E)
    assert (back.controller, back.mode, back.mode_override) == (AI, "autopilot", None)
    marker = (await service.snapshot(W, conversation.id, "public")).messages[-1]
    assert (marker.kind, marker.data["human_segment_ended_at"]) == ("marker", 1)
    asked = await service.post_person_message(W, conversation.id, P, "c2", "And the other one?")
    assert await say(service, database, asked.conversation) is not None


async def test_mode_is_inherited_from_topic_desk_and_workspace(service: ConversationService) -> None:
    desk = await service.ensure_desk(W, "Repairs")
    conversation = await service.start(W, P, desk.id, "en")
    assert conversation.mode == "copilot"
    await service.set_posture(W, "workspace", "", "human", E)
    assert (await service.get(W, conversation.id)).mode == "human"
    await service.set_posture(W, "desk", desk.id, "autopilot", E)
    assert (await service.get(W, conversation.id)).mode == "autopilot"
    await service.label(W, conversation.id, topic="refunds")
    await service.set_posture(W, "topic", "refunds", "copilot", E)
    assert (await service.get(W, conversation.id)).mode == "copilot"
    assert (await service.set_mode(W, conversation.id, "human", E)).mode == "human"
    assert (await service.set_mode(W, conversation.id, None, E)).mode == "copilot"


async def test_writing_opens_a_resolved_conversation_as_a_new_episode(
    service: ConversationService, conversation: Conversation
) -> None:
    await service.post_person_message(W, conversation.id, P, "c1", "Hello")
    await service.take_over(W, conversation.id, E)
    resolved = await service.resolve(W, conversation.id, E)
    assert (resolved.status, resolved.controller) == ("resolved", AI)
    posted = await service.post_person_message(W, conversation.id, P, "c2", "One more thing")
    assert (posted.conversation.status, posted.conversation.episode_seq) == ("open", 1)


async def test_snoozing_ends_at_its_time_or_when_the_person_writes(
    service: ConversationService, conversation: Conversation, clock: FrozenClock
) -> None:
    until = clock.now().replace(year=2027)
    with pytest.raises(Invalid):
        await service.snooze(W, conversation.id, clock.now(), E)
    assert (await service.snooze(W, conversation.id, until, E)).status == "snoozed"
    assert await service.wake_snoozed(clock.now()) == 0
    assert await service.wake_snoozed(until) == 1
    await service.snooze(W, conversation.id, until, E)
    assert (await service.post_person_message(W, conversation.id, P, "c1", "Hi")).conversation.status == "open"


async def test_views_of_the_desk(service: ConversationService, conversation: Conversation) -> None:
    other = await service.start(W, "per_b", conversation.desk_id, "zh")
    waiting = await service.start(W, "per_c", conversation.desk_id, "zh")
    await service.take_over(W, conversation.id, E)
    await service.request_human(None, None, W, waiting.id, "low_confidence")

    async def ids(view: str, member: str = E) -> set[str]:
        return {c.id for c in await service.list_(W, view, member_id=member)}  # type: ignore[arg-type]

    assert await ids("mine") == {conversation.id}
    assert await ids("mine", F) == set()
    assert await ids("waiting") == {waiting.id}
    assert await ids("ai") == {other.id}
    assert await ids("all") == {conversation.id, other.id, waiting.id}


async def test_a_person_sees_no_note_and_no_internal_event(service: ConversationService, conversation: Conversation) -> None:
    await service.post_expert_message(W, conversation.id, E, "n1", "A secret note.", "internal")
    snapshot = await service.snapshot(W, conversation.id, "public")
    events = await service.read_events(W, 0, conversation_id=conversation.id, audience="public")
    assert snapshot.messages == ()
    assert all("secret" not in str(e.payload) for e in events)
    whole = apply(None, await service.read_events(W, 0, conversation_id=conversation.id))
    inside = await service.snapshot(W, conversation.id, "internal")
    assert whole == State(inside.conversation, inside.messages)


async def test_erasing_a_person_leaves_nothing_behind(
    service: ConversationService, database: Database, conversation: Conversation
) -> None:
    await service.post_person_message(W, conversation.id, P, "c1", "My name is Ada.")
    async with database.write() as tx:
        assert await service.erase_person(tx, W, P) == [conversation.id]
    with pytest.raises(NotFound):
        await service.get(W, conversation.id)
    assert all("Ada" not in str(e.payload) for e in await service.read_events(W, 0))


async def test_a_turn_that_began_before_it_was_resolved_says_nothing(
    service: ConversationService, database: Database, conversation: Conversation
) -> None:
    asked = await service.post_person_message(W, conversation.id, P, "c1", "Hello")
    assert (await service.resolve(W, conversation.id, P)).fence == asked.conversation.fence
    assert await say(service, database, asked.conversation) is None


async def test_passing_from_team_to_team_tells_the_person_once(service: ConversationService, conversation: Conversation) -> None:
    for team in ("billing", "repairs", "repairs"):
        handed = await service.hand_to_team(W, conversation.id, team, E)
    assert (handed.controller, handed.control_epoch) == (Controller("queue", "repairs"), 2)
    assert [m.kind for m in (await service.snapshot(W, conversation.id, "public")).messages] == ["notice"]


async def test_a_client_id_is_its_authors_own(service: ConversationService, conversation: Conversation) -> None:
    said = await service.post_person_message(W, conversation.id, P, "same", "Hello")
    answered = await service.post_expert_message(W, conversation.id, E, "same", "Hi", "internal")
    assert (said.is_new, answered.is_new) == (True, True)
    with pytest.raises(Conflict, match="client id"):
        await service.post_expert_message(W, conversation.id, F, "same", "Hi", "internal")


async def test_a_person_cannot_take_a_client_id_that_the_house_will_need(
    service: ConversationService, database: Database, conversation: Conversation
) -> None:
    for name in ("run_1", "handed_over:1"):
        asked = await service.post_person_message(W, conversation.id, P, name, "Hello")
    spoken = await say(service, database, asked.conversation)
    assert spoken is not None
    assert (spoken.author_kind, spoken.seq) == ("ai", 3)
    handed = await service.request_human(None, None, W, conversation.id, "asked_for_person")
    assert handed is not None
    assert handed.last_seq == 4


async def test_an_expert_who_sends_again_after_losing_control_gets_the_first_result(
    service: ConversationService, conversation: Conversation
) -> None:
    first = await service.post_expert_message(W, conversation.id, E, "c1", "Hi", "public")
    await service.take_over(W, conversation.id, F, force=True)
    again = await service.post_expert_message(W, conversation.id, E, "c1", "Hi", "public")
    assert (again.message, again.is_new) == (first.message, False)
    assert again.conversation.controller == Controller("human", F)


async def test_an_empty_message_is_refused(service: ConversationService, conversation: Conversation) -> None:
    for body in ("", "  \n", "\x00\r\n"):
        with pytest.raises(Invalid):
            await service.post_person_message(W, conversation.id, P, "c1", body)
    assert (await service.get(W, conversation.id)).last_seq == 0


async def test_a_retry_does_not_open_what_was_resolved_meanwhile(service: ConversationService, conversation: Conversation) -> None:
    await service.post_person_message(W, conversation.id, P, "c1", "Hello")
    await service.resolve(W, conversation.id, E)
    again = await service.post_person_message(W, conversation.id, P, "c1", "Hello")
    assert (again.is_new, again.conversation.status, again.conversation.waiting_since) == (False, "resolved", None)


async def test_a_changed_posture_moves_the_epoch_of_what_it_moves_and_of_nothing_else(
    service: ConversationService, database: Database, conversation: Conversation
) -> None:
    await service.set_posture(W, "desk", conversation.desk_id, None, E)
    other_desk = await service.ensure_desk(W, "Repairs", "copilot")
    other = await service.start(W, "per_b", other_desk.id, "en")
    before = await service.get(W, conversation.id)
    await service.set_posture(W, "workspace", "", "autopilot", E)
    await service.set_posture(W, "workspace", "", "autopilot", E)
    after = await service.get(W, conversation.id)
    assert (before.mode, after.mode, after.control_epoch) == ("copilot", "autopilot", before.control_epoch + 1)
    assert await service.get(W, other.id) == other
    assert await say(service, database, before) is None
    await service.label(W, conversation.id, topic="refunds")
    assert (await service.get(W, conversation.id)).control_epoch == after.control_epoch
    await service.set_posture(W, "topic", "refunds", "human", E)
    await service.label(W, conversation.id, topic="sizes")
    moved = await service.get(W, conversation.id)
    assert (moved.mode, moved.control_epoch) == ("autopilot", after.control_epoch + 2)
    rebuilt = apply(None, await service.read_events(W, 0, conversation_id=conversation.id))
    assert rebuilt is not None
    assert rebuilt.conversation == moved


async def test_a_queue_that_was_answered_is_called_again_without_a_second_notice(
    service: ConversationService, database: Database, conversation: Conversation
) -> None:
    await service.request_human(None, None, W, conversation.id, "low_confidence")
    waiting = (await service.post_person_message(W, conversation.id, P, "c1", "Well?")).conversation
    async with database.write() as tx:
        sent = await service.commit_ai(
            tx, waiting.fence, client_id="draft:1", body="Yes.", lang="en", author_kind="expert", author_id=E, draft_id="drf_1"
        )
    assert sent is not None
    answered = await service.get(W, conversation.id)
    assert (answered.attention.kind, answered.attention.reason, answered.waiting_since) == ("answered", "low_confidence", None)
    assert (answered.controller, answered.control_epoch) == (waiting.controller, waiting.control_epoch)
    again = await service.request_human(None, None, W, conversation.id, "asked_for_person")
    assert again is not None
    assert (again.attention.kind, again.attention.reason) == ("requested", "asked_for_person")
    kinds = [m.kind for m in (await service.snapshot(W, conversation.id, "public")).messages]
    assert kinds == ["notice", "text", "text"]


async def test_nobody_gives_away_what_a_colleague_holds(
    service: ConversationService, conversation: Conversation, clock: FrozenClock
) -> None:
    held = await service.take_over(W, conversation.id, E)
    for move in (
        service.hand_back(W, conversation.id, F),
        service.hand_to_team(W, conversation.id, "billing", F),
        service.renew_lease(W, conversation.id, F),
        service.release(W, conversation.id, F),
    ):
        with pytest.raises(NotInControl):
            await move
    assert await service.get(W, conversation.id) == held
    clock.advance(61)
    assert (await service.hand_back(W, conversation.id, F)).controller == AI


async def test_what_was_resolved_while_it_slept_does_not_wake(
    service: ConversationService, conversation: Conversation, clock: FrozenClock
) -> None:
    until = clock.now().replace(year=2027)
    await service.snooze(W, conversation.id, until, E)
    await service.resolve(W, conversation.id, E)
    assert await service.wake_snoozed(until) == 0
    assert (await service.get(W, conversation.id)).status == "resolved"


async def test_desks_of_one_name_are_one_desk(service: ConversationService) -> None:
    desks = await asyncio.gather(*(service.ensure_desk(W, "Help") for _ in range(4)))
    assert len({d.id for d in desks}) == 1


async def test_the_inbox_lists_in_pages_and_counts(
    service: ConversationService, database: Database, conversation: Conversation, clock: FrozenClock
) -> None:
    inbox = Inbox(database)
    others = []
    for number in range(3):
        clock.advance(1)
        others.append(await service.start(W, f"per_{number}", conversation.desk_id, "en"))
    await service.post_person_message(W, others[0].id, "per_0", "c1", "100% wool?")
    await service.take_over(W, conversation.id, E)
    await service.resolve(W, others[2].id, E)
    page = await inbox.get_page(W, "all", E, limit=2)
    rest = await inbox.get_page(W, "all", E, limit=9, before=page.conversations[-1].id)
    ids = [c.id for c in (*page.conversations, *rest.conversations)]
    assert sorted(ids) == sorted([conversation.id, *(c.id for c in others)])
    assert page.counts == {"mine": 1, "waiting": 0, "ai": 2, "all": 4}
    found = await inbox.get_page(W, "all", E, query="100%")
    assert [c.id for c in found.conversations] == [others[0].id]
    assert found.last_messages[others[0].id].body == "100% wool?"
    assert (await inbox.get_page(W, "all", E, query="0_ wool")).conversations == ()
    assert (await inbox.get_page("wsp_b", "all", E)).conversations == ()
    await service.set_posture(W, "desk", conversation.desk_id, "copilot", E)
    waiting = await inbox.get_page(W, "waiting", E)
    assert [c.id for c in waiting.conversations] == [others[0].id], "an expert has to look at each answer of a copilot"
