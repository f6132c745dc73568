"""Messages per second, and the time from send to the other side's screen with many open streams, on SQLite and PostgreSQL.

`python -m bench.messages [--json]`. One line a figure: value, its baseline measured in the same run, and their ratio. Client and
server share the machine's cores, so the figures are what this machine gives to both together.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import limits
from bench.http import Client
from bench.server import Running, serve

SENDERS = 8
SECONDS = 5.0
PACE_PER_S = 20
DESKS = 2


def report(as_json: bool, metric: str, value: float, unit: str, baseline: float | None = None, note: str = "") -> None:
    """Print one figure."""
    if as_json:
        print(json.dumps({"task": "messages", "metric": metric, "value": value, "unit": unit, "baseline": baseline, "note": note}))
        return
    beside = f"  baseline {baseline:10.1f}  ratio {value / baseline:6.3f}" if baseline else ""
    print(f"{metric:44} {value:10.1f} {unit:5}{beside}  {note}", flush=True)


async def sign_in(port: int) -> Client:
    """The sample workspace's owner."""
    client = Client(port)
    given = {"workspace": "ridgeline", "email": "owner@ridgeline.example", "password": "ridgeline-demo"}
    client.csrf = (await client.call("POST", "/api/auth/sign-in", given))["csrf"]
    return client


async def leave_to_people(owner: Client) -> None:
    """Keep the assistant out of it: what is measured is people's messages."""
    for desk in (await owner.call("GET", "/api/admin/desks"))["desks"]:
        await owner.call("PUT", "/api/admin/posture", {"scope": "desk", "scope_id": desk["id"], "mode": "human"})


async def person(port: int) -> tuple[Client, str, int]:
    """A new person with a conversation: client, conversation id, cursor."""
    client = Client(port)
    client.csrf = (await client.call("POST", "/api/chat/session", {"workspace": "ridgeline"}))["csrf"]
    started = await client.call("POST", "/api/chat/conversations", {"lang": "en"})
    conversation_id = started["conversation"]["id"]
    cursor = (await client.call("GET", f"/api/chat/conversations/{conversation_id}"))["cursor"]
    return client, conversation_id, cursor


async def watch(client: Client, path: str, seen: dict[str, float], ready: asyncio.Event) -> None:
    """Note when each message's text arrives at a screen."""
    async for event, data in client.stream(path, ready):
        if event == "change" and data["kind"] == "MessagePosted":
            seen.setdefault(data["payload"]["message"]["client_id"], time.perf_counter())


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen with so many open streams. `read_s`: seconds until the packs had read what `sent` at full speed."""

    per_s: float
    latencies_ms: list[float]
    lost: int
    sent: int
    read_s: float


async def measure(running: Running, streams: int) -> Measured:
    """Send at a set pace for the latencies, then as fast as it goes; before and after, wait until the packs have read all."""
    owner = await sign_in(running.port)
    await leave_to_people(owner)
    people = [await person(running.port) for _ in range(streams)]
    seen: dict[str, float] = {}
    ready = [asyncio.Event() for _ in range(streams + DESKS)]
    paths = [(c, f"/api/chat/conversations/{i}/stream?since={cursor}") for c, i, cursor in people]
    watchers = [asyncio.create_task(watch(c, p, {}, e)) for (c, p), e in zip(paths, ready, strict=False)]
    cursor = people[-1][2]
    watchers += [asyncio.create_task(watch(owner, f"/api/desk/stream?since={cursor}", seen, e)) for e in ready[streams:]]
    await asyncio.gather(*(e.wait() for e in ready))
    sent: dict[str, float] = {}

    async def send(number: int, name: str) -> None:
        client, conversation_id, _ = people[number % len(people)]
        sent[name] = time.perf_counter()
        await client.call(
            "POST", f"/api/chat/conversations/{conversation_id}/messages", {"client_id": name, "body": "Where is my order?"}
        )

    await send(0, "first")  # what is learnt from examples when it is first needed is learnt now
    await running.rest()
    for i in range(int(SECONDS * PACE_PER_S)):
        began = time.perf_counter()
        await send(i, f"pace-{i}")
        await asyncio.sleep(max(0.0, 1 / PACE_PER_S - (time.perf_counter() - began)))
    for _ in range(100):
        if not sent.keys() - seen.keys():
            break
        await asyncio.sleep(0.1)
    latencies = [1e3 * (seen[n] - sent[n]) for n in sent if n in seen and n != "first"]
    until = time.perf_counter() + SECONDS

    async def loop(number: int) -> int:
        done = 0
        while time.perf_counter() < until:
            await send(number, f"full-{number}-{done}")
            done += 1
        return done

    throughput = sum(await asyncio.gather(*(loop(n) for n in range(SENDERS)))) / SECONDS
    for _ in range(100):
        if not sent.keys() - seen.keys():
            break
        await asyncio.sleep(0.1)
    lost = len(sent.keys() - seen.keys())
    read_s = await running.rest()
    for task in watchers:
        task.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)
    for client, _, _ in people:
        client.close()
    return Measured(throughput, latencies, lost, int(throughput * SECONDS), SECONDS + read_s)


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A throw-away server, where one can be had; None otherwise."""
    try:
        from tests.postgres import throwaway_server
    except ImportError:
        yield None
        return
    with throwaway_server() as url:
        yield url


async def main(as_json: bool) -> None:
    """Measure and print."""
    quiet = {"engine": "none", "log_level": "WARNING", "rate_limits": "0"}
    with tempfile.TemporaryDirectory() as name, postgresql() as postgres_url:
        folder = Path(name)
        bare = await limits.bare_fastapi(3.0, SENDERS)
        raw = {"sqlite": limits.bare_sqlite(folder, 2.0)}
        if postgres_url:
            raw["postgresql"] = await limits.bare_postgresql(postgres_url, 3.0, SENDERS)
        for backend in ("sqlite", "postgresql"):
            if backend not in raw:
                print("postgresql: skipped, no server can be started here")
                continue
            url = postgres_url if backend == "postgresql" and postgres_url else ""
            data_dir = folder / backend
            async with serve(data_dir, database_url=url, **quiet) as running:
                report(as_json, f"{backend} first start (sample included)", running.start_s, "s")
            async with serve(data_dir, database_url=url, **quiet) as running:
                report(as_json, f"{backend} second start", running.start_s, "s")
                report(as_json, f"{backend} memory, idle", running.rss_mb, "MB")
                for streams in (50, 500):
                    found = await measure(running, streams)
                    label = f"{backend}, {streams} streams:"
                    report(as_json, f"{label} messages/s", found.per_s, "1/s", bare, "baseline: bare FastAPI endpoint")
                    report(as_json, f"{label} messages/s", found.per_s, "1/s", raw[backend], "baseline: the database's own limit")
                    cuts = statistics.quantiles(found.latencies_ms, n=100)
                    report(as_json, f"{label} send to screen p50", cuts[49], "ms", note=f"{PACE_PER_S}/s")
                    report(as_json, f"{label} send to screen p99", cuts[98], "ms", note=f"{len(found.latencies_ms)} messages")
                    report(as_json, f"{label} messages that never arrived", found.lost, "")
                    report(as_json, f"{label} read by the packs", found.sent / found.read_s, "1/s", note="intents, mood, slots")
                    report(as_json, f"{label} memory", running.rss_mb, "MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    asyncio.run(main(parser.parse_args().json))
