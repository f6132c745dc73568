"""Durable jobs: begun once, finished, and nobody's children."""

import asyncio
from pathlib import Path
from typing import Any

from dbos import DBOS

from duologue.store.jobs import Jobs


async def test_a_job_begun_by_another_is_not_its_child(tmp_path: Path) -> None:
    jobs = Jobs(f"sqlite:///{tmp_path / 'jobs.db'}")
    done = asyncio.Event()

    async def first(payload: dict[str, Any]) -> None:
        await jobs.run("second", "2", {})

    async def second(payload: dict[str, Any]) -> None:
        done.set()

    jobs.register("first", first)
    jobs.register("second", second)
    await jobs.start()
    try:
        await jobs.run("first", "1", {})
        async with asyncio.timeout(60):
            await done.wait()
            known = {job.workflow_id: job for job in await DBOS.list_workflows_async()}
    finally:
        await jobs.stop()
    assert known["2"].parent_workflow_id is None
