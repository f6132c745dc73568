"""Escalations: whatever is tried, in whatever order, they only go forward, and nobody unacknowledged is forgotten."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.kit.errors import Conflict
from duologue.packs.health.redflags.escalation import STATES, Escalation, advance, is_due

AT = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(seconds=60)
RAISED = Escalation("e", "w", "c", "p", "m", 1, ("acs",), ("Possible heart attack",), "raised", AT, AT)
STEPS = st.lists(st.tuples(st.sampled_from(["notify", "acknowledge", "take_over", "close"]), st.integers(0, 300)), max_size=30)


@given(STEPS)
def test_it_never_goes_back_and_pages_until_acknowledged(steps: list[tuple[str, int]]) -> None:
    e, now, calls = RAISED, AT, 0
    for step, seconds in steps:
        now += timedelta(seconds=seconds)
        before = e
        try:
            e = advance(e, step, now, "dr", "seen" if step == "close" else "")  # type: ignore[arg-type]
        except Conflict:
            assert e is before
            continue
        calls += step == "notify"
        assert STATES.index(e.state) >= STATES.index(before.state)
        assert e.pages == calls
        if before.state in ("acknowledged", "taken_over", "closed"):
            assert step != "notify"
    waits = e.state in ("raised", "notified")
    assert is_due(e, now + EVERY, EVERY) is waits
    assert waits or e.by == "dr"


def test_only_an_outcome_closes_and_only_what_was_seen() -> None:
    with pytest.raises(Conflict):
        advance(RAISED, "close", AT, "dr", "fine")
    seen = advance(RAISED, "acknowledge", AT, "dr")
    with pytest.raises(Conflict, match="what came of"):
        advance(seen, "close", AT, "dr")
    assert advance(seen, "close", AT, "dr", "sent to hospital").outcome == "sent to hospital"
