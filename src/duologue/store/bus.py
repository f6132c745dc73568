"""Wake-ups and things that are never stored: hints that the feed moved, tokens of a running answer, presence, typing.

Within one process. A hint carries no data: readers fetch what is new from the feed. A subscriber that is too slow loses
ephemeral items, never events. `listen.py` joins the buses of several processes on PostgreSQL.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

Audience = Literal["public", "internal"]
QUEUE_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """Something worth showing now and not worth keeping: `tokens`, `typing`, `presence`, `progress`."""

    kind: str
    workspace_id: str
    conversation_id: str
    audience: Audience
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedMoved:
    """The feed of a workspace holds events up to `cursor`."""

    workspace_id: str
    cursor: int


Signal = Ephemeral | FeedMoved


class Bus:
    """Delivers signals to the subscribers of a workspace."""

    def __init__(self, queue_length: int = QUEUE_LENGTH) -> None:
        self._queue_length = queue_length
        self._queues: dict[str, set[asyncio.Queue[Signal]]] = defaultdict(set)
        self._taps: list[Callable[[Signal], None]] = []
        self._outlets: list[Callable[[Signal], None]] = []

    def publish(self, signal: Signal) -> None:
        """Deliver here and hand it out to other processes. Never blocks; call it from the event loop."""
        self.deliver(signal)
        for outlet in self._outlets:
            outlet(signal)

    def deliver(self, signal: Signal) -> None:
        """Deliver to this process's subscribers and taps only."""
        for tap in self._taps:
            tap(signal)
        for queue in tuple(self._queues.get(signal.workspace_id, ())):
            if queue.full():
                queue.get_nowait()
                queue.put_nowait(FeedMoved(signal.workspace_id, 0))
            else:
                queue.put_nowait(signal)

    def tap(self, listener: Callable[[Signal], None]) -> None:
        """Have every signal handed to `listener` as well, whichever process it comes from."""
        self._taps.append(listener)

    def add_outlet(self, outlet: Callable[[Signal], None]) -> None:
        """Have every signal of this process handed to `outlet`, which carries it to others."""
        self._outlets.append(outlet)

    def list_workspace_ids(self) -> list[str]:
        """The workspaces that somebody here subscribes to."""
        return list(self._queues)

    @asynccontextmanager
    async def subscribe(self, workspace_id: str) -> AsyncIterator["asyncio.Queue[Signal]"]:
        """A queue of signals; subscribe before reading the feed, so that nothing falls between."""
        queue: asyncio.Queue[Signal] = asyncio.Queue(self._queue_length)
        self._queues[workspace_id].add(queue)
        try:
            yield queue
        finally:
            self._queues[workspace_id].discard(queue)
            if not self._queues[workspace_id]:
                del self._queues[workspace_id]
