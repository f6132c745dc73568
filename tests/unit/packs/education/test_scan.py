"""Homework on paper is read: a PDF's own text, scans and photographs; what is hostile or broken is one sentence."""

import importlib.util
import io
from collections.abc import Sequence
from typing import Any

import pytest

pytest.importorskip("PIL", reason="needs Pillow, which comes with the extra ocr")

from PIL import Image, ImageDraw, ImageFont

from duologue.kit.errors import DuologueError, Invalid, TooLarge, Unavailable
from duologue.packs.education.scan.reader import Line, make_reader
from duologue.packs.education.scan.work import in_order, read_work, split

HAS_OCR = importlib.util.find_spec("rapidocr") is not None and importlib.util.find_spec("onnxruntime") is not None
needs_ocr = pytest.mark.skipif(not HAS_OCR, reason="needs the extra ocr (rapidocr, onnxruntime)")


class Fixed:
    """A reader that tells what it was shown."""

    def __init__(self, *lines: Line) -> None:
        self.lines = lines
        self.shapes: list[Any] = []

    def read(self, pixels: Any) -> Sequence[Line]:
        self.shapes.append(pixels.shape)
        return self.lines


def draw(*lines: str, form: str = "PNG", size: int = 44, **more: Any) -> bytes:
    """A sheet with printed lines, as a photograph of it would be sent."""
    sheet = Image.new("RGB", (1000, 60 + 90 * len(lines)), "white")
    for k, line in enumerate(lines):
        ImageDraw.Draw(sheet).text((50, 40 + 90 * k), line, fill="black", font=ImageFont.load_default(size))
    out = io.BytesIO()
    sheet.save(out, form, **more)
    return out.getvalue()


def make_pdf(*lines: str) -> bytes:
    """A PDF with text of its own, written by hand."""
    text = "BT /F1 14 Tf 50 700 Td 18 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]  # fmt: skip
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{p:010} 00000 n \n" for p in places)
    out += f"xref\n0 6\n0000000000 65535 f \n{table}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF"
    return out.encode("latin-1")


def test_a_pdfs_own_text_needs_no_recognition() -> None:
    def nobody() -> Any:
        raise AssertionError("no reader is asked")

    work = read_work(make_pdf("1. x = 5", "2. 3/4 of 8 is 6"), nobody)
    assert ([line.text for line in work.lines], work.by) == (["1. x = 5", "2. 3/4 of 8 is 6"], "text")


def test_a_scanned_pdf_is_read_as_pictures() -> None:
    out = io.BytesIO()
    Image.open(io.BytesIO(draw("x = 5"))).save(out, "PDF")
    fixed = Fixed(Line("x = 5", 0.9, 10, 10, 20))
    work = read_work(out.getvalue(), lambda: fixed)
    assert (work.text, work.by, len(fixed.shapes)) == ("x = 5", "recognition", 1)


def test_a_photograph_is_turned_upright_and_made_smaller() -> None:
    big = Image.new("RGB", (3000, 1500), "white")
    exif = Image.Exif()
    exif[0x0112] = 6  # a phone held upright
    out = io.BytesIO()
    big.save(out, "JPEG", exif=exif)
    fixed = Fixed(Line("x", 0.9, 0, 0, 10))
    read_work(out.getvalue(), lambda: fixed)
    ((height, width, depth),) = fixed.shapes
    assert (height > width, max(height, width) <= 2000, depth) == (True, True, 3)


class Turned:
    """Reads well what lies as `wide` says; on end, or badly, what does not."""

    def __init__(self, upright: tuple[int, int]) -> None:
        self.upright, self.asked = upright, 0

    def read(self, pixels: Any) -> Sequence[Line]:
        self.asked += 1
        mark = pixels[: pixels.shape[0] // 2].mean() < pixels[pixels.shape[0] // 2 :].mean()  # the dark half is on top
        lies = pixels.shape[:2] == self.upright
        if not lies:
            return [Line("3x + 5", 0.95, 10, 10, 200, 30)]
        return [Line("x = 5" if mark else "S = x", 0.95 if mark else 0.6, 10, 10, 30, 200)]


@pytest.mark.parametrize(("turned", "looks"), [(0, 1), (90, 3), (180, 2), (270, 3)])
def test_a_sheet_on_its_side_or_upside_down_is_turned(turned: int, looks: int) -> None:
    sheet = Image.new("RGB", (400, 200), "white")
    sheet.paste("black", (0, 0, 400, 100))
    out = io.BytesIO()
    sheet.rotate(turned, expand=True).save(out, "PNG")
    reader = Turned((200, 400))
    assert read_work(out.getvalue(), lambda: reader).text == "x = 5"
    assert reader.asked == looks


def test_lines_are_put_in_reading_order() -> None:
    pieces = [
        Line("= 20", 0.7, 102, 300, 20),
        Line("x = 5", 0.9, 150, 40, 20),
        Line("3x + 5", 0.95, 100, 40, 20),
        Line("  ", 0.2, 200, 0, 20),
    ]
    assert [(one.text, one.confidence) for one in in_order(pieces)] == [("3x + 5  = 20", 0.7), ("x = 5", 0.9)]
    assert in_order([]) == []


@pytest.mark.parametrize(
    ("texts", "count", "wanted"),
    [(["1. x = 5", "2) 3/4", "= 0.75", "(3) B"], 3, {1: ["x = 5"], 2: ["3/4", "= 0.75"], 3: ["B"]}),
     (["第1题 x = 5", "第 2 题：B"], 2, {1: ["x = 5"], 2: ["B"]}), (["1.5 + 2", "= 3.5"], 3, {0: ["1.5 + 2", "= 3.5"]}),
     (["Ada", "1. a", "1. b", "9. c"], 2, {0: ["Ada"], 1: ["a", "1. b", "9. c"]}), (["2.", "x = 1"], 2, {2: ["x = 1"]})],
)  # fmt: skip
def test_numbered_questions_are_told_apart(texts: list[str], count: int, wanted: dict[int, list[str]]) -> None:
    assert {k: [one.text for one in v] for k, v in split([Line(t, 1) for t in texts], count).items()} == wanted


def _huge() -> bytes:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    return out.getvalue()


BAD = {
    "empty": b"", "text": b"hello", "html": b"<html>", "half a picture": draw("x = 5")[:200], "half a pdf": make_pdf("x")[:300],
    "no picture": b"\xff\xd8\xff\xe0 nothing", "no pdf": b"%PDF-1.7\n" + b"\0" * 500, "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_one_sentence(name: str) -> None:
    with pytest.raises(DuologueError) as told:
        read_work(BAD[name], lambda: Fixed(Line("x", 1)))
    assert told.value.message.endswith(".")


def test_what_is_too_large_is_refused_before_it_is_unpacked() -> None:
    content = _huge()
    assert len(content) < 100_000
    with pytest.raises(TooLarge, match="million pixels"):
        read_work(content, lambda: Fixed())
    with pytest.raises(Invalid, match="Nothing could be read"):
        read_work(draw("x"), lambda: Fixed())


def test_without_the_extra_one_sentence_says_what_to_do() -> None:
    with pytest.raises(Unavailable, match="pip install"):
        read_work(draw("x = 5"), lambda: make_reader(has_extra=False))
    assert read_work(make_pdf("x = 5"), lambda: make_reader(has_extra=False)).text == "x = 5"


@needs_ocr
def test_a_printed_sheet_is_read() -> None:
    work = read_work(draw("3x + 5 = 20", "3x = 15", "x = 5", form="JPEG", quality=80))
    assert [line.text.replace(" ", "") for line in work.lines] == ["3x+5=20", "3x=15", "x=5"]
    assert all(0.5 < line.confidence <= 1 for line in work.lines)


@needs_ocr
def test_a_photograph_taken_on_its_side_is_read() -> None:
    sheet = Image.open(io.BytesIO(draw("3x + 5 = 20", "3x = 15", "x = 5"))).rotate(90, expand=True)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=80)
    assert [line.text.replace(" ", "") for line in read_work(out.getvalue()).lines] == ["3x+5=20", "3x=15", "x=5"]
