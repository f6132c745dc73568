"""What a document adds to its passages: a title about the question lifts them, a stranger's does not."""

from hypothesis import given
from hypothesis import strategies as st

from duologue.knowledge.bm25 import Query
from duologue.knowledge.model import Passage
from duologue.knowledge.repository import Candidate, State, Terms
from duologue.knowledge.whole import TITLE_MEANING, TITLE_WORDS, TOGETHER, evidence

QUERY = Query({"deliveri": 2.0, "uk": 3.0, "standard": 1.0})


def candidate(number: int, document_id: str, title: list[str], body: list[str]) -> Candidate:
    passage = Passage(f"psg_{number}", "wsp", document_id, number, " ".join(title), "", " ".join(body), 0, 1, "en")
    return Candidate(number=number, passage=passage, uri=f"{document_id}.md", terms=Terms(title=title, heading=[], body=body))


STATE = State(passages=3, title_terms=6, heading_terms=0, body_terms=12, generation=1)
UK = [candidate(1, "uk", ["deliveri", "uk"], ["standard"]), candidate(2, "uk", ["deliveri", "uk"], ["highland"])]
OTHER = [candidate(3, "other", ["return", "polici"], ["standard", "deliveri"])]


def test_a_title_about_the_question_lifts_all_passages_of_its_document() -> None:
    adds = evidence(QUERY, UK + OTHER, STATE, {"deliveri uk": 0.8, "return polici": 0.1})
    assert adds["uk"] > 2 * adds["other"] > 0


def test_what_two_passages_hold_together_counts() -> None:
    parts = [candidate(1, "one", ["shop"], ["uk"]), candidate(2, "one", ["shop"], ["standard"])]
    both, alone = (evidence(QUERY, some, STATE, {})["one"] for some in (parts, parts[:1]))
    assert both > alone


@given(st.floats(-1, 1))
def test_it_stays_within_its_weights(cosine: float) -> None:
    adds = evidence(QUERY, UK + OTHER, STATE, {"deliveri uk": cosine, "return polici": cosine})
    assert all(0 <= value <= TOGETHER + TITLE_WORDS + TITLE_MEANING for value in adds.values())
