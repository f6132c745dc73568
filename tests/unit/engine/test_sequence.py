from hypothesis import given
from hypothesis import strategies as st

from duologue.engine.sequence import WrittenText

LETTERS = st.text("ab中", max_size=12)


@given(pieces=st.lists(LETTERS, max_size=6), stops=st.lists(st.text("ab中", min_size=1, max_size=3), max_size=2))
def test_the_text_ends_before_the_first_stop_however_it_is_cut(pieces: list[str], stops: list[str]) -> None:
    written, sent = WrittenText(stops), ""
    for piece in pieces:
        sent += written.push(piece)
        if written.is_stopped:
            break
    sent += written.finish()
    whole = "".join(pieces)
    ends = [at for stop in stops if (at := whole.find(stop)) >= 0]
    if ends and not written.is_stopped:
        raise AssertionError("a stop string was overlooked")
    if not ends:
        assert sent == whole
    else:
        assert whole.startswith(sent)
        assert not any(stop in sent for stop in stops)


def test_text_is_held_back_only_while_a_stop_may_be_beginning() -> None:
    written = WrittenText(["END"])
    assert written.push("one E") == "one "
    assert written.push("N") == ""
    assert written.push("O") == "ENO"
    assert written.push("EN") == ""
    assert written.finish() == "EN"
