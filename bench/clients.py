"""Clients that come, stream, stop and vanish at random: what of it goes wrong, how long the first token takes, what is left behind.

`python -m bench.clients [--json] [--clients 200] [--seconds 300]`. Starts `duologue serve --engine-only` with the embedded model on
a loopback port, lets the clients loose on it, then asks what it still holds: open requests, running sequences, used blocks, memory,
file descriptors. Client and server share the machine's cores.
"""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

MODEL = "duologue-4m"
QUESTIONS = ("Where is my parcel?", "How long do boots take?", "包裹在哪里？", "May I return a tent after three weeks?")
SYSTEM = "You are the assistant of a shop for outdoor gear. Be brief. " * 6
SETTLE_S = 10.0


@dataclass
class Seen:
    """What the clients saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    first_s: list[float] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)


async def wander(client: httpx.AsyncClient, seen: Seen, until: float, draw: random.Random) -> None:
    """One client, until the time is over: mostly streams, at times leaves in the middle, at times asks nonsense."""
    while time.monotonic() < until:
        await asyncio.sleep(draw.expovariate(0.5))
        act = draw.choices(("stream", "leave", "whole", "vanish", "wrong", "embed"), (8, 4, 3, 3, 1, 1))[0]
        try:
            await ACTS[act](client, seen, draw)
        except httpx.TimeoutException:
            seen.outcomes["timed out"] += 1
        except httpx.TransportError as error:
            seen.surprises.append(f"{act}: {error!r}")


def body(draw: random.Random, **more: object) -> dict[str, object]:
    messages = [{"role": "user", "content": f"{draw.choice(QUESTIONS)} {draw.randrange(1000)}"}]
    if draw.random() < 0.7:
        messages.insert(0, {"role": "system", "content": SYSTEM})
    return {"model": MODEL, "messages": messages, "max_tokens": draw.choice((4, 16, 48)), "n": draw.choice((1, 1, 1, 2)), **more}


def note(seen: Seen, act: str, answer: httpx.Response) -> bool:
    """Whether it was answered; a status that nobody asked for is a surprise."""
    wanted = 400 if act == "wrong" else 200
    if answer.status_code == wanted:
        return True
    if answer.status_code in (429, 503) and answer.headers.get("retry-after"):
        seen.outcomes["told to come back later"] += 1
    else:
        seen.surprises.append(f"{act}: status {answer.status_code}")
    return False


async def stream(client: httpx.AsyncClient, seen: Seen, draw: random.Random, *, leaves: bool = False) -> None:
    begun, got, is_whole = time.perf_counter(), 0, False
    async with client.stream("POST", "/v1/chat/completions", json=body(draw, stream=True)) as answer:
        if not note(seen, "stream", answer):
            return
        async for line in answer.aiter_lines():
            if '"content":"' in line and '"content":""' not in line:
                got += 1
                if got == 1:
                    seen.first_s.append(time.perf_counter() - begun)
            if '"error"' in line:
                seen.surprises.append(f"stream: {line[:200]}")
            is_whole = is_whole or line == "data: [DONE]"
            if leaves and got >= draw.randint(0, 8):
                seen.outcomes["left"] += 1
                return
    if not is_whole:
        seen.surprises.append("stream: broke off")
    seen.outcomes["streamed"] += 1


async def leave(client: httpx.AsyncClient, seen: Seen, draw: random.Random) -> None:
    await stream(client, seen, draw, leaves=True)


async def whole(client: httpx.AsyncClient, seen: Seen, draw: random.Random) -> None:
    if note(seen, "whole", await client.post("/v1/chat/completions", json=body(draw))):
        seen.outcomes["answered"] += 1


async def vanish(client: httpx.AsyncClient, seen: Seen, draw: random.Random) -> None:
    """Send a request on a connection of its own and cut it without a word, or in the middle of the body."""
    assert client.base_url.port is not None
    _, writer = await asyncio.open_connection("127.0.0.1", client.base_url.port)
    data = json.dumps(body(draw, stream=draw.random() < 0.5)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data[: draw.choice((len(data), len(data), 20))])
    await writer.drain()
    await asyncio.sleep(draw.random())
    writer.transport.abort()
    seen.outcomes["vanished"] += 1


async def wrong(client: httpx.AsyncClient, seen: Seen, draw: random.Random) -> None:
    if note(seen, "wrong", await client.post("/v1/chat/completions", json=body(draw, temperature=draw.choice((-1, 99))))):
        seen.outcomes["refused"] += 1


async def embed(client: httpx.AsyncClient, seen: Seen, draw: random.Random) -> None:
    name = (await client.get("/v1/models")).json()["data"][-1]["id"]
    if note(seen, "embed", await client.post("/v1/embeddings", json={"model": name, "input": draw.choice(QUESTIONS)})):
        seen.outcomes["embedded"] += 1


ACTS = {"stream": stream, "leave": leave, "whole": whole, "vanish": vanish, "wrong": wrong, "embed": embed}


def held(process: subprocess.Popen[bytes], base: str) -> dict[str, float]:
    """What the server holds now."""
    text = httpx.get(f"{base}/metrics", timeout=30).text
    found = {n: float(v) for n, v in re.findall(r"^duologue_(model_open_requests|engine_\w+?)(?:\{.*?\})? (\S+)$", text, re.M)}
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        found["memory_mb"] = int(re.findall(r"VmRSS:\s+(\d+)", status.read_text())[0]) / 1024
        found["descriptors"] = len(os.listdir(f"/proc/{process.pid}/fd"))
    return found


def start(port: int) -> subprocess.Popen[bytes]:
    """A server of the embedded model, up and answering."""
    command = [sys.executable, "-m", "duologue", "serve", "--engine-only", "--port", str(port), "--log-level", "WARNING"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(600):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200:
                return process
        except httpx.TransportError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit("The server did not come up.")


async def run(base: str, clients: int, seconds: float, seed: int) -> Seen:
    """Let the clients loose."""
    seen, until = Seen(), time.monotonic() + seconds
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=clients // 4)
    async with httpx.AsyncClient(base_url=base, timeout=60, limits=limits) as client, asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(wander(client, seen, until, random.Random(seed + number)))
    return seen


def report(as_json: bool, metric: str, value: float | str, note: str = "") -> None:
    """Print one figure."""
    if as_json:
        print(json.dumps({"task": "clients", "metric": metric, "value": value, "note": note}), flush=True)
    else:
        print(f"{metric:36} {value if isinstance(value, str) else round(value, 3)!s:>12}  {note}", flush=True)


def main() -> int:
    """Run; 1 where something was left behind or went wrong unasked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base, process = f"http://127.0.0.1:{port}", start(port)
    try:
        asyncio.run(run(base, given.clients, given.seconds / 5, given.seed))  # memory is compared once everything has been used
        time.sleep(SETTLE_S / 2)
        before = held(process, base)
        seen = asyncio.run(run(base, given.clients, given.seconds * 4 / 5, given.seed + 10_000))
        until = time.monotonic() + SETTLE_S
        while (after := held(process, base)).get("model_open_requests") and time.monotonic() < until:
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        code = process.wait(30)
        stop_s = time.monotonic() - begun
    finally:
        if process.poll() is None:
            process.kill()
    first = sorted(seen.first_s)
    for outcome, count in sorted(seen.outcomes.items()):
        report(given.json, outcome, count)
    report(given.json, "errors that nobody asked for", len(seen.surprises), "; ".join(seen.surprises[:3]))
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        report(given.json, f"time to first token {name} (s)", first[min(len(first) - 1, int(share * len(first)))] if first else -1)
    for name in ("model_open_requests", "engine_running", "engine_waiting", "descriptors", "memory_mb"):
        report(given.json, f"{name} after", after.get(name, -1), f"{before.get(name, -1):.0f} after a fifth of the time")
    report(given.json, "exit code", code, f"{stop_s:.1f} s after SIGTERM")
    leaks = [n for n in ("model_open_requests", "engine_running", "engine_waiting") if after.get(n)]
    is_flat = after.get("memory_mb", 0) < before.get("memory_mb", 0) * 1.1 + 10
    return int(bool(leaks or seen.surprises or not is_flat or code))


if __name__ == "__main__":
    sys.exit(main())
