"""Copies a running SQLite database whole, as of one moment. Knows no table.

Source: https://sqlite.org/lang_vacuum.html#vacuuminto — the copy is consistent while writers go on.
"""

import sqlite3
from pathlib import Path

from duologue.kit.errors import SetupError

MAGIC = b"SQLite format 3\x00"


def is_sqlite_file(path: Path) -> bool:
    """Whether a file is an SQLite database."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def copy_sqlite(source: Path, target: Path) -> None:
    """Write a consistent copy of `source` to `target`, which must not exist. Raises SetupError."""
    try:
        connection = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30, isolation_level=None)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SetupError(f"The database {source.name} cannot be copied: {error}.") from error


def check_sqlite(path: Path) -> None:
    """Raise SetupError where a database file is damaged."""
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SetupError(f"The database {path.name} is damaged: {error}.") from error
    if found != ("ok",):
        raise SetupError(f"The database {path.name} is damaged: {found[0] if found else 'it says nothing'}.")
