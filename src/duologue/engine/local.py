"""The embedded language model: our own network in this process, without network or key.

The model lives on one thread of its own, so that the event loop never waits for it; torch is imported there, at the first question.
All requests are written together, a step at a time (`engine/core.py`). Closing the iterator, or cancelling the task that reads it,
ends a request after the step that is being computed, and frees its pages.
"""

import asyncio
import json
import queue
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from duologue.engine.options import Options
from duologue.engine.protocol import EngineInfo, EngineStats, Finished, GenerationRequest, TokenEvent
from duologue.kit.errors import DuologueError, Invalid, ModelUnavailable, SetupError
from duologue.kit.log import get_logger

if TYPE_CHECKING:
    from duologue.engine.answer import Task
    from duologue.engine.core import Core

log = get_logger(__name__)

EMBEDDED = "duologue-4m"
JOIN_S = 0.02
"""How often closing looks whether the model's thread has ended."""


def find_embedded() -> Path:
    """The folder of the model that ships with the program."""
    return Path(str(files("duologue.lm").joinpath("weights", EMBEDDED)))


@dataclass(eq=False, slots=True)
class _Job:
    """A request, and the loop that waits for its events."""

    request: GenerationRequest
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[TokenEvent | BaseException] = field(default_factory=asyncio.Queue)
    is_cancelled: bool = False
    outbox: list[TokenEvent | BaseException] = field(default_factory=list)
    task: "Task | None" = None

    def flush(self) -> None:
        """Hand over what the last step brought, in one visit to the loop."""
        events = tuple(self.outbox)
        self.outbox.clear()  # the same list: the task goes on writing into it
        if events and not self.is_cancelled:
            _tell(self.loop, lambda: self._deliver(events))

    def _deliver(self, events: tuple[TokenEvent | BaseException, ...]) -> None:
        for event in events:
            self.events.put_nowait(event)


@dataclass(eq=False, slots=True)
class _Question:
    """Something else to be done on the model's thread, between two steps."""

    ask: "Callable[[Core], Any]"
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def answer(self, value: Any, error: BaseException | None = None) -> None:
        def settle() -> None:
            if self.future.done():
                return
            if error is None:
                self.future.set_result(value)
            else:
                self.future.set_exception(error)

        _tell(self.loop, settle)


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:  # the loop was closed meanwhile: nobody waits any more
        log.debug("an answer came after its loop was closed")


def _explain(error: Exception) -> DuologueError:
    """What the one who asked is told; nothing that a request brings with it may end the thread, on which all others wait."""
    if isinstance(error, DuologueError):
        return error
    log.error("the embedded model could not read a request", exc_info=error)
    return ModelUnavailable(f"The embedded model failed: {type(error).__name__}: {error}.")


class LocalEngine:
    """Our own model behind the engine's protocol. Raises SetupError where the folder holds no model."""

    def __init__(self, folder: Path | None = None, *, threads: int = 1, options: Options | None = None) -> None:
        self._folder, self._options = folder or find_embedded(), options or Options(threads=threads)
        try:
            config = json.loads((self._folder / "config.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SetupError(f"There is no language model in {self._folder}: its config.json cannot be read.") from error
        context = int(config.get("max_position_embeddings") or config.get("n_positions") or 0)
        name, adapters = self._folder.name, tuple(self._options.adapters)
        self._info = EngineInfo(name, name, context, has_tools=False, is_strong=False, adapters=adapters)
        self._inbox: queue.SimpleQueue[_Job | _Question | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stats = EngineStats()
        self._is_closed = False

    @property
    def info(self) -> EngineInfo:
        return self._info

    def stats(self) -> EngineStats:
        """How busy the engine is, as of its last step."""
        return self._stats

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        """Stream an answer. Raises ModelUnavailable after `aclose` or where the model cannot be loaded, Invalid for the prompt."""
        self._start()
        job = _Job(request, asyncio.get_running_loop())
        self._inbox.put(job)
        ended = 0
        try:
            while ended < max(1, request.n):
                event = await job.events.get()
                if isinstance(event, BaseException):
                    raise event
                yield event
                ended += isinstance(event, Finished)
        finally:
            job.is_cancelled = True

    async def tokenize(self, request: GenerationRequest) -> list[int]:
        """The ids of the request's prompt."""
        ids: list[int] = await self._ask(lambda core: core.prompts.read(request))
        return ids

    async def detokenize(self, ids: Sequence[int]) -> str:
        """The text of ids. Raises Invalid for ids that the vocabulary lacks."""

        def decode(core: "Core") -> str:
            size = core.prompts.tokenizer.vocab_size
            if any(not 0 <= i < size for i in ids):
                raise Invalid(f"Token ids of this model are from 0 to {size - 1}.", param="tokens")
            return core.prompts.tokenizer.decode(ids)

        text: str = await self._ask(decode)
        return text

    async def aclose(self) -> None:
        """End what is being written and free the model's thread."""
        self._is_closed = True
        if self._thread is not None:
            self._inbox.put(None)
            while self._thread.is_alive():  # the loop's own threads may be gone by now: who runs turns ends them
                await asyncio.sleep(JOIN_S)

    async def _ask(self, ask: "Callable[[Core], Any]") -> Any:
        self._start()
        loop = asyncio.get_running_loop()
        question = _Question(ask, loop, loop.create_future())
        self._inbox.put(question)
        return await question.future

    def _start(self) -> None:
        if self._is_closed:
            raise ModelUnavailable("The embedded model was stopped.")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="duologue-model", daemon=True)
            self._thread.start()

    def _load(self) -> "Core":
        from duologue.engine.core import Core
        from duologue.engine.prompt import Prompts
        from duologue.engine.runner import Runner

        runner = Runner(self._folder, self._options)
        return Core(runner, Prompts(runner.tokenizer), self._options)

    def _work(self) -> None:
        """The model's thread: load, then step after step, until told to end."""
        try:
            core = self._load()
        except (DuologueError, ImportError, OSError) as error:
            self._refuse_all(f"The embedded model cannot be loaded: {error}.")
            return
        active: list[_Job] = []
        while self._receive(core, active):
            for job in [j for j in active if j.is_cancelled]:
                if job.task is not None:
                    core.cancel(job.task)
                active.remove(job)
            try:
                core.step()
            except Exception as error:  # out of memory and the like: those who wait are told, the thread goes on
                log.exception("a step of the embedded model failed")
                for job in active:
                    job.outbox.append(ModelUnavailable(f"The embedded model failed: {error}."))
                    if job.task is not None:
                        core.cancel(job.task)
            self._stats = core.stats()
            for job in active:
                job.flush()
            active = [j for j in active if j.task in core.tasks]
        for job in active:
            job.outbox.append(ModelUnavailable("The embedded model was stopped."))
            job.flush()
        core.runner.close()

    def _receive(self, core: "Core", active: list[_Job]) -> bool:
        """Take what has come in; wait where there is nothing to do. False: the end."""
        while core.is_idle or not self._inbox.empty():
            item = self._inbox.get()
            match item:
                case None:
                    return False
                case _Question():
                    try:
                        item.answer(item.ask(core))
                    except Exception as error:
                        item.answer(None, _explain(error))
                case _Job():
                    try:
                        item.task = core.submit(item.request, item.outbox.append)
                        active.append(item)
                    except Exception as error:
                        item.outbox.append(_explain(error))
                        item.flush()
        return True

    def _refuse_all(self, sentence: str) -> None:
        while (item := self._inbox.get()) is not None:
            error = ModelUnavailable(sentence)
            if isinstance(item, _Question):
                item.answer(None, error)
            else:
                item.outbox.append(error)
                item.flush()
