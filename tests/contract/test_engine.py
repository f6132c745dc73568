"""The words of `engine.protocol.Engine`, held against every backend that can say what a script tells it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest

from duologue.engine.protocol import ChatMessage, Engine, Finished, GenerationRequest, TextDelta, ToolCalled, ToolSpec
from duologue.engine.remote import RemoteEngine
from duologue.engine.scripted import Script, ScriptedEngine
from duologue.kit.errors import Invalid, ModelUnavailable
from tests.doubles.openai_server import OpenAIServer, serve_openai

Make = Callable[..., Engine]
ORDER_TOOL = ToolSpec("get_order", "Look up an order.", {"type": "object", "properties": {"number": {"type": "string"}}})


@pytest.fixture(params=["scripted", "remote"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    with ExitStack() as stack:

        def build(*rules: dict[str, object], **options: object) -> Engine:
            engine = ScriptedEngine(Script.model_validate({"rules": rules, **options}))
            if request.param == "scripted":
                return engine
            server = stack.enter_context(serve_openai(engine))
            return RemoteEngine(server.base_url, "m", timeout_s=2.0)

        yield build


def ask(text: str, **options: object) -> GenerationRequest:
    return GenerationRequest([ChatMessage("user", text)], **options)  # type: ignore[arg-type]


async def collect(events: AsyncIterator[object]) -> tuple[str, list[ToolCalled], list[Finished]]:
    text, calls, ends = "", [], []
    async for event in events:
        assert not ends, "nothing comes after Finished"
        if isinstance(event, TextDelta):
            assert event.offset == len(text)
            text += event.text
        elif isinstance(event, ToolCalled):
            calls.append(event)
        elif isinstance(event, Finished):
            ends.append(event)
    return text, calls, ends


@pytest.mark.parametrize("reply", ["Your parcel takes 2–4 days.", "包裹需要 2 到 4 天 🏔️。", ""])
async def test_text_arrives_whole_and_ends_once(make: Make, reply: str) -> None:
    engine = make({"reply": reply, "chunk_chars": 3})
    text, calls, ends = await collect(engine.generate(ask("when?")))
    assert (text, calls) == (reply, [])
    assert [e.reason for e in ends] == ["stop"]
    assert ends[0].usage.completion_tokens == -(-len(reply) // 4)
    await engine.aclose()


async def test_tool_calls_come_whole_and_the_result_is_answered(make: Make) -> None:
    engine = make(
        {
            "match": r"(?P<n>RO-\d+)",
            "tool_calls": [{"name": "get_order", "arguments": {"number": "{n}"}}],
            "reply": "It is {result}.",
        }
    )
    text, calls, ends = await collect(engine.generate(ask("Where is RO-123456?", tools=[ORDER_TOOL])))
    assert text == ""
    assert [(c.call.name, json.loads(c.call.arguments)) for c in calls] == [("get_order", {"number": "RO-123456"})]
    assert ends[0].reason == "tool_calls"
    said = ChatMessage("assistant", "", tool_calls=(calls[0].call,))
    answered = ChatMessage("tool", "on its way", tool_call_id=calls[0].call.id)
    request = GenerationRequest([ChatMessage("user", "Where is RO-123456?"), said, answered], tools=[ORDER_TOOL])
    text, calls, _ = await collect(engine.generate(request))
    assert (text, calls) == ("It is on its way.", [])
    await engine.aclose()


async def test_the_limit_of_tokens_ends_with_length(make: Make) -> None:
    engine = make({"reply": "abcd" * 10})
    text, _, ends = await collect(engine.generate(ask("go", max_tokens=3)))
    assert (text, ends[0].reason) == ("abcd" * 3, "length")
    await engine.aclose()


async def test_a_stop_string_ends_the_text_before_it(make: Make) -> None:
    engine = make({"reply": "one END two"})
    text, _, ends = await collect(engine.generate(ask("go", stop=["END"])))
    assert (text, ends[0].reason) == ("one ", "stop")
    await engine.aclose()


@pytest.mark.parametrize("after", [0, 6])
async def test_a_failure_is_model_unavailable_at_the_start_and_in_the_middle(make: Make, after: int) -> None:
    engine = make({"reply": "never said whole", "fail": "out of order", "fail_after_chars": after, "chunk_chars": 6})
    with pytest.raises(ModelUnavailable):
        await collect(engine.generate(ask("go")))
    await engine.aclose()


async def test_a_prompt_that_is_too_long_is_invalid_and_says_the_limit(make: Make) -> None:
    engine = make({"reply": "x"}, context_tokens=16_384)
    with pytest.raises(Invalid) as caught:
        await collect(engine.generate(ask("word " * 20_000)))
    assert caught.value.detail["context_tokens"] == 16_384
    await engine.aclose()


async def test_closing_the_iterator_stops_at_once_and_the_engine_still_answers(make: Make) -> None:
    engine = make({"match": "slow", "reply": "s" * 400, "interval_s": 0.05}, {"reply": "quick"})
    events = engine.generate(ask("slow"))
    assert isinstance(await anext(events), TextDelta)
    await asyncio.wait_for(events.aclose(), 1)  # type: ignore[attr-defined]
    text, _, _ = await collect(engine.generate(ask("next")))
    assert text == "quick"
    await engine.aclose()


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    script = Script.model_validate(
        {"rules": [{"match": "slow", "reply": "s" * 400, "interval_s": 0.02}, {"match": "late", "latency_s": 5}, {"reply": "ok"}]}
    )
    with serve_openai(ScriptedEngine(script), key="secret", refuses=("seed", "max_tokens")) as served:
        yield served


async def test_remote_cancellation_closes_the_connection(server: OpenAIServer) -> None:
    engine = RemoteEngine(server.base_url, "m", api_key="secret")
    task = asyncio.create_task(collect(engine.generate(ask("slow"))))
    while not server.requests:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(3_000):
        if server.closed_early:
            break
        await asyncio.sleep(0.02)
    assert server.closed_early == 1
    await engine.aclose()


async def test_remote_leaves_out_what_the_server_refuses(server: OpenAIServer) -> None:
    engine = RemoteEngine(server.base_url, "m", api_key="secret")
    text, _, _ = await collect(engine.generate(ask("go", seed=7, max_tokens=9)))
    assert text == "ok"
    assert "seed" not in server.requests[-1]
    assert server.requests[-1]["max_completion_tokens"] == 9
    seen = len(server.requests)
    await collect(engine.generate(ask("go", seed=7)))
    assert len(server.requests) == seen + 1
    await engine.aclose()


@pytest.mark.parametrize(("text", "key", "word"), [("go", "wrong", "key"), ("late", "secret", "in time")])
async def test_remote_explains_failures(server: OpenAIServer, text: str, key: str, word: str) -> None:
    engine = RemoteEngine(server.base_url, "m", api_key=key, timeout_s=0.3)
    with pytest.raises(ModelUnavailable, match=word):
        await collect(engine.generate(ask(text)))
    await engine.aclose()


async def test_remote_says_that_nobody_listens() -> None:
    engine = RemoteEngine("http://127.0.0.1:9/v1", "m", timeout_s=1)
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await collect(engine.generate(ask("go")))
    await engine.aclose()
