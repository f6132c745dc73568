"""The official client against the embedded engine itself, a tiny network that babbles: what must hold for any weights."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pydantic
import pytest
from openai import AsyncOpenAI, OpenAI

pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")
pytest.importorskip("llguidance", reason="the extra `local` (llguidance) is not installed")

from duologue.engine.local import LocalEngine
from duologue.engine.options import Options
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.checkpoints.lora import add_lora, find_adapters, save_lora
from tests.doubles.models_server import ModelsServer, serve_models
from tests.engines import make_folders
from tests.v1.conftest import WEATHER, WEATHER_TOOL
from tests.v1.strict import strictly

supports = pytest.mark.supports
ASK: Any = [{"role": "user", "content": "Weather?"}]
OTHER_TOOL: Any = {"type": "function", "function": {"name": "stop_it"}}


class Weather(pydantic.BaseModel):
    city: str
    days: int
    tags: list[str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelsServer]:
    """Two models side by side, the second with an adapter, without keys."""
    place = tmp_path_factory.mktemp("models")
    made = make_folders(place)
    network, _ = load_checkpoint(made["qwen3"])
    add_lora(network, 3, 6.0, ("q", "down"))
    for _, adapter in find_adapters(network).values():
        adapter.b.data.normal_(0, 0.5)
    save_lora(place / "shop", network)
    engines = [
        LocalEngine(made["long"], options=Options(precision="fp32")),
        LocalEngine(made["qwen3"], options=Options(precision="fp32", adapters={"shop": place / "shop"})),
    ]
    with serve_models(engines) as serving:
        yield serving


@pytest.fixture(scope="module")
def client(server: ModelsServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.base_url, api_key="none", max_retries=0, timeout=30) as made:
        yield made


def ask(client: OpenAI, **options: Any) -> Any:
    return strictly(client.chat.completions.create(**{"model": "long", "messages": ASK, "temperature": 1.5, **options}))


@supports("response_format, parse", "openai, embedded model")
@pytest.mark.parametrize("limit", [90, 140])
def test_a_structured_answer_is_valid_under_a_limit_of_tokens(client: OpenAI, limit: int) -> None:
    for seed in range(4):
        done = client.chat.completions.parse(
            model="long", messages=ASK, response_format=Weather, seed=seed, temperature=2, max_tokens=limit
        )
        assert done.choices[0].finish_reason == "stop"
        assert isinstance(done.choices[0].message.parsed, Weather)
        assert done.usage is not None
        assert done.usage.completion_tokens <= limit
    said = client.responses.parse(model="long", input="Weather?", text_format=Weather, temperature=1.5, max_output_tokens=limit)
    assert said.status == "completed"
    assert isinstance(said.output_parsed, Weather)


@supports("response_format, parse", "openai, embedded model")
def test_a_limit_that_is_too_small_is_reported_and_raised_by_the_client(client: OpenAI) -> None:
    done = ask(client, response_format={"type": "json_schema", "json_schema": {"name": "w", "schema": WEATHER}}, max_tokens=5)
    assert done.choices[0].finish_reason == "length"
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(model="long", messages=ASK, response_format=Weather, max_tokens=5)
    said = client.responses.create(
        model="long",
        input="Weather?",
        max_output_tokens=16,
        text={"format": {"type": "json_schema", "name": "w", "schema": WEATHER}},
    )
    assert said.status == "incomplete"
    assert said.incomplete_details is not None
    assert said.incomplete_details.reason == "max_output_tokens"


@supports("response_format, parse", "openai, embedded model")
def test_any_json_object_a_pattern_and_a_choice_are_held_to(client: OpenAI) -> None:
    any_object = ask(client, response_format={"type": "json_object"}, max_tokens=60)
    assert isinstance(json.loads(any_object.choices[0].message.content), dict)
    chosen = ask(client, extra_body={"structured_outputs": {"choice": ["refund", "退货"]}}, n=4, seed=1)
    assert {c.message.content for c in chosen.choices} <= {"refund", "退货"}
    dated = ask(client, extra_body={"structured_outputs": {"regex": "[0-9]{4}-[0-9]{2}"}})
    assert dated.choices[0].message.content.replace("-", "").isdigit()


@supports("response_format, parse", "openai, embedded model")
def test_a_form_that_cannot_be_held_to_is_a_400_with_the_reason(client: OpenAI) -> None:
    schema = {"type": "array", "uniqueItems": True}
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="uniqueItems") as caught:
            client.chat.completions.create(
                model="long",
                messages=ASK,
                stream=stream,
                response_format={"type": "json_schema", "json_schema": {"name": "w", "schema": schema}},  # type: ignore[call-overload]
            )
        assert caught.value.param == "response_format"
    tool = {"type": "function", "function": {"name": "count", "parameters": {"type": "nope"}}}
    with pytest.raises(openai.BadRequestError, match="nope") as refused:
        ask(client, tools=[tool], tool_choice="required")
    assert refused.value.param == "tools"


@supports("errors: classes, statuses, bodies", "openai, embedded model")
def test_where_too_many_wait_the_next_is_a_503_that_says_when_to_come_back(client: OpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        client.completions.create(model="long", prompt=["a"] * 400, max_tokens=20)
    assert (caught.value.status_code, caught.value.code) == (503, "overloaded")
    assert int(caught.value.response.headers["retry-after"]) >= 1
    assert ask(client, max_tokens=2).choices


@supports("tools, tool_choice, parallel_tool_calls", "openai, embedded model")
@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_a_tool_that_must_be_called_is_called_with_valid_arguments(client: OpenAI, choice: Any) -> None:
    for seed in range(3):
        done = ask(client, tools=[WEATHER_TOOL, OTHER_TOOL], tool_choice=choice, seed=seed, max_tokens=120)
        assert (done.choices[0].finish_reason, done.choices[0].message.content) == ("tool_calls", None)
        (call,) = done.choices[0].message.tool_calls
        arguments = json.loads(call.function.arguments)
        if call.function.name == "get_weather":
            assert isinstance(arguments["city"], str)
            assert isinstance(arguments["days"], int)
        else:
            assert (call.function.name, choice) == ("stop_it", "required")


@supports("tools, tool_choice, parallel_tool_calls", "openai, embedded model")
def test_streamed_calls_are_those_of_the_whole_answer(client: OpenAI) -> None:
    options: Any = {"tools": [WEATHER_TOOL], "tool_choice": "required", "seed": 5, "max_tokens": 120}
    whole = ask(client, **options).choices[0].message.tool_calls[0].function
    stream = client.chat.completions.create(model="long", messages=ASK, temperature=1.5, stream=True, **options)
    pieces = [p for c in map(strictly, stream) for p in c.choices[0].delta.tool_calls or []]
    assert pieces[0].function.name == whole.name
    assert "".join(p.function.arguments or "" for p in pieces) == whole.arguments


@supports("tools, tool_choice, parallel_tool_calls", "openai, embedded model")
def test_who_may_call_and_who_may_not(client: OpenAI) -> None:
    free = ask(client, tools=[WEATHER_TOOL], tool_choice="none", max_tokens=8)
    assert not free.choices[0].message.tool_calls
    cut = ask(client, tools=[WEATHER_TOOL], tool_choice="required", max_tokens=4)
    assert cut.choices[0].finish_reason == "length", "an unfinished call is reported, not sent"
    assert not cut.choices[0].message.tool_calls
    said = client.responses.create(
        model="long", input="Weather?", tools=[{"type": "function", "name": "w", "parameters": WEATHER, "strict": True}],
        tool_choice="required", max_output_tokens=120,
    )  # fmt: skip
    assert json.loads(next(o for o in said.output if o.type == "function_call").arguments).keys() == {"city", "days"}


@supports("seed, logit_bias, penalties, temperature, top_p", "openai, embedded model")
def test_a_seed_repeats_whole_and_streamed_and_a_bias_decides(client: OpenAI) -> None:
    options: Any = {"seed": 7, "max_tokens": 24, "logprobs": True, "top_logprobs": 2}
    first, again = ask(client, **options), ask(client, **options)
    assert first.choices[0].message.content == again.choices[0].message.content
    stream = client.chat.completions.create(model="long", messages=ASK, temperature=1.5, stream=True, **options)
    chunks = [strictly(c) for c in stream]
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == first.choices[0].message.content
    tokens = [t for c in chunks if c.choices[0].logprobs for t in c.choices[0].logprobs.content or []]
    assert tokens == first.choices[0].logprobs.content == again.choices[0].logprobs.content
    assert ask(client, **options | {"seed": 8}).choices[0].message.content != first.choices[0].message.content
    biased = ask(client, logit_bias={"100": 100}, max_tokens=3, logprobs=True)
    assert len({t.token for t in biased.choices[0].logprobs.content}) == 1
    with pytest.raises(openai.BadRequestError, match="logit_bias"):
        ask(client, logit_bias={"99999": 1})


@supports("two models", "openai, embedded model")
def test_two_models_answer_each_as_itself(client: OpenAI) -> None:
    names = [m.id for m in client.models.list()]
    assert names[:2] == ["long", "qwen3"]
    texts = {m: ask(client, model=m, temperature=0, max_tokens=12, messages=ASK).choices[0].message.content for m in names[:2]}
    assert texts["long"] != texts["qwen3"]


@supports("LoRA adapters as models `name:adapter`", "openai, embedded model")
def test_an_adapter_is_listed_and_answers_differently(client: OpenAI) -> None:
    listed = {m.id: m.to_dict() for m in client.models.list()}
    assert listed["qwen3:shop"]["parent"] == "qwen3"
    assert client.models.retrieve("qwen3:shop").id == "qwen3:shop"
    texts = [
        ask(client, model=m, temperature=0, max_tokens=12).choices[0].message.content for m in ("qwen3", "qwen3:shop", "qwen3")
    ]
    assert texts[0] == texts[2] != texts[1]
    with pytest.raises(openai.NotFoundError):
        ask(client, model="long:shop")


@supports("usage: cached_tokens", "openai, embedded model")
async def test_a_prompt_that_was_read_is_reported_as_cached(server: ModelsServer) -> None:
    async with AsyncOpenAI(base_url=server.base_url, api_key="none", max_retries=0) as client:
        talk: Any = [{"role": "user", "content": "A long way home. " * 8}]
        used = [
            (await client.chat.completions.create(model="long", messages=talk, max_tokens=2, temperature=0)).usage for _ in range(2)
        ]
    assert used[0] is not None
    assert used[1] is not None
    assert used[0].prompt_tokens_details is not None
    assert used[1].prompt_tokens_details is not None
    assert used[0].prompt_tokens_details.cached_tokens == 0
    assert used[1].prompt_tokens_details.cached_tokens == used[1].prompt_tokens // 16 * 16


def value(text: str, name: str, model: str = "long") -> float:
    """A metric's value for a model."""
    (found,) = re.findall(rf'^{name}{{model="{model}"[^}}]*}} (\S+)$', text, re.M)
    return float(found)


def test_what_the_engine_does_can_be_read_by_prometheus(server: ModelsServer, client: OpenAI) -> None:
    def read() -> str:
        return httpx.get(f"{server.root}/metrics").text

    talk: Any = [{"role": "user", "content": "Another way home. " * 8}]
    before = read() if "first_token_seconds_count" in read() else ""
    client.chat.completions.create(model="long", messages=talk, max_tokens=6, n=2)
    client.chat.completions.create(model="long", messages=talk, max_tokens=6)
    after = read()
    for name, more in (
        ("duologue_model_first_token_seconds_count", 2),
        ("duologue_engine_queue_seconds_count", 2),
        ("duologue_engine_completion_tokens_total", 18),
        ("duologue_engine_cached_tokens_total", 128),
    ):
        assert value(after, name) - (value(before, name) if before else 0) >= more, name
    steps = value(after, "duologue_engine_batch_sequences_count")
    assert steps < value(after, "duologue_engine_batch_sequences_sum"), "two answers were written together"
    assert value(after, "duologue_engine_running") == value(after, "duologue_engine_waiting") == 0
    assert 'duologue_engine_batch_sequences_bucket{model="long",le="2.0"}' in after
    kinds = re.findall(r"^# TYPE (\S+) (\S+)$", after, re.M)
    assert len(kinds) == len(set(kinds))
    assert all(re.fullmatch(r"# (HELP|TYPE) .+|[a-z_]+(\{.*\})? [0-9.e+-]+", line) for line in after.splitlines())
