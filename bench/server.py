"""Starts the real program in a process of its own and reads what the operating system says of it."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.http import Client


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def wait_until_up(port: int, timeout_s: float = 120.0) -> float:
    """Seconds until /healthz answered."""
    began = time.perf_counter()
    while time.perf_counter() - began < timeout_s:
        try:
            await Client(port).call("GET", "/healthz")
        except (OSError, RuntimeError, IndexError):
            await asyncio.sleep(0.02)
        else:
            return time.perf_counter() - began
    raise TimeoutError(f"Nothing answered on port {port} within {timeout_s:.0f} s.")


@dataclass
class Running:
    """The program, running."""

    port: int
    pid: int
    start_s: float

    @property
    def rss_mb(self) -> float:
        """Resident memory, in MB of 10⁶ bytes."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024 / 1e6
        raise RuntimeError("no VmRSS")

    @property
    def cpu_s(self) -> float:
        """Seconds of the processor that the program has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def rest(self, least_share: float = 0.1, timeout_s: float = 120.0) -> float:
        """Wait until it uses less than that share of a core; the seconds until then. What it does after an answer is thus over."""
        began, idle = time.perf_counter(), 0
        while idle < 2 and time.perf_counter() - began < timeout_s:
            before = self.cpu_s
            await asyncio.sleep(0.5)
            idle = idle + 1 if self.cpu_s - before < 0.5 * least_share else 0
        return time.perf_counter() - began - 1.0


@asynccontextmanager
async def serve(data_dir: Path, **settings: str) -> AsyncIterator[Running]:
    """`duologue serve` on a free port; `settings` are DUOLOGUE_* variables without the prefix, in lower case."""
    port = free_port()
    environment = os.environ | {f"DUOLOGUE_{k.upper()}": v for k, v in settings.items()} | {"DUOLOGUE_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "duologue", "serve", "--port", str(port)]
    log = (data_dir.parent / f"{data_dir.name}.log").open("ab")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        start_s = await wait_until_up(port)
        yield Running(port, process.pid, start_s)
    finally:
        process.terminate()
        process.wait(30)
        log.close()
