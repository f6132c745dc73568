"""Counters of this process' HTTP side. No labels that name a person or a workspace."""

import time
from collections import defaultdict

from duologue.interfaces.exposition import Histogram, counter_lines, gauge_lines, join_lines

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Requests by route, their duration, open streams and what was sent on them."""

    def __init__(self) -> None:
        self._started = time.time()
        self._requests: dict[tuple[str, ...], float] = defaultdict(int)
        self._seconds = Histogram(BUCKETS_S)
        self.open_streams = 0
        self.frames = 0
        self.resets = 0

    def count_request(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Note one answered request; `seconds` is None for streams, whose duration says nothing."""
        self._requests[method, route, str(status)] += 1
        if seconds is not None:
            self._seconds.observe(seconds, route)

    def render(self) -> str:
        """All of it as text."""
        name, labels = "duologue_http_requests_total", ("method", "route", "status")
        return join_lines(
            (
                counter_lines(name, "Answered requests.", labels, self._requests),
                self._seconds.lines("duologue_http_request_seconds", "Time to answer a request.", ("route",)),
                gauge_lines("duologue_open_streams", "Event streams that are open now.", (), {(): self.open_streams}),
                counter_lines("duologue_stream_frames_total", "Frames sent on event streams.", (), {(): self.frames}),
                counter_lines("duologue_stream_resets_total", "Streams told to fetch the state again.", (), {(): self.resets}),
                gauge_lines(
                    "duologue_start_time_seconds",
                    "When this process started, as Unix time.",
                    (),
                    {(): round(self._started, 3)},
                ),
            )
        )
