"""Our own client against our own server: the remote engine asks /v1, and what a caller asked for reaches the engine behind it."""

from typing import Any

import pytest

from duologue.engine.protocol import (
    ChatMessage,
    Constraint,
    Finished,
    GenerationRequest,
    TextDelta,
    ToolCalled,
    ToolSpec,
)
from duologue.engine.remote import RemoteEngine
from duologue.kit.errors import Invalid
from tests.doubles.models_server import ModelsServer
from tests.v1.conftest import KEY, REPLY, WEATHER

ASKED: dict[str, Any] = {
    "seed": 4, "n": 2, "logprobs": 2, "presence_penalty": 0.5, "frequency_penalty": 0.25, "logit_bias": {7: 3.0}, "top_k": 9,
    "min_p": 0.1, "repetition_penalty": 1.5, "min_tokens": 2, "priority": 1, "temperature": 0.75, "top_p": 0.5, "stop": ("END",),
}  # fmt: skip


@pytest.fixture
def remote(server: ModelsServer) -> RemoteEngine:
    return RemoteEngine(server.base_url, "scripted", api_key=KEY, timeout_s=10)


def last(server: ModelsServer) -> GenerationRequest:
    engine: Any = server.gateway.models["scripted"].engine
    request: GenerationRequest = engine.requests[-1]
    return request


async def test_all_that_is_asked_arrives(remote: RemoteEngine, server: ModelsServer) -> None:
    texts, tokens, ends = ["", ""], [[], []], []
    async for event in remote.generate(GenerationRequest([ChatMessage("user", "How long?")], **ASKED)):
        if isinstance(event, TextDelta):
            assert event.offset == len(texts[event.index])
            texts[event.index] += event.text
            tokens[event.index] += event.tokens
        elif isinstance(event, Finished):
            ends.append(event)
    assert texts == [REPLY, REPLY]
    assert ["".join(t.text for t in row) for row in tokens] == [REPLY, REPLY]
    assert all(len(t.top) == 2 for row in tokens for t in row)
    assert sum(e.usage.completion_tokens for e in ends) == 2 * -(-len(REPLY) // 4)
    arrived = last(server)
    assert {k: getattr(arrived, k) for k in ASKED} == ASKED | {"n": 1, "seed": arrived.seed}
    assert arrived.seed in (4, 5)
    await remote.aclose()


@pytest.mark.parametrize(
    "constraint",
    [
        Constraint("json_schema", json_schema=WEATHER),
        Constraint("json_object"),
        Constraint("regex", regex="a+"),
        Constraint("choice", choices=("yes", "no")),
    ],
)
async def test_constraints_arrive(remote: RemoteEngine, server: ModelsServer, constraint: Constraint) -> None:
    async for _ in remote.generate(GenerationRequest([ChatMessage("user", "x")], constraint=constraint)):
        pass
    assert last(server).constraint == constraint
    await remote.aclose()


async def test_a_choice_of_tools_arrives(remote: RemoteEngine) -> None:
    tool = ToolSpec("get_weather", "", WEATHER)
    asked = GenerationRequest([ChatMessage("user", "x")], tools=[tool], tool_choice="required", tool_name="get_weather")
    calls = [e.call.name async for e in remote.generate(asked) if isinstance(e, ToolCalled)]
    assert calls == ["get_weather"]
    await remote.aclose()


@pytest.mark.parametrize("given", [{"prompt": "x"}, {"prompt_logprobs": 1}, {"beams": 2}, {"adapter": "a"}])
async def test_what_has_no_words_on_the_wire_is_refused_by_name(remote: RemoteEngine, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        async for _ in remote.generate(GenerationRequest([ChatMessage("user", "x")], **given)):
            pass
    assert caught.value.detail["param"] == next(iter(given))
    await remote.aclose()
