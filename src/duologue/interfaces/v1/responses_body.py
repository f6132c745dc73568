"""The body of /v1/responses, and what it asks of an engine: text, function tools, structured text, earlier responses."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from duologue.engine.protocol import ChatMessage, Constraint, GenerationRequest, ToolCall, ToolChoice, ToolSpec
from duologue.interfaces.v1.errors import RequestError
from duologue.interfaces.v1.fields import (
    MOST_TOKENS,
    NO_PARAMETERS,
    In,
    Json,
    Loose,
    Name,
    ObjectFormat,
    TextFormat,
    check_tools,
    refuse,
)

MOST_TOP_LOGPROBS = 20


class TextPart(Loose):
    type: Literal["input_text", "output_text", "text"]
    text: str


class RefusalPart(Loose):
    type: Literal["refusal"]
    refusal: str


class OtherPart(Loose):
    type: Literal["input_image", "input_file", "input_audio"]


Part = Annotated[TextPart | RefusalPart | OtherPart, Field(discriminator="type")]


class MessageItem(Loose):
    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[Part]


class CallItem(Loose):
    call_id: str
    name: str
    arguments: str


class ResultItem(Loose):
    call_id: str
    output: str | list[Part]


class ReasoningItem(Loose):
    """What a reasoning model thought; read by none of ours."""


def _kind(item: Any) -> str:
    return str(item.get("type", "message")) if isinstance(item, dict) else "message"


Item = Annotated[
    Annotated[MessageItem, Tag("message")]
    | Annotated[CallItem, Tag("function_call")]
    | Annotated[ResultItem, Tag("function_call_output")]
    | Annotated[ReasoningItem, Tag("reasoning")],
    Discriminator(_kind),
]


class FunctionTool(Loose):
    type: Literal["function"]
    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_.-]+$")
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


class NamedTool(In):
    type: Literal["function"]
    name: Name


class SchemaFormat(In):
    type: Literal["json_schema"]
    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")
    schema_: Json | bool = Field(alias="schema")
    description: str | None = None
    strict: bool | None = None


class TextConfig(In):
    format: Annotated[TextFormat | ObjectFormat | SchemaFormat, Field(discriminator="type")] | None = None
    verbosity: str | None = None


class StreamOptions(In):
    include_obfuscation: bool | None = None


class ResponseBody(In):
    """As OpenAI's reference describes it, as far as models without pictures, files and reasoning can follow."""

    model: Name
    input: str | list[Item] | None = None
    instructions: str | None = None
    previous_response_id: str | None = None
    max_output_tokens: int | None = Field(None, ge=1, le=MOST_TOKENS)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    top_logprobs: int | None = Field(None, ge=0, le=MOST_TOP_LOGPROBS)
    text: TextConfig | None = None
    tools: list[FunctionTool] | None = Field(None, max_length=128)
    tool_choice: ToolChoice | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: bool | None = None
    include: list[str] | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: str | None = None
    service_tier: str | None = None
    truncation: Literal["auto", "disabled"] | None = None
    max_tool_calls: int | None = None
    background: bool | None = None
    conversation: Any = None
    reasoning: Json | None = None
    prompt: Any = None


REFUSED: dict[str, tuple[Any, ...]] = {
    "background": (False,),
    "conversation": (),
    "reasoning": ({}, {"effort": "none"}, {"effort": None}, {"effort": None, "summary": None}),
    "prompt": (),
    "truncation": ("disabled",),
    "max_tool_calls": (),
}
"""Refused by name, but for values that ask for nothing."""
WITHOUT_EFFECT = (
    "metadata",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "service_tier",
    "stream_options",
)
"""Accepted, for they change no answer here."""
_INCLUDED = ("message.output_text.logprobs", "reasoning.encrypted_content")


def read_response(body: ResponseBody, earlier: Sequence[ChatMessage], context_tokens: int) -> GenerationRequest:
    """What is asked of the engine, after the messages of earlier responses. Raises RequestError."""
    refuse(body, REFUSED)
    for name in body.include or ():
        if name not in _INCLUDED:
            raise RequestError(
                f"Invalid value: '{name[:80]}'. Supported values are: {_INCLUDED}.", param="include", code="invalid_value"
            )
    if body.input is None:
        raise RequestError("Missing required parameter: 'input'.", param="input", code="missing_required_parameter")
    said = [ChatMessage("user", body.input)] if isinstance(body.input, str) else read_items(body.input, earlier)
    if not said and not earlier:
        raise RequestError("Invalid 'input': it is empty.", param="input", code="empty_array")
    tools = [ToolSpec(t.name, t.description or "", t.parameters or NO_PARAMETERS) for t in body.tools or ()]
    choice: ToolChoice = "required" if isinstance(body.tool_choice, NamedTool) else body.tool_choice or "auto"
    name = body.tool_choice.name if isinstance(body.tool_choice, NamedTool) else ""
    check_tools(tools, choice, name)
    wants_logprobs = body.top_logprobs is not None or "message.output_text.logprobs" in (body.include or ())
    return GenerationRequest(
        [*([ChatMessage("system", body.instructions)] if body.instructions else []), *earlier, *said],
        tools=() if choice == "none" else tools,
        tool_choice=choice,
        tool_name=name,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        max_tokens=body.max_output_tokens or max(1, context_tokens),
        temperature=1.0 if body.temperature is None else body.temperature,
        top_p=1.0 if body.top_p is None else max(body.top_p, 1e-6),
        logprobs=(body.top_logprobs or 0) if wants_logprobs else None,
        constraint=_constraint(body.text),
    )


def _constraint(text: TextConfig | None) -> Constraint | None:
    given = text.format if text else None
    if isinstance(given, ObjectFormat):
        return Constraint("json_object")
    return Constraint("json_schema", json_schema=given.schema_) if isinstance(given, SchemaFormat) else None


def read_items(
    items: Sequence[MessageItem | CallItem | ResultItem | ReasoningItem], earlier: Sequence[ChatMessage]
) -> list[ChatMessage]:
    """Items as messages; calls that follow each other become one message. Raises RequestError."""
    out: list[ChatMessage] = []
    asked = {c.id for m in earlier for c in m.tool_calls}
    for index, item in enumerate(items):
        where = f"input[{index}]"
        if isinstance(item, MessageItem):
            role = "system" if item.role == "developer" else item.role
            out.append(ChatMessage(role, _text(item.content, where)))
        elif isinstance(item, CallItem):
            asked.add(item.call_id)
            call = ToolCall(item.call_id, item.name, item.arguments)
            last = out[-1] if out and out[-1].role == "assistant" else None
            if last:
                out[-1] = ChatMessage("assistant", last.content, (*last.tool_calls, call))
            else:
                out.append(ChatMessage("assistant", "", (call,)))
        elif isinstance(item, ResultItem):
            if item.call_id not in asked:
                sentence = f"No tool call found for function call output with call_id {item.call_id[:80]}."
                raise RequestError(sentence, param="input")
            out.append(ChatMessage("tool", _text(item.output, where), tool_call_id=item.call_id))
    return out


def _text(content: str | list[Part], where: str) -> str:
    if isinstance(content, str):
        return content
    texts = []
    for index, part in enumerate(content):
        if isinstance(part, OtherPart):
            sentence = f"Invalid content type: {part.type} is not supported by this model; send text."
            raise RequestError(sentence, param=f"{where}.content[{index}].type", code="unsupported_content")
        texts.append(part.text if isinstance(part, TextPart) else part.refusal)
    return "".join(texts)
