"""Identifiers: a short prefix that names the noun, then a UUIDv7, so that ids sort by time.

Source: RFC 9562, section 5.7.
"""

import os
import threading
import time
from datetime import datetime

_LOCK = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """A new id such as `msg_019b…`: 48 bits of milliseconds and 74 random bits, monotonic within this process."""
    global _last
    rand = int.from_bytes(os.urandom(10), "big")
    with _LOCK:
        stamp = max(time.time_ns() // 1_000_000, _last >> 12)
        ticks = (stamp << 12) | (rand >> 68)
        _last = ticks = max(ticks, _last + 1)
    value = (ticks >> 12) << 80 | 0x7 << 76 | (ticks & 0xFFF) << 64 | 0b10 << 62 | (rand & (1 << 62) - 1)
    return f"{prefix}_{value:032x}"


def id_at(prefix: str, when: datetime) -> str:
    """The least id of a moment: every id that is made from then on sorts behind it. For a look-up; never given to anything."""
    return f"{prefix}_{int(when.timestamp() * 1000) << 80:032x}"
