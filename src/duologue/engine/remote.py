"""Any OpenAI-compatible server as an engine: OpenAI, vLLM, Ollama, llama.cpp and their like, by the official client.

Knows the wire and its quirks: servers that refuse a parameter, tool calls that arrive in pieces, thoughts between `<think>` marks
(which never leave this module). Every failure of the far side becomes ModelUnavailable with a sentence.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

from openai import APIError, APIStatusError, AsyncStream, BadRequestError, UnprocessableEntityError
from openai.types.chat import ChatCompletionChunk, ChatCompletionTokenLogprob
from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

from duologue.engine.protocol import (
    Candidate,
    ChatMessage,
    Constraint,
    EngineInfo,
    Finished,
    FinishReason,
    GenerationRequest,
    ScoredToken,
    TextDelta,
    TokenEvent,
    ToolCall,
    ToolCalled,
    ToolSpec,
    Usage,
)
from duologue.engine.remote_client import explain, is_elsewhere, make_client
from duologue.kit.errors import Invalid, ModelUnavailable, SetupError
from duologue.kit.log import get_logger

log = get_logger(__name__)

DROPPABLE = ("stream_options", "seed", "top_p", "temperature", "stop", "max_tokens", "tools")
PASSED = ("n", "logprobs", "top_logprobs", "logit_bias", "response_format", "tool_choice", "top_k", "min_p", "repetition_penalty")
REASONS: dict[str, FinishReason] = {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls"}


class RemoteEngine:
    """A model behind an OpenAI-compatible base URL ending in `/v1`."""

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str = "",
        timeout_s: float = 60.0,
        context_tokens: int = 16_384,
        is_strong: bool = True,
    ) -> None:
        if not base_url or not model:
            raise SetupError("The remote engine needs DUOLOGUE_REMOTE_BASE_URL and DUOLOGUE_REMOTE_MODEL.")
        self._info = EngineInfo("remote", f"remote:{model}", context_tokens, True, is_strong, is_outside=is_elsewhere(base_url))
        self._model = model
        self._refused: set[str] = set()
        self._client = make_client(base_url, api_key, timeout_s)

    @property
    def info(self) -> EngineInfo:
        return self._info

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        """Stream an answer; closing the iterator closes the connection, which stops the far side.

        Raises Invalid, with the field's name, for what cannot be asked over chat completions or what the far side refuses.
        """
        _check(request)
        try:
            async with await self._open(request) as stream, aclosing(_read(stream, request.n)) as events:
                async for event in events:
                    yield event
        except APIError as error:
            raise _explain(error, self._info) from error

    async def _open(self, request: GenerationRequest) -> AsyncStream[ChatCompletionChunk]:
        """Send the request; a parameter that this server refuses by name is left out from then on."""
        while True:
            arguments = {k: v for k, v in _arguments(self._model, request).items() if k not in self._refused}
            if "max_tokens" in self._refused:
                arguments["max_completion_tokens"] = request.max_tokens
            try:
                return cast(AsyncStream[ChatCompletionChunk], await self._client.chat.completions.create(**arguments))
            except (BadRequestError, UnprocessableEntityError) as error:
                refused = next((name for name in DROPPABLE if name in arguments and name in str(error)), None)
                if refused is None or _is_too_long(error):
                    raise
                log.warning("%s refuses %r; it is left out from now on", self._info.version, refused)
                self._refused.add(refused)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.close()


@dataclass(slots=True)
class _PartialCall:
    id: str
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Choice:
    """One of the sequences on the wire."""

    calls: list[_PartialCall] = field(default_factory=list)
    thoughts: "_Thoughts" = field(default_factory=lambda: _Thoughts())
    tokens: list[ScoredToken] = field(default_factory=list)
    reason: str = ""
    offset: int = 0

    def delta(self, text: str, index: int) -> TextDelta:
        made = TextDelta(text, self.offset, index, tuple(self.tokens))
        self.offset += len(text)
        self.tokens.clear()
        return made


async def _read(stream: AsyncStream[ChatCompletionChunk], n: int) -> AsyncGenerator[TokenEvent]:
    """The chunks of the wire as the protocol's events."""
    choices = [_Choice() for _ in range(n)]
    usage = Usage()
    async for chunk in stream:
        if chunk.usage is not None:
            cached = chunk.usage.prompt_tokens_details.cached_tokens if chunk.usage.prompt_tokens_details else 0
            usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens, cached or 0)
        for given in chunk.choices:
            if given.index >= n:
                continue
            choice = choices[given.index]
            for part in given.delta.tool_calls or ():
                _collect(choice.calls, part)
            if given.logprobs is not None:
                choice.tokens += map(_scored, given.logprobs.content or ())
            if text := choice.thoughts.strip(given.delta.content or ""):
                yield choice.delta(text, given.index)
            choice.reason = given.finish_reason or choice.reason
    if not all(choice.reason for choice in choices):
        raise ModelUnavailable("The model's server broke off in the middle of the answer.")
    for index, choice in enumerate(choices):
        if rest := choice.thoughts.flush():
            yield choice.delta(rest, index)
        for i, call in enumerate(choice.calls):
            yield ToolCalled(ToolCall(call.id or f"call_{i}", call.name, "".join(call.arguments) or "{}"), index)
        reason = "tool_calls" if choice.calls else REASONS.get(choice.reason, "stop")
        # the wire counts all sequences together: the first one carries the sum
        yield Finished(reason, usage if index == 0 else Usage(usage.prompt_tokens), None, index)


def _scored(token: ChatCompletionTokenLogprob) -> ScoredToken:
    """A token of the wire, which has no id there."""
    top = tuple(Candidate(-1, c.token, bytes(c.bytes or c.token.encode()), c.logprob) for c in token.top_logprobs)
    return ScoredToken(-1, token.token, bytes(token.bytes or token.token.encode()), token.logprob, top)


def _collect(calls: list[_PartialCall], part: ChoiceDeltaToolCall) -> None:
    """Add a piece to its call. Some servers number every call 0, so a new id begins a new call too."""
    is_new = part.index >= len(calls) or bool(part.id and calls[-1].id and part.id != calls[-1].id and part.index == 0)
    if is_new:
        calls.append(_PartialCall(part.id or ""))
    call = calls[-1] if is_new or part.index == 0 else calls[part.index]
    if part.function is not None:
        call.name = call.name or part.function.name or ""
        call.arguments.append(part.function.arguments or "")


class _Thoughts:
    """Drops what a reasoning model writes between `<think>` and `</think>` at the start of its answer."""

    def __init__(self) -> None:
        self._held: str | None = ""

    def strip(self, text: str) -> str:
        """The part of the stream that may be seen by now."""
        if self._held is None:
            return text
        self._held += text
        start = self._held.lstrip()
        if start.startswith("<think>"):
            _, closed, rest = start.partition("</think>")
            if not closed or not rest.strip():
                return ""
            self._held = None
            return rest.lstrip()
        if "<think>".startswith(start[:7]):
            return ""
        return self.flush()

    def flush(self) -> str:
        """What was held back and proved to be no thought."""
        held, self._held = self._held or "", None
        return "" if held.lstrip().startswith("<think>") else held


def _check(request: GenerationRequest) -> None:
    """Raise Invalid for what chat completions have no words for."""
    asked = {
        "prompt": request.prompt is not None,
        "prompt_logprobs": request.prompt_logprobs is not None,
        "beams": request.beams > 1,
        "adapter": bool(request.adapter),
    }
    for param, is_asked in asked.items():
        if is_asked:
            raise Invalid(f"The remote server is asked for conversations only, not for this: {param}.", param=param)


def _arguments(model: str, request: GenerationRequest) -> dict[str, Any]:
    """What is sent: of what has a usual value only what every server knows."""
    choice: Any = request.tool_choice
    if request.tool_name:
        choice = {"type": "function", "function": {"name": request.tool_name}}
    optional = {
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "tools": [_tool(t) for t in request.tools] or None,
        "tool_choice": choice if request.tools and choice != "auto" else None,
        "parallel_tool_calls": False if request.tools and not request.parallel_tool_calls else None,
        "n": request.n if request.n > 1 else None,
        "presence_penalty": request.presence_penalty or None,
        "frequency_penalty": request.frequency_penalty or None,
        "logit_bias": {str(i): b for i, b in request.logit_bias.items()} or None,
        "logprobs": None if request.logprobs is None else True,
        "top_logprobs": request.logprobs or None,
        "response_format": _format(request.constraint),
        "extra_body": _extra(request) or None,
    }
    return {
        "model": model,
        "messages": [_message(m) for m in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stream": True,
        "stream_options": {"include_usage": True},
        **{k: v for k, v in optional.items() if v is not None},
    }


def _format(constraint: Constraint | None) -> dict[str, Any] | None:
    if constraint is None or constraint.kind in ("regex", "choice"):
        return None
    if constraint.kind == "json_object":
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": constraint.json_schema, "strict": True}}


def _extra(request: GenerationRequest) -> dict[str, Any]:
    """What OpenAI lacks, in the words of vLLM."""
    found: dict[str, Any] = {
        "top_k": request.top_k or None,
        "min_p": request.min_p or None,
        "repetition_penalty": request.repetition_penalty if request.repetition_penalty != 1.0 else None,
        "min_tokens": request.min_tokens or None,
        "ignore_eos": request.ignore_end or None,
        "priority": request.priority or None,
    }
    if request.constraint is not None and request.constraint.kind in ("regex", "choice"):
        kind = request.constraint.kind
        found["structured_outputs"] = {kind: request.constraint.regex if kind == "regex" else list(request.constraint.choices)}
    return {name: value for name, value in found.items() if value is not None}


def _message(message: ChatMessage) -> dict[str, Any]:
    out: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.role == "tool":
        out["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        out["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}} for c in message.tool_calls
        ]
    return out


def _tool(spec: ToolSpec) -> dict[str, Any]:
    function = {"name": spec.name, "description": spec.description, "parameters": dict(spec.parameters)}
    return {"type": "function", "function": function}


def _is_too_long(error: APIStatusError) -> bool:
    return error.code == "context_length_exceeded" or "context length" in str(error).lower()


def _explain(error: APIError, info: EngineInfo) -> Invalid | ModelUnavailable:
    """What a failure of the far side means to us, in a sentence."""
    who = f"The model {info.version}"
    if isinstance(error, APIStatusError) and _is_too_long(error):
        return Invalid("The prompt is too long for the model.", prompt_tokens=None, context_tokens=info.context_tokens)
    if isinstance(error, BadRequestError | UnprocessableEntityError) and error.param in PASSED:
        return Invalid(f"{who} refuses this: {error.message[:200]}", param=error.param)
    return explain(error, who, "DUOLOGUE_REMOTE_API_KEY")
