"""The stretches of a diff give back both texts."""

from hypothesis import given
from hypothesis import strategies as st

from duologue.interfaces.api.diff import diff

TEXT = st.text("ab 。你好\n,", max_size=30)


@given(TEXT, TEXT)
def test_both_texts_come_back(before: str, after: str) -> None:
    changes = diff(before, after)
    assert "".join(c["text"] for c in changes if c["op"] != "new") == before
    assert "".join(c["text"] for c in changes if c["op"] != "gone") == after
    assert all(c["text"] for c in changes)


def test_words_and_characters() -> None:
    assert diff("It takes four weeks.", "It takes five weeks.") == [
        {"op": "same", "text": "It takes "},
        {"op": "gone", "text": "four"},
        {"op": "new", "text": "five"},
        {"op": "same", "text": " weeks."},
    ]
    assert {"op": "new", "text": "七"} in diff("三天内", "七天内")
