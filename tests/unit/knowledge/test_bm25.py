"""Scores against the formula written out the long way, and their bounds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.knowledge.bm25 import BOOST, K1, B, idf, rate, weigh
from duologue.knowledge.repository import State, Terms

STATE = State(generation=1, passages=10, title_terms=20, heading_terms=30, body_terms=400)


def slow_rate(terms: list[str], counts: dict[str, int], passage: Terms, state: State) -> float:
    """The formula of the paper, term by term and field by field."""
    total = bound = 0.0
    for term in dict.fromkeys(terms):
        weight = math.log(1 + (state.passages - counts.get(term, 0) + 0.5) / (counts.get(term, 0) + 0.5))
        bound += weight
        pseudo = 0.0
        for name in ("title", "heading", "body"):
            field = getattr(passage, name)
            mean = getattr(state, f"{name}_terms") / state.passages
            pseudo += BOOST[name] * field.count(term) / (1 - B[name] + B[name] * len(field) / mean)
        total += weight * pseudo / (pseudo + K1)
    return total / bound


LETTERS = st.lists(st.sampled_from("abcdef"), max_size=12)


@given(
    st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=6),
    LETTERS,
    LETTERS,
    LETTERS,
    st.lists(st.integers(0, 10), min_size=8, max_size=8),
)
def test_the_score_is_that_of_the_formula(
    query: list[str], title: list[str], heading: list[str], body: list[str], held: list[int]
) -> None:
    counts = dict(zip("abcdefgh", held, strict=True))
    passage = Terms(title, heading, body)
    score = rate(weigh(query, counts, STATE), passage, STATE)
    assert score == pytest.approx(slow_rate(query, counts, passage, STATE))
    assert 0 <= score < 1


def test_a_rare_term_tells_more_than_a_frequent_one() -> None:
    assert idf(0, 100) > idf(1, 100) > idf(50, 100) > idf(100, 100) > 0


def test_without_terms_there_is_no_score() -> None:
    nothing = weigh([], {}, STATE)
    assert rate(nothing, Terms([], [], ["a"]), STATE) == 0
