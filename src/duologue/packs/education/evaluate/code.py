"""The figures of `--task code`: programs judged right or wrong by their tests in the sandbox, and what the sandbox lets out.

A row: `item`, `tests`, `program`, `correct`. Nothing is learned. Submitted code is untrusted and runs nowhere else.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from duologue.kit.errors import DuologueError
from duologue.packs.education.grading.programs import read_cases, run_cases
from duologue.packs.education.grading.sandbox import Limits, Probe, run_program

Row = dict[str, object]
ESCAPES = {
    "endless loop": "while True: pass",
    "fork bomb": "import os\nwhile True: os.fork()",
    "threads": "import threading\nfor _ in range(100): threading.Thread(target=lambda: None).start()",
    "reads a file": "print(open('/etc/passwd').read())",
    "writes a file": "open('/tmp/duologue-escape', 'w').write('x')",
    "deletes a file": "import os\nos.remove('/etc/hostname')",
    "opens a socket": "import socket\nsocket.create_connection(('127.0.0.1', 22), 1)",
    "starts a program": "import os\nos.execv('/bin/sh', ['sh', '-c', 'id'])",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)",
    "takes memory": "x = []\nwhile True: x.append(bytearray(50_000_000))",
    "prints without end": "while True: print('x' * 10_000)",
    "raises its limits": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
}


def measure(train: list[dict[str, Any]], test: list[dict[str, Any]], data_dir: Path | None) -> Iterator[Row]:
    """Accuracy, wrong programs passed, right programs failed, time; then the twelve attempts to break out."""
    right = [_truth(row["correct"]) for row in test]
    said, times, endless, isolation = [], [], 0, ""
    for row in test:
        began = time.perf_counter()
        try:
            cases, setup = read_cases(row.get("tests", []), row.get("item"))
            run, passed, _ = run_cases(str(row["program"]), cases, setup or str(row.get("setup") or ""), Limits(max_timeouts=1))
        except DuologueError:
            said.append(False)
            continue
        times.append(time.perf_counter() - began)
        endless += any(result.status == "timeout" for result in run.results)
        isolation = run.isolation
        said.append(bool(passed) and all(passed))
    if test:
        n, wrong = len(test), right.count(False)
        most = max(wrong, n - wrong) / n
        hits = sum(a == b for a, b in zip(said, right, strict=True))
        yield _row(
            "accuracy", hits / n, most, n, f"all tests passed, as labelled; isolation: {isolation}; baseline: commonest label"
        )
        passed_wrong = sum(s and not t for s, t in zip(said, right, strict=True))
        failed_right = sum(t and not s for s, t in zip(said, right, strict=True))
        yield _row("false_accept_rate", passed_wrong / max(wrong, 1), None, wrong, "wrong programs that pass all tests")
        yield _row("false_reject_rate", failed_right / max(n - wrong, 1), None, n - wrong, "right programs that fail a test")
        yield _row("timeouts", endless / n, None, n, "programs stopped at the time limit")
        yield _row(
            "median_s", sorted(times)[len(times) // 2] if times else 0.0, None, len(times), "seconds for a program, all its tests"
        )
    yield from _escapes()


def _escapes() -> Iterator[Row]:
    mark = Path("/tmp/duologue-escape")
    mark.unlink(missing_ok=True)
    contained, worst, isolation = 0, 0.0, ""
    for program in ESCAPES.values():
        began = time.perf_counter()
        run = run_program(program, [Probe("stdin")], limits=Limits(time_s=1.0, cpu_s=1))
        worst = max(worst, time.perf_counter() - began)
        contained += run.results[0].status != "ok" and not mark.exists()
        isolation = run.isolation if run.isolation != "limits" else isolation or run.isolation
    n = len(ESCAPES)
    yield _row("contained", contained / n, None, n, f"attempts to break out that were stopped; isolation: {isolation}")
    yield _row("contained_worst_s", worst, None, n, "longest of them, at a limit of one second")


def _truth(value: object) -> bool:
    return value.strip().lower() in ("1", "true", "yes", "correct", "right") if isinstance(value, str) else bool(value)


def _row(metric: str, value: float, baseline: float | None, n: int, note: str) -> Row:
    return {"task": "code", "metric": metric, "value": value, "baseline": baseline, "n": n, "note": note}
