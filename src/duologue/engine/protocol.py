"""The protocol in which the two halves meet: what is asked of a language model and what it answers.

Free of torch and of any database. `local`, `remote` and `scripted` implement `Engine`; `tests/contract/test_engine.py` holds
them to the words below.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls", "cancelled"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for. `arguments` is JSON text, exactly as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a prompt. A `tool` message answers the call `tool_call_id`."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What is asked of a model. `request_id` names it in logs and for cancellation."""

    messages: Sequence[ChatMessage]
    request_id: str = ""
    tools: Sequence[ToolSpec] = ()
    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text; `offset` is the number of characters sent before it. Never half a character."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model asks for a tool; sent once a call is complete."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every generation that does not raise."""

    reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    logprob: float | None = None


TokenEvent = TextDelta | ToolCalled | Finished


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Who answers. `is_strong` says that the model may phrase freely and follow tools; a small one quotes."""

    name: str
    version: str
    context_tokens: int
    has_tools: bool
    is_strong: bool


@runtime_checkable
class Engine(Protocol):
    """A language model behind an asynchronous stream.

    `generate` yields TextDelta and ToolCalled events and ends with exactly one Finished. Closing the iterator, or cancelling
    the task that reads it, frees the model at once. A model that cannot answer raises `ModelUnavailable`.
    A prompt longer than the context raises `Invalid` with code detail {"prompt_tokens", "context_tokens"}.
    """

    @property
    def info(self) -> EngineInfo:
        """Who answers."""
        ...

    def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        """Stream an answer."""
        ...

    async def aclose(self) -> None:
        """Stop everything and free what is held; the engine is not used afterwards."""
        ...


@runtime_checkable
class Encoder(Protocol):
    """Sentence vectors, as the engine offers them."""

    @property
    def name(self) -> str:
        """Name and version; vectors of different names are never compared."""
        ...

    @property
    def dim(self) -> int:
        """Length of a vector."""
        ...

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector per text, (n, dim)."""
        ...
