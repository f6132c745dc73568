"""The official client's responses: text, tools, structured text, earlier responses; events in their order, types checked."""

import json
from typing import Any

import openai
import pydantic
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.doubles.models_server import ModelsServer
from tests.v1.conftest import REPLY, WEATHER
from tests.v1.strict import strictly

TOOL: dict[str, Any] = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather.",
    "parameters": WEATHER,
    "strict": True,
}
supports = pytest.mark.supports


@supports("responses: text", "openai")
def test_a_response_passes_the_clients_types(client: OpenAI) -> None:
    done = strictly(client.responses.create(model="scripted", input="How long?", instructions="Be brief."))
    assert (done.output_text, done.status, done.object) == (REPLY, "completed", "response")
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens
    cut = client.responses.create(model="scripted", input="How long?", max_output_tokens=2)
    assert (cut.status, cut.output_text) == ("incomplete", REPLY[:8])
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason == "max_output_tokens"


@supports("responses: streaming", "openai")
def test_events_come_in_order_and_add_up(client: OpenAI) -> None:
    events = [strictly(e) for e in client.responses.create(model="scripted", input="How long?", stream=True)]
    kinds = [e.type for e in events]
    assert [k for i, k in enumerate(kinds) if i == 0 or kinds[i - 1] != k] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
        "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
        "response.completed",
    ]  # fmt: skip
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == REPLY
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == REPLY
    with client.responses.stream(model="scripted", input="How long?") as stream:
        assert stream.get_final_response().output_text == REPLY


@supports("responses: streaming", "openai")
async def test_the_asynchronous_client_streams_too(aclient: AsyncOpenAI) -> None:
    stream = await aclient.responses.create(model="scripted", input="How long?", stream=True)
    assert "".join([e.delta async for e in stream if e.type == "response.output_text.delta"]) == REPLY
    await aclient.close()


@supports("responses: tools", "openai")
def test_a_function_is_called_and_its_output_answered(client: OpenAI) -> None:
    ask: list[Any] = [{"role": "user", "content": [{"type": "input_text", "text": "What weather?"}]}]
    done = strictly(client.responses.create(model="scripted", input=ask, tools=[TOOL]))  # type: ignore[list-item]
    call = done.output[0]
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"city": "Leeds", "days": 1}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "dry"}
    last = client.responses.create(model="scripted", input=[*ask, *(o.model_dump() for o in done.output), result], tools=[TOOL])  # type: ignore[list-item]
    assert last.output_text == "It is dry."


@supports("responses: tools", "openai")
def test_function_calls_are_streamed_each_as_an_item(client: OpenAI) -> None:
    events = [strictly(e) for e in client.responses.create(model="scripted", input="both cities", tools=[TOOL], stream=True)]  # type: ignore[list-item]
    done = [e for e in events if e.type == "response.function_call_arguments.done"]
    assert [(e.output_index, json.loads(e.arguments)["city"]) for e in done] == [(0, "Leeds"), (1, "York")]
    assert events[-1].type == "response.completed"


@supports("responses: previous_response_id, store", "openai")
def test_a_kept_response_is_gone_on_from(client: OpenAI, server: ModelsServer) -> None:
    first = client.responses.create(model="scripted", input="What weather?", tools=[TOOL], instructions="Only this once.")  # type: ignore[list-item]
    call = first.output[0]
    assert call.type == "function_call"
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "wet"}
    last = client.responses.create(model="scripted", input=[result], previous_response_id=first.id)
    assert last.output_text == "It is wet."
    asked = server.gateway.models["scripted"].engine.requests[-1]  # type: ignore[attr-defined]
    assert [m.role for m in asked.messages] == ["user", "assistant", "tool"]
    assert client.responses.retrieve(last.id).output_text == "It is wet."
    client.responses.delete(last.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(last.id)
    unkept = client.responses.create(model="scripted", input="How long?", store=False)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="scripted", input="And?", previous_response_id=unkept.id)
    assert caught.value.code == "previous_response_not_found"


class Weather(pydantic.BaseModel):
    city: str
    days: int


@supports("responses: text.format, parse", "openai")
def test_a_structured_response_is_parsed_by_the_client(client: OpenAI) -> None:
    assert client.responses.parse(model="scripted", input="json", text_format=Weather).output_parsed == Weather(
        city="Leeds", days=3
    )


@supports("responses: logprobs", "openai")
def test_log_probabilities_stand_in_the_text_part(client: OpenAI) -> None:
    done = strictly(client.responses.create(model="scripted", input="x", include=["message.output_text.logprobs"], top_logprobs=2))
    part = done.output[0].content[0]  # type: ignore[union-attr]
    assert "".join(t.token for t in part.logprobs or ()) == REPLY  # type: ignore[union-attr]


@supports("responses: refused by name", "openai")
@pytest.mark.parametrize(
    "given",
    [
        {"background": True},
        {"reasoning": {"effort": "high"}},
        {"truncation": "auto"},
        {"foo": 1},
        {"temperature": 9},
        {"conversation": "c"},
    ],
)
def test_what_no_model_here_can_do_is_refused_by_name(client: OpenAI, given: dict[str, Any]) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model="scripted", input="x", extra_body=given)
    assert caught.value.param == next(iter(given))


def test_a_failure_in_the_middle_ends_with_response_failed(client: OpenAI) -> None:
    last = list(client.responses.create(model="scripted", input="break", stream=True))[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert "out of order" in last.response.error.message
