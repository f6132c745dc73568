"""Runs turns as durable jobs: begin, watch, cut short, hand over what cannot be finished, take up what a crash left.

A turn's job id is its message's id. A job that runs again after a crash finds its run and begins it anew: until `finish`, a turn
has changed nothing but the run's row.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, takewhile
from typing import Any
from weakref import WeakValueDictionary

from duologue.assistant import repository
from duologue.assistant.begin import ANSWERED, make_turn
from duologue.assistant.decide import Decision
from duologue.assistant.events import RunStarted
from duologue.assistant.finish import AlreadyEnded, end, finish
from duologue.assistant.guard import Mask
from duologue.assistant.means import Autonomy, Engines, Means
from duologue.assistant.model import OPEN_DRAFT, Draft, Reading, Run, RunStatus, Turn
from duologue.assistant.policy import NO_POLICY, Profession
from duologue.assistant.reading import Readings, is_judged
from duologue.assistant.small_talk import asks_nothing
from duologue.assistant.speak import Speaker
from duologue.assistant.tools import Caller, Tool, Toolbox
from duologue.assistant.trace import Trace
from duologue.assistant.turn import Outcome, Parts, run_turn
from duologue.conversation.model import Conversation, HandoverReason, Message
from duologue.engine.nothing import NoEngine
from duologue.engine.protocol import Engine
from duologue.engine.redacted import RedactedEngine
from duologue.kit.errors import DuologueError, ModelUnavailable, NotFound
from duologue.kit.ids import new_id
from duologue.kit.log import get_logger
from duologue.store.bus import Audience, Ephemeral
from duologue.store.jobs import Jobs

log = get_logger(__name__)

MAX_ATTEMPTS = 3
"""Beginnings of one turn after which it is handed over: a turn that ends the process must not do so for ever."""
STALE_S = 30.0
"""Seconds beyond the time-out of a turn after which its server must be gone."""
STAYS = "What is written here stays on this machine; no model elsewhere is asked."


@dataclass(slots=True)
class _Live:
    """A turn that runs in this process. `why` is set when it is cut short, and to what it then ends."""

    turn: Turn
    run: Run
    speaker: Speaker
    task: "asyncio.Task[Outcome]"
    job: "asyncio.Task[Any] | None"
    why: tuple[RunStatus, str] | None = None


class TurnRunner:
    """The turns of this process."""

    def __init__(self, means: Means, jobs: Jobs) -> None:
        self._means = means
        self._jobs = jobs
        self._live: dict[str, _Live] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.readings = Readings(means)
        self.extra_tools: list[Tool] = []
        self.autonomy: Autonomy | None = None
        self.engines: Engines | None = None
        jobs.register("turn", self.run_job)

    # ---- beginning ---------------------------------------------------------------------------------------------------------

    async def start_if_wanted(self, workspace_id: str, conversation_id: str) -> bool:
        """Start a turn where the person's last message waits for the assistant and none was made for it."""
        found = await self._waiting_message(workspace_id, conversation_id)
        if found is None:
            return False
        message, runs = found
        key = f"{message.id}.{len(runs)}" if runs else message.id
        await self.start(key, workspace_id, conversation_id, message.id)
        return True

    async def start(self, key: str, workspace_id: str, conversation_id: str, message_id: str, **wish: str) -> None:
        """Begin the job `key`; the same key begins once."""
        payload = {"key": key, "workspace_id": workspace_id, "conversation_id": conversation_id, "message_id": message_id, **wish}
        await self._jobs.run("turn", key, payload)

    async def _waiting_message(self, workspace_id: str, conversation_id: str) -> tuple[Message, list[Run]] | None:
        conversations = self._means.conversations
        here = await conversations.get(workspace_id, conversation_id)
        if here.controller.kind != "ai" or here.status != "open":
            return None
        snapshot = await conversations.snapshot(workspace_id, conversation_id, "public")
        texts = [m for m in snapshot.messages if m.kind == "text"]
        if not texts or texts[-1].author_kind != "person":
            return None
        async with self._means.database.read() as tx:
            runs = await repository.list_runs(tx, workspace_id, conversation_id)
            drafts = await repository.list_drafts(tx, workspace_id, [conversation_id], OPEN_DRAFT, limit=1)
        if drafts and asks_nothing(texts[-1]):
            return None  # the answer to what was asked waits for an expert
        of_message = [run for run in runs if run.message_id == texts[-1].id and not run.instruction]
        return None if any(run.status in ANSWERED for run in of_message) else (texts[-1], of_message)

    async def run_job(self, payload: dict[str, Any]) -> None:
        """One turn from its beginning to its end, whatever happens in between. Turns of one conversation follow each other."""
        conversation_id = payload["conversation_id"]
        async with self._locks.setdefault(conversation_id, asyncio.Lock()):
            await self._announce(payload, "reading")
            readings = await self.readings.read(payload)
            begun = await self._begin(payload)
            status = None
            if begun is not None:
                overtaken = [await self.readings.read({**payload, "message_id": m.id}) for m in begun[0].unheard]
                status = await self._run(*begun, [*chain.from_iterable(overtaken), *readings])
            else:
                await self._announce(payload, "finished")
        if status == "superseded":  # what overtook it may itself want an answer, and found this one still running
            await self.start_if_wanted(payload["workspace_id"], conversation_id)

    async def _announce(self, payload: dict[str, Any], state: str) -> None:
        """Say that a message is being read, before there is a run: the first one after a start may wait for what reads it."""
        ws, conversation_id = payload["workspace_id"], payload["conversation_id"]
        with contextlib.suppress(NotFound):
            here = await self._means.conversations.get(ws, conversation_id)
            audience = _audience(here, payload.get("instruction", ""))
            self._means.database.bus.publish(Ephemeral("run", ws, conversation_id, audience, {"run_id": "", "state": state}))

    async def _run(self, turn: Turn, run: Run, readings: Sequence[Reading] = ()) -> RunStatus | None:
        bus = self._means.database.bus
        speaker = Speaker(bus, run.workspace_id, run.conversation_id, run.id, _audience(turn.conversation, turn.instruction))
        mask = Mask()
        trace = Trace(self._means.database.clock, mask)
        parts, toolbox = await self._equip(turn, readings)
        task = asyncio.create_task(run_turn(parts, turn, toolbox, mask, trace, speaker), name=f"turn {run.id}")
        run = replace(run, prompt_version=parts.prompt_version, model_version=parts.engine.info.version)
        live = self._live[run.conversation_id] = _Live(turn, run, speaker, task, asyncio.current_task())
        speaker.announce("started")
        try:
            outcome = await self._watch(live)
            return await self._end(live, replace(live.run, steps=tuple(trace.steps)), None if live.why else outcome)
        except NotFound:
            log.info("run %s: the conversation was erased meanwhile", run.id)
            return None
        finally:
            task.cancel()
            self._live.pop(run.conversation_id, None)
            speaker.announce("finished")

    async def _begin(self, payload: dict[str, Any]) -> tuple[Turn, Run] | None:
        """The turn and its run, made or found again. None where it has ended or comes too late."""
        means, ws, conversation_id = self._means, payload["workspace_id"], payload["conversation_id"]
        try:
            snapshot = await means.conversations.snapshot(ws, conversation_id, "public")
        except NotFound:
            return None
        texts = [m for m in snapshot.messages if m.kind == "text"]
        if payload.get("instruction"):  # about the message of its draft, whatever was said since
            texts = list(takewhile(lambda m: m.id != payload["message_id"], texts)) + [
                m for m in texts if m.id == payload["message_id"]
            ]
        async with means.database.write() as tx:
            run = await repository.find_run(tx, ws, job_id=payload["key"])
            if run is not None and run.status != "running":
                return None
            is_late = not texts or texts[-1].id != payload["message_id"] or snapshot.conversation.status != "open"
            if is_late or (snapshot.conversation.controller.kind != "ai" and not payload.get("instruction")):
                if run is not None:
                    await end(tx, run, "superseded", "conversation_moved_on")
                return None
            earlier = await repository.list_runs(tx, ws, conversation_id)
            stale: list[Draft] = []
            if snapshot.conversation.mode == "copilot":  # where nothing leaves at once, one draft answers all that waits
                stale = await repository.list_drafts(tx, ws, [conversation_id], ("superseded",))
            lost = {draft.id for draft in stale}
            dealt = [r for r in earlier if r.draft_id not in lost]
            closed = await repository.list_drafts(tx, ws, [conversation_id], ("superseded",), limit=1)
            turn = make_turn(run.id if run else new_id("run"), snapshot, texts, earlier, dealt, closed, payload)
            if run is None:
                run = _make_run(turn, self._engine(ws, conversation_id).info.version, tx.now)
                await repository.insert_run(tx, run, payload["key"])
                await tx.append(ws, RunStarted(run.id, run.message_id), conversation_id=conversation_id)
            else:
                run = replace(run, attempt=run.attempt + 1)
                await repository.update_run(tx, run)
        return turn, run

    async def _equip(self, turn: Turn, readings: Sequence[Reading]) -> tuple[Parts, Toolbox]:
        """What the turn works with, and its tools with what its person said as their permission."""
        means, here = self._means, turn.conversation
        profession = await means.find_profession(here)
        policy, voice = (profession.policy, profession.voice) if profession else (NO_POLICY, {})
        fixed = await self.get_threshold(here.workspace_id)
        earned = await self.autonomy.find_threshold(here, turn.lang) if self.autonomy is not None else None
        threshold = fixed if earned is None else earned
        engine, stays = self._engine(here.workspace_id, here.id), await self._must_stay(here, profession)
        if engine.info.is_outside and stays:
            engine = NoEngine(STAYS)
        elif engine.info.is_outside and profession is not None and profession.redact is not None:
            engine = RedactedEngine(engine, profession.redact)
        parts = Parts(means.search, means.memory, engine, policy, voice, threshold, min(fixed, threshold))
        if profession is not None and profession.name in means.hosts:
            judged = is_judged(profession.readers, readings)
            host = means.hosts[profession.name]
            parts = replace(parts, skills=profession.skills, readings=readings, is_judged=judged, host=host)
        caller = Caller(here.workspace_id, here.id, here.person_id, turn.lang, (*turn.asked_before, turn.question))
        return parts, Toolbox(await self.list_tools(here), caller, means.folder)

    async def _must_stay(self, conversation: Conversation, profession: Profession | None) -> bool:
        """Whether what is said here may not leave this machine."""
        if profession is None or profession.name not in self._means.hosts:
            return False
        return not await profession.may_leave(self._means.hosts[profession.name], conversation.workspace_id)

    def _engine(self, workspace_id: str, conversation_id: str) -> Engine:
        return self._means.engine if self.engines is None else self.engines.find(workspace_id, conversation_id)

    async def list_tools(self, conversation: Conversation) -> list[Tool]:
        """The tools of the conversation's desk, and those of the MCP servers where what is said may leave this machine."""
        profession = await self._means.find_profession(conversation)
        is_marked = profession is not None and profession.redact is not None  # a tool server would see the words themselves
        extra = [] if self.extra_tools and (is_marked or await self._must_stay(conversation, profession)) else self.extra_tools
        return [*(profession.tools if profession else ()), *extra]

    async def get_threshold(self, workspace_id: str) -> float:
        """The confidence from which an answer needs no approval."""
        async with self._means.database.read() as tx:
            found = await repository.find_threshold(tx, workspace_id)
        return self._means.threshold if found is None else found

    # ---- while it runs -----------------------------------------------------------------------------------------------------

    async def _watch(self, live: _Live) -> Outcome | None:
        """The turn's outcome; a hand-over where it fails or takes too long; None where it was cut short."""
        if live.run.attempt > MAX_ATTEMPTS:
            return _give_up("tool_error", "The turn was begun too often.", live)
        try:
            async with asyncio.timeout(self._means.timeout_s):
                return await asyncio.shield(live.task)
        except TimeoutError:
            return _give_up("model_unavailable", "The turn took too long.", live)
        except ModelUnavailable as error:
            return _give_up("model_unavailable", error.message, live)
        except asyncio.CancelledError:
            if live.why is not None and live.task.cancelled():
                return None
            raise
        except DuologueError as error:
            log.warning("run %s failed: %s", live.run.id, error.message)
            return _give_up("tool_error", error.message, live)
        except Exception as error:
            log.exception("run %s failed", live.run.id)
            return _give_up("tool_error", f"{type(error).__name__}: {error}", live)

    def cut(self, conversation_id: str, status: RunStatus, reason: str, *, unless: str = "") -> bool:
        """Stop the turn that runs for a conversation, if one does (and is not about the message `unless`)."""
        live = self._live.get(conversation_id)
        if live is None or (unless and live.turn.message.id == unless) or live.why is not None:
            return False
        live.why = (status, reason)
        return live.task.cancel()

    def is_live(self, conversation_id: str) -> bool:
        """Whether a turn runs here for this conversation."""
        return conversation_id in self._live

    async def aclose(self) -> None:
        """Stop all turns without ending their runs: the next start takes them up."""
        jobs = [live.job for live in self._live.values() if live.job is not None]
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)

    def list_live(self, workspace_id: str) -> list[str]:
        """The conversations of a workspace whose turns run here."""
        return [live.run.conversation_id for live in self._live.values() if live.run.workspace_id == workspace_id]

    async def check(self, workspace_id: str, conversation_id: str) -> None:
        """Stop a turn here that another server has overtaken or ended."""
        live = self._live.get(conversation_id)
        self.check_fence(await self._means.conversations.get(workspace_id, conversation_id))
        if live is not None:
            async with self._means.database.read() as tx:
                run = await repository.find_run(tx, workspace_id, run_id=live.run.id)
            if run is None or run.status != "running":
                self.cut(conversation_id, "cancelled", "stopped")

    async def end_elsewhere(self, workspace_id: str, conversation_id: str, status: RunStatus, reason: str) -> bool:
        """End the run of a turn that runs on another server, which will notice. False where none runs."""
        async with self._means.database.write() as tx:
            runs = await repository.list_runs(tx, workspace_id, conversation_id, limit=1)
            if not runs or runs[0].status != "running":
                return False
            await end(tx, runs[0], status, reason)
            return True

    def check_fence(self, conversation: Conversation) -> None:
        """Stop the turn of a conversation that has gone on without it."""
        live = self._live.get(conversation.id)
        if live is not None and live.turn.conversation.fence != conversation.fence:
            self.cut(conversation.id, "superseded", "conversation_moved_on")

    # ---- ending ------------------------------------------------------------------------------------------------------------

    async def _end(self, live: _Live, run: Run, outcome: Outcome | None) -> RunStatus | None:
        conversations, database = self._means.conversations, self._means.database
        try:
            async with database.write() as tx:
                if outcome is not None:
                    return (await finish(tx, conversations, live.turn, outcome, replace(run, error=live.run.error))).run.status
                status, reason = live.why or ("cancelled", "")
                message = None
                if status == "cancelled" and live.speaker.told.strip():
                    where = live.turn.conversation
                    message = await conversations.commit_ai(
                        tx, where.fence, client_id=run.id, body=live.speaker.told.strip(), lang=live.turn.lang, run_id=run.id,
                        data={"stopped": "true", "model": run.model_version},
                    )  # fmt: skip
                return (await end(tx, run, status, reason, message=message)).run.status
        except AlreadyEnded:
            log.info("run %s had ended before", run.id)
            return None

    async def take_up(self, *, all_of_them: bool) -> int:
        """Begin again what an earlier process left, and begin what it never began. Returns how many turns.

        Without `all_of_them`, a run is only taken up once it is so old that no server can still be at it.
        """
        stale = self._means.database.clock.now() - timedelta(seconds=self._means.timeout_s + STALE_S)
        async with self._means.database.read() as tx:
            unfinished = await repository.list_running(tx)
            workspaces = await repository.list_workspaces(tx)
        count = 0
        for run, key in unfinished:
            if run.conversation_id not in self._live and (all_of_them or run.started_at < stale):
                where = {"workspace_id": run.workspace_id, "conversation_id": run.conversation_id, "message_id": run.message_id}
                await self._jobs.run("turn", f"{key}+{run.attempt}", {"key": key, **where, "instruction": run.instruction})
                count += 1
        for workspace_id in workspaces:
            for conversation in await self._means.conversations.list_(workspace_id, "ai", statuses=("open",), limit=500):
                if conversation.waiting_since is not None and conversation.id not in self._live:
                    count += await self.start_if_wanted(workspace_id, conversation.id)
            await self.readings.put_unread(workspace_id)
        return count


def _audience(conversation: Conversation, instruction: str) -> Audience:
    """Who is told that a turn runs: the person where the assistant answers alone."""
    return "public" if conversation.mode == "autopilot" and not instruction else "internal"


def _give_up(reason: HandoverReason, error: str, live: _Live) -> Outcome:
    live.run = replace(live.run, error=error[:500])
    return Outcome(Decision("hand_over", reason, reason))


def _make_run(turn: Turn, model_version: str, now: datetime) -> Run:
    here = turn.conversation
    return Run(
        id=turn.run_id, workspace_id=here.workspace_id, conversation_id=here.id, message_id=turn.message.id,
        responding_to_seq=turn.message.seq, control_epoch=here.control_epoch, last_public_seq=here.last_public_seq,
        instruction=turn.instruction, draft_id=None, status="running", reason="", model_version=model_version,
        prompt_version="", confidence=None, signals={}, retrieved=(), verdict_ids=(), steps=(), error="",
        started_at=now, finished_at=None, person_id=here.person_id,
    )  # fmt: skip
