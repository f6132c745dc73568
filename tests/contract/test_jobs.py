"""Durable jobs: begun once, finished, and nobody's children."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from duologue.store.jobs import Jobs


async def test_what_a_job_leaves_behind_may_begin_another_after_it_has_ended(tmp_path: Path) -> None:
    jobs = Jobs(f"sqlite:///{tmp_path / 'jobs.db'}")
    heard: list[str] = []
    ended = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def later(name: str) -> None:
        await ended.wait()
        await jobs.run("plain", name, {"name": name})

    async def first(payload: dict[str, Any]) -> None:
        tasks.append(asyncio.create_task(later("second")))

    async def plain(payload: dict[str, Any]) -> None:
        heard.append(payload["name"])

    jobs.register("first", first)
    jobs.register("plain", plain)
    await jobs.start()
    try:
        await jobs.run("first", "first", {})
        async with asyncio.timeout(20):
            while not tasks:
                await asyncio.sleep(0.02)
            while not await jobs.forget(timedelta(seconds=-1)):
                await asyncio.sleep(0.02)
            ended.set()
            await tasks[0]
            while not heard:
                await asyncio.sleep(0.02)
    finally:
        await jobs.stop()
    assert heard == ["second"]
