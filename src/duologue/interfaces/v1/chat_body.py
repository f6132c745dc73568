"""The body of /v1/chat/completions, and what it asks of an engine."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from duologue.engine.protocol import ChatMessage, GenerationRequest, ToolCall, ToolChoice, ToolSpec
from duologue.interfaces.v1.errors import RequestError
from duologue.interfaces.v1.fields import (
    MOST_TOKENS,
    Format,
    FunctionSpec,
    In,
    Json,
    Loose,
    Name,
    Sampling,
    check_tools,
    read_format,
    read_sampling,
    read_structured,
    refuse,
    to_tool,
)

MOST_TOP_LOGPROBS = 20


class TextPart(Loose):
    type: Literal["text"]
    text: str


class RefusalPart(Loose):
    type: Literal["refusal"]
    refusal: str


class OtherPart(Loose):
    """A picture, sound or file, which no model here reads."""

    type: Literal["image_url", "input_audio", "file"]


Part = Annotated[TextPart | RefusalPart | OtherPart, Field(discriminator="type")]
Content = str | list[Part]


class CalledFunction(Loose):
    name: str
    arguments: str


class CallIn(Loose):
    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class SaidIn(In):
    role: Literal["system", "developer", "user"]
    content: Content
    name: str | None = None


class AssistantIn(Loose):
    role: Literal["assistant"]
    content: Content | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: list[CallIn] | None = None


class ToolIn(Loose):
    role: Literal["tool"]
    content: Content
    tool_call_id: str


MessageIn = Annotated[SaidIn | AssistantIn | ToolIn, Field(discriminator="role")]


class ToolDef(In):
    type: Literal["function"]
    function: FunctionSpec


class NamedFunction(In):
    name: Name


class NamedTool(In):
    type: Literal["function"]
    function: NamedFunction


class ChatBody(Sampling):
    """As OpenAI's reference describes it."""

    messages: list[MessageIn] = Field(min_length=1, max_length=10_000)
    max_tokens: int | None = Field(None, ge=1, le=MOST_TOKENS)
    max_completion_tokens: int | None = Field(None, ge=1, le=MOST_TOKENS)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=MOST_TOP_LOGPROBS)
    response_format: Format | None = None
    tools: list[ToolDef] | None = Field(None, max_length=128)
    tool_choice: ToolChoice | NamedTool | None = None
    parallel_tool_calls: bool | None = None

    # they change no answer here
    metadata: dict[str, str] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    prediction: Json | None = None

    # no model here can follow them
    modalities: list[str] | None = None
    audio: Json | None = None
    web_search_options: Json | None = None
    reasoning_effort: str | None = None
    verbosity: str | None = None
    functions: list[Any] | None = None
    function_call: Any = None


REFUSED: dict[str, tuple[Any, ...]] = {
    "modalities": (["text"],),
    "audio": (),
    "web_search_options": (),
    "reasoning_effort": ("none",),
    "verbosity": ("medium",),
    "functions": ([],),
    "function_call": ("none",),
}
"""Refused by name, but for values that ask for nothing."""


WITHOUT_EFFECT = (
    "user",
    "metadata",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prediction",
)
"""Accepted, for they change no answer here."""


def read_chat(body: ChatBody, context_tokens: int) -> GenerationRequest:
    """What is asked of the engine. Raises RequestError."""
    refuse(body, REFUSED)
    if body.top_logprobs is not None and not body.logprobs:
        sentence = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
        raise RequestError(sentence, param="top_logprobs", code="invalid_value")
    constraint, structured = read_format(body.response_format), read_structured(body.structured_outputs)
    if constraint and structured:
        raise RequestError(
            "Give 'response_format' or 'structured_outputs', not both.", param="structured_outputs", code="invalid_value"
        )
    tools = [to_tool(t.function) for t in body.tools or ()]
    choice, name = read_choice(body.tool_choice, tools)
    limit = body.max_completion_tokens or body.max_tokens or max(1, context_tokens)
    return GenerationRequest(
        read_messages(body.messages),
        tools=() if choice == "none" else tools,
        tool_choice=choice,
        tool_name=name,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        max_tokens=limit,
        logprobs=(body.top_logprobs or 0) if body.logprobs else None,
        constraint=constraint or structured,
        **read_sampling(body),
    )


def read_choice(given: ToolChoice | NamedTool | None, tools: list[ToolSpec]) -> tuple[ToolChoice, str]:
    """Whether tools are called, and which one must be. Raises RequestError."""
    choice: ToolChoice = "required" if isinstance(given, NamedTool) else given or "auto"
    name = given.function.name if isinstance(given, NamedTool) else ""
    check_tools(tools, choice, name)
    return choice, name


def read_messages(given: Sequence[SaidIn | AssistantIn | ToolIn]) -> list[ChatMessage]:
    """The conversation. Raises RequestError for what no model here reads and for results of calls that nobody made."""
    out: list[ChatMessage] = []
    asked: set[str] = set()
    for index, message in enumerate(given):
        where = f"messages[{index}]"
        if isinstance(message, ToolIn):
            if message.tool_call_id not in asked:
                sentence = (
                    "Invalid parameter: messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                )
                raise RequestError(sentence, param=f"{where}.role")
            out.append(ChatMessage("tool", read_content(message.content, where), tool_call_id=message.tool_call_id))
        elif isinstance(message, AssistantIn):
            calls = tuple(ToolCall(c.id, c.function.name, c.function.arguments) for c in message.tool_calls or ())
            asked |= {c.id for c in calls}
            text = read_content(message.content or message.refusal or "", where)
            out.append(ChatMessage("assistant", text, tool_calls=calls, name=message.name or ""))
        else:
            role: Literal["system", "user"] = "user" if message.role == "user" else "system"
            out.append(ChatMessage(role, read_content(message.content, where), name=message.name or ""))
    return out


def read_content(content: Content, where: str) -> str:
    """The text of a content. Raises RequestError for a picture, sound or file."""
    if isinstance(content, str):
        return content
    texts = []
    for index, part in enumerate(content):
        if isinstance(part, OtherPart):
            sentence = f"Invalid content type: {part.type} is not supported by this model; send text."
            raise RequestError(sentence, param=f"{where}.content[{index}].type", code="unsupported_content")
        texts.append(part.text if isinstance(part, TextPart) else part.refusal)
    return "".join(texts)
