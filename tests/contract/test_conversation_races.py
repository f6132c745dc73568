"""Everybody at once, on both databases: what a schedule of one thing after the other cannot show."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from duologue.conversation.events import ControlChanged, MessagePosted
from duologue.conversation.model import Fence
from duologue.conversation.reduce import State, apply, parse
from duologue.conversation.service import ConversationService
from duologue.kit.errors import NotInControl
from duologue.store.database import Database

W, P = "wsp_a", "per_a"
EXPERTS = ("mem_e", "mem_f")
ROUNDS = 6


class Everybody:
    """A person with a bad line, two experts and four turns of the assistant, all on one conversation."""

    def __init__(self, database: Database, service: ConversationService, conversation_id: str, seed: int) -> None:
        self.database, self.service, self.id = database, service, conversation_id
        self.random = random.Random(seed)
        self.said: dict[str, Fence] = {}
        self.refused = 0

    async def pause(self) -> None:
        await asyncio.sleep(self.random.random() * 0.02)

    async def write(self) -> None:
        for number in range(ROUNDS):
            sends = (self.service.post_person_message(W, self.id, P, f"p{number}", "Hello") for _ in range(2))
            first, again = await asyncio.gather(*sends)
            assert first.message == again.message
            assert [first.is_new, again.is_new].count(True) == 1
            await self.pause()

    async def help(self, member: str) -> None:
        moves: list[Callable[[int], Awaitable[object]]] = [
            lambda _: self.service.take_over(W, self.id, member),
            lambda n: self.service.post_expert_message(W, self.id, member, f"{member}.{n}", "Hi", "public"),
            lambda n: self.service.post_expert_message(W, self.id, member, f"{member}.note{n}", "Hm", "internal"),
            lambda _: self.service.hand_back(W, self.id, member),
            lambda _: self.service.request_human(None, None, W, self.id, "asked_for_person"),
            lambda _: self.service.set_posture(W, "workspace", "", self.random.choice(["autopilot", "copilot"]), member),
        ]
        for number in range(ROUNDS):
            await self.pause()
            try:
                await self.random.choice(moves)(number)
            except NotInControl:
                self.refused += 1
        try:
            await self.service.hand_back(W, self.id, member)
        except NotInControl:
            self.refused += 1

    async def answer(self, turn: int) -> None:
        for number in range(ROUNDS):
            fence = (await self.service.get(W, self.id)).fence
            await self.pause()
            name = f"run{turn}.{number}"
            async with self.database.write() as tx:
                message = await self.service.commit_ai(tx, fence, client_id=name, body="An answer.", lang="en", run_id=name)
            if message is not None:
                self.said[name] = fence


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whoever_comes_first_the_assistant_never_speaks_over_a_person_and_never_twice(database: Database, seed: int) -> None:
    service = ConversationService(database, lease_s=60)
    await service.set_posture(W, "workspace", "", "autopilot", EXPERTS[0])
    desk = await service.ensure_desk(W, "Help")
    conversation = await service.start(W, P, desk.id, "en")
    all_ = Everybody(database, service, conversation.id, seed)
    await asyncio.gather(all_.write(), *(all_.help(e) for e in EXPERTS), *(all_.answer(t) for t in range(4)))

    snapshot = await service.snapshot(W, conversation.id, "internal")
    assert [m.seq for m in snapshot.messages] == list(range(1, len(snapshot.messages) + 1))
    records = await service.read_events(W, 0, conversation_id=conversation.id, limit=10_000)
    assert apply(None, records) == State(snapshot.conversation, snapshot.messages)

    controller, epoch, last_public, spoken = conversation.controller, 0, 0, set()
    for event in map(parse, records):
        if isinstance(event, ControlChanged):
            assert event.control_epoch >= epoch
            controller, epoch = event.controller, event.control_epoch
        elif isinstance(event, MessagePosted):
            if event.message.author_kind == "ai":
                fence = all_.said[event.message.client_id]
                assert controller.kind == "ai", "the assistant spoke over a person"
                assert (fence.control_epoch, fence.last_public_seq) == (epoch, last_public), "it answered what was no longer so"
                spoken.add(event.message.client_id)
            if event.message.visibility == "public":
                last_public = event.message.seq
    assert spoken == set(all_.said)
    fences = [(f.control_epoch, f.last_public_seq) for f in all_.said.values()]
    assert len(fences) == len(set(fences)), "it answered twice"
