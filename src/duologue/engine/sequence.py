"""What one answer has read and written so far: its tokens and the pages that hold them; its text, as far as it may be sent.

Knows nothing of models or of other sequences.
"""

from collections.abc import Sequence as Many
from dataclasses import dataclass, field

from duologue.engine.batch import BLOCK
from duologue.engine.blocks import chain


@dataclass(eq=False, slots=True)
class Sequence:
    """Tokens in the order of reading, prompt first; `num_stored` of them have their keys and values in `table`.

    `drafts` are guesses of what comes next: they are read with the last token and kept as far as they prove right. `limit` is the
    longest that the tokens may get; `adapter` 0 is the model itself; a smaller `priority` goes first, then the smaller `arrival`.
    """

    ids: list[int]
    num_prompt: int
    limit: int
    priority: int = 0
    arrival: int = 0
    adapter: int = 0
    table: list[int] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    num_stored: int = 0
    num_found: int = 0  # prompt tokens that were in the cache when it began
    drafts: list[int] = field(default_factory=list)
    is_paused: bool = False  # read, and waiting for the other beams of its search
    wants_all: bool = False  # logits of the whole prompt, so nothing of it may be skipped

    @property
    def root(self) -> bytes:
        """Where its chain of page names begins: another adapter computes other keys for the same tokens."""
        return f"adapter {self.adapter}".encode()

    @property
    def num_due(self) -> int:
        """Tokens that the next step has to read, guesses included."""
        return len(self.ids) + len(self.drafts) - self.num_stored

    @property
    def order(self) -> tuple[int, int]:
        """Who goes first."""
        return self.priority, self.arrival

    def name_page(self, index: int) -> bytes:
        """The chained name of a full page of this sequence; those before it must be named already."""
        while len(self.names) <= index:
            start = len(self.names) * BLOCK
            self.names.append(chain(self.names[-1] if self.names else self.root, self.ids[start : start + BLOCK]))
        return self.names[index]


class WrittenText:
    """Takes text as it is written and gives what may be sent; ends before the first stop string, wherever its pieces are cut."""

    def __init__(self, stops: Many[str] = ()) -> None:
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
