"""Tools: functions that the assistant may call for a caller, typed by their signature.

A tool runs with the caller's permissions, never above: it gets the `Caller` and decides by what the caller has shown. A tool that
one may not use does not exist: it is neither listed nor runnable. A tool that changes something waits for an expert's approval.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from duologue.engine.protocol import ToolSpec
from duologue.kit.errors import Invalid
from duologue.kit.log import get_logger
from duologue.kit.text import Lang

log = get_logger(__name__)

Scope = Literal["read", "change"]


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a tool runs. `said`: what this person wrote in the present episode, oldest first; `fields`: what we know of them."""

    workspace_id: str
    conversation_id: str
    person_id: str
    lang: Lang
    said: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool gets besides its arguments. `folder` is the pack's own to write in; `key` is the same when a call is repeated."""

    caller: Caller
    folder: Path
    key: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A tool's answer that it will not: `text` is said to the person as it stands. `asks` where an answer of theirs would help."""

    code: str
    text: str
    asks: bool = False


def _nothing(text: str) -> dict[str, Any] | None:
    return None


def _everybody(caller: Caller) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the assistant may call.

    `function(context, …)` returns a value, or a Refusal. `match` finds the arguments in a person's words, for models that cannot
    call tools; `render` says a result to a person. `preview(context, …)`, for `change` only, says what would happen, or
    refuses, and changes nothing. `answers` is a pattern of what the rendered result answers in full.
    """

    name: str
    description: Mapping[Lang, str]
    function: Callable[..., Any]
    scope: Scope = "read"
    match: Callable[[str], dict[str, Any] | None] = _nothing
    render: Callable[[Any, Lang], str] = lambda result, lang: str(result)
    preview: Callable[..., Any] | None = None
    is_allowed: Callable[[Caller], bool] = _everybody
    parameters: Mapping[str, Any] | None = None
    pack: str = ""

    def spec(self, lang: Lang) -> ToolSpec:
        """The tool as a model sees it."""
        return ToolSpec(self.name, self.description[lang], self.parameters or _arguments(self.function).model_json_schema())


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call. `text` is for the person, `value` for the model and the trace."""

    tool: str
    arguments: dict[str, Any]
    value: Any
    text: str
    status: Literal["ok", "refused", "failed"]
    asks: bool = False


class Toolbox:
    """The tools of a turn: those that this caller may use."""

    def __init__(self, tools: Sequence[Tool], caller: Caller, folder: Path) -> None:
        self._tools = {tool.name: tool for tool in tools if tool.is_allowed(caller)}
        self._folder = folder
        self.caller = caller
        self.results: list[ToolResult] = []

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def find(self, name: str) -> Tool | None:
        """The tool of that name, if it exists for this caller."""
        return self._tools.get(name)

    def match(self, text: str) -> tuple[Tool, dict[str, Any]] | None:
        """The first tool whose pattern finds its arguments in a person's words; changes come before reads."""
        for tool in sorted(self._tools.values(), key=lambda t: t.scope):
            arguments = tool.match(text)
            if arguments is not None:
                return tool, arguments
        return None

    async def run(self, tool: Tool, arguments: Mapping[str, Any], key: str = "") -> ToolResult:
        """Call the function. Its failure is a result, never an exception; all results of the turn are in `results`."""
        self.results.append(await self._call(tool, tool.function, arguments, key))
        return self.results[-1]

    async def preview(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolResult:
        """Say what the tool would change."""
        return await self._call(tool, tool.preview or _describe(tool), arguments, "")

    async def _call(self, tool: Tool, function: Callable[..., Any], arguments: Mapping[str, Any], key: str) -> ToolResult:
        given = dict(arguments)
        try:
            given = given if tool.parameters else check_arguments(tool, given)
            context = ToolContext(self.caller, self._folder / (tool.pack or "tools"), key)
            value = function(context, **given)
            value = await value if isinstance(value, Awaitable) else value
        except Invalid as error:
            return ToolResult(tool.name, given, error.message, error.message, "failed")
        except Exception as error:
            log.exception("tool %s failed", tool.name)
            return ToolResult(tool.name, given, type(error).__name__, "", "failed")
        if isinstance(value, Refusal):
            return ToolResult(tool.name, given, value.text, value.text, "refused", value.asks)
        text = value if isinstance(value, str) else tool.render(value, self.caller.lang)
        return ToolResult(tool.name, given, value, text, "ok")


def check_arguments(tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the signature types them. Raises Invalid naming the first that does not fit."""
    try:
        values = _arguments(tool.function).model_validate(dict(arguments))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "arguments"
        raise Invalid(f"The call of {tool.name} does not fit: {where}: {first['msg']}.") from error
    return {name: getattr(values, name) for name in type(values).model_fields}


def _arguments(function: Callable[..., Any]) -> type[BaseModel]:
    """A model of the function's parameters after the context."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints.get(name, str), ... if p.default is inspect.Parameter.empty else p.default)
        for name, p in list(inspect.signature(function).parameters.items())[1:]
    }
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _describe(tool: Tool) -> Callable[..., str]:
    def describe(context: ToolContext, **arguments: Any) -> str:
        return f"{tool.name}({', '.join(f'{k}={v!r}' for k, v in arguments.items())})"

    return describe
