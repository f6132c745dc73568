"""Any OpenAI-compatible server as an engine: OpenAI, vLLM, Ollama, llama.cpp and their like, by the official client.

Knows the wire and its quirks: servers that refuse a parameter, tool calls that arrive in pieces, thoughts between `<think>` marks
(which never leave this module). Every failure of the far side becomes ModelUnavailable with a sentence.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, cast

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncStream,
    AuthenticationError,
    BadRequestError,
    RateLimitError,
    Timeout,
    UnprocessableEntityError,
)
from openai.types.chat import ChatCompletionChunk
from openai.types.chat.chat_completion_chunk import ChoiceDeltaToolCall

from duologue.engine.protocol import (
    ChatMessage,
    EngineInfo,
    Finished,
    FinishReason,
    GenerationRequest,
    TextDelta,
    TokenEvent,
    ToolCall,
    ToolCalled,
    ToolSpec,
    Usage,
)
from duologue.kit.errors import Invalid, ModelUnavailable, SetupError
from duologue.kit.log import get_logger

log = get_logger(__name__)

CONNECT_TIMEOUT_S = 10.0
DROPPABLE = ("stream_options", "seed", "top_p", "temperature", "stop", "max_tokens", "tools")
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
        self._info = EngineInfo("remote", f"remote:{model}", context_tokens, True, is_strong)
        self._model = model
        self._refused: set[str] = set()
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=api_key or "none",
            max_retries=1,
            timeout=Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
        )

    @property
    def info(self) -> EngineInfo:
        return self._info

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        """Stream an answer; closing the iterator closes the connection, which stops the far side."""
        try:
            async with await self._open(request) as stream, aclosing(_read(stream)) as events:
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


async def _read(stream: AsyncStream[ChatCompletionChunk]) -> AsyncGenerator[TokenEvent]:
    """The chunks of the wire as the protocol's events."""
    calls: list[_PartialCall] = []
    thoughts = _Thoughts()
    usage, reason, offset = Usage(), "", 0
    async for chunk in stream:
        if chunk.usage is not None:
            usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices[:1]:
            for part in choice.delta.tool_calls or ():
                _collect(calls, part)
            if text := thoughts.strip(choice.delta.content or ""):
                yield TextDelta(text, offset)
                offset += len(text)
            reason = choice.finish_reason or reason
    if not reason:
        raise ModelUnavailable("The model's server broke off in the middle of the answer.")
    if rest := thoughts.flush():
        yield TextDelta(rest, offset)
    for i, call in enumerate(calls):
        yield ToolCalled(ToolCall(call.id or f"call_{i}", call.name, "".join(call.arguments) or "{}"))
    yield Finished("tool_calls" if calls else REASONS.get(reason, "stop"), usage)


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


def _arguments(model: str, request: GenerationRequest) -> dict[str, Any]:
    optional = {
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "tools": [_tool(t) for t in request.tools] or None,
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
    sentences: Sequence[tuple[type[APIError], str]] = (
        (APITimeoutError, f"{who} did not answer in time."),
        (APIConnectionError, f"{who} cannot be reached; check its address and that it runs."),
        (AuthenticationError, f"{who} refuses the key; check DUOLOGUE_REMOTE_API_KEY."),
        (RateLimitError, f"{who} is over its quota or too busy."),
    )
    for kind, sentence in sentences:
        if isinstance(error, kind):
            return ModelUnavailable(sentence)
    status = f" (status {error.status_code})" if isinstance(error, APIStatusError) else ""
    return ModelUnavailable(f"{who} failed{status}: {error.message[:200]}")
