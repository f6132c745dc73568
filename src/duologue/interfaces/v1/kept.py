"""Responses that were given and may be gone on from: in memory, bounded, each visible to the key that asked for it only."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from duologue.engine.protocol import ChatMessage

MOST_RESPONSES = 2_000
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """A response, and the conversation up to and with it."""

    response: dict[str, Any]
    messages: tuple[ChatMessage, ...]


class KeptResponses:
    """The newest responses by caller and id; the least recently used go first."""

    def __init__(self, most: int = MOST_RESPONSES, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes, self._bytes = most, most_bytes, 0
        self._kept: OrderedDict[tuple[str, str], tuple[Kept, int]] = OrderedDict()

    def keep(self, key_id: str, response_id: str, kept: Kept) -> None:
        """Keep a response; one that is too large for all of the room is not kept."""
        size = len(json.dumps(kept.response)) + sum(len(m.content) for m in kept.messages)
        self._kept[key_id, response_id] = kept, size
        self._bytes += size
        while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed

    def find(self, key_id: str, response_id: str) -> Kept | None:
        """A response of this caller."""
        found = self._kept.get((key_id, response_id))
        if found is None:
            return None
        self._kept.move_to_end((key_id, response_id))
        return found[0]

    def forget(self, key_id: str, response_id: str) -> None:
        """Drop it; nothing happens where it is not kept."""
        _, size = self._kept.pop((key_id, response_id), (None, 0))
        self._bytes -= size
