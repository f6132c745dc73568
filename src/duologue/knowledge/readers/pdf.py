"""PDF files that hold text: lines joined into paragraphs, one section per page so that a citation names the page."""

import io
import re

from pypdf import PdfReader
from pypdf.errors import PdfReadError

from duologue.kit.errors import Invalid
from duologue.knowledge.readers.read import Read

MAX_PAGES = 2_000
_HAN_END = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]$")


def read(data: bytes, uri: str) -> Read:
    """The text of all pages. Raises Invalid for a file that is locked, has no text or too many pages."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Invalid("The PDF is locked with a password; save it without one.")
        if len(reader.pages) > MAX_PAGES:
            raise Invalid(f"The PDF has {len(reader.pages)} pages; at most {MAX_PAGES} are read.")
        pages = [page.extract_text() for page in reader.pages]
        title = str((reader.metadata.title if reader.metadata else "") or "")
    except PdfReadError as error:
        raise Invalid("The PDF cannot be read; it seems to be damaged.") from error
    texts = [join_lines(page) for page in pages]
    if not any(texts):
        raise Invalid("There is no text in this PDF; a scanned document needs text recognition first.")
    if len(texts) == 1:
        return Read(title, texts[0])
    return Read(title, "\n\n".join(f"## p. {n}\n\n{text}" for n, text in enumerate(texts, start=1) if text))


def join_lines(page: str) -> str:
    """Lines of a page as paragraphs: a line that does not end a sentence and is not short goes on in the next."""
    lines = [line.strip() for line in page.splitlines()]
    widest = max((len(line) for line in lines), default=0)
    out: list[str] = []
    is_open = False
    for line in lines:
        if not line:
            is_open = False
            continue
        line = "\\" + line if line[0] in "#>" else line
        if is_open and out[-1].endswith("-") and line[:1].islower():
            out[-1] = out[-1][:-1] + line
        elif is_open:
            out[-1] += line if _HAN_END.search(out[-1]) else f" {line}"
        else:
            out.append(line)
        is_open = len(line) > 0.6 * widest and line[-1] not in ".!?:。！？："
    return "\n\n".join(out)
