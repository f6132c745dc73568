"""Bodies that nobody would write by hand, from our own description (schemathesis) and by spoiling good ones (hypothesis).

No answer is a 5xx, none takes longer than a moment, every error has OpenAI's form; afterwards the model is free. Asked is a
scripted model, for speed; spoiled bodies go to the embedded one too, a tiny network.
"""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from duologue.engine.static_encoder import StaticEncoder
from duologue.interfaces.v1 import openapi
from tests.doubles.models_server import ModelsServer, scripted, serve_models
from tests.v1.conftest import WEATHER_TOOL

pytestmark = pytest.mark.oracle
OPERATIONS = [(method.upper(), path) for path, methods in sorted(openapi()["paths"].items()) for method in methods]
EXAMPLES, TIMEOUT_S = 12, 10
JSON = {"Content-Type": "application/json"}
"""Without it every body is refused unread."""
QUICK = settings(
    max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
SPOILS: list[Any] = [
    None, True, -1, 0, 2**63, -(2**70), 1e308, 0.5, "", "x", "\x00", "é\u2028𝒳", "a" * 70_000, [], [[]], [None], {}, {"": ""},
    {"type": "text"}, {"type": "function"}, {"type": "json_schema", "json_schema": {}}, [1, "a", None], {"5": 1}, {"a": {"b": [0]}},
]  # fmt: skip
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
GOOD: dict[str, dict[str, Any]] = {
    "chat/completions": {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "weather"}]},
            {"role": "assistant", "content": None, "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "dry"},
        ],
        "tools": [WEATHER_TOOL], "tool_choice": "auto", "n": 2, "stop": ["END"], "stream": False, "logprobs": True,
        "top_logprobs": 2,
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}},
        "logit_bias": {"5": 1}, "seed": 1, "temperature": 1, "max_tokens": 5, "stream_options": None, "metadata": {"a": "b"},
    },
    "completions": {"model": "scripted", "prompt": ["a", "b"], "echo": True, "logprobs": 1, "max_tokens": 3, "n": 1, "stop": "x"},
    "responses": {
        "model": "scripted",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "weather"}]},
            {"type": "function_call", "call_id": "c", "name": "get_weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "dry"},
        ],
        "tools": [{"type": "function", "name": "get_weather", "parameters": SCHEMA}], "tool_choice": "auto",
        "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}}, "include": [], "store": True,
        "max_output_tokens": 5,
    },
    "embeddings": {"model": StaticEncoder().name, "input": ["a", "b"], "encoding_format": "base64"},
    "tokenize": {"model": "scripted", "prompt": "x"},
    "detokenize": {"model": "scripted", "tokens": [1]},
}  # fmt: skip


@pytest.fixture(scope="module")
def free() -> Iterator[ModelsServer]:
    """A model without keys that answers at once."""
    with serve_models([scripted({"match": "weather", "reply": "dry"}, {"reply": "An answer."})]) as serving:
        yield serving


def check(answer: httpx.Response, told: object) -> None:
    assert answer.status_code < 500, (told, answer.text)
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}, told


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_the_description_allows_breaks_nothing(free: ModelsServer, method: str, path: str) -> None:
    schema = schemathesis.openapi.from_dict(openapi())
    operation = next(
        found.ok() for found in schema.get_all_operations()
        if isinstance(found, Ok) and (found.ok().method.upper(), found.ok().path) == (method, path)
    )  # fmt: skip

    @QUICK
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(base_url=free.base_url, timeout=TIMEOUT_S)
        assert answer.status_code < 500, (case.as_curl_command(), answer.text)

    ask()
    assert free.gateway.meter.open == 0


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a value."""
    if at:
        yield at
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*at, key))


def spoil(body: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """The body with one to three values replaced, dropped or added."""
    body = copy.deepcopy(body)
    for _ in range(draw.randint(1, 3)):
        ways = list(places(body))
        if not ways:
            return body
        *way, last = draw.choice(ways)
        holder = body
        for key in way:
            holder = holder[key]
        match draw.randrange(4):
            case 0 if isinstance(holder, dict):
                holder.pop(last)
            case 1 if isinstance(holder, dict):
                holder[draw.choice(["foo", "type", "id", "stream", "role"])] = copy.deepcopy(draw.choice(SPOILS))
            case _:
                holder[last] = copy.deepcopy(draw.choice(SPOILS))
    return body


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelsServer]:
    """The embedded engine on a tiny network, under the name in the bodies."""
    pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")
    from duologue.engine.local import LocalEngine
    from duologue.engine.options import Options
    from tests.engines import make_folders

    place = tmp_path_factory.mktemp("models")
    folder = make_folders(place)["long"].rename(place / "scripted")
    with serve_models([LocalEngine(folder, options=Options(precision="fp32"))]) as serving:
        yield serving


@pytest.mark.parametrize("path", sorted(GOOD))
def test_a_spoiled_body_is_answered_or_refused(free: ModelsServer, path: str) -> None:
    with httpx.Client(base_url=free.base_url, timeout=TIMEOUT_S) as client:
        good = client.post(f"/{path}", json=GOOD[path])
        assert good.status_code == (400 if "tokenize" in path else 200), good.text
        ask_spoiled(client, path)
    assert free.gateway.meter.open == 0


@pytest.mark.parametrize("path", sorted(GOOD))
def test_the_embedded_model_survives_spoiled_bodies(embedded: ModelsServer, path: str) -> None:
    with httpx.Client(base_url=embedded.base_url, timeout=TIMEOUT_S) as client:
        ask_spoiled(client, path)
        good = client.post(f"/{path}", json=GOOD[path])
        assert good.status_code == 200, good.text
    assert embedded.gateway.meter.open == 0


def ask_spoiled(client: httpx.Client, path: str) -> None:
    """Some answers, many refusals that name what is wrong: the bodies are read."""
    is_read = False

    @settings(QUICK, max_examples=4 * EXAMPLES)
    @given(seed=st.integers(0, 2**32))
    def ask(seed: int) -> None:
        nonlocal is_read
        body = spoil(GOOD[path], random.Random(seed))
        answer = client.post(f"/{path}", content=json.dumps(body), headers=JSON)
        check(answer, body)
        is_read = is_read or answer.status_code == 200 or answer.json()["error"]["param"] is not None

    ask()
    assert is_read


@QUICK
@given(body=st.binary(max_size=300))
def test_bytes_are_refused(free: ModelsServer, body: bytes) -> None:
    for path in ("chat/completions", "responses"):
        check(httpx.post(f"{free.base_url}/{path}", content=body, headers=JSON, timeout=TIMEOUT_S), body)
