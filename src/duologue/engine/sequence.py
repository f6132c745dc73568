"""What one request has written so far: text that may be sent, text held back because a stop string may be beginning in it.

Knows nothing of tokens or models.
"""

from collections.abc import Sequence


class WrittenText:
    """Takes text as it is written and gives what may be sent; ends before the first stop string, wherever its pieces are cut."""

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self._stops = [s for s in stops if s]
        self._held = ""
        self.is_stopped = False

    def push(self, text: str) -> str:
        """Add text; the part that can no longer belong to a stop string."""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.is_stopped = True
            return self._release(min(found), keep=False)
        longest = max((self._beginning(stop) for stop in self._stops), default=0)
        return self._release(len(self._held) - longest)

    def finish(self) -> str:
        """What was still held back, at the end of a text without a stop string."""
        return "" if self.is_stopped else self._release(len(self._held))

    def _beginning(self, stop: str) -> int:
        """Length of the longest end of the held text with which `stop` begins."""
        return next((n for n in range(min(len(stop) - 1, len(self._held)), 0, -1) if self._held.endswith(stop[:n])), 0)

    def _release(self, size: int, *, keep: bool = True) -> str:
        out, self._held = self._held[:size], self._held[size:] if keep else ""
        return out
