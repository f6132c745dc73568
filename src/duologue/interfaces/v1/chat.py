"""POST /v1/chat/completions: a conversation goes in, the next message comes out, whole or as it is written."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from duologue.engine.protocol import Finished, GenerationRequest, PromptScored, ScoredToken, TextDelta, TokenEvent, ToolCall, Usage
from duologue.interfaces.v1.chat_body import ChatBody, read_chat
from duologue.interfaces.v1.errors import explain
from duologue.interfaces.v1.gateway import Caller, Joined
from duologue.interfaces.v1.security import Needs
from duologue.interfaces.v1.sse import DONE, EventStream, frame, unless_gone
from duologue.interfaces.v1.wire import FINGERPRINT, call_json, chat_logprobs, reason_text, sum_usage, usage_json
from duologue.kit.errors import DuologueError
from duologue.kit.ids import new_id

router = APIRouter(tags=["chat"])
ChatCaller = Annotated[Caller, Depends(Needs("chat"))]
Json = dict[str, Any]


@router.post("/chat/completions")
async def create_chat_completion(body: ChatBody, request: Request, caller: ChatCaller, gateway: Joined) -> Response:
    """Write the next message of a conversation."""
    served, adapter = gateway.find(body.model)
    asked = read_chat(body, served.engine.info.context_tokens)
    asked = replace(asked, request_id=new_id("chatcmpl"), model=served.name, adapter=adapter)
    events = gateway.meter.watch(served.name, served.engine, asked, "chat", caller.spend)
    head = {"id": asked.request_id, "created": int(time.time()), "model": body.model, "system_fingerprint": FINGERPRINT}
    if not body.stream:
        return JSONResponse(await unless_gone(request, _complete(events, asked, head)))
    first = await unless_gone(request, anext(events))
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    return EventStream(_stream(first, events, asked, head, with_usage=with_usage))


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    tokens: list[ScoredToken] = field(default_factory=list)
    end: Finished = field(default_factory=lambda: Finished("stop"))


async def _complete(events: AsyncGenerator[TokenEvent], asked: GenerationRequest, head: Json) -> Json:
    choices = [_Choice() for _ in range(asked.n)]
    async with aclosing(events):
        async for event in events:
            if isinstance(event, PromptScored):
                continue
            choice = choices[event.index]
            if isinstance(event, TextDelta):
                choice.text.append(event.text)
                choice.tokens += event.tokens
            elif isinstance(event, Finished):
                choice.end = event
            else:
                choice.calls.append(event.call)
    return {
        **head,
        "object": "chat.completion",
        "choices": [_choice_json(i, choice, asked) for i, choice in enumerate(choices)],
        "usage": usage_json(sum_usage(c.end.usage for c in choices)),
        "service_tier": "default",
    }


def _choice_json(index: int, choice: _Choice, asked: GenerationRequest) -> Json:
    text = "".join(choice.text)
    message: Json = {
        "role": "assistant",
        "content": None if choice.calls and not text else text,
        "refusal": None,
        "annotations": [],
    }
    if choice.calls:
        message["tool_calls"] = [call_json(c) for c in choice.calls]
    return {
        "index": index,
        "message": message,
        "logprobs": chat_logprobs(choice.tokens) if asked.logprobs is not None else None,
        "finish_reason": reason_text(choice.end.reason),
    }


async def _stream(
    first: TokenEvent, events: AsyncGenerator[TokenEvent], asked: GenerationRequest, head: Json, *, with_usage: bool
) -> AsyncGenerator[bytes]:
    """Chunks: the role first, text and calls as they come, an empty delta with the reason, the usage where it is asked for."""
    head = {**head, "object": "chat.completion.chunk"}
    usage: Json = {"usage": None} if with_usage else {}

    def chunk(index: int, delta: Json, reason: str | None = None, tokens: tuple[ScoredToken, ...] = ()) -> bytes:
        probable = chat_logprobs(tokens) if asked.logprobs is not None and tokens else None
        choice = {"index": index, "delta": delta, "logprobs": probable, "finish_reason": reason}
        return frame({**head, "choices": [choice], **usage})

    calls, ends = [0] * asked.n, list[Usage]()
    async with aclosing(events):
        for index in range(asked.n):
            yield chunk(index, {"role": "assistant", "content": "", "refusal": None})
        event: TokenEvent | None = first
        try:
            while event is not None:
                if isinstance(event, TextDelta):
                    yield chunk(event.index, {"content": event.text}, tokens=event.tokens)
                elif isinstance(event, Finished):
                    ends.append(event.usage)
                    yield chunk(event.index, {}, reason_text(event.reason))
                elif not isinstance(event, PromptScored):
                    for piece in _call_pieces(calls[event.index], event.call):
                        yield chunk(event.index, {"tool_calls": [piece]})
                    calls[event.index] += 1
                event = await anext(events, None)
        except DuologueError as error:
            yield frame(explain(error)[1])
            return
        if with_usage:
            yield frame({**head, "choices": [], "usage": usage_json(sum_usage(ends))})
        yield DONE


def _call_pieces(index: int, call: ToolCall) -> list[Json]:
    """A call as it is streamed: id and name once, then its arguments."""
    return [
        {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}},
        {"index": index, "function": {"arguments": call.arguments}},
    ]
