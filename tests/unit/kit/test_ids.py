"""Ids: what they are made of, and that they sort by time within a process."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from duologue.kit.ids import id_at, new_id


def test_an_id_is_a_prefix_and_a_uuid_of_version_7() -> None:
    before = time.time_ns() // 1_000_000
    prefix, _, value = new_id("msg").partition("_")
    made = uuid.UUID(value)
    assert (prefix, len(value), made.variant) == ("msg", 32, uuid.RFC_4122)
    assert made.int >> 76 & 0xF == 7
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_ids_never_repeat_and_sort_in_the_order_they_were_made() -> None:
    ids = [new_id("msg") for _ in range(10_000)]
    assert ids == sorted(set(ids))


def test_threads_get_different_ids() -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = [i for made in pool.map(lambda _: [new_id("x") for _ in range(2_000)], range(4)) for i in made]
    assert len(set(ids)) == len(ids)


def test_the_id_of_a_moment_lies_before_all_that_are_made_from_then_on() -> None:
    now = datetime.now(UTC)
    made = new_id("msg")
    assert id_at("msg", now) <= made < id_at("msg", now + timedelta(minutes=1))
