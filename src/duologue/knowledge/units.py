"""A passage as the pieces that can be quoted: sentences, list items, table rows; each exact in the source and readable as text.

Knows Markdown as the readers of `knowledge` write it; knows no question.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from duologue.kit.text import Lang

UnitKind = Literal["sentence", "item", "step", "row", "heading"]

_ITEM = re.compile(r"^\s*(?:[-*+]|(?P<step>\d{1,3}[.)、]))\s+")
_TABLE_RULE = re.compile(r"^\s*\|?[\s:|-]+\|?\s*$")
_END = re.compile(r"(?<=[。！？])|(?<=[.!?])[\"')\]*_]*\s+(?=[\"'(\[*_]*[A-Z0-9\u4e00-\u9fff])")
_MARKS = re.compile(r"!\[[^\]]*\]\([^)]*\)|\[([^\]]*)\]\([^)]*\)|\*\*|__|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|\\(?=[|*_\[\]])")


@dataclass(frozen=True, slots=True)
class Unit:
    """`body[start:end]` of a passage. `text` is readable without marks; `block` numbers the paragraph, list or table it is of."""

    text: str
    kind: UnitKind
    block: int
    start: int
    end: int


def readable(text: str) -> str:
    """Markdown without its marks, on one line; a link is its text."""
    text = _MARKS.sub(lambda m: m.group(1) or "", text)
    return re.sub(r"\s*\n\s*|\s{2,}", " ", text).strip()


def units(body: str, lang: Lang) -> list[Unit]:
    """The pieces of a passage's body, in order."""
    out: list[Unit] = []
    for block, (start, end) in enumerate(_blocks(body)):
        text = body[start:end]
        if text.lstrip().startswith("|"):
            out += _rows(text, start, block, lang)
        elif text.startswith("#"):
            out.append(Unit(readable(text.lstrip("# ")), "heading", block, start, end))
        elif _ITEM.match(text):
            out += _items(text, start, block)
        else:
            out += [Unit(readable(text[a:b].lstrip("> ")), "sentence", block, start + a, start + b) for a, b in _sentences(text)]
    return [unit for unit in out if unit.text]


def _blocks(body: str) -> Iterator[tuple[int, int]]:
    """Spans of paragraphs, lists, tables and headings. A list that follows its lead without a blank line is a block of its own."""
    start, kind, at = 0, "", 0
    for line in body.splitlines(keepends=True):
        now = _kind(line, kind)
        if now != kind or now == "heading":
            if kind and body[start:at].strip():
                yield start, start + len(body[start:at].rstrip())
            start, kind = at, now
        at += len(line)
    if kind and body[start:].strip():
        yield start, start + len(body[start:].rstrip())


def _kind(line: str, before: str) -> str:
    in_list = before in ("items", "steps")
    if not line.strip():
        return before if in_list else ""
    if line.lstrip().startswith("|"):
        return "table"
    if line.startswith("#"):
        return "heading"
    if in_list and line[:1] in " \t":
        return before
    match = _ITEM.match(line)
    if match is None:
        return "text"
    return "steps" if match["step"] else "items"


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in [*_END.finditer(text), None]:
        end = match.start() if match else len(text)
        piece = text[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            yield start + lead, start + len(piece.rstrip())
        start = match.end() if match else end


def _items(text: str, offset: int, block: int) -> Iterator[Unit]:
    starts: list[int] = []
    at = 0
    for line in text.splitlines(keepends=True):
        if _ITEM.match(line) and not line.startswith(("   ", "\t")):
            starts.append(at)
        at += len(line)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = text[start:end].rstrip()
        match = _ITEM.match(piece)
        assert match is not None
        body = piece[match.end() :]
        kind: UnitKind = "step" if match["step"] else "item"
        yield Unit(readable(body), kind, block, offset + start + match.end(), offset + start + len(piece))


def _cells(line: str) -> list[str]:
    return [readable(cell.strip()) for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def _rows(text: str, offset: int, block: int, lang: Lang) -> Iterator[Unit]:
    """Each row as `first cell — header: cell; header: cell`, which reads alone."""
    lines = text.splitlines(keepends=True)
    header = _cells(lines[0]) if len(lines) > 1 and _TABLE_RULE.match(lines[1]) else []
    at = 0
    for number, line in enumerate(lines):
        start, at = offset + at, at + len(line)
        if (header and number == 0) or _TABLE_RULE.match(line):
            continue
        yield Unit(_row(header, _cells(line), lang), "row", block, start, start + len(line.rstrip()))


def _row(header: list[str], cells: list[str], lang: Lang) -> str:
    colon, semicolon, dash = (": ", "; ", " — ") if lang == "en" else ("：", "；", "：")
    if not header or len(cells) < 2:
        return semicolon.join(c for c in cells if c)
    rest = [f"{h}{colon}{c}" if h else c for h, c in zip(header[1:], cells[1:], strict=False) if c]
    if len(rest) == 1 and len(header) == 2:
        rest = [cells[1]]
        return f"{cells[0]}{colon}{rest[0]}"
    return f"{cells[0]}{dash if lang == 'en' else '，'}{semicolon.join(rest)}" if rest else cells[0]
