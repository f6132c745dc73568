"""The sandbox's inner program: runs a learner's program on each test in a fork that the kernel holds. Imports nothing of ours.

For each test: fork, limits (memory, time, file size), a seccomp filter that lets through only memory, time and the three
open pipes, then the program. Every other system call (open, socket, clone, execve, kill, …) is refused with EPERM. The
parent process compares results; expected values never enter this process, except inside `assert` tests.
"""

import ast
import ctypes
import io
import json
import os
import platform
import resource
import select
import signal
import sys
import time
from typing import Any

MODULES = """math random collections itertools functools re string datetime time decimal fractions statistics heapq bisect
copy operator typing dataclasses enum json io abc textwrap calendar cmath numbers array collections.abc
keyword types contextlib unittest.mock traceback linecache encodings.ascii encodings.latin_1 encodings.idna
stringprep _strptime locale unicodedata __future__"""
"""What a program may import: loaded before the filter, since nothing can be opened after it."""
_X86 = """0 1 3 5 7 8 9 10 11 12 13 14 15 16 20 23 24 25 28 35 39 60 63 72 96 98 99 100 102 104 107 108 131 186 202 204 219 228
229 230 231 270 271 318 324 334"""
_ARM = """25 29 57 62 63 64 66 72 73 80 93 94 98 101 113 114 115 123 124 128 132 134 135 139 153 160 165 169 172 174 175 176 177
178 179 214 215 216 222 226 233 278 283 293"""
_CALLS = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}
"""For each processor its number in the kernel and the system calls let through, by number."""
Job = dict[str, Any]
MAX_OUT = 65_536


class _Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Filter))]


def seal() -> bool:
    """Let only the listed system calls through from here on; False where the kernel or the processor is not known."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return False
    arch, calls = _CALLS[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06
    kill, refuse, allow = 0x80000000, 0x00050000 | 1, 0x7FFF0000
    code = [(load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, kill), (load, 0, 0, 0)]
    for call in map(int, calls.split()):
        code += [(equal, 0, 1, call), (give, 0, 0, allow)]
    code.append((give, 0, 0, refuse))
    filters = (_Filter * len(code))(*(_Filter(*line) for line in code))
    program = _Program(len(code), filters)
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0)


def part_ways() -> bool:
    """Namespaces without network or other processes, where this user may make them."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    user, net, ipc, uts = 0x10000000, 0x40000000, 0x08000000, 0x04000000
    return bool(libc.unshare(user | net | ipc | uts) == 0 or libc.unshare(net | ipc | uts) == 0)


def _limit(limits: Job) -> None:
    for name, value in (
        ("AS", limits["memory_bytes"]),
        ("CPU", limits["cpu_s"]),
        ("FSIZE", 0),
        ("NOFILE", 16),
        ("CORE", 0),
        ("NPROC", 0),
    ):
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        except (ValueError, OSError):
            continue


def _refuse(event: str, args: object) -> None:
    """A second fence in Python, for systems without seccomp: it stops mistakes, not attackers."""
    if (
        event.split(".")[0] in ("socket", "subprocess", "os", "shutil", "ctypes", "pty", "ftplib", "urllib", "winreg")
        or event == "open"
    ):
        raise PermissionError("not allowed here")


def _run(job: Job, test: Job) -> Job:
    """In the fork: the program, then the test. Returns what is sent to the parent."""
    names: Job = {"__name__": "__main__", "__builtins__": __builtins__}
    out = io.StringIO()
    sys.stdout = sys.stderr = out
    sys.stdin = io.StringIO(test.get("stdin", ""))
    found: Job = {"status": "ok"}
    try:
        for part in (job.get("setup", ""), job["program"], test.get("setup", "")):
            if part:
                exec(compile(part, "<program>", "exec"), names)  # the purpose of this process
        if test["kind"] == "call":
            out.truncate(0), out.seek(0)
            value = eval(compile(test["code"], "<test>", "eval"), names)
            found["repr"], found["str"] = repr(value)[:MAX_OUT], str(value)[:MAX_OUT]
        elif test["kind"] == "assert":
            exec(compile(test["code"], "<test>", "exec"), names)
            found["passed"] = True
    except SystemExit:
        found["status"] = "ok" if test["kind"] == "stdin" else "exit"
    except MemoryError:
        found["status"] = "memory"
    except PermissionError as error:
        found.update(status="forbidden", error=f"PermissionError: {error}")
    except BaseException as error:
        refused = isinstance(error, OSError) or (isinstance(error, RuntimeError) and "thread" in str(error))
        found.update(status="forbidden" if refused else "error", error=f"{type(error).__name__}: {error}"[:500])
    found["out"] = out.getvalue()[:MAX_OUT]
    return found


def _child(job: Job, test: Job, pipe: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.dup2(pipe, 3)
    os.closerange(4, 1024)
    sys.modules.pop("ctypes.util", None)
    _limit(job["limits"])
    sealed = seal()
    if not sealed:
        sys.addaudithook(_refuse)
    found = _run(job, test)
    found["sealed"] = sealed
    data = json.dumps(found).encode()
    while data:
        data = data[os.write(3, data) :]
    os._exit(0)


def run_one(job: Job, test: Job) -> Job:
    """One test in a fork of its own, killed at its time limit."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        try:
            _child(job, test, writes)
        finally:
            os._exit(1)
    os.close(writes)
    until = time.monotonic() + job["limits"]["time_s"]
    data = b""
    status = ""
    while True:
        ready, _, _ = select.select([reads], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(reads, 65_536) if ready else None
        if piece is None or len(data) > 8 * MAX_OUT:
            status = "timeout" if piece is None else "output"
            os.kill(pid, signal.SIGKILL)
            break
        if not piece:
            break
        data += piece
    os.close(reads)
    _, code = os.waitpid(pid, 0)
    if status:
        return {"status": status}
    try:
        return dict(json.loads(data))
    except ValueError:
        killed = os.WIFSIGNALED(code) and os.WTERMSIG(code)
        return {"status": "timeout" if killed in (signal.SIGXCPU, signal.SIGKILL) else "crashed"}


def main() -> None:
    """Read a job, run its tests, write a line for each."""
    job = json.loads(sys.stdin.read())
    for name in MODULES.split():
        try:
            __import__(name)
        except ImportError:
            continue
    time.strptime("2024", "%Y")
    ast.parse("0")
    apart = part_ways()
    slow = 0
    for test in job["tests"]:
        found = run_one(job, test) if slow < job["limits"]["max_timeouts"] else {"status": "skipped"}
        slow += found["status"] == "timeout"
        found |= {"apart": apart}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
