"""A probability, monotonic in what speaks for an answer."""

from hypothesis import given
from hypothesis import strategies as st

from duologue.knowledge.support import SIGNALS, WEIGHTS, estimate

VALUE = st.floats(0, 1)


@given(st.fixed_dictionaries(dict.fromkeys(SIGNALS, VALUE)))
def test_it_is_a_probability(signals: dict[str, float]) -> None:
    assert 0 <= estimate(signals) <= 1


@given(st.fixed_dictionaries(dict.fromkeys(SIGNALS, VALUE)), st.sampled_from(SIGNALS))
def test_a_signal_never_speaks_against_what_it_stands_for(signals: dict[str, float], name: str) -> None:
    assert WEIGHTS[name] >= 0
    assert estimate(signals | {name: 1.0}) >= estimate(signals)


def test_nothing_found_is_no_support() -> None:
    assert estimate({}) == 0
