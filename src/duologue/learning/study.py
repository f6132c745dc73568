"""Learning beside a running server: `duologue learn` as a process of its own, watched, paused, resumed and cancelled here.

What was asked for stands in `study.json` of the workspace's folder: a run that the server's end cut short begins again with the
next server, on the same frozen dataset, after its last checkpoint. A paused one waits; a cancelled one is forgotten. The process
leads a group of its own, which is stopped as one, and ends by itself when its server is no more (`follow`). Knows no model.
"""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from duologue.kit.errors import Conflict
from duologue.kit.log import get_logger
from duologue.kit.settings import Settings

log = get_logger(__name__)

State = Literal["idle", "running", "paused", "done", "failed", "cancelled"]
LONGEST = 2_000
FILE, LOCK = "study.json", "study.lock"


@dataclass(slots=True)
class Progress:
    """How far a run has come: the `part` it is at and the `share` of it that is done, 0..1; `error` in words where it failed."""

    state: State = "idle"
    part: str = ""
    share: float = 0.0
    error: str = ""
    slug: str = ""
    dataset: str = ""
    said: list[dict[str, Any]] = field(default_factory=list)


class Studies:
    """The runs of this process, one per workspace at a time; `folder` holds one folder per workspace."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._progress: dict[str, Progress] = {}
        self._running: dict[str, tuple[asyncio.subprocess.Process, asyncio.Task[None]]] = {}

    def look(self, workspace_id: str) -> Progress:
        """How a workspace's run stands."""
        if workspace_id not in self._progress:
            self._progress[workspace_id] = _read(self._folder / workspace_id / FILE)
        return self._progress[workspace_id]

    async def start(self, workspace_id: str, slug: str, dataset: str = "") -> Progress:
        """Begin with a frozen dataset (without a name: a new one). Raises Conflict where one is running."""
        if workspace_id in self._running:
            raise Conflict("A run is on its way; wait for it, pause it or cancel it.")
        command = [sys.executable, "-m", "duologue", "learn", "--workspace", slug, "--json", "--attached"]
        names = ("data_dir", "database_url", "engine", "model_dir", "learn_torchrun", "learn_lora_rank")
        given = {f"DUOLOGUE_{name.upper()}": str(getattr(self._settings, name)) for name in names}
        process = await asyncio.create_subprocess_exec(
            *command,
            *(["--dataset", dataset] if dataset else []),
            env=os.environ | given,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        progress = self._progress[workspace_id] = Progress("running", "dataset", slug=slug, dataset=dataset)
        self._keep(workspace_id)
        self._running[workspace_id] = process, asyncio.create_task(self._watch(workspace_id, process, progress))
        return progress

    async def pause(self, workspace_id: str) -> Progress:
        """Stop what runs, to go on later after its last checkpoint. Raises Conflict where nothing runs."""
        if workspace_id not in self._running:
            raise Conflict("Nothing is being learnt; there is nothing to pause.")
        await self._stop(workspace_id, "paused")
        return self.look(workspace_id)

    async def resume(self, workspace_id: str) -> Progress:
        """Go on with what was paused or failed, on the same dataset. Raises Conflict where there is no such run."""
        known = self.look(workspace_id)
        if known.state not in ("paused", "failed") or workspace_id in self._running:
            raise Conflict("No run is paused; begin a new one.")
        return await self.start(workspace_id, known.slug, known.dataset)

    async def cancel(self, workspace_id: str) -> Progress:
        """Stop what runs or is paused and delete what it made; nothing happens where there is nothing."""
        known = self.look(workspace_id)
        if workspace_id in self._running or known.state in ("paused", "failed"):
            await self._stop(workspace_id, "cancelled")
            run = self._folder / workspace_id / "runs" / known.dataset
            if known.dataset and not (run / "version.json").exists():
                await asyncio.to_thread(shutil.rmtree, run, ignore_errors=True)
        return self.look(workspace_id)

    async def take_up(self) -> int:
        """Go on with the runs that the end of an earlier server cut short; how many."""
        found = 0
        for path in sorted(self._folder.glob(f"*/{FILE}")):
            known = _read(path)
            if known.state == "running" and path.parent.name not in self._running:
                await self.start(path.parent.name, known.slug, known.dataset)
                found += 1
        return found

    async def aclose(self) -> None:
        """Stop everything; the next server goes on with it."""
        for workspace_id in tuple(self._running):
            await self._stop(workspace_id, None)

    async def _stop(self, workspace_id: str, state: State | None) -> None:
        progress = self.look(workspace_id)
        if state is not None:
            progress.state = state
            self._keep(workspace_id)
        if workspace_id in self._running:
            process, task = self._running[workspace_id]
            if state is None:
                progress.state = "idle"  # of this process; what is kept still says that it runs
            _stop_group(process.pid)
            await asyncio.wait([task], timeout=10)

    def _keep(self, workspace_id: str) -> None:
        progress, path = self._progress[workspace_id], self._folder / workspace_id / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        names = ("state", "part", "share", "error", "slug", "dataset")
        part.write_text(json.dumps({name: getattr(progress, name) for name in names}, ensure_ascii=False), "utf-8")
        os.replace(part, path)

    async def _watch(self, workspace_id: str, process: asyncio.subprocess.Process, progress: Progress) -> None:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            errors = asyncio.create_task(process.stderr.read())
            async for line in process.stdout:
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if "part" in said:
                        progress.part, progress.share = said["part"], said["share"]
                    else:
                        progress.dataset = said.get("dataset", progress.dataset)
                        progress.said.append(said)
                        if progress.state == "running":
                            self._keep(workspace_id)
            code, told = await process.wait(), (await errors).decode("utf-8", "replace").strip()
            if progress.state == "running":
                progress.state = "failed" if code else "done"
                progress.error = told.splitlines()[-1][:LONGEST] if code and told else ""
                self._keep(workspace_id)
        finally:
            self._running.pop(workspace_id, None)


def _stop_group(pid: int) -> None:
    """End a process and what it began, such as torchrun."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform == "win32":
            os.kill(pid, signal.SIGTERM)
        else:
            os.killpg(pid, signal.SIGTERM)


def follow() -> None:
    """End this process and what it began as soon as its standard input is closed: its server is no more."""

    def watch() -> None:
        while os.read(0, 1_024):  # not sys.stdin, whose lock a thread may not hold when Python ends
            continue
        _stop_group(os.getpid())

    threading.Thread(target=watch, daemon=True).start()


@contextlib.contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Let one process at a time learn for a workspace; the lock is the system's and goes with it. Raises Conflict."""
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (folder / LOCK).open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Conflict("Another process learns for this workspace; wait for it or stop it.") from error
        yield


def _read(path: Path) -> Progress:
    try:
        return Progress(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return Progress()
