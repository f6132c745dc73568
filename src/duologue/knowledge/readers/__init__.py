"""Files into Markdown text: one module per format, all of one shape, `read(data, uri) -> Read`.

Which reader a file gets is decided here, by media type, name and first bytes. A reader raises `Invalid` with a sentence for people
where it cannot read its file. Knows no storage; what is read is data, never instructions.
"""

from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from duologue.kit.errors import DuologueError, Invalid, TooLarge
from duologue.kit.text import clean
from duologue.knowledge.model import Input
from duologue.knowledge.readers import csv, docx, html, markdown, pdf
from duologue.knowledge.readers.read import Read

_BY_NAME: dict[str, Callable[[bytes, str], Read]] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": markdown.read,
    ".html": html.read,
    ".htm": html.read,
    ".xhtml": html.read,
    ".pdf": pdf.read,
    ".docx": docx.read,
    ".csv": csv.read,
    ".tsv": csv.read,
}
_BY_TYPE: dict[str, Callable[[bytes, str], Read]] = {
    "text/markdown": markdown.read,
    "text/plain": markdown.read,
    "text/html": html.read,
    "application/xhtml+xml": html.read,
    "application/pdf": pdf.read,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": docx.read,
    "text/csv": csv.read,
    "text/tab-separated-values": csv.read,
}
EXTENSIONS = frozenset(_BY_NAME)
"""Endings of file names that can be read."""


def read(source: Input, max_bytes: int) -> Read:
    """The text of a source, cleaned. Raises Invalid or TooLarge with a sentence for people, and nothing else."""
    if len(source.data) > max_bytes:
        raise TooLarge(f"The file has {len(source.data):,} bytes; at most {max_bytes:,} are accepted.")
    if not source.data:
        raise Invalid("The file is empty.")
    try:
        found = _choose(source)(source.data, source.uri)
    except DuologueError:
        raise
    except Exception as error:  # whatever a library raises on a broken file is the file's fault, not the program's
        raise Invalid(f"The file cannot be read; it seems to be damaged ({type(error).__name__}).") from error
    text = clean(found.text)
    if not text:
        raise Invalid("There is no text in this file; a scanned document needs text recognition first.")
    title = clean(found.title).replace("\n", " ")[:300] or name_of(source.uri)
    return Read(title, text, found.topic, found.lang)


def name_of(uri: str) -> str:
    """The last part of a path or address without its ending, for a document that has no title of its own."""
    path = unquote(urlsplit(uri).path) or uri
    return PurePosixPath(path).stem or uri


def _choose(source: Input) -> Callable[[bytes, str], Read]:
    if source.data.startswith(b"%PDF-"):
        return pdf.read
    named = PurePosixPath(urlsplit(source.uri).path).suffix.lower()
    media_type = source.media_type.split(";")[0].strip().lower()
    reader = _BY_TYPE.get(media_type) if media_type != "text/plain" else None
    reader = reader or _BY_NAME.get(named) or _BY_TYPE.get(media_type)
    if reader is None:
        known = ", ".join(sorted(EXTENSIONS))
        raise Invalid(f"Files of this kind ({named or media_type or 'no ending'}) cannot be read; known are {known}.")
    return reader


__all__ = ["EXTENSIONS", "Read", "name_of", "read"]
