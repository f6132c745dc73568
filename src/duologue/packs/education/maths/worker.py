"""A process that compares mathematics and can be killed: a tower of powers costs its time limit and nothing else.

Knows how to start, ask, time out and restart; what is compared stands in `process.py`. Threads take turns. What is limited is the
processor's time: on a machine that is busy with other work a right answer comes later, it is not given up.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

from duologue.packs.education.maths.node import Node, to_json

PROGRAM = Path(__file__).with_name("process.py")
"""Run as a file: by its name in the package it would load the whole pack first, some seconds after each kill."""
TIMEOUT_S = 5.0
START_S = 30.0
"""Seconds of the processor for a comparison, and for the first one of a process, which loads SymPy."""
PATIENCE = 6
"""How many times as long a comparison may take by the clock: a process that is given a sixth of a core is still waited for."""


class MathWorker:
    """One killable process for comparisons. `same` gives None where it timed out or cannot tell."""

    def __init__(self, timeout_s: float = TIMEOUT_S, wall_s: float | None = None) -> None:
        self.timeout_s = timeout_s
        self.wall_s = PATIENCE * timeout_s if wall_s is None else wall_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._loaded: set[str] = set()
        self.kills = 0

    def same(self, a: Node, b: Node, *, up_to_factor: bool = False) -> tuple[bool, bool] | None:
        """(equal, proved by SymPy) for two trees; None where no answer came in time or the values are undefined."""
        job = {"a": to_json(a), "b": to_json(b)}
        found = self._ask(job | {"op": "multiple" if up_to_factor else "equal"})
        if not found or up_to_factor:
            return None if found is None else (found, False)
        return True, self._ask(job | {"op": "prove"}) is True  # a proof that takes too long does not change the verdict

    def verify(self, key: str, answer: str, *, as_it_comes: bool = False) -> bool | None:
        """Math-Verify's verdict on two texts, None where it timed out."""
        return self._ask({"op": "verify", "a": key, "b": answer, "as_it_comes": as_it_comes})

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._kill()

    def _ask(self, job: dict[str, Any]) -> bool | None:
        with self._lock:
            process = self._started()
            limit = self.timeout_s if job["op"] in self._loaded else max(self.timeout_s, START_S)
            until = time.monotonic() + max(self.wall_s, 2 * limit)
            line = self._exchange(process, json.dumps(job | {"cpu_s": limit}).encode() + b"\n", until)
            if line is None:
                self._kill()
                self.kills += 1
                return None
            self._loaded.add(job["op"])
            out = json.loads(line)
            return None if "error" in out else bool(out["same"])

    def _exchange(self, process: subprocess.Popen[bytes], data: bytes, until: float) -> bytes | None:
        if process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.write(data)
            process.stdin.flush()
        except (BrokenPipeError, OSError):
            return None
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(process.stdout.fileno(), 65536) if ready else b""
            if not piece:
                return None
            line += piece
        return line

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(PROGRAM)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1",
                     "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )  # fmt: skip
            self._loaded = set()
        return self._process

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@cache
def shared_worker() -> MathWorker:
    """The program's one worker, started when first needed."""
    import atexit

    worker = MathWorker()
    atexit.register(worker.close)
    return worker
