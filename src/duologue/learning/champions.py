"""Which model answers in which workspace: the one that was promoted there, else the one of the settings. Swaps without a pause.

A turn that runs keeps the model with which it began; a model that was replaced is closed once it has nothing more to write.
"""

import asyncio
from pathlib import Path

from duologue.engine.options import Options
from duologue.engine.protocol import Engine, Measured
from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger
from duologue.learning.registry import Registry

log = get_logger(__name__)

IDLE_S, LOOK_S = 5.0, 0.5


class Champions:
    """The workspaces' own models. Implements the assistant's port `Engines`."""

    def __init__(self, folder: Path, default: Engine, options: Options, *, is_local: bool) -> None:
        self._folder = folder
        self._default = default
        self._options = options
        self._is_local = is_local
        self._held: dict[str, tuple[str, Engine]] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    def registry(self, workspace_id: str) -> Registry:
        """The models of a workspace."""
        return Registry(self._folder / workspace_id)

    def find(self, workspace_id: str) -> Engine:
        """The model that answers in a workspace."""
        found = self.registry(workspace_id).find_champion() if self._is_local else None
        name, held = self._held.get(workspace_id, ("", None))
        if found is None or found[0] != name:
            if held is not None:
                self._retire(workspace_id, held)
            if found is None:
                return self._default
            try:
                from duologue.engine.local import LocalEngine

                self._held[workspace_id] = (found[0], LocalEngine(found[1], options=self._options))
            except (SetupError, ImportError) as error:
                log.warning("the promoted model %s cannot answer (%s); the one of the settings does", found[0], error)
                return self._default
        return self._held[workspace_id][1]

    def _retire(self, workspace_id: str, engine: Engine) -> None:
        del self._held[workspace_id]
        task = asyncio.get_running_loop().create_task(_close_when_idle(engine))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def aclose(self) -> None:
        """Close every model that is held."""
        for task in tuple(self._retiring):
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        for _, engine in self._held.values():
            await engine.aclose()
        self._held.clear()


async def _close_when_idle(engine: Engine) -> None:
    """Close a model that nobody begins with any more, once it has written nothing for a while."""
    idle = 0.0
    try:
        while idle < IDLE_S:
            await asyncio.sleep(LOOK_S)
            is_busy = isinstance(engine, Measured) and (engine.stats().running + engine.stats().waiting) > 0
            idle = 0.0 if is_busy else idle + LOOK_S
    finally:
        await engine.aclose()
