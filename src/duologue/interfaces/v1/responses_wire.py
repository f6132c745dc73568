"""How a response comes to be on the wire: its items, their events in order, and the whole at the end."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from duologue.engine.protocol import (
    ChatMessage,
    Finished,
    GenerationRequest,
    PromptScored,
    ScoredToken,
    TextDelta,
    TokenEvent,
    ToolCall,
)
from duologue.interfaces.v1.responses_body import NamedTool, ResponseBody
from duologue.interfaces.v1.wire import token_json
from duologue.kit.ids import new_id

Json = dict[str, Any]


@dataclass
class Writing:
    """One response while it is written. `take` gives the events that an event of the engine becomes."""

    asked: GenerationRequest
    body: ResponseBody
    created_at: int = field(default_factory=lambda: int(time.time()))
    _output: list[Json] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _tokens: list[ScoredToken] = field(default_factory=list)
    _calls: list[ToolCall] = field(default_factory=list)
    _end: Finished | None = None
    _is_open: bool = False
    _number: int = 0

    def begin(self) -> Iterator[Json]:
        """The first events."""
        for kind in ("response.created", "response.in_progress"):
            yield self._event(kind, response=self.response())

    def take(self, event: TokenEvent) -> Iterator[Json]:
        """What an event of the engine becomes."""
        if isinstance(event, PromptScored):
            return
        if isinstance(event, TextDelta):
            yield from self._open()
            self._text.append(event.text)
            self._tokens += event.tokens
            yield self._part("response.output_text.delta", delta=event.text, logprobs=_logprobs(event.tokens))
        elif isinstance(event, Finished):
            self._end = event
            if not self._is_open and not self._output:
                yield from self._open()
            yield from self._close("incomplete" if event.reason == "length" else "completed")
        else:
            yield from self._close("completed")
            yield from self._call(event.call)

    def end(self) -> Json:
        """The last event."""
        response = self.response()
        return self._event(f"response.{response['status']}", response=response)

    def fail(self, error: Json) -> Json:
        """The last event where the model failed in the middle."""
        told = {"code": "server_error", "message": error["message"]}
        return self._event("response.failed", response=self.response() | {"status": "failed", "error": told})

    def message(self) -> ChatMessage:
        """What was written, as a message of the conversation that goes on."""
        return ChatMessage("assistant", "".join(self._text), tuple(self._calls))

    def response(self) -> Json:
        """The response as it is by now."""
        body, end = self.body, self._end
        is_cut = end is not None and end.reason == "length"
        choice = body.tool_choice
        return {
            "id": self.asked.request_id,
            "object": "response",
            "created_at": self.created_at,
            "status": "in_progress" if end is None else "incomplete" if is_cut else "completed",
            "background": False,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
            "instructions": body.instructions,
            "max_output_tokens": body.max_output_tokens,
            "model": body.model,
            "output": [dict(item) for item in self._output],
            "parallel_tool_calls": self.asked.parallel_tool_calls,
            "previous_response_id": body.previous_response_id,
            "reasoning": {"effort": None, "summary": None},
            "service_tier": "default",
            "store": body.store is not False,
            "temperature": self.asked.temperature,
            "text": (body.text.model_dump(by_alias=True, exclude_none=True) if body.text else {}) | self._format(),
            "tool_choice": {"type": "function", "name": choice.name} if isinstance(choice, NamedTool) else choice or "auto",
            "tools": [
                {"description": None, "parameters": None, "strict": True} | t.model_dump(exclude_none=True)
                for t in body.tools or ()
            ],
            "top_logprobs": body.top_logprobs or 0,
            "top_p": 1.0 if body.top_p is None else body.top_p,
            "truncation": "disabled",
            "usage": self._usage(),
            "user": body.user,
            "metadata": body.metadata or {},
        }

    def _format(self) -> Json:
        return {} if self.body.text and self.body.text.format else {"format": {"type": "text"}}

    def _usage(self) -> Json | None:
        if self._end is None:
            return None
        usage = self._end.usage
        return {
            "input_tokens": usage.prompt_tokens,
            "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
            "output_tokens": usage.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        }

    def _event(self, kind: str, **values: Any) -> Json:
        self._number += 1
        return {"type": kind, "sequence_number": self._number - 1, **values}

    def _part(self, kind: str, **values: Any) -> Json:
        """An event about the text of the message that is being written."""
        item = self._output[-1]
        return self._event(kind, item_id=item["id"], output_index=len(self._output) - 1, content_index=0, **values)

    def _open(self) -> Iterator[Json]:
        if self._is_open:
            return
        self._is_open = True
        self._tokens = []
        item: Json = {"id": new_id("msg"), "type": "message", "status": "in_progress", "role": "assistant", "content": []}
        self._output.append(item)
        yield self._event("response.output_item.added", output_index=len(self._output) - 1, item=dict(item))
        yield self._part("response.content_part.added", part=_text_part("", ()))

    def _close(self, status: str) -> Iterator[Json]:
        """End the message that is being written, where there is one."""
        if not self._is_open:
            return
        self._is_open = False
        text, item = "".join(self._text), self._output[-1]
        part = _text_part(text, self._tokens)
        yield self._part("response.output_text.done", text=text, logprobs=_logprobs(self._tokens))
        yield self._part("response.content_part.done", part=part)
        item |= {"status": status, "content": [part]}
        yield self._event("response.output_item.done", output_index=len(self._output) - 1, item=dict(item))

    def _call(self, call: ToolCall) -> Iterator[Json]:
        self._calls.append(call)
        item: Json = {"id": new_id("fc"), "type": "function_call", "call_id": call.id, "name": call.name}
        item |= {"arguments": "", "status": "in_progress"}
        self._output.append(item)
        at = {"output_index": len(self._output) - 1}
        yield self._event("response.output_item.added", item=dict(item), **at)
        where = {"item_id": item["id"], **at}
        yield self._event("response.function_call_arguments.delta", delta=call.arguments, **where)
        yield self._event("response.function_call_arguments.done", arguments=call.arguments, name=call.name, **where)
        item |= {"arguments": call.arguments, "status": "completed"}
        yield self._event("response.output_item.done", item=dict(item), **at)


def _text_part(text: str, tokens: tuple[ScoredToken, ...] | list[ScoredToken]) -> Json:
    return {"type": "output_text", "annotations": [], "text": text, "logprobs": _logprobs(tokens)}


def _logprobs(tokens: tuple[ScoredToken, ...] | list[ScoredToken]) -> list[Json]:
    return [token_json(t) | {"top_logprobs": [token_json(c) for c in t.top]} for t in tokens]
