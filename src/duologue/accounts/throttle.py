"""Token buckets: how often somebody may do something. Kept in memory, bounded, forgotten at restart.

A bucket holds `burst` tokens and gains one every `every_s` seconds. Source: RFC 2697's single-rate token bucket, without colours.
"""

from collections import OrderedDict

from duologue.kit.clock import Clock, SystemClock
from duologue.kit.errors import TooManyRequests

MOST_KEYS = 50_000


class Throttle:
    """Buckets by key. The least recently used ones are forgotten beyond `MOST_KEYS`."""

    def __init__(self, burst: float, every_s: float, *, clock: Clock | None = None, most_keys: int = MOST_KEYS) -> None:
        self._burst = burst
        self._every_s = every_s
        self._clock = clock or SystemClock()
        self._most_keys = most_keys
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, tokens: float = 1.0) -> None:
        """Take a token or raise TooManyRequests with `retry_after_s`."""
        level, now = self._level(key)
        if level < tokens:
            wait_s = round((tokens - level) * self._every_s + 0.5)
            raise TooManyRequests(f"Too many requests; try again in {wait_s} s.", retry_after_s=wait_s)
        self._set(key, level - tokens, now)

    def spend(self, key: str, tokens: float) -> None:
        """Take tokens that are spent already, more than there are if need be; what is missing has to come back first."""
        level, now = self._level(key)
        self._set(key, level - tokens, now)

    def _level(self, key: str) -> tuple[float, float]:
        now = self._clock.now().timestamp()
        level, at = self._buckets.get(key, (self._burst, now))
        return min(self._burst, level + max(0.0, now - at) / self._every_s), now

    def _set(self, key: str, level: float, now: float) -> None:
        self._buckets[key] = (level, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._most_keys:
            self._buckets.popitem(last=False)

    def forget(self, key: str) -> None:
        """Fill the bucket again."""
        self._buckets.pop(key, None)
