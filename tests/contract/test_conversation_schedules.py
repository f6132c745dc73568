"""Random schedules of persons, experts, model replies, crashes and retries against a slow, obvious twin.

Whatever happens in whatever order: the assistant never speaks after a person has taken over, and never twice; seq has no gap;
the events rebuild what is fetched.
"""

import asyncio
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from duologue.conversation.model import Fence, Mode, as_public
from duologue.conversation.reduce import State, apply
from duologue.conversation.service import ConversationService
from duologue.kit.clock import FrozenClock
from duologue.kit.errors import NotInControl
from duologue.store.database import Database
from tests.conftest import drop_postgres, fresh_postgres

W, P = "wsp_a", "per_a"
EXPERTS = st.sampled_from(["mem_e", "mem_f"])
LEASE_S = 60


class Crash(Exception):
    """The process dies before its transaction commits."""


@dataclass
class Twin:
    """What should be, kept by the plainest means."""

    holder: str = "ai"
    lease_until: float | None = None
    epoch: int = 0
    is_open: bool = True
    override: str | None = None
    said: list[tuple[str, str]] = field(default_factory=list)  # (client_id, author kind), one per message
    last_public: int = 0
    attention: bool = False
    waits: bool = False

    def add(self, client_id: str, author: str, *, public: bool = True) -> None:
        self.said.append((client_id, author))
        if public:
            self.last_public = len(self.said)
        if public and author != "system":
            self.waits = author == "person"

    def has(self, client_id: str, author: str) -> bool:
        return (client_id, author) in self.said

    def move(self, holder: str, override: str | None, lease_until: float | None = None) -> None:
        self.holder, self.override, self.lease_until = holder, override, lease_until
        self.epoch += 1

    def queue(self, queue: str = "queue") -> None:
        if self.holder == queue and self.attention:
            return
        was_queue = self.holder.startswith("queue")
        self.move(queue, None)
        self.attention = True
        if not was_queue:
            self.add(f"handed_over:{self.epoch}", "system")

    def give_back(self) -> None:
        self.attention = False
        self.move("ai", None)
        self.add(f"handed_back:{self.epoch}", "system")

    def open(self) -> None:
        self.is_open = True

    def may_hold(self, member: str, now: float) -> bool:
        alive = self.lease_until is not None and self.lease_until > now
        return not self.holder.startswith("human:") or self.holder == f"human:{member}" or not alive

    def hold(self, member: str, now: float) -> None:
        if self.holder == f"human:{member}" and self.override == "human":
            self.lease_until = now + LEASE_S
            return
        self.attention = False
        self.move(f"human:{member}", "human", now + LEASE_S)

    def may_say(self, fence: Fence) -> bool:
        return fence.control_epoch == self.epoch and fence.last_public_seq == self.last_public and self.is_open


class Schedules(RuleBasedStateMachine):
    """One conversation and everything that may happen to it."""

    migrated: Path | None = None
    server: tuple[str, str] = ("", "")
    turns = Bundle("turns")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.clock = FrozenClock()
        self.start = self.clock.now()
        self.twin = Twin()
        self.sends = 0
        self.runs = 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @property
    def now(self) -> float:
        return (self.clock.now() - self.start).total_seconds()

    @initialize()
    def open_conversation(self) -> None:
        async def prepare() -> None:
            if self.migrated is not None:
                path = Path(self.folder.name) / "test.db"
                shutil.copy(self.migrated, path)
                self.url = f"sqlite+aiosqlite:///{path}"
            else:
                self.url = await fresh_postgres(*self.server)
            self.database = Database(self.url, clock=self.clock)
            self.service = ConversationService(self.database, lease_s=LEASE_S)
            desk = await self.service.ensure_desk(W, "Help", "autopilot")
            self.id = (await self.service.start(W, P, desk.id, "en")).id

        self.run(prepare())

    @rule(retries=st.booleans())
    def person_writes(self, retries: bool) -> None:
        if not (retries and self.sends):
            self.sends += 1
        client_id = f"p{self.sends}"
        posted = self.run(self.service.post_person_message(W, self.id, P, client_id, "Hello"))
        assert posted.is_new is not self.twin.has(client_id, "person")
        if posted.is_new:
            self.twin.open()
            self.twin.add(client_id, "person")

    @rule(member=EXPERTS, public=st.booleans())
    def expert_writes(self, member: str, public: bool) -> None:
        self.sends += 1
        client_id = f"p{self.sends}"
        work = self.service.post_expert_message(W, self.id, member, client_id, "Hi", "public" if public else "internal")
        if public and not self.twin.may_hold(member, self.now):
            with pytest.raises(NotInControl):
                self.run(work)
            return
        self.run(work)
        if public:
            self.twin.open()
            self.twin.hold(member, self.now)
        self.twin.add(client_id, "expert", public=public)

    @rule(member=EXPERTS, force=st.booleans())
    def expert_takes_over(self, member: str, force: bool) -> None:
        work = self.service.take_over(W, self.id, member, force=force)
        if not force and not self.twin.may_hold(member, self.now):
            with pytest.raises(NotInControl):
                self.run(work)
            return
        self.run(work)
        self.twin.open()
        self.twin.hold(member, self.now)

    @rule(member=EXPERTS)
    def expert_hands_back(self, member: str) -> None:
        work = self.service.hand_back(W, self.id, member)
        if not self.twin.may_hold(member, self.now):
            with pytest.raises(NotInControl):
                self.run(work)
            return
        self.run(work)
        if self.twin.holder != "ai" or self.twin.override is not None:
            self.twin.give_back()

    @rule()
    def somebody_asks_for_a_person(self) -> None:
        self.run(self.service.request_human(None, None, W, self.id, "asked_for_person"))
        if self.twin.holder == "ai":
            self.twin.queue()
        elif self.twin.holder.startswith("queue"):
            self.twin.attention = True

    @rule(member=EXPERTS, team=st.sampled_from(["", "billing"]))
    def expert_hands_to_a_team(self, member: str, team: str) -> None:
        work = self.service.hand_to_team(W, self.id, team, member)
        if not self.twin.may_hold(member, self.now):
            with pytest.raises(NotInControl):
                self.run(work)
            return
        self.run(work)
        self.twin.queue(f"queue:{team}" if team else "queue")

    @rule(member=EXPERTS, mode=st.sampled_from([None, "autopilot", "copilot", "human"]))
    def expert_sets_the_mode(self, member: str, mode: Mode | None) -> None:
        self.run(self.service.set_mode(W, self.id, mode, member))
        if self.twin.override != mode:
            self.twin.move(self.twin.holder, mode, self.twin.lease_until)

    @rule(member=EXPERTS)
    def expert_snoozes_until_it_wakes(self, member: str) -> None:
        until = self.clock.now() + timedelta(seconds=1)
        self.run(self.service.snooze(W, self.id, until, member))
        self.run(self.service.wake_snoozed(until))
        self.twin.open()

    @rule(member=EXPERTS)
    def expert_resolves(self, member: str) -> None:
        self.run(self.service.resolve(W, self.id, member))
        if self.twin.is_open:
            if self.twin.holder != "ai" or self.twin.override is not None:
                self.twin.attention = False
                self.twin.move("ai", None)
            self.twin.is_open = self.twin.waits = False

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.run(self.service.expire_leases(self.clock.now()))
        if self.twin.lease_until is not None and self.twin.lease_until <= self.now:
            self.twin.queue() if self.twin.waits else self.twin.give_back()

    @rule(target=turns)
    def a_turn_begins(self) -> tuple[str, Fence]:
        self.runs += 1
        return f"run{self.runs}", self.run(self.service.get(W, self.id)).fence

    @rule(turn=turns, crashes=st.booleans())
    def a_model_replies(self, turn: tuple[str, Fence], crashes: bool) -> None:
        name, fence = turn

        async def commit() -> Any:
            async with self.database.write() as tx:
                message = await self.service.commit_ai(tx, fence, client_id=name, body="An answer.", lang="en", run_id=name)
                if crashes:
                    raise Crash
                return message

        if crashes:
            with pytest.raises(Crash):
                self.run(commit())
            return
        twin = self.twin
        may_say = twin.may_say(fence) and twin.holder == "ai" and twin.override != "human"
        message = self.run(commit())
        if twin.has(name, "ai"):
            assert message.client_id == name
        elif may_say:
            assert message is not None
            twin.add(name, "ai")
        else:
            assert message is None

    @rule(turn=turns, member=EXPERTS)
    def expert_approves_a_draft(self, turn: tuple[str, Fence], member: str) -> None:
        name, fence = turn[0].replace("run", "draft"), turn[1]

        async def commit() -> Any:
            async with self.database.write() as tx:
                return await self.service.commit_ai(
                    tx, fence, client_id=name, body="An answer.", lang="en", author_kind="expert", author_id=member
                )

        message, twin = self.run(commit()), self.twin
        if twin.has(name, "expert"):
            assert message.client_id == name
        elif twin.may_say(fence):
            assert message is not None
            twin.attention = False
            twin.add(name, "expert")
        else:
            assert message is None

    @invariant()
    def what_is_stored_is_what_should_be(self) -> None:
        if not hasattr(self, "id"):
            return
        snapshot = self.run(self.service.snapshot(W, self.id, "internal"))
        conversation, messages = snapshot.conversation, snapshot.messages
        assert [m.seq for m in messages] == list(range(1, len(messages) + 1))
        assert [(m.client_id, m.author_kind) for m in messages] == self.twin.said
        assert (conversation.control_epoch, conversation.last_public_seq) == (self.twin.epoch, self.twin.last_public)
        assert (str(conversation.controller), conversation.mode_override) == (self.twin.holder, self.twin.override)
        assert (conversation.lease_expires_at is None) is (self.twin.lease_until is None)
        assert (conversation.status == "open") is self.twin.is_open
        assert (conversation.attention.kind == "requested") is self.twin.attention
        assert (conversation.waiting_since is not None) is self.twin.waits
        rebuilt = apply(None, self.run(self.service.read_events(W, 0, conversation_id=self.id, limit=10_000)))
        assert rebuilt == State(conversation, messages)
        seen = self.run(self.service.snapshot(W, self.id, "public"))
        public = self.run(self.service.read_events(W, 0, conversation_id=self.id, audience="public", limit=10_000))
        heard = apply(None, public)
        assert heard is not None
        assert (as_public(heard.conversation), heard.messages) == (seen.conversation, seen.messages)
        assert [m for m in messages if m.visibility == "public"] == list(seen.messages)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.run(self.database.aclose())
            if self.migrated is None:
                self.run(drop_postgres(self.server[0], self.url))
        self.loop.close()
        self.folder.cleanup()


def try_schedules(machine: type[Schedules], examples: int) -> None:
    quiet = (HealthCheck.too_slow, HealthCheck.data_too_large)
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=quiet)
    )


def test_random_schedules_on_sqlite(migrated_sqlite: Path) -> None:
    class OnSqlite(Schedules):
        migrated = migrated_sqlite

    try_schedules(OnSqlite, 25)


@pytest.mark.postgres
def test_random_schedules_on_postgresql(postgres_server: str, migrated_postgres: str) -> None:
    class OnPostgres(Schedules):
        server = (postgres_server, migrated_postgres)

    try_schedules(OnPostgres, 8)
