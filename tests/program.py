"""Runs the real program in a process of its own, as a user does."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from duologue.__main__ import OPENERS
from duologue.interfaces.cli import app
from duologue.interfaces.cli.run import guarded


@dataclass(frozen=True)
class Done:
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


QUIET = {"DUOLOGUE_LOG_LEVEL": "ERROR", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"}


def environment(data_dir: Path, **settings: Any) -> dict[str, str]:
    """The environment of the program: nothing of ours but the settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("DUOLOGUE_")}
    given = {f"DUOLOGUE_{k.upper()}": str(v) for k, v in settings.items()}
    return kept | QUIET | {"DUOLOGUE_DATA_DIR": str(data_dir)} | given


def call(monkeypatch: Any, data_dir: Path, *arguments: str, stdin: str = "", **settings: Any) -> Done:
    """`duologue …` in this process: the same, without the seconds that imports take."""
    for name in [n for n in os.environ if n.startswith("DUOLOGUE_")]:
        monkeypatch.delenv(name)
    for name, value in environment(data_dir, **settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
    out, err = io.StringIO(), io.StringIO()  # never closed: loggers that are made meanwhile keep them
    with redirect_stdout(out), redirect_stderr(err):
        code = guarded(lambda: app(list(arguments), obj=OPENERS))
    return Done(code, out.getvalue(), err.getvalue())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(
    data_dir: Path, *arguments: str, stdin: str = "", timeout_s: float = 120, **settings: Any
) -> subprocess.CompletedProcess[str]:
    """`duologue …` until it ends."""
    command = [sys.executable, "-m", "duologue", *arguments]
    return subprocess.run(
        command, env=environment(data_dir, **settings), input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False
    )


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    base: str
    log: Path

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 90) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout_s)


@contextmanager
def serve(data_dir: Path, *arguments: str, timeout_s: float = 120, port: int = 0, **settings: Any) -> Iterator[Server]:
    """`duologue serve …`, up and answering; killed at the end if it still runs."""
    port = port or free_port()
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "duologue", "serve", "--port", str(port), *arguments],
            env=environment(data_dir, **settings), stdout=output, stderr=output, text=True,
        )  # fmt: skip
        try:
            base = f"http://127.0.0.1:{port}"
            until = time.monotonic() + timeout_s
            while time.monotonic() < until:
                assert process.poll() is None, log.read_text()
                try:
                    if httpx.get(f"{base}/healthz", timeout=5).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.05)
            else:
                raise AssertionError(f"not up in {timeout_s} s: {log.read_text()}")
            yield Server(process, base, log)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def person(base: str) -> tuple[httpx.Client, str]:
    """A person with a conversation at the first desk: client, path of the conversation."""
    client = httpx.Client(base_url=base, timeout=30)
    session = client.post("/api/chat/session", json={}).json()
    client.headers["X-CSRF-Token"] = session["csrf"]
    started = client.post("/api/chat/conversations", json={}).json()["conversation"]
    return client, f"/api/chat/conversations/{started['id']}"


def write_script(path: Path, *rules: dict[str, Any], **more: Any) -> Path:
    """A script of the scripted engine."""
    path.write_text(json.dumps({"rules": rules, **more}), "utf-8")
    return path
