"""Programs that speak this API by libraries of their own: langchain-openai and litellm; each skips where its library is absent."""

from typing import Any

import pytest
from pydantic import BaseModel

from duologue.engine.static_encoder import StaticEncoder
from tests.doubles.models_server import ModelsServer
from tests.v1.conftest import KEY, REPLY, WEATHER_TOOL

supports = pytest.mark.supports
pytestmark = [pytest.mark.oracle, pytest.mark.slow]


class Weather(BaseModel):
    """The weather."""

    city: str
    days: int


@pytest.fixture(scope="module")
def chat(server: ModelsServer) -> Any:
    module = pytest.importorskip("langchain_openai", reason="langchain-openai is not installed (extra `clients`)")
    return module.ChatOpenAI(model="scripted", base_url=server.base_url, api_key=KEY, max_retries=0, timeout=20, stream_usage=True)


@supports("chat completions", "langchain-openai")
def test_langchain_asks_and_streams(chat: Any) -> None:
    answer = chat.invoke("How long?")
    assert answer.content == REPLY
    assert answer.usage_metadata["output_tokens"] == -(-len(REPLY) // 4)
    whole = None
    for chunk in chat.stream("How long?"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert whole.content == REPLY
    assert whole.usage_metadata["output_tokens"] == answer.usage_metadata["output_tokens"]


@supports("tools, tool_choice, parallel_tool_calls", "langchain-openai")
def test_langchain_binds_tools(chat: Any) -> None:
    bound = chat.bind_tools([WEATHER_TOOL], tool_choice="any")
    assert [(c["name"], c["args"]) for c in bound.invoke("both cities").tool_calls] == [
        ("get_weather", {"city": "Leeds", "days": 1}),
        ("get_weather", {"city": "York", "days": 2}),
    ]
    whole = None
    for chunk in bound.stream("both cities"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert [c["args"]["city"] for c in whole.tool_calls] == ["Leeds", "York"]


@supports("response_format, parse", "langchain-openai")
def test_langchain_gets_structured_answers(chat: Any) -> None:
    assert chat.with_structured_output(Weather, method="json_schema").invoke("json") == Weather(city="Leeds", days=3)


@supports("responses: text", "langchain-openai")
def test_langchain_uses_responses(chat: Any) -> None:
    other = type(chat)(model="scripted", base_url=chat.openai_api_base, api_key=KEY, max_retries=0, use_responses_api=True)
    assert other.invoke("How long?").text == REPLY


@supports("embeddings: float, base64", "langchain-openai")
def test_langchain_embeds_strings(server: ModelsServer) -> None:
    module = pytest.importorskip("langchain_openai", reason="langchain-openai is not installed (extra `clients`)")
    name = StaticEncoder().name
    embed = module.OpenAIEmbeddings(model=name, base_url=server.base_url, api_key=KEY, check_embedding_ctx_length=False)
    vectors = embed.embed_documents(["Where is my parcel?", "包裹在哪里？"])
    assert [len(v) for v in vectors] == [StaticEncoder().dim] * 2


@pytest.fixture(scope="module")
def litellm(server: ModelsServer) -> Any:
    module = pytest.importorskip("litellm", reason="litellm is not installed (extra `clients`)")
    module.telemetry = False
    module.suppress_debug_info = True
    return module


@supports("chat completions", "litellm")
def test_litellm_asks_streams_and_calls_tools(litellm: Any, server: ModelsServer) -> None:
    common = {"model": "openai/scripted", "api_base": server.base_url, "api_key": KEY, "num_retries": 0}
    ask = [{"role": "user", "content": "How long?"}]
    assert litellm.completion(messages=ask, **common).choices[0].message.content == REPLY
    chunks = list(litellm.completion(messages=ask, stream=True, **common))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == REPLY
    tools = litellm.completion(messages=[{"role": "user", "content": "weather"}], tools=[WEATHER_TOOL], **common)
    assert tools.choices[0].finish_reason == "tool_calls"
    with pytest.raises(litellm.NotFoundError):
        litellm.completion(messages=ask, **common | {"model": "openai/none"})


@supports("embeddings: float, base64", "litellm")
def test_litellm_embeds(litellm: Any, server: ModelsServer) -> None:
    name = StaticEncoder().name
    answer = litellm.embedding(model=f"openai/{name}", input=["x"], api_base=server.base_url, api_key=KEY)
    assert len(answer.data[0]["embedding"]) == StaticEncoder().dim
