"""An engine that answers by a JSON script: the shipped test double. Replies, latency, failures and tool calls, no model.

Script: `{"name", "version", "is_strong", "has_tools", "context_tokens", "rules": [Rule, …]}`. The first rule whose `match` is
found in the last user message answers; a rule without `match` always does. A Rule may have
  `find`         a pattern searched in the whole prompt; the rule applies only where it is found
  `reply`        the text; `{name}` stands for a named group of `match` or `find`, `{result}` for the last tool result
  `tool_calls`   `[{"name", "arguments": {…}}]`, asked for while no tool has answered yet; then `reply` is given
  `latency_s`    seconds before the first character, `interval_s` seconds between chunks of `chunk_chars` characters
  `fail`         ends with ModelUnavailable and this sentence, after `fail_after_chars` characters (0)
  `times`        how often the rule may be used; `logprob` the mean log-probability to report, and that of each token
One token is four characters here. Each of `n` sequences uses a rule of its own choosing. A constraint is the script's to keep;
where a tool must be called and the rule calls none, the one that is named, or the first, is called without arguments.
"""

import asyncio
import json
import re
import zlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from duologue.engine.protocol import (
    Candidate,
    ChatMessage,
    EngineInfo,
    Finished,
    FinishReason,
    GenerationRequest,
    PromptScored,
    ScoredToken,
    TextDelta,
    TokenEvent,
    ToolCall,
    ToolCalled,
    Usage,
)
from duologue.engine.several import generate_several
from duologue.kit.errors import Invalid, ModelUnavailable, SetupError

CHARS_PER_TOKEN = 4


class ScriptedCall(BaseModel):
    """A tool call of a rule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    arguments: dict[str, Any] = {}


class Rule(BaseModel):
    """When to answer, and what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str = ""
    find: str = ""
    reply: str = ""
    tool_calls: tuple[ScriptedCall, ...] = ()
    latency_s: float = 0.0
    interval_s: float = 0.0
    chunk_chars: int = 12
    fail: str = ""
    fail_after_chars: int = 0
    times: int = 0
    logprob: float | None = None


class Script(BaseModel):
    """Everything that the engine will ever say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "scripted"
    version: str = "1"
    is_strong: bool = True
    has_tools: bool = True
    context_tokens: int = 8192
    rules: tuple[Rule, ...] = ()


def load_script(path: Path) -> Script:
    """Read a script file. Raises SetupError with the first thing that is wrong."""
    try:
        return Script.model_validate_json(path.read_text("utf-8"))
    except (OSError, ValidationError) as error:
        raise SetupError(f"The script {path} of the scripted engine cannot be used: {str(error).splitlines()[0]}.") from error


class ScriptedEngine:
    """Answers by script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._used = [0] * len(script.rules)
        self.requests: list[GenerationRequest] = []

    @property
    def info(self) -> EngineInfo:
        s = self._script
        return EngineInfo(s.name, f"{s.name}-{s.version}", s.context_tokens, s.has_tools, s.is_strong)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[TokenEvent]:
        """Answer by the first rule that applies. Raises ModelUnavailable where the script says so or has no rule."""
        if request.n > 1:
            async with aclosing(generate_several(self.generate, request)) as events:
                async for event in events:
                    yield event
            return
        messages = _read(request)
        prompt = "".join(m.content for m in messages)
        prompt_tokens = _tokens(prompt)
        if prompt_tokens > self._script.context_tokens:
            raise Invalid("The prompt is too long.", prompt_tokens=prompt_tokens, context_tokens=self._script.context_tokens)
        self.requests.append(request)
        if request.prompt_logprobs is not None:
            first, *rest = _score(prompt, request.prompt_logprobs, None)
            yield PromptScored((ScoredToken(first.id, first.text, first.data, None), *rest))
        if request.max_tokens == 0:
            yield Finished("length", Usage(prompt_tokens, 0))
            return
        rule, values = self._choose(messages)
        await asyncio.sleep(rule.latency_s)
        if (calls := _calls(rule, values, request)) and not values.get("result"):
            for call in calls:
                yield call
            yield Finished("tool_calls", Usage(prompt_tokens, 0), rule.logprob)
            return
        text, reason = _cut(_fill(rule.reply, values), request)
        tokens = () if request.logprobs is None else _score(text, request.logprobs, rule.logprob)
        size = max(1, rule.chunk_chars)
        for offset in range(0, len(text), size):
            if rule.fail and offset >= rule.fail_after_chars:
                break
            begun = tokens[_tokens(text[:offset]) : _tokens(text[: offset + size])]
            yield TextDelta(text[offset : offset + size], offset, tokens=tuple(begun))
            await asyncio.sleep(rule.interval_s)
        if rule.fail:
            raise ModelUnavailable(rule.fail)
        yield Finished(reason, Usage(prompt_tokens, _tokens(text)), rule.logprob)

    def _choose(self, messages: Sequence[ChatMessage]) -> tuple[Rule, dict[str, str]]:
        users = [i for i, m in enumerate(messages) if m.role == "user"]
        last = messages[users[-1]].content if users else ""
        results = [m.content for m in messages[users[-1] :] if m.role == "tool"] if users else []
        prompt = "\n".join(m.content for m in messages)
        for index, rule in enumerate(self._script.rules):
            matched, found = re.search(rule.match, last, re.I | re.S), re.search(rule.find, prompt, re.I)
            if not matched or not found or (rule.times and self._used[index] >= rule.times):
                continue
            self._used[index] += 1
            values = {**found.groupdict(""), **matched.groupdict("")}
            return rule, {**values, **({"result": results[-1]} if results else {})}
        raise ModelUnavailable("The script has no rule for this message.")

    async def aclose(self) -> None:
        """Nothing is held."""


def _tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN)


def _fill(text: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), text)


def _read(request: GenerationRequest) -> Sequence[ChatMessage]:
    """The messages; a raw prompt counts as one of a person, token ids as letters."""
    if request.prompt is None:
        return request.messages
    raw = request.prompt if isinstance(request.prompt, str) else "".join(chr(32 + i % 95) for i in request.prompt)
    return [ChatMessage("user", raw)]


def _score(text: str, k: int, logprob: float | None) -> list[ScoredToken]:
    """Tokens of a text, all equally likely; the candidates at each place are the token and then others of falling probability."""
    value = -0.5 if logprob is None else logprob
    out = []
    for at in range(0, len(text), CHARS_PER_TOKEN):
        piece = text[at : at + CHARS_PER_TOKEN]
        number = zlib.crc32(piece.encode()) % 50_000
        top = [Candidate(number, piece, piece.encode(), value)]
        top += [Candidate(number + i, f"{piece}~{i}", f"{piece}~{i}".encode(), value - i) for i in range(1, k)]
        out.append(ScoredToken(number, piece, piece.encode(), value, tuple(top[:k])))
    return out


def _calls(rule: Rule, values: dict[str, str], request: GenerationRequest) -> list[ToolCalled]:
    if request.tool_choice == "none":
        return []
    found = [
        ToolCalled(ToolCall(f"call_{i}", call.name, _fill(json.dumps(call.arguments, ensure_ascii=False), values)))
        for i, call in enumerate(rule.tool_calls)
        if request.tool_name in ("", call.name)
    ]
    if not found and request.tool_choice == "required" and request.tools:
        found = [ToolCalled(ToolCall("call_0", request.tool_name or request.tools[0].name, "{}"))]
    return found if request.parallel_tool_calls else found[:1]


def _cut(text: str, request: GenerationRequest) -> tuple[str, FinishReason]:
    """The text as far as the request allows it: up to a stop string, up to `max_tokens`."""
    ends = [at for stop in request.stop if stop and (at := text.find(stop)) >= 0]
    text = text[: min(ends)] if ends else text
    limit = request.max_tokens * CHARS_PER_TOKEN
    return (text[:limit], "length") if len(text) > limit else (text, "stop")
