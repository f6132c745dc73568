"""Learners' programs run apart: no network, no files, no other processes, little memory and time. Knows results; compares nothing.

On Linux (x86-64, ARM64) the kernel refuses everything but memory, time and three pipes (seccomp), inside namespaces where
they may be made. Elsewhere only the limits and Python's own audit hook stand, which stop mistakes but no attacker:
`isolation` says which it was. What remains in both cases: a program can use its share of the processor, and it can see the
`assert` tests that run inside it and forge what they say, so `programs.py` works their two sides out once more.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from duologue.kit.errors import Invalid, Unavailable

MIB = 1 << 20
_CHILD = Path(__file__).parent / "sandbox_child.py"
Status = Literal["ok", "error", "exit", "timeout", "memory", "forbidden", "output", "crashed", "skipped"]


@dataclass(frozen=True, slots=True)
class Limits:
    """For each test: wall clock, processor seconds, address space. After `max_timeouts` the remaining tests are skipped.

    A loop ends by the processor's seconds; the clock has four times as many, so that a busy machine fails no right program.
    """

    time_s: float = 8.0
    cpu_s: int = 2
    memory_bytes: int = 512 * MIB
    max_timeouts: int = 2


@dataclass(frozen=True, slots=True)
class Probe:
    """`call` evaluates an expression, `assert` runs statements, `stdin` runs the program with an input and takes what it prints."""

    kind: Literal["call", "assert", "stdin"]
    code: str = ""
    stdin: str = ""
    setup: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What one test gave. `value` is the repr of a call, `text` its str, `printed` what was printed, `error` the exception."""

    status: Status
    value: str = ""
    text: str = ""
    printed: str = ""
    error: str = ""
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """All results in order, and how the program was held: `kernel`, `kernel+namespaces` or `limits`."""

    results: tuple[Result, ...]
    isolation: str


def run_program(program: str, tests: Sequence[Probe], setup: str = "", limits: Limits | None = None) -> Run:
    """Run a program against tests, each in a process of its own. Raises Invalid for too much text, Unavailable if none starts."""
    limits = limits or Limits()
    if len(program) + len(setup) > 200_000 or len(tests) > 1000:
        raise Invalid("A program has at most 200,000 characters and 1,000 tests; shorten it.")
    job = {"program": program, "setup": setup, "limits": asdict(limits),
           "tests": [{"kind": t.kind, "code": t.code, "stdin": t.stdin, "setup": t.setup} for t in tests]}  # fmt: skip
    longest = limits.time_s * (limits.max_timeouts + 1) + 0.25 * len(tests) + 30
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_CHILD)], input=json.dumps(job).encode(), capture_output=True,
            timeout=longest, check=False, env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}, cwd="/", start_new_session=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Run(tuple(Result("timeout") for _ in tests), "limits")
    except OSError as error:
        raise Unavailable("The sandbox cannot be started; see whether this machine may start processes.") from error
    found = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    if not found and tests:
        raise Unavailable("The sandbox ended without a result; see whether this machine has memory left.")
    found += [{"status": "crashed"}] * (len(tests) - len(found))
    sealed = all(one["sealed"] for one in found if "sealed" in one)
    apart = any(one.get("apart") for one in found)
    isolation = ("kernel+namespaces" if apart else "kernel") if sealed else "limits"
    return Run(tuple(_result(one) for one in found), isolation)


def _result(one: dict[str, Any]) -> Result:
    return Result(
        one["status"], str(one.get("repr", "")), str(one.get("str", "")), str(one.get("out", "")), str(one.get("error", "")),
        one.get("passed") is True and one["status"] == "ok",
    )  # fmt: skip
