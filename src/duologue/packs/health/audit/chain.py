"""The audit's links: who did what, when, to which record; each hash covers its link and the one before. Knows no storage.

What people wrote (a reason, a name they sought, an outcome) is no part of a link: the link holds its seal, a salted digest, and the
words stand beside it. So they can be erased with the person whom they may name, the chain stays whole, and a link `unsaid` tells
whose words are gone: words that are missing without one, or are others than were sealed, break the chain like anything else.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

TRIMMED, CHECKED, UNSAID = "trimmed", "checked", "unsaid"
WORDS = ("reason", "words", "outcome", "file")
"""Keys of a detail under which people's own words stand: kept beside the chain."""
_SEAL = "sealed"


@dataclass(frozen=True, slots=True)
class Entry:
    """A link. `hash` covers it all and the link before, but for `said`: the words beside it, with their salt; None once erased."""

    seq: int
    at: str
    who: str
    action: str
    conversation_id: str
    detail: Mapping[str, Any]
    before: str
    hash: str = ""
    said: Mapping[str, str] | None = None

    @property
    def told(self) -> dict[str, Any]:
        """The detail as a page shows it: with the words, as far as they are there."""
        words = {k: v for k, v in (self.said or {}).items() if k != "salt"}
        return {k: v for k, v in self.detail.items() if k != _SEAL} | words


def link(last: Entry | None, at: datetime, who: str, action: str, conversation_id: str, detail: Mapping[str, Any]) -> Entry:
    """The next link; people's words of the detail are sealed in it and stand in `said`."""
    words = {k: str(v) for k, v in detail.items() if k in WORDS and v}
    said = {**words, "salt": secrets.token_hex(16)} if words else None
    kept = {k: v for k, v in detail.items() if k not in WORDS}
    if said:
        kept[_SEAL] = _seal(said)
    seq, before = (last.seq + 1, last.hash) if last else (1, "")
    entry = Entry(seq, at.isoformat(), who, action, conversation_id, kept, before, said=said)
    return replace(entry, hash=_hash(entry))


def trim_of(last: Entry) -> dict[str, Any]:
    """What the chain keeps of the links up to `last` that it drops: the detail of a link `trimmed`."""
    return {"upto": last.seq, "hash": last.hash}


def find_break(entries: Iterable[Entry], *, is_end: bool = False) -> int | None:
    """The number of the first link that does not fit, None where the chain is whole.

    A chain may begin later where a link `trimmed` in it says what was dropped before. `is_end`: these are its newest links only.
    """
    chain = list(entries)
    before, seq = "", 0
    if chain and is_end:
        before, seq = chain[0].before, chain[0].seq - 1
    elif chain and chain[0].seq > 1:
        dropped = {"upto": chain[0].seq - 1, "hash": chain[0].before}
        if not any(e.action == TRIMMED and {k: e.detail.get(k) for k in dropped} == dropped for e in chain):
            return chain[0].seq
        before, seq = chain[0].before, chain[0].seq - 1
    unsaid = {(n, e.seq) for e in chain if e.action == UNSAID for n in e.detail.get("links", ())}
    erased = {n for n, at in unsaid if n < at}
    for entry in chain:
        if entry.seq != seq + 1 or entry.before != before or entry.hash != _hash(entry) or not _says(entry, erased):
            return entry.seq
        before, seq = entry.hash, entry.seq
    return None


def _says(entry: Entry, erased: set[int]) -> bool:
    """Whether the words beside a link are those that it sealed; or are gone, and a later link says so."""
    sealed = entry.detail.get(_SEAL)
    if entry.said is None:
        return not sealed or entry.seq in erased
    return bool(sealed == _seal(entry.said))


def _seal(said: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(said), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _hash(entry: Entry) -> str:
    content = {k: v for k, v in asdict(entry).items() if k not in ("hash", "said")}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()
