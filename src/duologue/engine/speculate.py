"""Guesses of what comes next, which the model then checks in one step: by looking up the text itself, or by a smaller model.

The text never depends on a guess: the model's own choice at each place is made as without guesses (same rules, same noise), and a
guess is kept only where it is equal to that choice. So the distribution is unchanged because the very text is. (Leviathan et al.
2023 accept by chance instead; Saxena 2023 is the source of looking up. A draft model that draws with the sampler's own noise
agrees as often as the two distributions let it.)
"""

from collections.abc import Callable, Sequence

from duologue.engine.batch import Logits
from duologue.engine.runner import Network, make_batch
from duologue.engine.sampler import Floats
from duologue.engine.scheduler import Piece
from duologue.engine.sequence import Sequence as Tokens

GRAM = 3
"""So many tokens must be equal before what followed them is guessed again; two copy names and numbers wrongly too often."""


class Lookup:
    """What followed these tokens the last time, in this very text. `size` guesses adapt to how many were right."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, max(1, most // 2)
        self._after: dict[tuple[int, ...], int] = {}
        self._read = 0

    def guess(self, ids: Sequence[int], room: int) -> list[int]:
        """Tokens that may follow `ids`."""
        for end in range(max(self._read, GRAM), len(ids)):  # the place after the last tokens is not known yet
            self._after[tuple(ids[end - GRAM : end])] = end
        self._read = len(ids)
        start = self._after.get(tuple(ids[-GRAM:]))
        return list(ids[start : start + min(self._size, room)]) if start is not None and room > 0 else []

    def learn(self, guessed: int, right: int) -> None:
        """More next time where all were right, fewer where none was."""
        if guessed and right == guessed:
            self._size = min(self._most, 2 * self._size)
        elif guessed and not right:
            self._size = max(1, self._size // 2)


Peek = Callable[[Tokens, Floats, int, int], int]


def draft(network: Network, pieces: Sequence[Piece], peek: Peek) -> None:
    """Let a smaller network read what the model is going to read, and fill in the guesses of those pieces that have room for some.

    `peek` chooses from its logits as the sampler would at the place so many tokens ahead.
    """
    guessing = [p for p in pieces if p.is_last and p.sequence.drafts]
    short = [Piece(p.sequence, p.start, p.count - len(p.sequence.drafts) * p.is_last, p.is_last) for p in pieces]
    out = network.forward(make_batch(short, [int(p in guessing) for p in pieces]))
    _fill(guessing, out, 0, peek)
    for ahead in range(1, max((len(p.sequence.drafts) for p in guessing), default=0) + 1):
        now = [p for p in guessing if len(p.sequence.drafts) >= ahead]
        more = [int(len(p.sequence.drafts) > ahead) for p in now]  # the last guess is read too, so that nothing is missing later
        rows = [Piece(p.sequence, len(p.sequence.ids) + ahead - 1, 1, True) for p in now]
        out = network.forward(make_batch(rows, more))
        _fill([p for p, m in zip(now, more, strict=True) if m], out, ahead, peek)


def _fill(pieces: Sequence[Piece], out: Logits, ahead: int, peek: Peek) -> None:
    for row, piece in enumerate(pieces):
        piece.sequence.drafts[ahead] = peek(piece.sequence, out.values[row], int(out.best[row]), ahead)
