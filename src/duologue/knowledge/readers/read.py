"""What every reader returns, and how bytes become text. Knows no format."""

from dataclasses import dataclass

from duologue.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class Read:
    """A document as Markdown. `lang` is set only where the file says so itself ("en", "zh"); else it is detected."""

    title: str
    text: str
    topic: str = ""
    lang: str = ""


def decode(data: bytes) -> str:
    """UTF-8, else UTF-16 with a mark, else GB 18030 (Chinese Windows), strictly. Raises Invalid where none fits."""
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    if b"\0" in data and "utf-16" not in encodings:
        raise Invalid("This is not a text file.")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("The text is in an unknown encoding; save it as UTF-8.")


def escape_cell(text: str) -> str:
    """Text for one cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def table(rows: list[list[str]]) -> str:
    """A Markdown table; the first row is the header. Short rows are filled up."""
    width = max((len(row) for row in rows), default=0)
    if not width:
        return ""
    filled = [[escape_cell(cell) for cell in row] + [""] * (width - len(row)) for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in filled]
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)
