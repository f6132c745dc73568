"""CSV: one question a row, with columns for everything; what a spreadsheet would take for a formula is quoted on the way out.

Columns: id, type, text, key, skills, difficulty, form, option_A … option_H, hint_1 …, step_1 …; others are ignored and told.
"""

import csv
import io
import re
from collections.abc import Iterable

from duologue.kit.errors import Invalid
from duologue.packs.education.course import Item
from duologue.packs.education.grading.grade import TYPES
from duologue.packs.education.interchange.parcel import LETTERS, Held, Note, Parcel, Written, is_plain_number, with_ids
from duologue.packs.education.interchange.plain import decode

HELD = Held("CSV", frozenset({*TYPES, "short", "essay"} - {"program"}), max_blanks=99)
MAX_FIELD = 100_000
_KNOWN = re.compile(r"id|type|text|key|skills|difficulty|form|option_[A-H]|hint_\d{1,2}|step_\d{1,2}")


def write(items: Iterable[Item], title: str = "") -> Written:
    """The items as CSV in UTF-8 with its mark, so that spreadsheets read Chinese."""
    kept, notes = HELD.fit(items)
    many = {"hint": max((len(i.hints) for i in kept), default=0), "step": max((len(i.steps) for i in kept), default=0)}
    letters = [c for c in LETTERS if any(c in i.options for i in kept)]
    header = ["id", "type", "text", "key", "skills", "difficulty", "form", *(f"option_{c}" for c in letters)]
    header += [f"{name}_{k}" for name, n in many.items() for k in range(1, n + 1)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for item in kept:
        texts = {"hint": item.hints, "step": item.steps}
        row = [item.id, item.type, item.text, item.key, " ".join(item.skills), f"{item.difficulty:g}", item.form or ""]
        row += [item.options.get(c, "") for c in letters]
        row += [texts[name][k] if k < len(texts[name]) else "" for name, n in many.items() for k in range(n)]
        writer.writerow([guard(cell) for cell in row])
    return Written(out.getvalue().encode("utf-8-sig"), tuple(notes))


def guard(cell: str) -> str:
    """A cell that no spreadsheet runs: what could be a formula begins with an apostrophe."""
    return "'" + cell if cell[:1] in "=+-@\t'" and cell and not is_plain_number(cell) else cell


def read(content: bytes) -> Parcel:
    """The questions of a table whose first row names the columns. Raises Invalid; broken rows are notes."""
    text = decode(content)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    csv.field_size_limit(MAX_FIELD)
    notes: list[Note] = []
    items = []
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = [c.strip() for c in rows.fieldnames or ()]
        if missing := {"text", "type"} - set(columns):
            raise Invalid(f"The table has no column “{min(missing)}”; its first row names id, type, text, key and so on.")
        rows.fieldnames = columns
        for number, row in enumerate(rows, start=2):
            try:
                items.append(_item({k: _bare(v or "") for k, v in row.items() if isinstance(k, str) and isinstance(v, str | None)}))
            except ValueError as error:
                notes.append(Note(row.get("id") or f"#{number}", "broken", {"why": str(error)}))
    except csv.Error as error:
        raise Invalid(f"The table cannot be read: {error}. Save it as CSV once more.") from error
    for name in columns:
        if not _KNOWN.fullmatch(name):
            notes.append(Note("", "column", {"name": name or "?"}))
    return Parcel(with_ids(items, notes), tuple(notes))


def _bare(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "'") else cell


def _item(row: dict[str, str]) -> Item:
    kind, text = row.get("type", "").strip(), row.get("text", "").strip()
    if kind not in HELD.types:
        raise ValueError(f"“{kind[:40]}” is no kind of question; use one of {', '.join(sorted(HELD.types))}.")
    if not text:
        raise ValueError("it has no text.")
    options = {c: row[f"option_{c}"].strip() for c in LETTERS if row.get(f"option_{c}", "").strip()}
    key = row.get("key", "").strip()
    if kind in ("choice", "choices"):
        right = set(re.findall(r"[A-H]", key.upper()))
        if len(options) < 2 or not right or right - set(options) or (kind == "choice" and len(right) > 1):
            raise ValueError("a choice needs two options at least, and a key that names one of them.")
    elif kind not in ("short", "essay") and not key:
        raise ValueError("it has no key.")
    numbered = {
        name: tuple(row[c].strip() for c in sorted((c for c in row if re.fullmatch(rf"{name}_\d+", c)), key=lambda c: int(c[5:]))
                    if row[c].strip())
        for name in ("hint", "step")
    }  # fmt: skip
    given = row.get("difficulty", "").strip()
    if given and not re.fullmatch(r"\d(\.\d+)?", given):
        raise ValueError("its difficulty is no number from 1 to 5.")
    difficulty: float = int(given) if given.isdigit() else float(given or 3)
    return Item(row.get("id", "").strip(), kind, tuple(row.get("skills", "").split()), text, key, difficulty,
                row.get("form", "").strip() or None, options, numbered["step"], numbered["hint"])  # fmt: skip
