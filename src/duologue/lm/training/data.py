"""Token shards on disk, and rows packed from them.

A shard is three files: `NAME.tokens` (little-endian ids of 16 or 32 bits), `NAME.mask` (uint8, 1 where a token is learnt) and
`NAME.offsets.npy` (where each document begins, one more at the end). They are memory-mapped, so a corpus may be larger than memory.
The loader fills rows of `length` by best fit: the largest piece that still fits; where none does, the longest is split and its
rest waits, so that no token is dropped and none is padding. In `whole` mode (conversations) nothing is split: rows are padded
and what is longer than a row is cut and counted. Every slot carries the number of its document, always.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from duologue.kit.errors import Invalid

IGNORED = -100  # the target that torch's cross-entropy leaves out
BUFFER_PIECES = 256  # pieces to choose from; at 256 the best fit wastes under 1 % of padded rows, more gains nothing


def write_shard(path: Path, documents: Iterable[tuple[Sequence[int], Sequence[int] | None]], *, is_wide: bool = False) -> int:
    """Write (ids, mask or None for all) documents as the shard `path`; returns the number of tokens.

    Ids take two bytes each, or four where `is_wide`. Raises Invalid for an id that does not fit.
    """
    offsets = [0]
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(f"{path}.tokens", "wb") as tokens, open(f"{path}.mask", "wb") as masks:
        for ids, mask in documents:
            if ids and max(ids) > 0xFFFF and not is_wide:
                raise Invalid("A shard holds token ids under 65,536; this vocabulary is larger, ask for a wide shard.")
            tokens.write(np.asarray(ids, dtype="<u4" if is_wide else "<u2").tobytes())
            masks.write(np.asarray([1] * len(ids) if mask is None else mask, dtype=np.uint8).tobytes())
            offsets.append(offsets[-1] + len(ids))
    np.save(f"{path}.offsets.npy", np.asarray(offsets, dtype=np.int64))
    return offsets[-1]


class Shard:
    """A shard opened for reading."""

    def __init__(self, path: Path) -> None:
        try:
            self.offsets = np.load(f"{path}.offsets.npy")
            if len(self.offsets) < 2 or self.offsets[-1] == 0:
                raise Invalid(f"The corpus {path} is empty: nothing can be learnt from it.")
            is_wide = Path(f"{path}.tokens").stat().st_size == 4 * int(self.offsets[-1])
            self.tokens = np.memmap(f"{path}.tokens", dtype="<u4" if is_wide else "<u2", mode="r")
            self.mask = np.memmap(f"{path}.mask", dtype=np.uint8, mode="r")
        except (OSError, ValueError) as error:
            raise Invalid(f"The corpus {path} cannot be read: {error}. Prepare it again.") from error
        if len(self.tokens) != self.offsets[-1] or len(self.mask) != self.offsets[-1]:
            raise Invalid(f"The corpus {path} is incomplete: its files have different lengths. Prepare it again.")

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows ready for the network. Shapes (B, T); targets are IGNORED where nothing is learnt; document is -1 on padding."""

    ids: Tensor
    targets: Tensor
    document: Tensor
    positions: Tensor

    @property
    def num_targets(self) -> int:
        """How many tokens of this batch are learnt."""
        return int((self.targets != IGNORED).sum())

    def share(self, rank: int, world: int, device: torch.device | str = "cpu") -> "Batch":
        """Every `world`-th row from row `rank` on, on a device."""
        return Batch(*(t[rank::world].to(device) for t in (self.ids, self.targets, self.document, self.positions)))


@dataclass(slots=True)
class Cursor:
    """Where a loader stands: enough to go on exactly. A piece is [document, first, last): transitions of a document."""

    epoch: int = 0
    position: int = 0
    buffer: list[list[int]] = field(default_factory=list)
    num_cut: int = 0
    num_empty: int = 0


class Loader:
    """An endless stream of batches; each epoch has its own order, drawn from the seed. `state()` and `restore()` are exact."""

    def __init__(self, shard: Shard, *, rows: int, length: int, seed: int, whole: bool = False) -> None:
        self.shard, self.rows, self.length, self.seed, self.whole = shard, rows, length, seed, whole
        self.cursor = Cursor()
        self._order = self._shuffled(0)

    def state(self) -> dict[str, Any]:
        """The cursor as JSON values, the packer's buffer included."""
        c = self.cursor
        return dict(
            json.loads(
                json.dumps({"epoch": c.epoch, "position": c.position, "buffer": c.buffer, "cut": c.num_cut, "empty": c.num_empty})
            )
        )

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state()`."""
        self.cursor = Cursor(state["epoch"], state["position"], [list(p) for p in state["buffer"]], state["cut"], state["empty"])
        self._order = self._shuffled(self.cursor.epoch)

    def next_batch(self) -> Batch:
        """The next `rows` rows."""
        rows = [self._next_row() for _ in range(self.rows)]
        ids, targets, document, positions = (torch.from_numpy(np.stack(parts)) for parts in zip(*rows, strict=True))
        return Batch(ids, targets, document, positions)

    def _shuffled(self, epoch: int) -> Any:
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.shard))

    def _refill(self) -> None:
        c, passes = self.cursor, 0
        while len(c.buffer) < BUFFER_PIECES:
            if c.position >= len(self._order):
                c.epoch, c.position, passes = c.epoch + 1, 0, passes + 1
                self._order = self._shuffled(c.epoch)
                if passes > 1 and not c.buffer:
                    raise Invalid("No document of the corpus has anything to learn: every mask is empty or cut away.")
            piece = self._admit(int(self._order[c.position]))
            c.position += 1
            if piece:
                c.buffer.append(piece)

    def _admit(self, document: int) -> list[int] | None:
        """The whole document as a piece, cut in `whole` mode; None (and counted) where nothing in it is learnt."""
        start, end = int(self.shard.offsets[document]), int(self.shard.offsets[document + 1])
        last = end - start - 1
        if self.whole and last > self.length:
            self.cursor.num_cut += 1
            last = self.length
        if last < 1 or not self.shard.mask[start + 1 : start + last + 1].any():
            self.cursor.num_empty += 1
            return None
        return [document, 0, last]

    def _next_row(self) -> tuple[Any, Any, Any, Any]:
        ids = np.zeros(self.length, np.int64)
        targets = np.full(self.length, IGNORED, np.int64)
        document = np.full(self.length, -1, np.int64)
        positions = np.zeros(self.length, np.int64)
        at = number = 0
        while at < self.length:
            self._refill()
            piece = self._take(self.length - at)
            if piece is None:
                break
            which, first, last = piece
            size, base = last - first, int(self.shard.offsets[which])
            slot = slice(at, at + size)
            ids[slot] = self.shard.tokens[base + first : base + last]
            learnt = self.shard.mask[base + first + 1 : base + last + 1] > 0
            targets[slot][learnt] = self.shard.tokens[base + first + 1 : base + last + 1][learnt]
            document[slot], positions[slot] = number, np.arange(size)
            at, number = at + size, number + 1
        return ids, targets, document, positions

    def _take(self, room: int) -> list[int] | None:
        """The largest piece that fits; else a part of the longest, or in `whole` mode None."""
        buffer = self.cursor.buffer
        sizes = [last - first for _, first, last in buffer]
        fitting = [i for i, size in enumerate(sizes) if size <= room]
        if fitting:
            return buffer.pop(max(fitting, key=lambda i: (sizes[i], -i)))
        if self.whole:
            return None
        longest = max(range(len(sizes)), key=lambda i: (sizes[i], -i))
        which, first, last = buffer[longest]
        buffer[longest] = [which, first + room, last]
        return [which, first, first + room]
