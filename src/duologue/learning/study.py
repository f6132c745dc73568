"""Learning beside a running server: `duologue learn` as a process of its own, watched and cancelled here; nobody waits for it.

What it says line by line is kept; what it had finished when it was stopped is found again at the next start. Knows no model.
"""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from typing import Any, Literal

from duologue.kit.errors import Conflict
from duologue.kit.log import get_logger
from duologue.kit.settings import Settings

log = get_logger(__name__)

State = Literal["idle", "running", "done", "failed", "cancelled"]
LONGEST = 2_000


@dataclass(slots=True)
class Progress:
    """How far a run has come: the `part` it is at and the `share` of it that is done, 0..1; `error` in words where it failed."""

    state: State = "idle"
    part: str = ""
    share: float = 0.0
    error: str = ""
    said: list[dict[str, Any]] = field(default_factory=list)


class Studies:
    """The runs of this process, one per workspace at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._progress: dict[str, Progress] = {}
        self._running: dict[str, tuple[asyncio.subprocess.Process, asyncio.Task[None]]] = {}

    def look(self, slug: str) -> Progress:
        """How a workspace's run stands."""
        return self._progress.get(slug, Progress())

    async def start(self, slug: str) -> Progress:
        """Begin. Raises Conflict where one is running."""
        if slug in self._running:
            raise Conflict("A run is on its way; wait for it or cancel it.")
        command = [sys.executable, "-m", "duologue", "learn", "--workspace", slug, "--json"]
        given = {name: getattr(self._settings, name) for name in ("data_dir", "database_url", "engine", "model_dir")}
        process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | {f"DUOLOGUE_{name.upper()}": str(value) for name, value in given.items()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        progress = self._progress[slug] = Progress("running", "dataset")
        self._running[slug] = process, asyncio.create_task(self._watch(slug, process, progress))
        return progress

    async def cancel(self, slug: str) -> Progress:
        """Stop what runs; nothing happens where nothing does."""
        if slug in self._running:
            process, task = self._running[slug]
            self._progress[slug].state = "cancelled"
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await asyncio.wait([task], timeout=10)
        return self.look(slug)

    async def aclose(self) -> None:
        """Stop everything; it goes on where it was when it is started again."""
        for slug in tuple(self._running):
            await self.cancel(slug)

    async def _watch(self, slug: str, process: asyncio.subprocess.Process, progress: Progress) -> None:
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
                        progress.said.append(said)
            code, told = await process.wait(), (await errors).decode("utf-8", "replace").strip()
            if progress.state == "running":
                progress.state = "failed" if code else "done"
                progress.error = told.splitlines()[-1][:LONGEST] if code and told else ""
        finally:
            self._running.pop(slug, None)
