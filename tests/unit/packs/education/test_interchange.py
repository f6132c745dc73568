"""Questions go out and come back as they were in every format, and what does not is told; hostile files are one sentence."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace

import pytest

pytest.importorskip("defusedxml", reason="needs the extra education")

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from duologue.kit.errors import DuologueError, Invalid
from duologue.packs.education.course import Item, sample_course
from duologue.packs.education.grading.grade import grade
from duologue.packs.education.interchange.archive import pack
from duologue.packs.education.interchange.formats import FORMATS, Format, read
from duologue.packs.education.interchange.parcel import WORDS, Note, Parcel

BY_FORMAT = pytest.mark.parametrize("form", FORMATS.values(), ids=lambda f: f.name)
_PIECES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\xa0"), max_size=12)
_SPECIAL = st.sampled_from(["=", "~", "#", "{", "}", ":", "\\", "\\n", "//", "::", "$CATEGORY: x", "%50%", "[html]", "]]>", "&amp;",
                            "<b>", "\n", "\n\n", "####", "->", "'=1", '"', ",", "1/2", "分数", "  ", "[id:x]",
                            "{1:SHORTANSWER:=4}"])  # fmt: skip
words = st.lists(st.one_of(_PIECES, _SPECIAL), min_size=1, max_size=5).map(lambda p: "".join(p).strip()).filter(bool)
line = words.map(lambda t: " ".join(t.split())).filter(bool)
answer = line.filter(lambda t: not set(t) & set("|;_") and "->" not in t and t.strip() == t)
skills = st.lists(st.sampled_from(["add-like", "simplify", "two_step.v2"]), unique=True, max_size=2).map(tuple)
ids = st.text("abcXYZ019-._", min_size=1, max_size=12).filter(lambda t: t.strip("-") == t)


@st.composite
def items(draw: st.DrawFn) -> Item:
    """An item of any kind that formats are asked to hold."""
    kind = draw(st.sampled_from(["choice", "choices", "number", "equation", "expression", "ordering", "blanks", "short", "essay"]))
    text, options, key, form = draw(words.filter(lambda t: "__" not in t)), {}, "", None
    if kind in ("choice", "choices"):
        options = dict(zip("ABCDEFGH", draw(st.lists(line, min_size=2, max_size=8)), strict=False))
        n = 1 if kind == "choice" else draw(st.integers(1, len(options)))
        key = ", ".join(sorted(draw(st.permutations(sorted(options)))[:n]))
    elif kind == "ordering":
        key = " < ".join(draw(st.lists(st.integers(-99, 99).map(str), min_size=2, max_size=5)))
    elif kind == "blanks":
        blanks = draw(st.lists(st.lists(answer, min_size=1, max_size=3, unique=True), min_size=1, max_size=3))
        key = "; ".join("|".join(b) for b in blanks)
        text += " _____" * len(blanks) if len(blanks) > 1 else ""
    elif kind not in ("short", "essay"):
        key = draw(st.sampled_from(["3/4", "-2", "12.50", "x = 5", "2√3 cm", "1 1/2", "a<b"]))
        form = draw(st.sampled_from([None, "lowest", "mixed"]))
    texts = st.lists(line, max_size=3).map(tuple)
    return Item(
        draw(ids), kind, draw(skills), text, key, draw(st.sampled_from([1, 2.5, 3, 5])), form, options, draw(texts), draw(texts)
    )


def unique(found: Sequence[Item]) -> list[Item]:
    return [replace(item, id=f"{item.id}.{k}") for k, item in enumerate(found)]


@BY_FORMAT
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate,))
@given(found=st.lists(items(), min_size=1, max_size=4).map(unique))
def test_what_a_format_holds_comes_back_as_it_was(form: Format, found: list[Item]) -> None:
    kept, lost = form.held.fit(found)
    written = form.write(found, "A title")
    back = form.read(written.content)
    dropped = {n.item for n in written.notes if n.code == "kind"}
    assert list(back.items) == [i for i in kept if i.id not in dropped]
    assert {i.id for i in found} == {i.id for i in back.items} | dropped
    assert set(map(repr, lost)) <= set(map(repr, written.notes))
    assert back.notes == ()


@BY_FORMAT
@pytest.mark.parametrize(("key", "form_"), [("3.14", "within:0.005"), ("-20", "within:2"), ("0", "within:0.1"), ("1822", None)])
def test_how_far_a_number_may_be_off_goes_out_and_comes_back(form: Format, key: str, form_: str | None) -> None:
    item = Item("n", "number", ("simplify",), "How much?", key, form=form_)
    written = form.write([item], "T")
    back = form.read(written.content)
    assert (list(back.items), [*written.notes, *back.notes]) == ([item], [])


@BY_FORMAT
def test_the_course_goes_out_and_comes_back_and_is_graded_the_same(form: Format) -> None:
    for lang in ("en", "zh"):
        course = sample_course(lang)
        written = form.write(course.items, course.title)
        back = form.read(written.content)
        assert list(back.items) == form.held.fit(course.items)[0]
        told = {n.item for n in written.notes}
        assert all(i.hints == () or i.id in told for i in course.items if "hints" not in form.held.fields)
        for item in back.items[::23]:
            assert grade(item, item.key, lang).is_correct


def test_what_a_format_has_no_place_for_is_told_in_both_languages() -> None:
    program = Item("code", "program", ("add-like",), "Write f.", "f")
    order = Item("order", "ordering", (), "Order", "1 < 2")
    two = Item("two", "blanks", (), "a _____ b _____", "1; 2", hints=("count",))
    for form in FORMATS.values():
        notes = form.write([program, order, two]).notes
        assert ("code", "kind") in {(n.item, n.code) for n in notes}, form.name
    assert {n.item for n in FORMATS["qti12"].write([order, two]).notes} == {"order", "two"}
    assert [n.code for n in FORMATS["gift"].write([replace(order, hints=("x",))]).notes] == ["field"]
    for code, told in WORDS.items():
        values = dict.fromkeys(("format", "kind", "why", "names", "key", "tolerance", "id", "name"), "…")
        assert all(Note("q", code, values).say(lang).startswith("q: ") for lang in ("en", "zh"))
        assert set(told) == {"en", "zh"}


def test_characters_that_xml_cannot_hold_are_told() -> None:
    bad = Item("q", "short", (), "a\x00b\x0bc")
    for name in ("moodle", "qti12", "qti21"):
        written = FORMATS[name].write([bad])
        assert [n.code for n in written.notes] == ["characters"]
        assert FORMATS[name].read(written.content).items[0].text == "abc"


def test_a_cell_is_never_a_formula() -> None:
    item = Item("q", "blanks", (), '=HYPERLINK("http://x")', "@cmd|+1|-2+3")
    text = FORMATS["csv"].write([item]).content.decode("utf-8-sig")
    cells = text.splitlines()[1].split(",")
    assert not any(c.strip('"')[:1] in "=+@" for c in cells if c)
    assert FORMATS["csv"].read(text.encode()).items == (item,)


BOMB = b'<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><quiz>&b;</quiz>'
FETCH = b'<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz><question type="essay"><name>&x;</name></question></quiz>'


def attempt(content: bytes, name: str) -> tuple[Parcel | None, str]:
    """What was read, or the sentence that says why nothing was."""
    try:
        return read(content, "questions.txt", name), ""
    except DuologueError as error:
        return None, error.message


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", b"<a>" + b" " * 90_000_000 + b"</a>")
    return out.getvalue()


@pytest.mark.parametrize("name", ["", *FORMATS])
@pytest.mark.parametrize(
    "content",
    [BOMB, FETCH, b"", b"   \n", b"<quiz><question>", b"<html></html>", b"\xff\xfe\xff", b"\x89PNG\r\n\x1a\n\0\0\0",
     "题目".encode("gb18030"),
     b'<?xml version="1.0" encoding="utf-7"?><quiz/>', b'<?xml version="1.0" encoding="nonsense"?><quiz/>', pack({"x.xml": b"<a>"}),
     pack({}), b"PK\x03\x04 nothing more", pack({"imsmanifest.xml": BOMB}), b"\0\0\0\0", b'a,b\n"x'],
)  # fmt: skip
def test_a_hostile_or_broken_file_is_one_sentence(name: str, content: bytes) -> None:
    found, sentence = attempt(content, name)
    if found is None:
        assert len(sentence) < 300
        assert sentence.endswith(".")
    else:
        assert name in ("", "gift"), "only GIFT takes any text for a question, and then says what it is"
        assert found.items == ()
        assert found.notes


def test_a_zip_bomb_is_not_unpacked() -> None:
    content = _bomb()
    assert len(content) < 200_000
    with pytest.raises(Invalid, match="unpacks to far more"):
        read(content, "x.zip", "qti21")


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, deadline=None, phases=(Phase.generate,))
@given(data=st.data())
def test_a_damaged_file_breaks_nothing(name: str, data: st.DataObject) -> None:
    """A byte changed or a piece missing: it is read, or it is one sentence."""
    whole = bytearray(FORMATS[name].write(sample_course("en").items[:6], "t").content)
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole) - 1))
    del whole[cut : cut + data.draw(st.sampled_from([0, 0, 1, 40]))]
    found, sentence = attempt(bytes(whole), name)
    assert found is not None or sentence.endswith(".")
