"""The assistant as others use it: it hears of messages by the feed and answers; others read its runs and decide on its drafts."""

import asyncio
import socket
from collections.abc import Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any

from duologue.assistant import repository
from duologue.assistant.actions import ActionRunner
from duologue.assistant.events import DraftClosed
from duologue.assistant.host import Host
from duologue.assistant.mcp import McpServers
from duologue.assistant.means import Autonomy, Engines, Means
from duologue.assistant.model import Draft, DraftStatus, NoRecall, Recall, Run
from duologue.assistant.policy import Profession
from duologue.assistant.retrieve import Search
from duologue.assistant.runner import TurnRunner
from duologue.assistant.small_talk import asks_nothing
from duologue.conversation.events import ControlChanged, MessagePosted, PersonErased, StatusChanged
from duologue.conversation.service import ConversationService
from duologue.engine.protocol import Engine
from duologue.kit.errors import AlreadyDecided, DraftSuperseded, Invalid, NotFound
from duologue.kit.log import get_logger
from duologue.kit.settings import Settings
from duologue.store import feed
from duologue.store.bus import FeedMoved, Signal
from duologue.store.database import Database, WriteTx
from duologue.store.jobs import Jobs

log = get_logger(__name__)

SWEEP_S, CHECK_S = 60.0, 0.05
KEEP_JOBS = timedelta(days=7)


class AssistantService:
    """The assistant of all workspaces. `start` before the first message, `aclose` at the end."""

    def __init__(
        self,
        database: Database,
        conversations: ConversationService,
        knowledge: Search,
        engine: Engine,
        *,
        memory: Recall | None = None,
        packs: Sequence[Profession] = (),
        hosts: Mapping[str, Host] | None = None,
        settings: Settings | None = None,
    ) -> None:
        settings = settings or Settings()
        self._database = database
        self._conversations = conversations
        self._jobs = Jobs(_jobs_url(database, settings), executor_id=f"{socket.gethostname()}:{settings.port}")
        means = Means(
            database=database,
            conversations=conversations,
            search=knowledge,
            engine=engine,
            memory=memory or NoRecall(),
            professions={pack.name: pack for pack in packs},
            hosts=hosts or {},
            folder=settings.data_dir / "packs",
            timeout_s=settings.turn_timeout_s,
            threshold=settings.autopilot_threshold,
        )
        self._runner = TurnRunner(means, self._jobs)
        self._actions = ActionRunner(means, self._jobs, self._runner)
        self._mcp = McpServers(settings.mcp_servers)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._checking: set[str] = set()
        self._is_started = False
        database.handle("MessagePosted", self._on_message)
        database.handle("ControlChanged", self._on_control)
        database.handle("PersonErased", self._on_erased)
        database.listen(self._on_commit)
        if not database.is_sqlite:
            database.bus.tap(self._on_signal)

    async def start(self) -> None:
        """Take up what an earlier process left; from now on every message is heard. Raises SetupError."""
        self._runner.extra_tools = await self._mcp.start()
        await self._jobs.start()
        self._is_started = True
        await self._runner.take_up(all_of_them=self._database.is_sqlite)
        self._spawn(self._sweep_for_ever())
        self._spawn(self._runner.readings.work())

    async def aclose(self) -> None:
        """Stop. A turn that is cut short is taken up at the next start."""
        self._is_started = False
        for task in (tasks := tuple(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._runner.aclose()
        await self._jobs.stop()
        await self._mcp.aclose()

    async def sweep(self) -> int:
        """Begin every turn that should run and does not, as where a start failed or another server has gone."""
        return await self._runner.take_up(all_of_them=False)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep()
                await self._jobs.forget(KEEP_JOBS)
            except Exception:
                log.exception("the sweep failed; it is tried again")

    # ---- what happens to conversations ---------------------------------------------------------------------------------------

    async def _on_message(self, tx: WriteTx, pending: feed.Pending) -> None:
        """In the transaction of a public message: drafts written before it are stale, unless it asks nothing ("ok", a notice)."""
        assert isinstance(pending.event, MessagePosted)
        message = pending.event.message
        if message.visibility != "public":
            return
        if asks_nothing(message):
            await repository.carry_drafts(tx, pending.workspace_id, pending.conversation_id, message.seq)
        else:
            await self._supersede(tx, pending, public_seq=message.seq)

    async def _on_control(self, tx: WriteTx, pending: feed.Pending) -> None:
        """In the transaction of a move of control: drafts of an earlier epoch are stale."""
        assert isinstance(pending.event, ControlChanged)
        await self._supersede(tx, pending, epoch=pending.event.control_epoch)

    async def _supersede(self, tx: WriteTx, pending: feed.Pending, **before: int) -> None:
        ws, conversation_id = pending.workspace_id, pending.conversation_id
        for draft_id in await repository.close_stale_drafts(tx, ws, conversation_id, tx.now, **before):
            await tx.append(ws, DraftClosed(draft_id, "superseded", "system"), conversation_id=conversation_id)

    async def _on_erased(self, tx: WriteTx, pending: feed.Pending) -> None:
        assert isinstance(pending.event, PersonErased)
        for conversation_id in pending.event.conversation_ids:
            self._runner.cut(conversation_id, "cancelled", "erased")
        await repository.delete_of_conversations(tx, pending.workspace_id, pending.event.conversation_ids)
        await repository.delete_of_person(tx, pending.workspace_id, pending.event.person_id)

    def _on_commit(self, records: Sequence[feed.Record]) -> None:
        """After a commit: stop the turn that it overtook, and start the one that it calls for."""
        touched: dict[str, tuple[str, bool]] = {}
        for record in records:
            if record.kind in _HEARD and record.audience == "public":
                calls = touched.get(record.conversation_id, ("", False))[1] or _calls_for_turn(record)
                touched[record.conversation_id] = (record.workspace_id, calls)
            if self._is_started and record.kind == MessagePosted.kind and _calls_for_turn(record):
                self._runner.readings.put(record.workspace_id, record.conversation_id, record.payload["message"]["id"])
        for conversation_id, (workspace_id, calls) in touched.items():
            if self._is_started and (calls or self._runner.is_live(conversation_id)):
                self._spawn(self._look_at(workspace_id, conversation_id))

    async def _look_at(self, workspace_id: str, conversation_id: str) -> None:
        try:
            if self._runner.is_live(conversation_id):
                self._runner.check_fence(await self._conversations.get(workspace_id, conversation_id))
            await self._runner.start_if_wanted(workspace_id, conversation_id)
        except NotFound:
            return
        except Exception:
            log.exception("the turn for conversation %s could not be started; a person is asked", conversation_id)
            await self._conversations.request_human(None, None, workspace_id, conversation_id, "tool_error")

    def _on_signal(self, signal: Signal) -> None:
        """Another server may have changed what a turn here rests on: look, at most every CHECK_S."""
        where = signal.workspace_id
        if isinstance(signal, FeedMoved) and where not in self._checking and self._runner.list_live(where):
            self._checking.add(where)
            self._spawn(self._check_live(where))

    async def _check_live(self, workspace_id: str) -> None:
        await asyncio.sleep(CHECK_S)
        self._checking.discard(workspace_id)
        for conversation_id in self._runner.list_live(workspace_id):
            try:
                await self._runner.check(workspace_id, conversation_id)
            except NotFound:
                continue

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---- what people ask of it -----------------------------------------------------------------------------------------------

    async def stop(self, workspace_id: str, conversation_id: str, by: str) -> bool:
        """The person has read enough; what they saw stays as the answer. False where nothing ran."""
        await self._conversations.get(workspace_id, conversation_id)
        return self._runner.cut(conversation_id, "cancelled", "stopped") or await self._runner.end_elsewhere(
            workspace_id, conversation_id, "cancelled", "stopped"
        )

    async def regenerate(self, workspace_id: str, draft_id: str, instruction: str, member_id: str) -> None:
        """Write another draft in place of this one, as the expert wishes; it is never sent by itself."""
        if not instruction.strip():
            raise Invalid("Say what the next draft should do differently.")
        draft = await self.get_draft(workspace_id, draft_id)
        run = await self.get_run(workspace_id, draft.run_id)
        await self._runner.start(
            f"{run.message_id}.{draft_id}", workspace_id, draft.conversation_id, run.message_id,
            instruction=instruction.strip()[:2_000], previous=draft.body,
        )  # fmt: skip

    async def close_draft(self, tx: WriteTx, workspace_id: str, draft_id: str, status: DraftStatus, by: str = "") -> Draft:
        """Close an open draft inside the transaction of a verdict. Raises DraftSuperseded or AlreadyDecided where it is closed."""
        draft = await repository.find_draft(tx, workspace_id, draft_id)
        if draft is None:
            raise NotFound("There is no such draft.")
        if not await repository.close_draft(tx, draft_id, status, tx.now):
            if draft.status == "superseded":
                raise DraftSuperseded("Something new happened in this conversation; look at it again before you answer.")
            raise AlreadyDecided("Somebody has already decided on this draft.")
        await tx.append(workspace_id, DraftClosed(draft_id, status, by), conversation_id=draft.conversation_id)
        return draft

    async def run_action(self, workspace_id: str, draft_id: str, member_id: str) -> None:
        """Do what an approved draft proposes, once; the result goes to the person."""
        await self._actions.start(workspace_id, draft_id, member_id)

    async def get_draft(self, workspace_id: str, draft_id: str) -> Draft:
        """One draft. Raises NotFound."""
        async with self._database.read() as tx:
            draft = await repository.find_draft(tx, workspace_id, draft_id)
        if draft is None:
            raise NotFound("There is no such draft.")
        return draft

    async def list_drafts(self, workspace_id: str, conversation_id: str, status: DraftStatus | None = None) -> list[Draft]:
        """The drafts of a conversation, newest first."""
        async with self._database.read() as tx:
            return await repository.list_drafts(tx, workspace_id, [conversation_id], (status,) if status else ())

    async def find_open_drafts(self, workspace_id: str, conversation_ids: Sequence[str]) -> dict[str, Draft]:
        """The open draft of each of these conversations that has one."""
        async with self._database.read() as tx:
            drafts = await repository.list_drafts(tx, workspace_id, conversation_ids, ("generating", "ready"))
        return {draft.conversation_id: draft for draft in reversed(drafts)}

    async def get_run(self, workspace_id: str, run_id: str) -> Run:
        """One run with its steps. Raises NotFound."""
        async with self._database.read() as tx:
            run = await repository.find_run(tx, workspace_id, run_id=run_id)
        if run is None:
            raise NotFound("There is no such run.")
        return run

    async def list_runs(self, workspace_id: str, conversation_id: str) -> list[Run]:
        """The runs of a conversation, newest first."""
        async with self._database.read() as tx:
            return await repository.list_runs(tx, workspace_id, conversation_id)

    async def get_threshold(self, workspace_id: str) -> float:
        """The confidence from which an answer needs no approval."""
        return await self._runner.get_threshold(workspace_id)

    def choose_engines(self, engines: Engines) -> None:
        """Have each workspace answered by the model that was promoted there; before `start`."""
        self._runner.engines = engines

    def earn(self, autonomy: Autonomy) -> None:
        """Have thresholds come from what was earned, in the workspaces that choose it; before `start`."""
        self._runner.autonomy = autonomy

    async def set_threshold(self, workspace_id: str, threshold: float) -> None:
        """Set that confidence for a workspace. Raises Invalid outside 0..1."""
        if not 0 <= threshold <= 1:
            raise Invalid("The threshold is a number from 0 to 1.")
        async with self._database.write() as tx:
            await repository.put_threshold(tx, workspace_id, threshold)


_HEARD = (MessagePosted.kind, ControlChanged.kind, StatusChanged.kind)


def _calls_for_turn(record: feed.Record) -> bool:
    """Whether an event may be one after which the assistant has to answer."""
    if record.kind == MessagePosted.kind:
        return bool(record.payload["message"]["author_kind"] == "person")
    if record.kind == ControlChanged.kind:
        return bool(record.payload["controller"]["kind"] == "ai")
    return bool(record.payload["status"] == "open")


def _jobs_url(database: Database, settings: Settings) -> str:
    """Jobs stand in a file of their own beside SQLite, and in a schema of their own on PostgreSQL."""
    if database.is_sqlite:
        return f"sqlite:///{(settings.data_dir / 'jobs.db').resolve()}"
    return database.url.render_as_string(hide_password=False)
