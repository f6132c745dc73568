"""A file of homework to lines of text: a PDF's own text without recognition, scans and photographs by the reader. Keeps nothing.

Lines are put together in reading order: what stands at one height is one line.
"""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from duologue.kit.errors import Invalid, TooLarge
from duologue.packs.education.scan.reader import Line, ReadsImages, get_reader

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PAGES, MAX_PIXELS, SIDE = 20, 60_000_000, 2_000
"""Pages of one piece of homework; pixels of a picture (a phone has 12–50 million); the longer side that is read."""
MAX_TEXT = 20_000
TURN_UNDER = 0.85
"""Confidence under which the sheet is tried upside down: drawn sheets had 0.91 and more upright, 0.78 and less turned round."""
UNSURE = 0.8
"""Below it a line is marked for the learner to look at."""


@dataclass(frozen=True, slots=True)
class Work:
    """What was read, line by line, and whether it was recognised or is the file's own text."""

    lines: tuple[Line, ...]
    by: Literal["text", "recognition"]

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(line.text for line in self.lines)


def read_work(content: bytes, find: Callable[[], ReadsImages] = get_reader) -> Work:
    """What a PDF or a picture says. Raises Invalid, TooLarge, Unavailable where pictures cannot be read."""
    work = _read_pdf(content, find) if content[:1024].lstrip().startswith(b"%PDF") else _read_picture(content, find)
    if not work.lines:
        raise Invalid("Nothing could be read in it; take the photograph again in good light, straight from above.")
    if len(work.text) > MAX_TEXT:
        raise TooLarge(f"The file holds more than {MAX_TEXT} characters; send it question by question.", max_chars=MAX_TEXT)
    return work


def _read_pdf(content: bytes, find: Callable[[], ReadsImages]) -> Work:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Invalid("The PDF is locked with a password; save it without one.")
        if len(reader.pages) > MAX_PAGES:
            raise TooLarge(f"The PDF has {len(reader.pages)} pages; homework has at most {MAX_PAGES}.", max_pages=MAX_PAGES)
        own = [line.strip() for page in reader.pages for line in page.extract_text().splitlines()]
        if any(re.search(r"\w", line) for line in own):
            return Work(tuple(Line(line, 1.0) for line in own if line), "text")
        pictures = [picture.data for page in reader.pages for picture in page.images]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, ImportError) as error:
        raise Invalid("The PDF cannot be read; it seems to be damaged. Send a photograph instead.") from error
    if not pictures:
        raise Invalid("The PDF holds neither text nor a scan.")
    found = [line for picture in pictures[:MAX_PAGES] for line in _read_picture(picture, find).lines]
    return Work(tuple(found), "recognition")


def _read_picture(content: bytes, find: Callable[[], ReadsImages]) -> Work:
    if not _is_picture(content):
        raise Invalid("This is neither a PDF nor a picture; send a PDF, JPEG or PNG.")
    reader = find()
    import numpy as np

    pixels = np.asarray(_open(content))
    return Work(tuple(in_order(_read_upright(pixels, reader))), "recognition")


def _read_upright(pixels: Any, reader: ReadsImages) -> Sequence[Line]:
    """The lines, the sheet turned where it lies on its side or upside down, as phones send it that were held flat.

    Lines that stand on end say that it lies on its side; low confidence, that it may be upside down. Turned is what is read more
    surely so.
    """
    import numpy as np

    first = reader.read(pixels)
    words = [line for line in first if len(line.text.strip()) > 2]
    on_end = sum(len(line.text) for line in words if _stands_on_end(line))
    is_crumbled = len(first) > 5 and 2 * len(words) < len(first)  # wide letters of a line on end are found one by one
    if is_crumbled or (words and 2 * on_end > sum(len(line.text) for line in words)):
        turns: tuple[int, ...] = (1, 3)
    elif first and sum(one.confidence * len(one.text) for one in first) < TURN_UNDER * sum(len(one.text) for one in first):
        turns = (2,)
    else:
        return first
    return max((first, *(reader.read(np.ascontiguousarray(np.rot90(pixels, k))) for k in turns)), key=how_sure)


def how_sure(lines: Sequence[Line]) -> float:
    """How surely a sheet was read, letter by letter; lines on end count for nothing, letters by ones and twos for half."""
    letters = sum(len(line.text) for line in lines)
    sure = (line.confidence * len(line.text) * (1 if len(line.text) > 2 else 0.5) for line in lines if not _stands_on_end(line))
    return sum(sure) / letters if letters else 0.0


def _stands_on_end(line: Line) -> bool:
    return 0 < 1.5 * line.width < line.height


def _is_picture(content: bytes) -> bool:
    starts = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
    return content.startswith(starts)


def _open(content: bytes) -> "Image":
    """The picture upright, in RGB and not larger than is read. Raises Invalid, TooLarge."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"))
        if picture.width * picture.height > MAX_PIXELS:
            raise TooLarge(
                f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller.", max_pixels=MAX_PIXELS
            )
        picture.draft("RGB", (SIDE, SIDE))
        upright: Any = ImageOps.exif_transpose(picture)
        upright.thumbnail((SIDE, SIDE))
        flat = Image.new("RGB", upright.size, "white")
        shown = upright.convert("RGBA")
        flat.paste(shown, mask=shown.getchannel("A"))
        return flat
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Invalid("The picture cannot be read; it seems to be damaged. Take it again.") from error


def in_order(found: Sequence[Line]) -> list[Line]:
    """Lines from top to bottom; pieces at one height are one line, from left to right, as sure as the least sure of them."""
    if not found:
        return []
    near = 0.5 * median(line.height for line in found)
    rows: list[list[Line]] = []
    for line in sorted(found, key=lambda one: one.top + one.height / 2):
        middle = line.top + line.height / 2
        if rows and abs(middle - (rows[-1][0].top + rows[-1][0].height / 2)) < near:
            rows[-1].append(line)
        else:
            rows.append([line])
    out = []
    for row in rows:
        row.sort(key=lambda one: one.left)
        text = "  ".join(one.text.strip() for one in row if one.text.strip())
        if text:
            out.append(Line(text, min(one.confidence for one in row), row[0].top, row[0].left, row[0].height))
    return out


_NUMBER = re.compile(r"^\s*(?:第\s*(\d{1,2})\s*题[:：.、]?|[(（](\d{1,2})[)）]|(\d{1,2})\s*[.)、．:：](?!\d))\s*")


def split(lines: Sequence[Line], count: int) -> dict[int, list[Line]]:
    """The lines of each numbered question (1 to `count`); without numbers, or out of order, all belong to question 0.

    “1.5” is a number and no question; a number that is not the next one belongs to the work.
    """
    out: dict[int, list[Line]] = {}
    now = 0
    for line in lines:
        match = _NUMBER.match(line.text)
        number = int(next(g for g in match.groups() if g)) if match else 0
        if match and now < number <= count:
            now = number
            rest = line.text[match.end() :].strip()
            out.setdefault(now, [])
            if rest:
                out[now].append(Line(rest, line.confidence, line.top, line.left, line.height))
        else:
            out.setdefault(now, []).append(line)
    return out if set(out) - {0} else {0: list(lines)}
