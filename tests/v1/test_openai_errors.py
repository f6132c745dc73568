"""Failures as the official client raises them: the class by the status, and a body that says what to change."""

import asyncio
import time
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.doubles.models_server import ModelsServer
from tests.v1.conftest import KEY, WEATHER_TOOL

ASK = [{"role": "user", "content": "How long?"}]
NO_SUCH_TOOL = {"type": "function", "function": {"name": "none"}}
supports = pytest.mark.supports


def refused(client: OpenAI, **body: Any) -> Any:
    """The error that a body of chat completions is refused with."""
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(**{"model": "scripted", "messages": ASK, "extra_body": body})
    error = caught.value
    assert isinstance(error.body, dict)
    assert set(error.body) == {"message", "type", "param", "code"}
    return error


@supports("errors: classes, statuses, bodies", "openai")
@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"foo": 1}, "foo", "unknown_parameter"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"temperature": 3}, "temperature", "integer_above_max_value"),
        ({"temperature": -0.5}, "temperature", "decimal_below_min_value"),
        ({"n": 0}, "n", "integer_below_min_value"),
        ({"n": 2.5}, "n", "invalid_type"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs", "integer_above_max_value"),
        ({"top_logprobs": 2}, "top_logprobs", "invalid_value"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
        ({"logit_bias": {"x": 1}}, "logit_bias", "invalid_value"),
        ({"tool_choice": "required"}, "tool_choice", "invalid_value"),
        ({"tools": [WEATHER_TOOL], "tool_choice": NO_SUCH_TOOL}, "tool_choice", "invalid_value"),
        ({"tools": [WEATHER_TOOL, WEATHER_TOOL]}, "tools", "invalid_value"),
        ({"response_format": {"type": "xml"}}, "response_format", "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing_required_parameter"),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}},
            "response_format.json_schema.name",
            "invalid_value",
        ),
        ({"reasoning_effort": "high"}, "reasoning_effort", "unsupported_parameter"),
        ({"modalities": ["text", "audio"]}, "modalities", "unsupported_parameter"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0]", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "c"}]}, "messages[0].role", None),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            "messages[0].content[0].type",
            "unsupported_content",
        ),
    ],
)  # fmt: skip
def test_a_request_that_is_wrong_is_told_by_name(client: OpenAI, body: dict[str, Any], param: str, code: str | None) -> None:
    error = refused(client, **body)
    assert isinstance(error, openai.BadRequestError)
    assert (error.param, error.code, error.type) == (param, code, "invalid_request_error")
    assert len(error.message) > 20


@supports("errors: classes, statuses, bodies", "openai")
def test_an_unknown_model_and_an_unknown_address_are_not_found(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="gpt-9", messages=ASK)  # type: ignore[arg-type]
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError):
        client.images.generate(prompt="a tent", model="scripted")


@supports("errors: classes, statuses, bodies", "openai")
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_beyond_the_context_says_the_numbers(client: OpenAI, stream: bool) -> None:
    messages = [{"role": "user", "content": "word " * 20_000}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="scripted", messages=messages, stream=stream)  # type: ignore[call-overload]
    assert caught.value.code == "context_length_exceeded"


@supports("errors: classes, statuses, bodies", "openai")
@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_does_not_answer_is_a_503_before_any_chunk(client: OpenAI, stream: bool) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "fail"}], stream=stream)
    assert caught.value.status_code == 503
    assert caught.value.code == "model_unavailable"


@supports("errors in the middle of a stream", "openai")
def test_a_failure_in_the_middle_of_a_stream_is_raised_by_the_client(client: OpenAI) -> None:
    stream = client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "break"}], stream=True)
    got = []
    with pytest.raises(openai.APIError, match="out of order"):
        for chunk in stream:
            got.append(chunk.choices[0].delta.content)
    assert "".join(t or "" for t in got) == "never "


@supports("API keys", "openai")
def test_keys_are_asked_for(server: ModelsServer) -> None:
    with pytest.raises(openai.AuthenticationError) as caught:
        OpenAI(base_url=server.base_url, api_key="wrong", max_retries=0).models.list()
    assert caught.value.code == "invalid_api_key"
    bare = httpx.post(f"{server.base_url}/chat/completions", json={"model": "scripted", "messages": ASK})
    assert bare.status_code == 401
    assert bare.json()["error"]["type"] == "invalid_request_error"
    other = httpx.get(f"{server.base_url}/models", headers={"X-API-Key": KEY})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b"null", b'{"a":' * 2000, b"\xff\xfe", b'{"model": "\\ud800"}', b'{"model": 1e999}']
)
def test_what_is_no_json_object_is_a_400(server: ModelsServer, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    for path in ("chat/completions", "completions", "responses", "embeddings"):
        answer = httpx.post(f"{server.base_url}/{path}", content=body, headers=headers)
        assert answer.status_code == 400, (path, answer.text)
        assert answer.json()["error"]["message"]


@supports("cancellation by closing the connection", "openai")
@pytest.mark.parametrize("stream", [False, True])
async def test_who_leaves_frees_the_model_at_once(aclient: AsyncOpenAI, server: ModelsServer, stream: bool) -> None:
    meter = server.gateway.meter
    asking = asyncio.create_task(_ask_slowly(aclient, stream))
    until = time.monotonic() + 5
    while not meter.open and time.monotonic() < until:
        await asyncio.sleep(0.01)
    assert meter.open == 1
    await asyncio.sleep(0.1)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    until = time.monotonic() + 2
    while meter.open and time.monotonic() < until:
        await asyncio.sleep(0.01)
    assert meter.open == 0
    await aclient.close()


async def _ask_slowly(client: AsyncOpenAI, stream: bool) -> None:
    answer = await client.chat.completions.create(model="scripted", messages=[{"role": "user", "content": "slow"}], stream=stream)
    if stream:
        async for _ in answer:
            pass
