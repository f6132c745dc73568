"""One answering process per SQLite data folder: a second one would work on the same turns without hearing of the first.

The lock is the operating system's and goes with the process, however it ends. On PostgreSQL many processes may answer.
"""

import os
import sys
from pathlib import Path

from duologue.kit.errors import SetupError

LOCK_FILE = "duologue.lock"


class FolderLock:
    """Held from `take` to `release`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def take(self) -> None:
        """Take it, or raise SetupError where another process has it."""
        if sys.platform == "win32":
            return
        import fcntl

        handle = os.open(self._folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise SetupError(
                f"Another Duologue works on the data folder {self._folder}; stop it, name another folder with --data-dir, "
                "or talk with it by `duologue chat --url`."
            ) from error
        self._handle = handle

    def release(self) -> None:
        """Give it back; nothing happens where it was not taken."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
