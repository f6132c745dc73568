"""Buckets fill with time and empty with use; keys do not share; what is forgotten starts full."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.accounts.throttle import Throttle
from duologue.kit.clock import FrozenClock
from duologue.kit.errors import TooManyRequests


def test_a_burst_then_one_by_one() -> None:
    clock = FrozenClock()
    bucket = Throttle(3, 10, clock=clock)
    for _ in range(3):
        bucket.take("a")
    with pytest.raises(TooManyRequests) as caught:
        bucket.take("a")
    assert caught.value.detail["retry_after_s"] == 10
    bucket.take("b")
    clock.advance(10)
    bucket.take("a")
    with pytest.raises(TooManyRequests):
        bucket.take("a")
    bucket.forget("a")
    bucket.take("a")


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_never_more_than_the_burst_and_what_time_gives(waits: list[float]) -> None:
    clock = FrozenClock()
    bucket, taken, total_s = Throttle(5, 7, clock=clock), 0, 0.0
    for wait in waits:
        clock.advance(wait)
        total_s += wait
        try:
            bucket.take("x")
        except TooManyRequests:
            continue
        taken += 1
    assert taken <= 5 + total_s / 7 + 1e-3


def test_memory_is_bounded() -> None:
    bucket = Throttle(1, 1e9, clock=FrozenClock(), most_keys=10)
    for number in range(50):
        bucket.take(str(number))
    with pytest.raises(TooManyRequests):
        bucket.take("49")
    bucket.take("0")
