"""Bytes to text and HTML to plain text, as the formats need it. What is no text is one sentence."""

import re

from bs4 import BeautifulSoup

from duologue.kit.errors import Invalid
from duologue.packs.education.interchange.typed import type_out

MAX_TEXT = 100_000
"""Characters of one text: a page of markup is a tenth of it."""
MAX_DEPTH = 100
BREAKS = ("p", "div", "li", "br", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "ul", "ol", "table", "dt", "dd")


def decode(content: bytes) -> str:
    """UTF-8, or UTF-16 with its mark. Raises Invalid."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Invalid(f"The file is not text in UTF-8 (byte {error.start}); save it as UTF-8 and send it again.") from error
    if "\0" in text:
        raise Invalid("The file is not text; choose a text file in the format that you named.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


_TAG = re.compile(r"<(/?)([A-Za-z][\w:]*)[^<>]*?(/?)>")
_LEFT_OPEN = frozenset(
    {"p", "li", "br", "img", "hr", "td", "th", "tr", "dt", "dd", "input", "option", "col", "meta", "link", "source"}
)


def check_depth(markup: str) -> None:
    """Raises ValueError for elements within elements within elements, at which a reader would run out of stack or of time."""
    depth = 0
    for match in _TAG.finditer(markup):
        if match[2].lower() not in _LEFT_OPEN and not match[3]:
            depth += -1 if match[1] else 1
            if depth > MAX_DEPTH:
                raise ValueError(f"its mark-up is nested more than {MAX_DEPTH} deep.")


def to_plain(html: str) -> tuple[str, tuple[str, ...]]:
    """(text, what of it is left out: `picture`, `formula`). What holds no mark-up comes back as it is. Raises ValueError."""
    if len(html) > MAX_TEXT:
        raise ValueError(f"a text in it is longer than {MAX_TEXT} characters.")
    if not re.search(r"<[A-Za-z/!]|&[#\w]+;", html):
        return html.strip(), ()
    check_depth(html)
    soup = BeautifulSoup(html, "html.parser")
    lost: tuple[str, ...] = ("picture",) if soup.find(["img", "object", "video", "audio", "iframe", "svg"]) is not None else ()
    for dead in soup.find_all(["script", "style", "iframe", "object"]):
        dead.decompose()
    if type_out(soup):
        lost += ("formula",)
    for tag in soup.find_all(BREAKS):
        tag.insert_before("\n")
        tag.append("\n")
    text = soup.get_text()
    return re.sub(r"[ \t\xa0]*\n\s*", "\n", re.sub(r"[ \t\xa0]+", " ", text)).strip(), lost
