"""Tables of questions and answers (CSV, TSV): every row becomes a section, its question the heading.

Columns are found by name (question/answer, 问题/答案 and their likes), else a table of two columns is taken as such.
Any other table is read as a table, in parts that repeat the header.
"""

import csv
import io

from duologue.kit.errors import Invalid
from duologue.knowledge.readers.read import Read, decode, table

_QUESTION = {"question", "questions", "q", "query", "title", "问题", "问", "提问", "标题"}
_ANSWER = {"answer", "answers", "a", "reply", "response", "content", "答案", "答", "回答", "回复", "内容"}
ROWS_PER_PART = 20


def read(data: bytes, uri: str) -> Read:
    """Questions as headings with their answers below. Raises Invalid where there is no row."""
    text = decode(data)
    rows = [row for row in _rows(text) if any(cell.strip() for cell in row)]
    if not rows:
        raise Invalid("There are no rows in this table.")
    names = [cell.strip().casefold() for cell in rows[0]]
    question = next((i for i, name in enumerate(names) if name in _QUESTION), None)
    answer = next((i for i, name in enumerate(names) if name in _ANSWER), None)
    if question is None or answer is None:
        if len(rows[0]) != 2:
            return Read("", _as_tables(rows))
        question, answer = 0, 1
    else:
        rows = rows[1:]
    if not rows:
        raise Invalid("There is a header but no row in this table.")
    sections = [
        f"## {' '.join(row[question].split())}\n\n{row[answer].strip()}"
        for row in rows
        if len(row) > max(question, answer) and row[question].strip() and row[answer].strip()
    ]
    if not sections:
        raise Invalid("No row of this table has both a question and an answer.")
    return Read("", "\n\n".join(sections))


def _rows(text: str) -> list[list[str]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Invalid(f"The table cannot be read: {error}.") from error


def _as_tables(rows: list[list[str]]) -> str:
    header, body = rows[0], rows[1:]
    if not body:
        return table([header])
    return "\n\n".join(table([header, *body[i : i + ROWS_PER_PART]]) for i in range(0, len(body), ROWS_PER_PART))
