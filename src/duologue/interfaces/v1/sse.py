"""Sends events as they come, and ends at once where the client goes away, streaming or not. Knows no API.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

T = TypeVar("T")
KEEP_ALIVE_S = 15.0
DONE = b"data: [DONE]\n\n"
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


def frame(payload: Mapping[str, Any], event: str = "") -> bytes:
    """One event of a stream."""
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return (f"event: {event}\n" if event else "").encode() + f"data: {data}\n\n".encode()


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """The result of `work`, which is cancelled where the client goes away: ClientGone is raised then."""
    task: asyncio.Future[T] = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_until_gone(request.receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        return task.result()
    finally:
        for each in (task, gone):
            if not each.done():
                each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class EventStream(Response):
    """A response of event frames. The generator is closed when it ends, when the client goes, and when the server stops."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes], headers: Mapping[str, str] | None = None) -> None:
        self._frames = frames
        self.status_code = 200
        self.background = None
        self.init_headers({**HEADERS, **(headers or {})})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.ensure_future(self._send(send))
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in (sending, gone):
                if not each.done():
                    each.cancel()
            ended, _ = await asyncio.gather(sending, gone, return_exceptions=True)
        if isinstance(ended, Exception):
            raise ended

    async def _send(self, send: Send) -> None:
        async with aclosing(self._frames) as frames:
            coming = asyncio.ensure_future(anext(frames, None))
            try:
                while True:
                    await asyncio.wait((coming,), timeout=KEEP_ALIVE_S)
                    if not coming.done():
                        await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
                        continue
                    if (chunk := coming.result()) is None:
                        break
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    coming = asyncio.ensure_future(anext(frames, None))
            finally:
                if not coming.done():
                    coming.cancel()
                    await asyncio.gather(coming, return_exceptions=True)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
