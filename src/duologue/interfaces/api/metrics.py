"""Counters of this process, in the text form that Prometheus reads. No labels that name a person or a workspace.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
"""

import time
from bisect import bisect_left
from collections import defaultdict

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Requests by route, their duration, open streams and what was sent on them."""

    def __init__(self) -> None:
        self._started = time.time()
        self._requests: dict[tuple[str, str, int], int] = defaultdict(int)
        self._seconds: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS_S) + 1))
        self._seconds_sum: dict[str, float] = defaultdict(float)
        self.open_streams = 0
        self.frames = 0
        self.resets = 0

    def count_request(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Note one answered request; `seconds` is None for streams, whose duration says nothing."""
        self._requests[method, route, status] += 1
        if seconds is not None:
            self._seconds[route][bisect_left(BUCKETS_S, seconds)] += 1
            self._seconds_sum[route] += seconds

    def render(self) -> str:
        """All of it as text."""
        lines = [
            "# HELP duologue_http_requests_total Answered requests.",
            "# TYPE duologue_http_requests_total counter",
        ]
        for (method, route, status), n in sorted(self._requests.items()):
            lines.append(f'duologue_http_requests_total{{method="{method}",route="{route}",status="{status}"}} {n}')
        lines += [
            "# HELP duologue_http_request_seconds Time to answer a request.",
            "# TYPE duologue_http_request_seconds histogram",
        ]
        for route, counts in sorted(self._seconds.items()):
            total = 0
            for bound, n in zip((*BUCKETS_S, "+Inf"), counts, strict=True):
                total += n
                lines.append(f'duologue_http_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}')
            lines.append(f'duologue_http_request_seconds_sum{{route="{route}"}} {self._seconds_sum[route]:.6f}')
            lines.append(f'duologue_http_request_seconds_count{{route="{route}"}} {total}')
        for name, kind, text, value in (
            ("duologue_open_streams", "gauge", "Event streams that are open now.", self.open_streams),
            ("duologue_stream_frames_total", "counter", "Frames sent on event streams.", self.frames),
            ("duologue_stream_resets_total", "counter", "Streams told to fetch the state again.", self.resets),
            ("duologue_start_time_seconds", "gauge", "When this process started, as Unix time.", round(self._started, 3)),
        ):
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {value}"]
        return "\n".join(lines) + "\n"
