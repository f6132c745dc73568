"""Replays at work: begun, watched, paused, resumed and cancelled; taken up by the next server where one was cut short.

One replay at a time and workspace, an answer after the other, so that persons who wait for theirs are not kept from it.
"""

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from duologue.assistant.retrieve import Search
from duologue.assistant.service import AssistantService
from duologue.conversation.service import ConversationService
from duologue.engine.protocol import Engine
from duologue.kit.clock import Clock
from duologue.kit.errors import Conflict, DuologueError, Invalid, NotFound
from duologue.kit.ids import new_id
from duologue.kit.log import get_logger
from duologue.learning.champions import Champions
from duologue.learning.rehearse import Rehearsed, rehearse
from duologue.learning.replay import Case, Lab, Replay, State, gather, make_row, since
from duologue.review.consent import ConsentService

log = get_logger(__name__)

MOST_DAYS = 366


class Rehearsals:
    """The replays of all workspaces of this process."""

    def __init__(
        self, clock: Clock, conversations: ConversationService, assistant: AssistantService, search: Search, champions: Champions,
        consents: ConsentService,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._conversations = conversations
        self._assistant = assistant
        self._search = search
        self._champions = champions
        self._consents = consents
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}

    def lab(self, workspace_id: str) -> Lab:
        """A workspace's replays."""
        return Lab(self._champions.folder / workspace_id)

    async def start(self, workspace_id: str, version: str, days: int, by_name: str) -> Replay:
        """Begin. Raises Invalid, Conflict where one is running, NotFound for an unknown version."""
        if not 1 <= days <= MOST_DAYS:
            raise Invalid(f"Say how many days back, from 1 to {MOST_DAYS}.")
        if workspace_id in self._running:
            raise Conflict("A replay is on its way; wait for it, pause it or cancel it.")
        if version:
            self._champions.registry(workspace_id).get(version)
        now = self._clock.now()
        cases = await self._gather(workspace_id, now, days)
        if not cases:
            raise Invalid("No answer was sent in this time to anybody who lets it be learnt from; there is nothing to replay.")
        present = self._champions.find(workspace_id).info
        if present.is_outside:
            raise Invalid("The present model stands outside this machine; only models that run here replay conversations.")
        replay = Replay(new_id("rpl"), version, present.version, days, by_name, now.isoformat(), total=len(cases))
        self._spawn(workspace_id, self.lab(workspace_id).put(replay))
        return replay

    async def pause(self, workspace_id: str, replay_id: str) -> None:
        """Stop for now. Raises NotFound, and Conflict where it does not run."""
        self._get(workspace_id, replay_id)
        if self._running.get(workspace_id, ("",))[0] != replay_id:
            raise Conflict("This replay does not run.")
        await self._stop(workspace_id)
        self._mark(workspace_id, replay_id, "paused")

    async def resume(self, workspace_id: str, replay_id: str) -> None:
        """Go on behind the last answer. Raises Conflict where it is not paused, or another one runs."""
        replay = self._get(workspace_id, replay_id)
        if workspace_id in self._running or replay.state not in ("paused", "failed"):
            raise Conflict("Only a paused replay goes on, and one at a time.")
        self._spawn(workspace_id, self.lab(workspace_id).set_state(replay, "running"))

    async def cancel(self, workspace_id: str, replay_id: str) -> None:
        """Stop it and delete what it found."""
        self._get(workspace_id, replay_id)
        if self._running.get(workspace_id, ("",))[0] == replay_id:
            await self._stop(workspace_id)
        await asyncio.to_thread(shutil.rmtree, self.lab(workspace_id).folder / replay_id, ignore_errors=True)

    def take_up(self) -> int:
        """Go on with what the end of an earlier server cut short; how many."""
        count = 0
        for folder in self._champions.folder.glob("*/replays"):
            workspace_id = folder.parent.name
            for replay in Lab(folder.parent).list_replays():
                if replay.state == "running" and workspace_id not in self._running:
                    self._spawn(workspace_id, replay)
                    count += 1
        return count

    async def aclose(self) -> None:
        """Stop everything; the next server goes on with it."""
        for workspace_id in tuple(self._running):
            await self._stop(workspace_id)

    def _get(self, workspace_id: str, replay_id: str) -> Replay:
        if (found := self.lab(workspace_id).find(replay_id)) is None:
            raise NotFound("There is no such replay.")
        return found

    def _mark(self, workspace_id: str, replay_id: str, state: State, error: str = "") -> None:
        if (found := self.lab(workspace_id).find(replay_id)) is not None:
            self.lab(workspace_id).set_state(found, state, error)

    def _spawn(self, workspace_id: str, replay: Replay) -> None:
        task = asyncio.get_running_loop().create_task(self._work(workspace_id, replay))
        self._running[workspace_id] = (replay.id, task)

    async def _stop(self, workspace_id: str) -> None:
        _, task = self._running.pop(workspace_id)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _work(self, workspace_id: str, replay: Replay) -> None:
        try:
            await self._go_through(workspace_id, replay)
            self._mark(workspace_id, replay.id, "done")
        except DuologueError as error:
            self._mark(workspace_id, replay.id, "failed", error.message)
        except Exception as error:
            log.exception("the replay %s failed", replay.id)
            self._mark(workspace_id, replay.id, "failed", f"{type(error).__name__}: {error}"[:500])
        finally:
            if self._running.get(workspace_id, ("",))[0] == replay.id:
                del self._running[workspace_id]

    async def _go_through(self, workspace_id: str, replay: Replay) -> None:
        lab, done = self.lab(workspace_id), {row["message_id"] for row in self.lab(workspace_id).read(replay.id)}
        cases = await self._gather(workspace_id, _at(replay), replay.days)
        threshold = await self._assistant.get_threshold(workspace_id)
        todo = [case for case in cases if case.sent.id not in done and case.sent.created_at <= _at(replay)]
        if not todo:
            return
        async with self._open(workspace_id, replay.version) as candidate:
            for case in todo:
                present = await self._ask(self._champions.find(workspace_id), case, threshold)
                row = make_row(case, await self._ask(candidate, case, threshold), present)
                if await self._is_there(case):  # its person may have been erased, or said no, while the models wrote
                    lab.add(replay.id, row)

    async def _ask(self, engine: Engine, case: Case, threshold: float) -> dict[str, Any]:
        found: Rehearsed = await rehearse(engine, self._search, case.turn, threshold)
        return {
            "body": found.answer.body, "kind": found.answer.kind, "confidence": found.confidence, "is_sent": found.is_sent,
            "written": found.written,
        }  # fmt: skip

    async def _is_there(self, case: Case) -> bool:
        try:
            await self._conversations.get(case.turn.conversation.workspace_id, case.turn.conversation.id)
        except NotFound:
            return False
        here = case.turn.conversation
        return (await self._consents.look(here.workspace_id)).allow(here.person_id)

    async def _gather(self, workspace_id: str, at: datetime, days: int) -> list[Case]:
        consents = await self._consents.look(workspace_id)
        return await gather(self._conversations, workspace_id, since(at, days), consents.allow)

    @asynccontextmanager
    async def _open(self, workspace_id: str, version: str) -> AsyncIterator[Engine]:
        """The candidate; a version is loaded for the replay alone."""
        if not version:
            yield self._champions.default
            return
        engine = self._champions.load(self._champions.registry(workspace_id).find_folder(version))
        try:
            yield engine
        finally:
            await engine.aclose()


def _at(replay: Replay) -> datetime:
    return datetime.fromisoformat(replay.at)
