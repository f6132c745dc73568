"""A small OpenAI-compatible server on loopback: the wire that `engine/remote.py` has to read, with any Engine behind it.

Speaks `/v1/chat/completions` as a stream with tool calls in pieces, refuses parameters it is told not to know, and counts the
connections that the client closed before the end.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from duologue.engine.protocol import (
    ChatMessage,
    Engine,
    Finished,
    GenerationRequest,
    TextDelta,
    ToolCall,
    ToolCalled,
    ToolSpec,
)
from duologue.kit.errors import Invalid, ModelUnavailable


@dataclass
class OpenAIServer:
    """What the server is and what it saw."""

    engine: Engine
    key: str = ""
    refuses: tuple[str, ...] = ()
    base_url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    closed_early: int = 0

    async def complete(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return _error(401, "wrong key", "invalid_api_key")
        for name in self.refuses:
            if name in body:
                return _error(400, f"Unsupported parameter: '{name}'", "unsupported_parameter")
        events = self.engine.generate(_to_request(body))
        try:
            first = await anext(events)
        except ModelUnavailable as error:
            return _error(503, error.message, "unavailable")
        except Invalid as error:
            return _error(400, error.message, "context_length_exceeded")
        return StreamingResponse(self._stream(first, events), media_type="text/event-stream")

    async def _stream(self, first: Any, events: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        index = 0
        try:
            event: Any = first
            while True:
                if isinstance(event, TextDelta):
                    yield _chunk({"content": event.text})
                elif isinstance(event, ToolCalled):
                    for piece in _call_pieces(index, event.call):
                        yield _chunk({"tool_calls": [piece]})
                    index += 1
                elif isinstance(event, Finished):
                    yield _chunk({}, finish=event.reason)
                    usage = {"prompt_tokens": event.usage.prompt_tokens, "completion_tokens": event.usage.completion_tokens}
                    yield _sse({**_ENVELOPE, "choices": [], "usage": {**usage, "total_tokens": sum(usage.values())}})
                    yield b"data: [DONE]\n\n"
                    return
                event = await anext(events)
        except ModelUnavailable:
            return
        except (asyncio.CancelledError, GeneratorExit):
            self.closed_early += 1
            raise


_ENVELOPE = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": "m"}


def _sse(payload: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(payload, ensure_ascii=False).encode() + b"\n\n"


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return _sse({**_ENVELOPE, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _call_pieces(index: int, call: ToolCall) -> list[dict[str, Any]]:
    half = len(call.arguments) // 2
    return [
        {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}},
        {"index": index, "function": {"arguments": call.arguments[:half]}},
        {"index": index, "function": {"arguments": call.arguments[half:]}},
    ]


def _error(status: int, message: str, code: str) -> JSONResponse:
    return JSONResponse({"error": {"message": message, "type": "error", "code": code}}, status)


def _to_request(body: dict[str, Any]) -> GenerationRequest:
    messages = [
        ChatMessage(
            m["role"],
            m.get("content") or "",
            tuple(ToolCall(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in m.get("tool_calls") or ()),
            m.get("tool_call_id", ""),
        )
        for m in body["messages"]
    ]
    tools = [ToolSpec(**t["function"]) for t in body.get("tools", ())]
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or 512
    return GenerationRequest(messages, tools=tools, max_tokens=limit, stop=body.get("stop") or ())


@contextmanager
def serve_openai(engine: Engine, *, key: str = "", refuses: tuple[str, ...] = ()) -> Iterator[OpenAIServer]:
    """Serve `engine` on a free loopback port, in a thread of its own."""
    served = OpenAIServer(engine, key, refuses)
    app = Starlette(routes=[Route("/v1/chat/completions", served.complete, methods=["POST"])])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    served.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    try:
        yield served
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
