"""The embedded language model: our own network in this process, without network or key.

The model lives on one thread of its own, so that the event loop never waits for it; torch is imported there, at the first question.
Requests take turns, a token each. Closing the iterator, or cancelling the task that reads it, ends a request after the token
that is being computed.
"""

import asyncio
import json
import queue
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from duologue.engine.protocol import EngineInfo, Finished, GenerationRequest, TokenEvent
from duologue.engine.several import generate_several
from duologue.kit.errors import DuologueError, Invalid, ModelUnavailable, SetupError

EMBEDDED = "duologue-4m"
JOIN_S = 0.02
"""How often closing looks whether the model's thread has ended."""


def find_embedded() -> Path:
    """The folder of the model that ships with the program."""
    return Path(str(files("duologue.lm").joinpath("weights", EMBEDDED)))


@dataclass(eq=False, slots=True)
class _Job:
    request: GenerationRequest
    loop: asyncio.AbstractEventLoop
    events: asyncio.Queue[TokenEvent | BaseException] = field(default_factory=asyncio.Queue)
    is_cancelled: threading.Event = field(default_factory=threading.Event)
    steps: Iterator[TokenEvent | None] | None = None

    def send(self, event: TokenEvent | BaseException) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.events.put_nowait, event)


class LocalEngine:
    """Our own model behind the engine's protocol. Raises SetupError where the folder holds no model."""

    def __init__(self, folder: Path | None = None, *, threads: int = 1) -> None:
        self._folder, self._threads = folder or find_embedded(), threads
        try:
            config = json.loads((self._folder / "config.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SetupError(f"There is no language model in {self._folder}: its config.json cannot be read.") from error
        context = int(config.get("max_position_embeddings") or config.get("n_positions") or 0)
        self._info = EngineInfo(self._folder.name, self._folder.name, context, has_tools=False, is_strong=False)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def info(self) -> EngineInfo:
        return self._info

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TokenEvent]:
        """Stream an answer. Raises ModelUnavailable after `aclose` or where the model cannot be loaded, Invalid for the prompt."""
        _check(request)
        if self._is_closed:
            raise ModelUnavailable("The embedded model was stopped.")
        if request.n > 1:
            async with aclosing(generate_several(self.generate, request)) as events:
                async for event in events:
                    yield event
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="duologue-model", daemon=True)
            self._thread.start()
        job = _Job(request, asyncio.get_running_loop())
        self._jobs.put(job)
        try:
            while True:
                made = await job.events.get()
                if isinstance(made, BaseException):
                    raise made
                yield made
                if isinstance(made, Finished):
                    return
        finally:
            job.is_cancelled.set()

    async def aclose(self) -> None:
        """End what is being written and free the model's thread."""
        self._is_closed = True
        if self._thread is not None:
            self._jobs.put(None)
            while self._thread.is_alive():  # the loop's own threads may be gone by now: who runs turns ends them
                await asyncio.sleep(JOIN_S)

    def _work(self) -> None:
        """The model's thread: load, then one token of every waiting request in turn, until told to end."""
        try:
            from duologue.engine.runner import Runner

            runner = Runner(self._folder, self._threads)
        except (DuologueError, ImportError, OSError) as error:
            self._refuse_all(f"The embedded model cannot be loaded: {error}.")
            return
        active: list[_Job] = []
        while True:
            try:
                while not active or not self._jobs.empty():
                    job = self._jobs.get()
                    if job is None:
                        for waiting in active:
                            waiting.send(ModelUnavailable("The embedded model was stopped."))
                        return
                    job.steps = runner.generate(job.request)
                    active.append(job)
                active = [job for job in active if self._advance(job)]
            except RuntimeError as error:  # torch: out of memory and the like
                for waiting in active:
                    waiting.send(ModelUnavailable(f"The embedded model failed: {error}."))
                active = []

    def _advance(self, job: _Job) -> bool:
        """One token of a request; whether it goes on."""
        if job.is_cancelled.is_set() or job.steps is None:
            return False
        try:
            event = next(job.steps)
        except DuologueError as error:
            job.send(error)
            return False
        if event is not None:
            job.send(event)
        return not isinstance(event, Finished)

    def _refuse_all(self, sentence: str) -> None:
        while (job := self._jobs.get()) is not None:
            job.send(ModelUnavailable(sentence))


def _check(request: GenerationRequest) -> None:
    """Raise Invalid, with the field's name, for what this engine cannot do."""
    for param, is_asked in (
        ("beams", request.beams > 1),
        ("constraint", request.constraint is not None),
        ("adapter", request.adapter),
    ):
        if is_asked:
            raise Invalid(f"The embedded model's engine cannot do this: {param}.", param=param)
