"""C sources that come with the program, compiled by the system's compiler at first use and kept under a name made of all that they
depend on.

Knows nothing of what they compute; loading them with ctypes, and what stands in where there is no compiler, is the caller's.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from duologue.kit.errors import SetupError

FLAGS = ("-std=gnu11", "-O3", "-march=native", "-shared", "-fPIC", "-pthread", "-w")
COMPILE_TIMEOUT_S = 120


def cache_dir() -> Path:
    """Where compiled sources are kept: `DUOLOGUE_CACHE_DIR`, else the user's cache folder."""
    named = os.environ.get("DUOLOGUE_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    return Path(named) / "duologue" if named else Path.home() / ".cache" / "duologue"


def build(name: str, sources: Sequence[Path], folder: Path | None = None) -> Path:
    """The library made of the first of the `sources`, which includes the others; in `folder`, else in `cache_dir()`.

    Raises SetupError where it cannot be compiled; DUOLOGUE_NATIVE=0 switches it off.
    """
    if os.environ.get("DUOLOGUE_NATIVE") == "0":
        raise SetupError("Compiled steps are switched off (DUOLOGUE_NATIVE=0).")
    text = "".join(source.read_text("utf-8") for source in sources)
    key = hashlib.sha256(f"{text}{FLAGS}{_cpu_flags()}".encode()).hexdigest()[:20]
    path = (folder or cache_dir()) / f"{name}-{key}.so"
    if not path.exists():
        _compile(sources[0], path)
    return path


def _cpu_flags() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return os.uname().machine
    return next((line for line in lines if line.startswith(("flags", "Features"))), os.uname().machine)


def _compile(source: Path, path: Path) -> None:
    compiler = next((c for c in (os.environ.get("CC", ""), "cc", "gcc", "clang") if c and shutil.which(c)), None)
    if compiler is None:
        raise SetupError("There is no C compiler (cc, gcc, clang): the slower path is used.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            command = [compiler, *FLAGS, str(source), "-o", str(made), "-lm"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_TIMEOUT_S, check=False)
            if done.returncode:
                raise SetupError(f"{compiler} could not compile {source.name}: {done.stderr.strip()[-300:]}.")
            made.rename(path)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"{source.name} could not be compiled into {path.parent}: {error}.") from error
