"""The protocol in which the two halves meet: what is asked of a language model and what it answers.

Free of torch and of any database. `local`, `remote` and `scripted` implement `Engine`; `tests/contract/test_engine.py` holds
them to the words below.
"""

from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls", "cancelled"]
ToolChoice = Literal["auto", "none", "required"]
ConstraintKind = Literal["json_schema", "json_object", "regex", "choice"]


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
class Constraint:
    """What the text must be. Of the fields only the one that `kind` names is read; `json_object` is any JSON object.

    The text is valid, or the generation ends with `length` before it is complete. An engine that cannot hold to the schema or the
    pattern raises Invalid with detail `param="constraint"` and the reason, before the first token.
    """

    kind: ConstraintKind
    json_schema: Mapping[str, Any] | bool = True
    regex: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What is asked of a model. `request_id` names it in logs and for cancellation.

    A prompt is `messages`, which the engine renders in its model's chat format, or `prompt`: raw text (read after the model's
    token for the beginning of a text, where it has one) or token ids (read as they are). Where `prompt` is given, `messages`
    and `tools` are not read.

    `n` sequences answer one request, each under its own `index`; they share the prompt. With a `seed`, sequence `i` draws by
    `seed + i`: the same seed gives the same text, whatever else the engine is doing, and the first of `n` is what `n=1` gives.
    With `beams` > 1 the `n` <= `beams` best texts of a beam search come whole, the best as index 0; `temperature` is 0.

    Order of the rules on logits (V,): `logit_bias`; repetition, presence and frequency penalty; constraint; temperature; top-k;
    top-p; min-p. The repetition penalty counts prompt and text (Keskar et al. 2019), presence and frequency penalty the text
    alone (as OpenAI defines them). `top_k` 0, `top_p` 1, `min_p` 0 restrict nothing; temperature 0 is greedy.

    `logprobs` k: every token with its log-probability and the k likeliest at its place (0: none of these), from the logits
    before any rule. `prompt_logprobs` k: the same for the prompt, as one PromptScored before any text. `max_tokens` may be 0
    where only the prompt is to be scored.

    What an engine or its model cannot do raises Invalid with detail `param`, the name of the field; nothing is ignored silently.
    """

    messages: Sequence[ChatMessage] = ()
    request_id: str = ""
    tools: Sequence[ToolSpec] = ()
    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: Sequence[str] = ()
    prompt: str | tuple[int, ...] | None = None
    model: str = ""  # which of several models; empty means the first
    adapter: str = ""  # name of a LoRA adapter that the engine has loaded; empty means none
    n: int = 1
    beams: int = 1
    length_penalty: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    repetition_penalty: float = 1.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    min_tokens: int = 0  # no end of text before so many tokens
    ignore_end: bool = False  # go on after the token that ends a text; for measurements
    constraint: Constraint | None = None
    tool_choice: ToolChoice = "auto"
    tool_name: str = ""  # with "required": the tool that must be called
    parallel_tool_calls: bool = True
    priority: int = 0  # smaller goes first


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written; `cached_tokens` of the prompt were not computed again."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that could stand at a place. `data` are its bytes, which may be a part of a character; `text` shows them."""

    id: int
    text: str
    data: bytes
    logprob: float


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """A token that does stand there, and the likeliest ones at its place, best first.

    `logprob` is in nats; None for the first token of a prompt, which nothing comes before.
    """

    id: int
    text: str
    data: bytes
    logprob: float | None
    top: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptScored:
    """Every token of the prompt as the model read it; sent first, once, where `prompt_logprobs` is asked for."""

    tokens: tuple[ScoredToken, ...]


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of sequence `index`; `offset` is the number of its characters sent before. Never half a character.

    With `logprobs`, `tokens` are those that became text since the last delta; the token that ends the text is none of them.
    """

    text: str
    offset: int
    index: int = 0
    tokens: tuple[ScoredToken, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model asks for a tool; sent once a call is complete."""

    call: ToolCall
    index: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of each sequence; a generation that does not raise has `n` of them.

    `usage` counts the prompt and this sequence alone. `logprob` is the mean over its tokens, the end's included.
    """

    reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    logprob: float | None = None
    index: int = 0


TokenEvent = PromptScored | TextDelta | ToolCalled | Finished


@dataclass(frozen=True, slots=True)
class Spread:
    """How often a value fell up to each of `bounds` and, last, above all of them; `total` is the sum of the values."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float = 0.0

    def add(self, value: float) -> "Spread":
        """With one more value."""
        at = bisect_left(self.bounds, value)
        counts = self.counts or (0,) * (len(self.bounds) + 1)
        return Spread(self.bounds, (*counts[:at], counts[at] + 1, *counts[at + 1 :]), self.total + value)


QUEUE_S = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0)
BATCH = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


@dataclass(frozen=True, slots=True)
class EngineStats:
    """What an engine is doing now (gauges) and has done since its start (counters).

    `queue_seconds`: from a request's arrival until it is first worked on; `batch_sequences`: how many a step moved on together.
    """

    running: int = 0
    waiting: int = 0
    blocks: int = 0
    blocks_used: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    preemptions: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    queue_seconds: Spread = Spread(QUEUE_S, ())
    batch_sequences: Spread = Spread(BATCH, ())


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """Who answers. `is_strong` says that the model may phrase freely and follow tools; a small one quotes.

    `is_outside`: what it is asked leaves this machine.
    """

    name: str
    version: str
    context_tokens: int
    has_tools: bool
    is_strong: bool
    adapters: tuple[str, ...] = ()  # LoRA adapters that a request may name
    is_outside: bool = False


@runtime_checkable
class Engine(Protocol):
    """A language model behind an asynchronous stream.

    `generate` yields TextDelta and ToolCalled events and ends with exactly one Finished for each of the `n` sequences. Closing
    the iterator, or cancelling the task that reads it, frees the model at once. A model that cannot answer raises
    `ModelUnavailable`; one that takes no more requests for now raises `Overloaded`, before any event.
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
class Tokenizes(Protocol):
    """An engine that shows how its model reads text. May block for as long as reading the tokenizer takes, on another thread."""

    async def tokenize(self, request: GenerationRequest) -> list[int]:
        """The ids of the request's prompt, as `generate` would read it."""
        ...

    async def detokenize(self, ids: Sequence[int]) -> str:
        """The text of ids; special tokens have none. Raises Invalid for ids that the vocabulary lacks."""
        ...


@runtime_checkable
class Measured(Protocol):
    """An engine that says how busy it is."""

    def stats(self) -> EngineStats:
        """How busy the engine is; cheap, never blocks."""
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
