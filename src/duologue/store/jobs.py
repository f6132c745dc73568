"""Durable jobs on DBOS: a job that was begun is finished, by this process or by the next one that starts.

A job is a registered handler, an id and a JSON payload. The same id runs once; after a crash it runs again from its beginning, so a
handler makes its own effects idempotent. Handlers run on the event loop that called `start`, the recovered ones too: DBOS adopts
the loop from which it is launched. DBOS is one per process, so is `Jobs`. Knows nothing of what the jobs do.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, SetWorkflowID
from sqlalchemy import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger

log = get_logger(__name__)

JobHandler = Callable[[dict[str, Any]], Awaitable[None]]
VERSION = "1"
"""Jobs are recovered by programs of the same version of this interface, not of the same source text, which is DBOS's default."""

_running: "Jobs | None" = None


class Jobs:
    """The jobs of this process. `url` names the database of DBOS's own: `sqlite:///…/jobs.db`, or a PostgreSQL URL."""

    def __init__(self, url: str, *, executor_id: str = "local") -> None:
        self._url = _sync_url(make_url(url))
        self._executor_id = executor_id
        self._handlers: dict[str, JobHandler] = {}

    def register(self, kind: str, handler: JobHandler) -> None:
        """Say who does jobs of this kind; before `start`, so that recovered ones find their handler."""
        self._handlers[kind] = handler

    async def start(self) -> None:
        """Launch, and take up what an earlier process left. Raises SetupError where the database cannot be used."""
        global _running
        if _running is not None:
            raise SetupError("Durable jobs run once per process; stop the other program in it first.")
        try:
            DBOS(
                config={
                    "name": "duologue",
                    "system_database_url": self._url.render_as_string(hide_password=False),
                    "application_version": VERSION,
                    "executor_id": self._executor_id,
                    "log_level": "ERROR",
                }
            )
            _running = self
            DBOS.launch()
        except (SQLAlchemyError, OSError) as error:
            await self.stop()
            raise SetupError(f"The job database {self._url.render_as_string()} cannot be used: {error}.") from error

    async def run(self, kind: str, job_id: str, payload: dict[str, Any]) -> None:
        """Begin a job and return once it is recorded; nothing happens where a job of this id was begun before.

        It is nobody's child, even where a job begins it: a child of a job that has ended meanwhile would be refused.
        """
        await asyncio.create_task(self._begin(kind, job_id, payload), context=Context())

    @staticmethod
    async def _begin(kind: str, job_id: str, payload: dict[str, Any]) -> None:
        with SetWorkflowID(job_id):
            await DBOS.start_workflow_async(_job, kind, payload)

    async def forget(self, age: timedelta) -> int:
        """Delete the records of jobs that ended so long ago; returns how many."""
        before = (datetime.now(UTC) - age).isoformat()
        old = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before, limit=1_000, load_input=False, load_output=False
        )
        if old:
            await DBOS.delete_workflows_async([job.workflow_id for job in old])
        return len(old)

    async def stop(self) -> None:
        """Stop taking up jobs. One that is cut short is taken up at the next start."""
        global _running
        _running = None
        logging.getLogger("dbos").setLevel(logging.CRITICAL)  # it would tell of every job that is cut short as of a failure
        await asyncio.to_thread(DBOS.destroy)

    async def handle(self, kind: str, payload: dict[str, Any]) -> None:
        """Run the handler of a job."""
        if kind not in self._handlers:
            log.error("no handler for jobs of kind %s", kind)
            return
        await self._handlers[kind](payload)


@DBOS.workflow(name="duologue.job")
async def _job(kind: str, payload: dict[str, Any]) -> None:
    if _running is not None:
        await _running.handle(kind, payload)


def _sync_url(url: URL) -> URL:
    """DBOS speaks to its database by a synchronous driver."""
    return url.set(drivername="sqlite" if url.get_backend_name() == "sqlite" else "postgresql+psycopg")
