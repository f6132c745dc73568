"""A strong model's turn: it writes the answer and calls tools, in pydantic-ai's loop, where our engine is one more model.

Tools run for the caller; one that changes something is not run but becomes a proposal.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any, cast

from pydantic_ai import Agent, DeferredToolRequests, ModelRetry
from pydantic_ai import Tool as ModelTool
from pydantic_ai.exceptions import AgentRunError, UsageLimitExceeded
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage, UsageLimits

from duologue.assistant import prompt
from duologue.assistant.guard import Mask, clip, fence
from duologue.assistant.model import Turn
from duologue.assistant.think import OnText, Thought
from duologue.assistant.tools import Tool, Toolbox, ToolResult
from duologue.engine.protocol import (
    ChatMessage,
    Engine,
    Finished,
    GenerationRequest,
    TextDelta,
    ToolCall,
    ToolCalled,
    ToolSpec,
)
from duologue.kit.errors import ModelUnavailable
from duologue.kit.log import get_logger

log = get_logger(__name__)

MAX_ROUNDS = 6
MAX_TOKENS = 600


class _EngineModel(Model[None]):
    """Our engine as a pydantic-ai model."""

    def __init__(self, engine: Engine, request_id: str, hide: Callable[[str], str], on_text: OnText) -> None:
        super().__init__()
        self.engine = engine
        self.request_id = request_id
        self.hide = hide
        self.on_text = on_text
        self.logprob: float | None = None
        self.rounds = 0

    @property
    def model_name(self) -> str:
        return self.engine.info.version

    @property
    def system(self) -> str:
        return "duologue"

    async def request(
        self, messages: list[ModelMessage], model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> ModelResponse:
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        self.rounds += 1
        asked = GenerationRequest(
            _to_prompt(messages, self.hide),
            request_id=f"{self.request_id}.{self.rounds}",
            tools=[ToolSpec(t.name, t.description or "", t.parameters_json_schema) for t in parameters.function_tools],
            max_tokens=MAX_TOKENS,
        )
        text, calls, usage = "", list[ToolCall](), RequestUsage()
        async with aclosing(cast(Any, self.engine.generate(asked))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                    self.on_text(text)
                elif isinstance(event, ToolCalled):
                    calls.append(event.call)
                elif isinstance(event, Finished):
                    usage = RequestUsage(input_tokens=event.usage.prompt_tokens, output_tokens=event.usage.completion_tokens)
                    self.logprob = event.logprob
        parts = [ToolCallPart(c.name, c.arguments or "{}", tool_call_id=c.id) for c in calls]
        return ModelResponse(
            parts=[*([TextPart(text)] if text or not parts else []), *parts], usage=usage, model_name=self.model_name
        )


async def converse(
    engine: Engine, turn: Turn, instructions: str, toolbox: Toolbox, mask: Mask, hide: prompt.Hide, on_text: OnText
) -> Thought:
    """Let the model answer, with tools. Raises ModelUnavailable."""
    results: list[ToolResult] = []
    model = _EngineModel(engine, turn.run_id, hide, on_text)
    tools = [_offer(tool, toolbox, turn, mask, results) for tool in toolbox] if engine.info.has_tools else []
    agent: Agent[None, str | DeferredToolRequests] = Agent(
        model,
        output_type=[str, DeferredToolRequests],
        instructions=instructions,
        tools=tools,
        retries=1,
    )
    history = [_to_history(m) for m in prompt.build_history(turn, hide)]
    limits = UsageLimits(request_limit=MAX_ROUNDS)
    try:
        run = await agent.run(clip(turn.question), message_history=history, usage_limits=limits)
    except UsageLimitExceeded:
        log.warning("run %s: the model called tools without end", turn.run_id)
        return Thought(results=tuple(results), rounds=model.rounds)
    except AgentRunError as error:
        raise ModelUnavailable(f"The model's answer cannot be used: {str(error)[:200]}") from error
    if isinstance(run.output, DeferredToolRequests):
        return Thought("", "", tuple(results), _proposal(run.output, toolbox, mask), model.logprob, model.rounds)
    return Thought(mask.reveal(run.output).strip(), "", tuple(results), None, model.logprob, model.rounds)


def _offer(tool: Tool, toolbox: Toolbox, turn: Turn, mask: Mask, results: list[ToolResult]) -> ModelTool[None]:
    """The tool as the loop sees it: one that changes something waits for approval there."""

    async def call(**arguments: Any) -> str:
        result = await toolbox.run(tool, _reveal(arguments, mask))
        results.append(result)
        if result.status == "failed" and isinstance(result.value, str) and result.text:
            raise ModelRetry(result.text)
        value = result.value if isinstance(result.value, str) else json.dumps(result.value, ensure_ascii=False, default=str)
        return fence(f"result of {tool.name}", value or "failed", turn.lang)

    spec = tool.spec(turn.lang)
    offered: ModelTool[None] = ModelTool.from_schema(call, tool.name, spec.description, dict(spec.parameters))
    offered.requires_approval = tool.scope == "change"
    return offered


def _proposal(output: DeferredToolRequests, toolbox: Toolbox, mask: Mask) -> tuple[Tool, dict[str, Any]] | None:
    for part in output.approvals:
        tool = toolbox.find(part.tool_name)
        if tool is not None:
            return tool, _reveal(part.args_as_dict(), mask)
    return None


def _reveal(arguments: dict[str, Any], mask: Mask) -> dict[str, Any]:
    return {k: mask.reveal(v) if isinstance(v, str) else v for k, v in arguments.items()}


def _to_history(message: ChatMessage) -> ModelMessage:
    if message.role == "user":
        return ModelRequest(parts=[UserPromptPart(message.content)])
    return ModelResponse(parts=[TextPart(message.content)])


def _to_prompt(messages: Sequence[ModelMessage], hide: Callable[[str], str]) -> list[ChatMessage]:
    """pydantic-ai's messages as the protocol's; its instructions stand first."""
    out: list[ChatMessage] = []
    instructions = ""
    for message in messages:
        if isinstance(message, ModelRequest):
            instructions = message.instructions or instructions
            out += [_from_part(part, hide) for part in message.parts]
        else:
            calls = [
                ToolCall(p.tool_call_id, p.tool_name, p.args_as_json_str()) for p in message.parts if isinstance(p, ToolCallPart)
            ]
            text = "".join(p.content for p in message.parts if isinstance(p, TextPart))
            out.append(ChatMessage("assistant", text, tuple(calls)))
    return [ChatMessage("system", instructions), *out] if instructions else out


def _from_part(part: Any, hide: Callable[[str], str]) -> ChatMessage:
    if isinstance(part, ToolReturnPart):
        return ChatMessage("tool", hide(part.model_response_str()), tool_call_id=part.tool_call_id, name=part.tool_name)
    if isinstance(part, RetryPromptPart):
        if part.tool_name is None:
            return ChatMessage("user", part.model_response())
        return ChatMessage("tool", part.model_response(), tool_call_id=part.tool_call_id, name=part.tool_name)
    if isinstance(part, SystemPromptPart):
        return ChatMessage("system", part.content)
    if isinstance(part, UserPromptPart):
        return ChatMessage("user", hide(part.content if isinstance(part.content, str) else " ".join(map(str, part.content))))
    return ChatMessage("user", str(getattr(part, "content", "")))
