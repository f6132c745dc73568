"""Alarms by trend and by limit."""

from hypothesis import given
from hypothesis import strategies as st

from duologue.packs.support.mood.alarms import LOW, AlarmGate, find_trend

SCORES = st.lists(st.floats(1, 5), max_size=40)


def alarms(scores: list[float]) -> list[int]:
    return [n for n in range(1, len(scores) + 1) if find_trend(scores[:n]).is_alarming]


def test_one_angry_word_is_no_alarm_a_worsening_talk_is_one() -> None:
    assert alarms([4.0, 1.0, 4.0, 4.0]) == []
    assert alarms([1.0]) == []
    assert alarms([3.0, 2.0, 1.5, 1.2, 1.2, 1.0]) == [3]


def test_a_second_alarm_only_after_recovery() -> None:
    assert len(alarms([1.5, 1.5, 1.5, 1.5, 1.5, 1.5])) == 1
    assert len(alarms([1.5, 1.5, 1.5, 4.0, 4.5, 4.5, 1.5, 1.5, 1.5])) == 2


@given(SCORES)
def test_an_alarm_has_two_low_turns_and_a_low_level_before_it(scores: list[float]) -> None:
    trend = find_trend(scores)
    assert 1 <= trend.level <= 5
    assert trend.fall >= 0
    if trend.is_alarming:
        assert trend.level < LOW
        assert max(scores[-2:]) < 3


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("123456789"), st.integers(0, 4000)), max_size=60))
def test_the_gate_keeps_its_two_promises(calls: list[tuple[str, str, int]]) -> None:
    gate, now, admitted = AlarmGate(per_hour=3, again_s=600.0), 0.0, list[tuple[str, str, float]]()
    for desk, conversation, step in calls:
        now += step
        if gate.admit(desk, f"{desk}{conversation}", now):
            admitted.append((desk, f"{desk}{conversation}", now))
    for desk, conversation, when in admitted:
        assert sum(1 for d, _, t in admitted if d == desk and when - 3600 < t <= when) <= 3
        assert sum(1 for _, c, t in admitted if c == conversation and when - 600 < t <= when) == 1
