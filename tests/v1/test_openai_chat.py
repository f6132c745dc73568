"""The official client's chat completions: what it sends is understood, what it gets passes its own types, strictly."""

import asyncio
import json

import openai
import pydantic
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionChunk

from tests.doubles.models_server import ModelsServer
from tests.v1.conftest import REPLY, WEATHER_TOOL
from tests.v1.strict import strictly

ASK = [{"role": "user", "content": "How long?"}]
supports = pytest.mark.supports


def chunks(client: OpenAI, content: str = "How long?", **options: object) -> list[ChatCompletionChunk]:
    messages = [{"role": "user", "content": content}]
    stream = client.chat.completions.create(model="scripted", messages=messages, stream=True, **options)  # type: ignore[call-overload]
    return [strictly(c) for c in stream]


@supports("chat completions", "openai")
def test_a_completion_passes_the_clients_types(client: OpenAI) -> None:
    done = strictly(client.chat.completions.create(model="scripted", messages=ASK))  # type: ignore[arg-type]
    assert (done.choices[0].message.content, done.choices[0].finish_reason) == (REPLY, "stop")
    assert done.object == "chat.completion"
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens > 0
    assert done.usage.prompt_tokens_details is not None


@supports("roles, content in parts", "openai")
def test_all_roles_and_parts_of_text_are_read(client: OpenAI, server: ModelsServer) -> None:
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "kind."}]},
        {"role": "user", "content": [{"type": "text", "text": "Hello"}], "name": "Ann"},
        {"role": "assistant", "content": None, "refusal": "No."},
        *ASK,
    ]
    client.chat.completions.create(model="scripted", messages=messages)  # type: ignore[arg-type]
    asked = server.gateway.models["scripted"].engine.requests[-1]  # type: ignore[attr-defined]
    assert [(m.role, m.content) for m in asked.messages] == [
        ("system", "Be brief."), ("system", "Be kind."), ("user", "Hello"), ("assistant", "No."), ("user", "How long?"),
    ]  # fmt: skip


@supports("streaming", "openai")
def test_a_stream_has_the_role_first_the_reason_last_and_one_id(client: OpenAI) -> None:
    got = chunks(client)
    assert "".join(c.choices[0].delta.content or "" for c in got) == REPLY
    assert got[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in got] == [None] * (len(got) - 1) + ["stop"]
    assert got[-1].choices[0].delta.content is None
    assert len({(c.id, c.created, c.model) for c in got}) == 1
    assert all(c.usage is None for c in got)


@supports("stream_options.include_usage", "openai")
def test_usage_comes_in_a_chunk_of_its_own_where_it_is_asked_for(client: OpenAI) -> None:
    got = chunks(client, stream_options={"include_usage": True})
    assert got[-1].choices == []
    assert got[-1].usage is not None
    assert got[-1].usage.completion_tokens == -(-len(REPLY) // 4)
    assert all(c.usage is None and c.choices for c in got[:-1])


@supports("asynchronous client, 32 requests at once", "openai")
async def test_many_at_once_each_get_their_own(aclient: AsyncOpenAI) -> None:
    async def one(i: int) -> str:
        stream = await aclient.chat.completions.create(
            model="scripted", messages=[{"role": "user", "content": f"How long {i}?"}], stream=True, max_tokens=4 + i
        )
        return "".join([c.choices[0].delta.content or "" async for c in stream])

    assert await asyncio.gather(*map(one, range(32))) == [REPLY[: 4 * (4 + i)] for i in range(32)]
    await aclient.close()


@supports("max_tokens, max_completion_tokens", "openai")
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_a_limit_ends_with_length(client: OpenAI, name: str) -> None:
    done = client.chat.completions.create(model="scripted", messages=ASK, **{name: 2})  # type: ignore[call-overload]
    assert (done.choices[0].message.content, done.choices[0].finish_reason) == (REPLY[:8], "length")


@supports("stop", "openai")
@pytest.mark.parametrize("stop", ["END", ["never", "END"]])
def test_a_stop_string_is_not_part_of_the_text(client: OpenAI, stop: object) -> None:
    got = chunks(client, "stop", stop=stop)
    assert "".join(c.choices[0].delta.content or "" for c in got) == "one "
    assert got[-1].choices[0].finish_reason == "stop"


@supports("n", "openai")
def test_several_choices_come_under_their_indices(client: OpenAI) -> None:
    done = strictly(client.chat.completions.create(model="scripted", messages=ASK, n=3))  # type: ignore[arg-type]
    assert [c.index for c in done.choices] == [0, 1, 2]
    assert done.usage is not None
    assert done.usage.completion_tokens == 3 * -(-len(REPLY) // 4)
    texts = {0: "", 1: "", 2: ""}
    for chunk in chunks(client, n=3):
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert set(texts.values()) == {REPLY}


@supports("logprobs, top_logprobs", "openai")
def test_log_probabilities_come_whole_and_streamed_alike(client: OpenAI) -> None:
    done = strictly(client.chat.completions.create(model="scripted", messages=ASK, logprobs=True, top_logprobs=3))  # type: ignore[arg-type]
    assert done.choices[0].logprobs is not None
    tokens = done.choices[0].logprobs.content or []
    assert "".join(t.token for t in tokens) == REPLY
    assert b"".join(bytes(t.bytes or ()) for t in tokens).decode() == REPLY
    assert all(len(t.top_logprobs) == 3 and t.top_logprobs[0].logprob >= t.logprob for t in tokens)
    streamed = chunks(client, logprobs=True, top_logprobs=3)
    assert [t for c in streamed if c.choices[0].logprobs for t in c.choices[0].logprobs.content or []] == tokens
    bare = client.chat.completions.create(model="scripted", messages=ASK, logprobs=True)  # type: ignore[arg-type]
    assert bare.choices[0].logprobs is not None
    assert all(t.top_logprobs == [] for t in bare.choices[0].logprobs.content or [])


@supports("tools, tool_choice, parallel_tool_calls", "openai")
def test_a_tool_is_called_and_its_result_is_answered(client: OpenAI) -> None:
    ask = [{"role": "user", "content": "What weather?"}]
    done = strictly(client.chat.completions.create(model="scripted", messages=ask, tools=[WEATHER_TOOL]))  # type: ignore[arg-type, list-item]
    assert (done.choices[0].finish_reason, done.choices[0].message.content) == ("tool_calls", None)
    call = (done.choices[0].message.tool_calls or [])[0]
    assert call.type == "function"
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Leeds", "days": 1})
    said = done.choices[0].message.model_dump(exclude_none=True)
    answered = {"role": "tool", "tool_call_id": call.id, "content": "dry"}
    last = client.chat.completions.create(model="scripted", messages=[*ask, said, answered], tools=[WEATHER_TOOL])  # type: ignore[list-item]
    assert last.choices[0].message.content == "It is dry."


@supports("tools, tool_choice, parallel_tool_calls", "openai")
def test_tool_calls_are_streamed_in_pieces_of_stable_indices(client: OpenAI) -> None:
    got = chunks(client, "both cities", tools=[WEATHER_TOOL])
    pieces = [p for c in got for p in c.choices[0].delta.tool_calls or []]
    assert [(p.index, p.id is not None) for p in pieces] == [(0, True), (0, False), (1, True), (1, False)]
    arguments = ["".join((p.function and p.function.arguments) or "" for p in pieces if p.index == i) for i in (0, 1)]
    assert [json.loads(a)["city"] for a in arguments] == ["Leeds", "York"]
    assert got[-1].choices[0].finish_reason == "tool_calls"
    assert len([p for c in chunks(client, "both cities", tools=[WEATHER_TOOL], parallel_tool_calls=False)
                for p in c.choices[0].delta.tool_calls or [] if p.id]) == 1  # fmt: skip


@supports("tools, tool_choice, parallel_tool_calls", "openai")
def test_a_choice_of_tools_is_kept_to(client: OpenAI) -> None:
    def ask(content: str, choice: object) -> tuple[str | None, int]:
        messages = [{"role": "user", "content": content}]
        done = client.chat.completions.create(model="scripted", messages=messages, tools=[WEATHER_TOOL], tool_choice=choice)  # type: ignore[call-overload]
        return done.choices[0].finish_reason, len(done.choices[0].message.tool_calls or [])

    assert ask("weather", "none")[1] == 0
    assert ask("How long?", "auto") == ("stop", 0)
    assert ask("How long?", "required") == ("tool_calls", 1)
    assert ask("How long?", {"type": "function", "function": {"name": "get_weather"}}) == ("tool_calls", 1)


class Weather(pydantic.BaseModel):
    city: str
    days: int


@supports("response_format, parse", "openai")
def test_a_structured_answer_is_parsed_by_the_client(client: OpenAI, server: ModelsServer) -> None:
    done = client.chat.completions.parse(model="scripted", messages=[{"role": "user", "content": "json"}], response_format=Weather)
    assert done.choices[0].message.parsed == Weather(city="Leeds", days=3)
    asked = server.gateway.models["scripted"].engine.requests[-1].constraint  # type: ignore[attr-defined]
    assert asked.kind == "json_schema"
    assert asked.json_schema["required"] == ["city", "days"]
    with client.chat.completions.stream(
        model="scripted", messages=[{"role": "user", "content": "json"}], response_format=Weather
    ) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == Weather(city="Leeds", days=3)


@supports("response_format, parse", "openai")
def test_tools_are_parsed_by_the_client(client: OpenAI) -> None:
    tool = openai.pydantic_function_tool(Weather, name="get_weather")
    done = client.chat.completions.parse(model="scripted", messages=[{"role": "user", "content": "weather"}], tools=[tool])
    calls = done.choices[0].message.tool_calls or []
    assert calls[0].function.parsed_arguments == Weather(city="Leeds", days=1)


@supports("seed, logit_bias, penalties, temperature, top_p", "openai")
def test_what_is_asked_reaches_the_engine(client: OpenAI, server: ModelsServer) -> None:
    given = {"seed": -3, "temperature": 0.5, "top_p": 0.9, "presence_penalty": 1.5, "frequency_penalty": -0.5}
    extra = {"top_k": 7, "min_p": 0.1, "repetition_penalty": 1.2, "priority": 2, "min_tokens": 1}
    client.chat.completions.create(
        model="scripted", messages=ASK, logit_bias={"5": 10}, user="u", metadata={"a": "b"}, store=False, extra_body=extra, **given  # type: ignore[arg-type]
    )  # fmt: skip
    asked = server.gateway.models["scripted"].engine.requests[-1]  # type: ignore[attr-defined]
    assert {name: getattr(asked, name) for name in (*given, *extra)} == given | extra
    assert asked.logit_bias == {5: 10.0}
