"""Notifications: as few as they fit into, none too long."""

import json

from duologue.store.listen import LONGEST_PAYLOAD, pack


def test_payloads_stay_below_the_limit_and_keep_order() -> None:
    items = [{"e": {"data": "长" * n}} for n in (1, 400, 900, 1, 1400, 5, 2000)]
    payloads = pack("origin", items)
    assert all(len(p.encode()) <= LONGEST_PAYLOAD for p in payloads)
    told = [item for p in payloads for item in json.loads(p)[1]]
    assert told == items[:4] + items[5:6], "what is larger than a notification is left out"
