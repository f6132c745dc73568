"""Markdown text into passages that can be cited: by its structure, with the heading path and exact positions.

A passage never crosses a heading (but a few introducing words join the first section below), keeps a table whole with its header,
and does not overlap another. Knows no file format but Markdown: the readers turn everything else into it. No storage.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from duologue.kit.text import sentences

MAX_SIZE = 180
"""In words; a Han character counts as half a word, so that 180 words are about 350 characters of Chinese."""
MIN_SIZE = 25
"""Less than this before the first heading of a section below joins that section."""
LONGEST_WORD = 16
"""Characters with which a word may count as one."""
MAX_TABLE = 450
"""A table larger than this is cut between rows."""

_SIZE = re.compile(r"([\u3400-\u9fff\uf900-\ufaff])|(?:(?![\u3400-\u9fff\uf900-\ufaff])[^\W_])+")
_MARKS = re.compile(r"[*_`#]+|!?\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage before it is stored: `text[start:end]` under the heading path `A › B`."""

    heading: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    """A piece of text between two lines; `kind` is the Markdown token's type without its ending."""

    kind: str
    start: int
    end: int
    path: tuple[str, ...]


def measure(text: str) -> float:
    """How long a text is to a reader, in words; marks and endless words count by their length."""
    words = sum(0.5 if match.group(1) else 1.0 for match in _SIZE.finditer(text))
    return max(words, len(text) / LONGEST_WORD)


def plain(line: str) -> str:
    """A heading without its Markdown marks; a link is its text."""
    return _MARKS.sub(lambda m: m.group(1) or "", line).strip()


def cut(text: str, title: str = "") -> list[Chunk]:
    """The passages of a Markdown text in order. A first heading that repeats `title` is left out of the path."""
    chunks: list[Chunk] = []
    pending: list[_Block] = []

    def flush() -> None:
        if pending:
            chunks.append(_chunk(pending, title))
            pending.clear()

    for block in (part for whole in _blocks(text) for part in _split(whole, text)):
        size = measure(text[pending[0].start : pending[-1].end]) if pending else 0.0
        is_full = size >= MIN_SIZE and size + measure(text[block.start : block.end]) > MAX_SIZE
        if pending and (is_full or not _goes_on(pending[-1], block, size)):
            flush()
        pending.append(block)
    flush()
    return chunks


def _goes_on(last: _Block, block: _Block, size: float) -> bool:
    """Whether a block belongs to what came before: to the same section, or to one that a few words introduce."""
    if block.path == last.path:
        return True
    return size < MIN_SIZE and block.path[: len(last.path)] == last.path


def _chunk(blocks: list[_Block], title: str) -> Chunk:
    path = blocks[-1].path
    if path and title and plain(path[0]).casefold() == title.casefold():
        path = path[1:]
    return Chunk(" › ".join(path), blocks[0].start, blocks[-1].end)


def _blocks(text: str) -> Iterator[_Block]:
    """Top-level blocks with the headings above them; a heading itself is no block but the start of a section."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(min(starts[-1] + len(line) + 1, len(text)))
    path: list[tuple[int, str]] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        if token.level or token.map is None or token.nesting < 0:
            continue
        if token.type == "heading_open" and following is not None:
            level = int(token.tag[1:])
            path = [step for step in path if step[0] < level] + [(level, plain(following.content))]
            continue
        start, end = _trim(text, starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)])
        if end > start and token.type != "hr":
            yield _Block(_kind(token), start, end, tuple(name for _, name in path if name))


def _kind(token: Token) -> str:
    return token.type.removesuffix("_open")


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _split(block: _Block, text: str) -> Iterator[_Block]:
    """A block that is too long, in pieces: a table between rows, a list between items or lines, prose between sentences."""
    body = text[block.start : block.end]
    limit = MAX_TABLE if block.kind in ("table", "fence", "code_block") else MAX_SIZE
    if measure(body) <= limit:
        yield block
        return
    by_line = block.kind not in ("paragraph", "blockquote", "html_block")
    pieces = body.split("\n") if by_line else [part for line in body.split("\n") for part in _bounded(line, limit)]
    start = at = block.start
    size = 0.0
    for piece in pieces:
        found = text.index(piece, at) if piece else at
        length = measure(piece)
        if size and size + length > limit:
            yield _Block(block.kind, *_trim(text, start, at), block.path)
            start, size = found, 0.0
        at = found + len(piece)
        size += length
    if block.end > start:
        yield _Block(block.kind, *_trim(text, start, block.end), block.path)


def _bounded(line: str, limit: float) -> Iterator[str]:
    """Sentences of a line; one that is itself too long (text without any punctuation) is cut by length."""
    step = int(limit)  # characters: never more than the limit in words
    for sentence in sentences(line):
        if measure(sentence) <= limit:
            yield sentence
        else:
            yield from (part for i in range(0, len(sentence), step) if (part := sentence[i : i + step].strip()))
