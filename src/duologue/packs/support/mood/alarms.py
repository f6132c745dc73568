"""When a supervisor is told: by the trend of a conversation, never by a single word, and never more often than they can read.

The score of each user turn (1..5, expected satisfaction) is smoothed, later turns weighing more; an alarm needs a low level that
was reached by several turns, and comes again only after the conversation had recovered. Knows no conversation and no clock:
times are given. Smoothing: exponentially weighted mean (Roberts, Technometrics 1959).
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

LOW, RECOVERED = 2.3, 2.9
"""Smoothed scores below which an alarm is raised, and above which another one may be."""
WEIGHT = 0.5
"""Of the newest turn; the turns before share the rest."""
MIN_TURNS = 2
"""User turns below the middle before an alarm: one angry word is none."""


@dataclass(frozen=True, slots=True)
class Trend:
    """How a conversation goes: smoothed score 1..5, change against the best moment before, and whether it raises an alarm."""

    level: float
    fall: float
    is_alarming: bool


def find_trend(scores: Sequence[float]) -> Trend:
    """The trend after these user turns, oldest first. Without any: the middle, and no alarm."""
    level, best, low_turns, is_armed, is_alarming = 3.0, 3.0, 0, True, False
    for score in scores:
        level = (1 - WEIGHT) * level + WEIGHT * min(max(score, 1.0), 5.0)
        low_turns = low_turns + 1 if score < 3.0 else 0
        best = max(best, level)
        is_alarming = is_armed and level < LOW and low_turns >= MIN_TURNS
        if is_alarming:
            is_armed = False
        elif level > RECOVERED:
            is_armed = True
    return Trend(level, best - level, is_alarming)


class AlarmGate:
    """Lets at most `per_hour` alarms of a desk through in any hour, and one conversation's at most once in `again_s` seconds."""

    def __init__(self, per_hour: int = 6, again_s: float = 1800.0) -> None:
        self.per_hour = per_hour
        self.again_s = again_s
        self._recent: dict[str, deque[float]] = {}
        self._last: dict[str, float] = {}

    def admit(self, desk: str, conversation: str, now: float) -> bool:
        """Whether an alarm of this conversation is shown now (seconds); if so it counts against the limits."""
        recent = self._recent.setdefault(desk, deque())
        while recent and now - recent[0] >= 3600:
            recent.popleft()
        if len(recent) >= self.per_hour or now - self._last.get(conversation, float("-inf")) < self.again_s:
            return False
        recent.append(now)
        self._last[conversation] = now
        self._last = {name: when for name, when in self._last.items() if now - when < self.again_s}
        return True
