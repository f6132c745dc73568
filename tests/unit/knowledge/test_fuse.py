"""The joined order: both channels count, the language asked in is preferred, ranks say what each channel thought."""

from duologue.kit.text import Lang
from duologue.knowledge.fuse import Scored, fuse
from duologue.knowledge.model import Passage
from duologue.knowledge.repository import Candidate, Terms


def scored(number: int, bm25: float, dense: float | None, lang: Lang = "en") -> Scored:
    passage = Passage(f"psg_{number}", "wsp_1", f"doc_{number}", 1, "", "", "body", 0, 4, lang)
    return Scored(Candidate(number, passage, Terms([], [], ["body"]), "a.md"), bm25, dense)


def order(*found: Scored, lang: Lang = "en") -> list[int]:
    return [f.scored.candidate.number for f in fuse(found, lang)]


def test_both_channels_count() -> None:
    assert order(scored(1, 0.5, 0.0), scored(2, 0.5, 0.5), scored(3, 0.0, 0.5)) == [2, 3, 1]


def test_the_language_asked_in_is_preferred_and_the_other_still_found() -> None:
    assert order(scored(1, 0.5, 0.5, "zh"), scored(2, 0.48, 0.48)) == [2, 1]
    assert order(scored(1, 0.9, 0.9, "zh"), scored(2, 0.1, 0.1)) == [1, 2]


def test_ranks_are_those_of_the_channels() -> None:
    found = {
        f.scored.candidate.number: (f.bm25_rank, f.dense_rank)
        for f in fuse([scored(1, 0.9, 0.1), scored(2, 0.0, 0.8), scored(3, 0.2, None)], "en")
    }
    assert found == {1: (1, 2), 2: (None, 1), 3: (2, None)}


def test_equal_ones_keep_the_order_in_which_they_were_stored() -> None:
    assert order(scored(9, 0.3, 0.3), scored(4, 0.3, 0.3), scored(6, 0.3, 0.3)) == [4, 6, 9]


def test_scores_stay_between_nought_and_one() -> None:
    assert all(0 <= f.score <= 1 for f in fuse([scored(1, 0.99, 1.0), scored(2, 0.0, -0.5), scored(3, 0.01, 0.01, "zh")], "en"))
