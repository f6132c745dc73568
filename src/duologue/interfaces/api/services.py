"""What the routes stand on, joined by `bootstrap`; a route gets it by the dependency `get_services`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from duologue.accounts.throttle import Throttle
from duologue.interfaces.api.live import Live
from duologue.interfaces.api.metrics import Metrics
from duologue.interfaces.api.names import Names
from duologue.interfaces.api.presence import Presence
from duologue.interfaces.api.tail import Tail
from duologue.interfaces.platform import Platform
from duologue.store.bus import FeedMoved, Signal
from duologue.store.database import Database


@dataclass
class Limits:
    """Token buckets: how often a session and an address may ask; sending counts more strictly."""

    by_session: Throttle
    by_address: Throttle
    sends: Throttle
    starts: Throttle

    @classmethod
    def usual(cls, database: Database) -> "Limits":
        """Generous to people behind one address (schools, hospitals), tight on what costs a model's time."""
        clock = database.clock
        return cls(
            by_session=Throttle(120, 1 / 10, clock=clock),  # 10 requests/s
            by_address=Throttle(1_200, 1 / 100, clock=clock),  # 100 requests/s
            sends=Throttle(12, 2, clock=clock),  # a message in 2 s
            starts=Throttle(60, 6, clock=clock),  # new persons and conversations per address
        )

    @classmethod
    def none(cls) -> "Limits":
        """For benchmarks."""
        return cls(*(Throttle(1e12, 1e-9) for _ in range(4)))


class Closing:
    """Tells open streams that the server stops, so that they end at once and not when they are cut."""

    def __init__(self) -> None:
        self.is_set = False
        self._queues: set[asyncio.Queue[Signal]] = set()

    @asynccontextmanager
    async def watch(self, queue: "asyncio.Queue[Signal]") -> AsyncIterator[None]:
        """Wake the reader of `queue` when the server stops."""
        self._queues.add(queue)
        try:
            yield
        finally:
            self._queues.discard(queue)

    def set(self) -> None:
        """The server stops."""
        self.is_set = True
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(FeedMoved("", 0))


@dataclass(kw_only=True)
class Services(Platform):
    """The platform and what HTTP adds. `closing` is set when the server is told to stop, so that streams end."""

    limits: Limits
    presence: Presence
    tail: Tail
    names: Names
    live: Live
    metrics: Metrics = field(default_factory=Metrics)
    closing: Closing = field(default_factory=Closing)


def get_services(request: Request) -> Services:
    """The services of the application that answers this request."""
    services: Services = request.app.state.services
    return services


Joined = Annotated[Services, Depends(get_services)]
