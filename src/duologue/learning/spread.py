"""Fine-tuning and preferences on several processes or machines: a recipe under torchrun, watched by what its first process says.

On other machines the same command is started by hand on the same recipe, which must stand in a folder that all of them see.
"""

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from duologue.kit.errors import Invalid

Command = Literal["finetune", "prefer"]


def make_command(command: Command, recipe: Path, options: str) -> list[str]:
    """What is run here, and with another node rank on every other machine."""
    return [
        sys.executable,
        "-m",
        "torch.distributed.run",
        *shlex.split(options),
        "-m",
        "duologue",
        command,
        str(recipe),
        "--json",
    ]


def run_spread(command: Command, recipe: Path, options: str, on_step: Callable[[int], None]) -> None:
    """Run to the end; `on_step` hears of every step. Raises Invalid with the last line that was said where it fails."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(make_command(command, recipe, options), stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        try:
            for line in process.stdout:
                try:
                    said = json.loads(line)
                except ValueError:
                    continue
                if isinstance(said, dict) and isinstance(said.get("step"), int):
                    on_step(said["step"])
            code = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if code:
            errors.seek(0)
            last = next((text for text in reversed(errors.read().splitlines()) if text.strip()), "it said nothing")
            raise Invalid(f"Learning on several processes failed with code {code}: {last.strip()[:500]}")
