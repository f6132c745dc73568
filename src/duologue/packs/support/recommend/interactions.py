"""Who took what, in which order: the events from which the recommender learns. Knows no score.

Shapes: U users, I items.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from duologue.kit.errors import Invalid

RECENCY = 0.7
"""Weight of an event against the one after it (chosen on the validation items of Amazon Beauty)."""
MAX_HISTORY = 100
"""Latest events of a user that are looked at: what an unusually long history adds costs more than it tells."""


@dataclass(frozen=True, slots=True)
class Interactions:
    """Histories in time order: `histories[u]` holds numbers of items, the latest last."""

    users: list[str]
    items: list[str]
    histories: list[NDArray[np.int64]]

    @property
    def item_place(self) -> dict[str, int]:
        """The number of each item."""
        return {item: i for i, item in enumerate(self.items)}

    def matrix(self) -> csr_matrix:
        """Who took what at least once, (U, I), 0 or 1."""
        return rows_of(self.histories, len(self.items), None)


def read_interactions(users: Sequence[str], items: Sequence[str], timestamps: Sequence[float] | None = None) -> Interactions:
    """Events as columns of equal length; timestamps in any unit that grows, without them the order of the rows counts.

    Rows with an empty user or item are left out. Raises Invalid for columns of different lengths or a timestamp that is no number.
    """
    if len(users) != len(items) or (timestamps is not None and len(timestamps) != len(users)):
        raise Invalid("Users, items and timestamps must be of one length.", users=len(users), items=len(items))
    when = [0.0] * len(users)
    if timestamps is not None:
        try:
            when = [float(t) for t in timestamps]
        except (TypeError, ValueError) as error:
            raise Invalid("A timestamp is not a number; give seconds or any other growing number.") from error
        if not all(math.isfinite(t) for t in when):
            raise Invalid("A timestamp is not a finite number.")
    places: dict[str, int] = {}
    found: dict[str, list[int]] = {}
    for row in sorted(range(len(users)), key=when.__getitem__):
        user, item = str(users[row]).strip(), str(items[row]).strip()
        if user and item:
            found.setdefault(user, []).append(places.setdefault(item, len(places)))
    return Interactions(list(found), list(places), [np.array(h, np.int64) for h in found.values()])


def rows_of(histories: Sequence[NDArray[np.int64]], item_count: int, recency: float | None) -> csr_matrix:
    """Histories as rows, (n, I): 1 for what was taken, or `recency ** age` of its latest time, the latest event being of age 0."""
    columns: list[int] = []
    values: list[float] = []
    starts = [0]
    for history in histories:
        latest = dict.fromkeys(history[::-1][:MAX_HISTORY].tolist()) if recency is not None else dict.fromkeys(history.tolist())
        columns.extend(latest)
        values.extend([1.0] * len(latest) if recency is None else [recency**age for age in range(len(latest))])
        starts.append(len(columns))
    return csr_matrix((np.array(values), np.array(columns, np.int64), np.array(starts)), shape=(len(histories), item_count))
