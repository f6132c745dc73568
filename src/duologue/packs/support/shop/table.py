"""Tables that a shop exports as CSV, whatever program wrote them: rows by column, and the lines that could not be read.

Knows no column by meaning. A broken line is reported with its number and left out; a broken file is refused in one sentence.
"""

import csv
import io
from collections.abc import Iterator, Sequence

from duologue.kit.errors import Invalid

SEPARATORS = ",;\t|"
MAX_FIELD = 200_000
"""Characters of one field; more is a quotation mark that was never closed."""
MAX_BYTES = 200_000_000

Fault = tuple[int, str]
"""A line of the file, counted from 1, and what is wrong with it."""


def read_table(data: bytes, name: str, needs: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line numbers and rows by lower-case column, values trimmed; a column that is missing in a row is empty there.

    UTF-8, with or without a mark at the start, or GB18030; parted by comma, semicolon, tab or bar. Raises Invalid where the file is
    no text, has no header with the columns it `needs`, or cannot be parted into fields.
    """
    text = _decode(data, name)
    header = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=header.count)
    csv.field_size_limit(MAX_FIELD)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        columns = [column.strip().lower() for column in next((row for row in rows if any(row)), [])]
        missing = [column for column in needs if column not in columns]
        if missing:
            raise Invalid(
                f"The {name} need a header with the columns {', '.join(needs)}; {missing[0]} is missing.",
                why="columns",
                columns=", ".join(needs),
            )
        last, begins = list[str](), rows.line_num + 1
        for last in rows:
            if any(value.strip() for value in last):
                values = [value.strip() for value in last[: len(columns)]]
                yield rows.line_num, dict(zip(columns, values + [""] * (len(columns) - len(values)), strict=True))
            ended, begins = begins, rows.line_num + 1
        if last and "\n" in last[-1] and text.count('"') % 2:  # the rest of the file has become one field
            raise Invalid(
                f"The {name} cannot be read as CSV: the quotation mark in line {ended} is never closed.", why="csv", line=ended
            )
    except csv.Error as error:
        raise Invalid(
            f"The {name} cannot be read as CSV near line {rows.line_num}: {error}.", why="csv", line=rows.line_num
        ) from error


def _decode(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise Invalid(f"The {name} are larger than {MAX_BYTES // 1_000_000} MB; split the file.")
    if b"\0" in data:
        raise Invalid(f"The {name} are no text; save the file as CSV in UTF-8.", why="no_text")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(f"The {name} are not UTF-8 text; save the file as CSV in UTF-8.", why="no_text")
