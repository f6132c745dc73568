"""Slips are forgiven within bounds; the distance is that of the definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.knowledge.spelling import Speller, distance

SPELLER = Speller({"warranti": 5, "deliveri": 9, "refund": 4, "zip": 3, "tent": 8, "tens": 1, "退货": 4, "ro-104233": 1})


@pytest.mark.parametrize(
    ("written", "meant"),
    [("warrenti", "warranti"), ("delivrey", "deliveri"), ("refudn", "refund"), ("refnd", "refund"), ("tennt", "tent")],
)
def test_a_slip_is_corrected(written: str, meant: str) -> None:
    guess = SPELLER.correct(written)
    assert guess is not None
    assert (guess.term, guess.certainty < 1) == (meant, True)


@pytest.mark.parametrize("written", ["zap", "telescope", "退火", "ro-104234", "kestrel", ""])
def test_what_is_short_strange_or_no_word_is_left_alone(written: str) -> None:
    assert SPELLER.correct(written) is None


def slow_distance(a: str, b: str) -> int:
    """Optimal string alignment by its recursion."""
    if not a or not b:
        return len(a) + len(b)
    best = min(slow_distance(a[:-1], b) + 1, slow_distance(a, b[:-1]) + 1, slow_distance(a[:-1], b[:-1]) + (a[-1] != b[-1]))
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-2] and a[-2] == b[-1]:
        best = min(best, slow_distance(a[:-2], b[:-2]) + 1)
    return best


WORD = st.text(alphabet="abc", max_size=5)


@given(WORD, WORD, st.integers(0, 3))
def test_the_distance_is_that_of_the_definition(a: str, b: str, bound: int) -> None:
    assert distance(a, b, bound) == min(slow_distance(a, b), bound + 1)
