"""Event streams: subscribe, replay since a cursor, go on live. One generator for persons and for the desk.

Frames: `change` (a stored event; its cursor is the frame's id), `ephemeral` (tokens, typing, presence, progress: never stored,
never replayed), `reset` (the cursor is too old: fetch the state again). A comment every 15 s keeps proxies from closing; it
carries the cursor as id, so that a client of a quiet conversation does not fall behind. Ends when the server stops, and when
the session that opened it is over.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import Query
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse

from duologue.interfaces.api.guard import MaySee
from duologue.interfaces.api.names import Names
from duologue.interfaces.api.schemas import conversation_payload, message_payload
from duologue.interfaces.api.services import Services
from duologue.interfaces.api.tail import PAGE
from duologue.kit.errors import CursorExpired, DuologueError
from duologue.store.bus import Audience, Ephemeral, FeedMoved, Signal
from duologue.store.feed import Record

KEEP_ALIVE_S = 15.0
CHECK_EVERY_S = 30.0
SSE_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Since = Annotated[int | None, Query(ge=0, le=2**53, description="A cursor; what happened after it is replayed first.")]
Check = Callable[[], Awaitable[Any]]


def to_frame(names: Names) -> Callable[[Record, Audience], Awaitable[bytes]]:
    """How a stored event becomes bytes for an audience."""

    async def frame(record: Record, audience: Audience) -> bytes:
        known = await names.of(record.workspace_id)
        payload = record.payload
        is_public = audience == "public"
        if "message" in payload:
            payload = payload | {"message": message_payload(payload["message"], known, is_public=is_public)}
        if "conversation" in payload:
            payload = payload | {"conversation": conversation_payload(payload["conversation"], known, is_public=is_public)}
        if is_public and "subject" in payload:
            payload = payload | {"topic": "", "subject": ""}
        if "controller" in payload:
            holder = payload["controller"]
            payload = payload | {"holder_name": known.get(holder["id"], "") if holder["kind"] == "human" else ""}
        data = {
            "cursor": record.cursor,
            "kind": record.kind,
            "conversation_id": record.conversation_id,
            "payload": payload,
            "at": record.at.isoformat().replace("+00:00", "Z"),
        }
        return _sse("change", data, record.cursor)

    return frame


def _hidden(record: Record) -> bytes:
    """That something happened, without what."""
    at = record.at.isoformat().replace("+00:00", "Z")
    data = {"cursor": record.cursor, "kind": "Hidden", "conversation_id": record.conversation_id, "payload": {}, "at": at}
    return _sse("change", data, record.cursor)


def _sse(event: str, data: dict[str, Any], cursor: int | None = None) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(event=event, data_str=text, id=None if cursor is None else str(cursor))


def event_stream(
    services: Services, workspace_id: str, since: int | None, *, audience: Audience, conversation_id: str | None, check: Check,
    may_see: MaySee | None = None,
) -> StreamingResponse:  # fmt: skip
    """The response that streams. `check` raises a DuologueError once the session that asked is over.

    Of a conversation that is not to be seen (`may_see`) the stream only says that something happened: a frame `Hidden`, empty.
    """
    frames = _frames(services, workspace_id, since, audience, conversation_id, check, may_see)
    return StreamingResponse(frames, media_type="text/event-stream", headers=SSE_HEADERS)


async def _frames(
    services: Services, workspace_id: str, since: int | None, audience: Audience, conversation_id: str | None, check: Check,
    may_see: MaySee | None,
) -> AsyncIterator[bytes]:  # fmt: skip
    only: Audience | None = "public" if audience == "public" else None
    metrics, tail = services.metrics, services.tail
    async with services.database.bus.subscribe(workspace_id) as queue, services.closing.watch(queue):
        metrics.open_streams += 1
        try:
            cursor = await tail.cursor(workspace_id) if since is None else since
            yield b"retry: 1000\n\n"
            checked_at, known, is_behind = time.monotonic(), 0, True
            while not services.closing.is_set:
                while is_behind:
                    try:
                        items, upto = await tail.after(
                            workspace_id, cursor, known=known, conversation_id=conversation_id, audience=only
                        )
                    except CursorExpired:
                        metrics.resets += 1
                        cursor = await tail.cursor(workspace_id)
                        yield _sse("reset", {"cursor": cursor}, cursor)
                        break
                    for item in items:
                        metrics.frames += 1
                        is_shown = may_see is None or await may_see(item.record.conversation_id or "")
                        yield await tail.bytes(item, audience) if is_shown else _hidden(item.record)
                    is_behind = upto > cursor and len(items) >= PAGE
                    cursor = max(upto, cursor)
                signal = await _next(queue)
                if time.monotonic() - checked_at > CHECK_EVERY_S:
                    checked_at = time.monotonic()
                    if not await _is_still_valid(check):
                        return
                if signal is None:
                    yield f"id: {cursor}\n: still here\n\n".encode()
                    known = await tail.look(workspace_id)
                    is_behind = known > cursor
                elif isinstance(signal, FeedMoved):
                    known = signal.cursor
                    is_behind = known == 0 or known > cursor
                elif _is_for(signal, audience, conversation_id) and (may_see is None or await may_see(signal.conversation_id)):
                    metrics.frames += 1
                    data = signal.data
                    if signal.kind == "presence":
                        data = {"present": services.presence.who(workspace_id, signal.conversation_id)}
                    yield _sse("ephemeral", {"kind": signal.kind, "conversation_id": signal.conversation_id, "data": data})
        finally:
            metrics.open_streams -= 1


async def _next(queue: "asyncio.Queue[Signal]") -> Signal | None:
    """The next signal; None after a silence."""
    try:
        async with asyncio.timeout(KEEP_ALIVE_S):
            return await queue.get()
    except TimeoutError:
        return None


def _is_for(signal: Ephemeral, audience: Audience, conversation_id: str | None) -> bool:
    if audience == "public":
        return signal.audience == "public" and signal.conversation_id == conversation_id
    return conversation_id is None or signal.conversation_id == conversation_id


async def _is_still_valid(check: Check) -> bool:
    try:
        await check()
    except DuologueError:
        return False
    return True
