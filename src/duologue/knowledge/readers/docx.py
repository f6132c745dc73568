"""Word documents: headings, paragraphs, lists and tables in their order."""

import io
import re
import zipfile

from docx import Document as open_docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from duologue.kit.errors import Invalid, TooLarge
from duologue.knowledge.readers.read import Read, table

MAX_UNPACKED_BYTES = 200_000_000
_HEADING = re.compile(r"(?:heading|标题)\s*([1-6])", re.IGNORECASE)


def read(data: bytes, uri: str) -> Read:
    """The document as Markdown. Raises Invalid for what is no Word file, TooLarge for one that unpacks without end."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise TooLarge("The Word file unpacks to more than is accepted.")
    except zipfile.BadZipFile as error:
        raise Invalid("This is not a Word file (.docx); an old .doc must be saved as .docx first.") from error
    document = open_docx(io.BytesIO(data))
    blocks: list[str] = []
    title = str(document.core_properties.title or "")
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            rows = [[cell.text for cell in row.cells] for row in item.rows]
            blocks.append(table([row for row in rows if any(cell.strip() for cell in row)]))
        elif isinstance(item, Paragraph):
            style = str(item.style.name if item.style is not None else "")
            if style == "Title":
                title = item.text.strip() or title
            blocks.append(_paragraph(item.text.strip(), style))
    return Read(title, _join([block for block in blocks if block]))


def _paragraph(text: str, style: str) -> str:
    if not text:
        return ""
    if style == "Title":
        return f"# {' '.join(text.split())}"
    if found := _HEADING.match(style):
        return f"{'#' * int(found.group(1))} {' '.join(text.split())}"
    if style.startswith("List"):
        return f"- {' '.join(text.split())}"
    return "\\" + text if text[0] in "#>" else text


def _join(blocks: list[str]) -> str:
    """Items of a list stand on neighbouring lines, all else apart."""
    out = ""
    for previous, block in zip(["", *blocks], blocks, strict=False):
        together = previous.startswith("- ") and block.startswith("- ")
        out += ("\n" if together else "\n\n") + block if out else block
    return out
