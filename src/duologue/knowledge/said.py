"""What the single pieces of a passage say about a question: the cosine of each sentence, list item and table row with it.

A passage of many sentences has one vector that lies near none of them; whether one of them answers shows in its own. Each piece is
read with the passage's title and heading before it. Vectors are kept by passage; knows no database.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from duologue.knowledge.model import Encode, Passage
from duologue.knowledge.units import units

PASSAGES = 2_000
"""Passages whose pieces are held; the one unused for longest goes first."""
MOST = 24
"""Pieces of a passage that are read, from its beginning."""


@dataclass(slots=True)
class _Read:
    """Where the pieces of a passage begin, and their vectors, (n, dim)."""

    starts: tuple[int, ...]
    vectors: NDArray[np.float32]


class Pieces:
    """The pieces of the passages that were looked at, with their vectors."""

    def __init__(self, encode: Encode, most: int = PASSAGES) -> None:
        self._encode = encode
        self._most = most
        self._held: OrderedDict[tuple[str, str], _Read] = OrderedDict()

    async def compare(self, passages: Sequence[Passage], vector: Sequence[float]) -> dict[str, dict[int, float]]:
        """By passage id: the cosine of each piece with the question, by where in the body the piece begins."""
        await self._read([p for p in passages if _key(p) not in self._held])
        question = np.asarray(vector, dtype=np.float32)
        out: dict[str, dict[int, float]] = {}
        for passage in passages:
            self._held.move_to_end(_key(passage))
            read = self._held[_key(passage)]
            out[passage.id] = dict(zip(read.starts, (read.vectors @ question).tolist(), strict=True))
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return out

    async def _read(self, passages: Sequence[Passage]) -> None:
        """Encode the pieces of passages, all at once."""
        cut = [(p, [u for u in units(p.body, p.lang) if u.kind != "heading"][:MOST]) for p in passages]
        texts = [f"{_where(p)}\n{u.text}" for p, pieces in cut for u in pieces]
        rows = (
            np.asarray(await self._encode.encode(texts), dtype=np.float32) if texts else np.zeros((0, self._encode.dim), np.float32)
        )
        at = 0
        for passage, pieces in cut:
            self._held[_key(passage)] = _Read(tuple(u.start for u in pieces), rows[at : at + len(pieces)])
            at += len(pieces)


def _key(passage: Passage) -> tuple[str, str]:
    return passage.id, passage.title


def _where(passage: Passage) -> str:
    return " › ".join(part for part in (passage.title, passage.heading) if part)
