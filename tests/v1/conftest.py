"""One server of models for the clients of this folder, and what each test shows to be supported.

A test marked `supports("feature", "client")` adds a row to the table in docs/reference/openai.md, which `docs/generate.py` makes of
these marks; the test must run for the mark to be worth anything.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.doubles.models_server import ModelsServer, scripted, serve_models

KEY = "duo-for-tests"
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
WEATHER_TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather.", "parameters": WEATHER, "strict": True},
}
RULES: tuple[dict[str, Any], ...] = (
    {"match": "slow", "reply": "s" * 4000, "interval_s": 0.02},
    {"match": "break", "reply": "never said whole", "fail": "out of order", "fail_after_chars": 6, "chunk_chars": 6},
    {"match": "fail", "fail": "out of order"},
    {"match": "json", "reply": json.dumps({"city": "Leeds", "days": 3})},
    {
        "match": "both cities",
        "tool_calls": [
            {"name": "get_weather", "arguments": {"city": "Leeds", "days": 1}},
            {"name": "get_weather", "arguments": {"city": "York", "days": 2}},
        ],
        "reply": "Leeds and York: {result}.",
    },
    {
        "match": "weather",
        "tool_calls": [{"name": "get_weather", "arguments": {"city": "Leeds", "days": 1}}],
        "reply": "It is {result}.",
    },
    {"match": "stop", "reply": "one END two"},
    {"reply": "Boots are resoled in four weeks. 靴子四周换好底。"},
)
REPLY = RULES[-1]["reply"]


@pytest.fixture(scope="session")
def server() -> Iterator[ModelsServer]:
    """A scripted model behind the whole application, with a key."""
    with serve_models([scripted(*RULES)], keys=[KEY]) as serving:
        yield serving


@pytest.fixture(scope="session")
def client(server: ModelsServer) -> Iterator[OpenAI]:
    """The official client, without retries: a failure shall show."""
    with OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0, timeout=20) as made:
        yield made


@pytest.fixture
def aclient(server: ModelsServer) -> AsyncOpenAI:
    """The official asynchronous client."""
    return AsyncOpenAI(base_url=server.base_url, api_key=KEY, max_retries=0, timeout=20)
