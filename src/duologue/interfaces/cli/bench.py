"""`duologue bench`: runs the measurements of a source checkout; they are no part of the installed package."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from duologue.kit.errors import SetupError

ROOT = Path(__file__).resolve().parents[4]


def run_bench(arguments: list[str]) -> None:
    """Run `python -m bench.messages` in the checkout. Raises SetupError outside of one."""
    if importlib.util.find_spec("bench") is None and not (ROOT / "bench" / "messages.py").exists():
        raise SetupError("The measurements are part of the source checkout; run this command there.")
    done = subprocess.run([sys.executable, "-m", "bench.messages", *arguments], cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)
