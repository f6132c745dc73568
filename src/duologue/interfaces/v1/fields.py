"""What bodies of several routes share: strict values, sampling, constraints, tools. Unknown names are refused, as OpenAI does.

Fields of OpenAI that change no answer here (`user`, `metadata`, `store`, …) are accepted; those that would change it and that no
model here can follow are refused by name, never ignored.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from duologue.engine.protocol import Constraint, ToolSpec
from duologue.interfaces.v1.errors import RequestError

MOST_STOPS = 4
MOST_TOKENS = 1_000_000
Json = dict[str, Any]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Bias = Annotated[float, Field(ge=-100, le=100)]


class In(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


class Loose(BaseModel):
    """A part of a body whose further fields say nothing to us."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False, protected_namespaces=())


class StreamOptions(In):
    include_usage: bool = False
    include_obfuscation: bool | None = None


class StructuredOutputs(In):
    """As vLLM names it: exactly one of them."""

    json_schema: Json | bool | None = Field(None, alias="json")
    regex: str | None = Field(None, max_length=20_000)
    choice: list[str] | None = Field(None, min_length=1, max_length=1_000)


class Sampling(In):
    """How tokens are drawn; the last block are widespread additions to OpenAI's own."""

    model: Name
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    n: int | None = Field(None, ge=1, le=128)
    stop: str | list[str] | None = None
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    logit_bias: dict[str, Bias] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: str | None = None

    top_k: int | None = Field(None, ge=-1, le=2**31)
    min_p: float | None = Field(None, ge=0, le=1)
    repetition_penalty: float | None = Field(None, ge=0.01, le=10)
    min_tokens: int | None = Field(None, ge=0, le=MOST_TOKENS)
    ignore_eos: bool | None = None
    priority: int | None = Field(None, ge=-1_000, le=1_000)
    structured_outputs: StructuredOutputs | None = None


def read_sampling(body: Sampling) -> dict[str, Any]:
    """The fields of a GenerationRequest that all ways of asking share. Raises RequestError."""
    if body.stream_options is not None and not body.stream:
        sentence = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise RequestError(sentence, param="stream_options", code="invalid_value")
    return {
        "temperature": 1.0 if body.temperature is None else body.temperature,
        "top_p": _top_p(body.top_p),
        "n": body.n or 1,
        "stop": read_stops(body.stop),
        "seed": body.seed,
        "presence_penalty": body.presence_penalty or 0.0,
        "frequency_penalty": body.frequency_penalty or 0.0,
        "repetition_penalty": body.repetition_penalty or 1.0,
        "logit_bias": read_bias(body.logit_bias),
        "top_k": max(0, body.top_k or 0),
        "min_p": body.min_p or 0.0,
        "min_tokens": body.min_tokens or 0,
        "ignore_end": bool(body.ignore_eos),
        "priority": body.priority or 0,
    }


def _top_p(value: float | None) -> float:
    return 1.0 if value is None else max(value, 1e-6)  # OpenAI takes 0; the likeliest token stays


def read_stops(stop: str | list[str] | None) -> tuple[str, ...]:
    """Up to four stop strings. Raises RequestError."""
    stops = [stop] if isinstance(stop, str) else stop or []
    if len(stops) > MOST_STOPS:
        sentence = (
            f"Invalid 'stop': array too long. Expected an array with maximum length {MOST_STOPS}, but got {len(stops)} instead."
        )
        raise RequestError(sentence, param="stop", code="array_above_max_length")
    return tuple(s for s in stops if s)


def read_bias(bias: Mapping[str, float] | None) -> dict[int, float]:
    """Token ids with what is added to their logits. Raises RequestError for a key that is no id."""
    out = {}
    for key, value in (bias or {}).items():
        if not (key.isascii() and key.isdigit() and len(key) < 10):
            sentence = f"Invalid key in 'logit_bias': {key[:80]}. You should only be submitting non-negative integers."
            raise RequestError(sentence, param="logit_bias", code="invalid_value")
        out[int(key)] = value
    return out


def read_structured(given: StructuredOutputs | None) -> Constraint | None:
    """The constraint of vLLM's field. Raises RequestError where it does not name exactly one."""
    if given is None:
        return None
    named = [name for name in ("json_schema", "regex", "choice") if getattr(given, name) is not None]
    if len(named) != 1:
        sentence = "Invalid 'structured_outputs': name exactly one of json, regex and choice."
        raise RequestError(sentence, param="structured_outputs", code="invalid_value")
    if given.json_schema is not None:
        return Constraint("json_schema", json_schema=given.json_schema)
    if given.regex is not None:
        return Constraint("regex", regex=given.regex)
    return Constraint("choice", choices=tuple(given.choice or ()))


class TextFormat(Loose):
    type: Literal["text"]


class ObjectFormat(Loose):
    type: Literal["json_object"]


class JsonSchema(In):
    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")
    description: str | None = None
    schema_: Json | bool | None = Field(None, alias="schema")
    strict: bool | None = None


class SchemaFormat(In):
    type: Literal["json_schema"]
    json_schema: JsonSchema


Format = Annotated[TextFormat | ObjectFormat | SchemaFormat, Field(discriminator="type")]


def read_format(given: TextFormat | ObjectFormat | SchemaFormat | None) -> Constraint | None:
    """The constraint of `response_format`."""
    if isinstance(given, ObjectFormat):
        return Constraint("json_object")
    if isinstance(given, SchemaFormat):
        schema = given.json_schema.schema_
        return Constraint("json_schema", json_schema=True if schema is None else schema)
    return None


class FunctionSpec(In):
    name: str = Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_.-]+$")
    description: str | None = None
    parameters: Json | None = None
    strict: bool | None = None


NO_PARAMETERS: Json = {"type": "object", "properties": {}}


def to_tool(function: FunctionSpec) -> ToolSpec:
    """A tool as the engine takes it."""
    return ToolSpec(function.name, function.description or "", function.parameters or NO_PARAMETERS)


def check_tools(tools: list[ToolSpec], choice: str, name: str) -> None:
    """Raise RequestError for a choice that the tools do not allow, or for two tools of one name."""
    names = [t.name for t in tools]
    if choice != "auto" and not tools and choice != "none":
        sentence = "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
        raise RequestError(sentence, param="tool_choice", code="invalid_value")
    if name and name not in names:
        sentence = f"Invalid value for 'tool_choice': no tool named '{name[:80]}' was specified in the 'tools' parameter."
        raise RequestError(sentence, param="tool_choice", code="invalid_value")
    if len(set(names)) < len(names):
        raise RequestError("Invalid 'tools': two of them have the same name.", param="tools", code="invalid_value")


def refuse(body: BaseModel, names: Mapping[str, tuple[Any, ...]]) -> None:
    """Raise RequestError for a field that is set to more than what changes nothing."""
    for name, harmless in names.items():
        value = getattr(body, name)
        if value is not None and value not in harmless:
            sentence = f"Unsupported parameter: '{name}' is not supported with this model."
            raise RequestError(sentence, param=name, code="unsupported_parameter")
