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
        self.folder = folder
        self.default = default
        self._options = options
        self._is_local = is_local
        self._held: dict[tuple[str, str], Engine] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    def registry(self, workspace_id: str) -> Registry:
        """The models of a workspace."""
        return Registry(self.folder / workspace_id)

    def list_tried(self) -> list[str]:
        """The workspaces in which a version is on trial."""
        found = [path.parent.name for path in self.folder.glob("*/promotions.jsonl")]
        return [workspace_id for workspace_id in found if self.registry(workspace_id).find_trial() is not None]

    def find(self, workspace_id: str, conversation_id: str = "") -> Engine:
        """The model that answers in a workspace; in a conversation of a trial, the one that is tried."""
        registry = self.registry(workspace_id)
        champion = registry.find_champion() if self._is_local else None
        trial = registry.find_trial() if self._is_local else None
        wanted = {named for named in (champion[0] if champion else "", trial[0].version if trial else "") if named}
        for held in [key for key in self._held if key[0] == workspace_id and key[1] not in wanted]:
            self._retire(held)
        if trial is not None and trial[0].holds(conversation_id):
            return self._open(workspace_id, trial[0].version, trial[1])
        return self.default if champion is None else self._open(workspace_id, *champion)

    def load(self, folder: Path) -> Engine:
        """A model by itself, which whoever loads it closes. Raises SetupError, ImportError."""
        from duologue.engine.local import LocalEngine

        return LocalEngine(folder, options=self._options)

    def _open(self, workspace_id: str, name: str, folder: Path) -> Engine:
        key = (workspace_id, name)
        if key not in self._held:
            try:
                self._held[key] = self.load(folder)
            except (SetupError, ImportError) as error:
                log.warning("the promoted model %s cannot answer (%s); the one of the settings does", name, error)
                return self.default
        return self._held[key]

    def _retire(self, key: tuple[str, str]) -> None:
        task = asyncio.get_running_loop().create_task(_close_when_idle(self._held.pop(key)))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    async def aclose(self) -> None:
        """Close every model that is held."""
        for task in tuple(self._retiring):
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        for engine in self._held.values():
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
