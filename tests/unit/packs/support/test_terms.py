"""Text cut into terms: both languages, other scripts, no length that hurts."""

from hypothesis import given
from hypothesis import strategies as st

from duologue.packs.support.intents.terms import MAX_CHARS, company_terms, latin_terms, piece_terms, tokens, word_terms


def test_words_pairs_and_characters() -> None:
    assert latin_terms("Refund order 4711!") == ["refund", "order", "0000", "!", "refund order", "order 0000", "0000 !"]
    assert word_terms("退款") == ["退", "款", "退款"]
    assert latin_terms("退款") == []


def test_pieces_mark_the_borders_of_words() -> None:
    assert piece_terms("ab") == [" a", "ab", "b ", " ab", "ab ", " ab "]
    assert piece_terms("退款") == ["退", "款", "退款"]


@given(st.text(max_size=300))
def test_any_text_is_cut(text: str) -> None:
    for terms in (tokens(text), word_terms(text), piece_terms(text), latin_terms(text)):
        assert all(isinstance(term, str) and term for term in terms)


def test_of_a_long_text_both_ends_are_read() -> None:
    found = tokens("start " + "x " * 50_000 + "finish")
    assert found[0] == "start"
    assert found[-1] == "finish"
    assert len(found) <= MAX_CHARS


def test_words_in_company_are_pairs_in_any_order_and_no_characters():
    assert company_terms("pay my card") == ["my~pay", "card~pay", "card~my"]
    assert set(company_terms("card, my pay")) == set(company_terms("pay my card"))
    assert company_terms("付款失败了") == []
    far = "a " + "x " * 9 + "b"
    assert "a~b" not in company_terms(far)
