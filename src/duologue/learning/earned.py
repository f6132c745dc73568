"""What was said of a workspace's answers and what its desks earned by it, kept in memory until something new is said.

The reviews are the truth: nothing of this is stored. Whether anything new was said is told by the feed (verdicts, thumbs, labels,
erasures) and by the blind reviews, which append nothing to it. Reviews that only grew are not replayed from the beginning.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from duologue.conversation.events import ConversationLabelled, PersonErased
from duologue.learning import repository
from duologue.learning.autonomy import Rules
from duologue.learning.examples import is_unread, meaning_changed
from duologue.learning.pool import Key, Pool, rate_down, review
from duologue.learning.repository import Seen
from duologue.learning.risk import Outcome
from duologue.review.events import MessageRated, VerdictGiven
from duologue.store import feed
from duologue.store.database import Tx

KINDS = (VerdictGiven.kind, MessageRated.kind, ConversationLabelled.kind, PersonErased.kind)
"""Events after which something else may be said of answers, or of answers to another topic."""
MOST_KEPT = 32
"""Workspaces that are kept; 5,000 reviews are some 5 MB."""


@dataclass(slots=True)
class Kept:
    """A workspace's reviews as of an event of the feed, and what each desk earned by which of them under which rules."""

    cursor: int
    audits: Hashable
    seen: list[Seen]
    earned: dict[tuple[str, Rules], tuple[list[Seen], list[Seen], Pool]] = field(default_factory=dict)


class Earned:
    """What this process knows of all workspaces."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    async def look(self, tx: Tx, workspace_id: str) -> Kept:
        """What was said of a workspace's answers until now; to be read, not changed."""
        cursor, audits = await feed.get_cursor(tx.conn, workspace_id), await repository.mark_audits(tx, workspace_id)
        kept = self._kept.pop(workspace_id, None)
        if kept is None or kept.audits != audits or await feed.has_any(tx.conn, workspace_id, kept.cursor, KINDS):
            kept = Kept(cursor, audits, await repository.list_seen(tx, workspace_id), kept.earned if kept else {})
        else:
            kept = Kept(cursor, audits, kept.seen, kept.earned)
        self._kept[workspace_id] = kept
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return kept


async def earn(kept: Kept, desk_id: str, rules: Rules) -> Pool:
    """What a desk has earned by its reviews; worked out in a thread, from where it was left."""
    whole, known, pool = kept.earned.get((desk_id, rules), ([], [], Pool()))
    if whole is kept.seen:
        return pool
    mine = [one for one in kept.seen if one.desk_id == desk_id]
    if mine[: len(known)] != known:
        known, pool = [], Pool()
    pool = await asyncio.to_thread(replay, mine[len(known) :], rules, pool)
    kept.earned = {key: value for key, value in kept.earned.items() if key[0] != desk_id or key[1] == rules}
    kept.earned[desk_id, rules] = (kept.seen, mine, pool)
    return pool


def is_drawn(message_id: str, share: float) -> bool:
    """Whether an answer belongs to the fair sample: by its message's id alone, so that nothing about it can matter."""
    return int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:4], "big") / 2**32 < share


def replay(seen: Sequence[Seen], rules: Rules, pool: Pool | None = None) -> Pool:
    """What a desk has earned by these reviews, in their order, after `pool`; an approval faster than one reads is none."""
    pool = pool or Pool()
    for one in seen:
        if one.kind == "approve" and is_unread(one.draft_text, one.read_s):
            continue
        key: Key = (one.topic, one.lang)
        if one.kind == "down":
            pool = rate_down(pool, key)
        elif pool.threshold(key, rules) is None or one.draft_reason == "copilot" or is_drawn(one.message_id, rules.sampled):
            pool = review(pool, key, to_outcome(one), rules)
    return pool


def to_outcome(one: Seen) -> Outcome:
    """What a review says of an answer: an edit that says the same did not change it."""
    is_changed = meaning_changed(one.draft_text, one.final_text) if one.kind == "edit" else one.is_changed
    return Outcome(one.confidence, is_changed)
