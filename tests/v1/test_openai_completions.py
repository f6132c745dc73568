"""The official client's text completions: raw text and token ids, several prompts, echo and scores."""

import openai
import pytest
from openai import OpenAI

from tests.doubles.models_server import ModelsServer
from tests.v1.conftest import REPLY
from tests.v1.strict import strictly

PROMPT = "How long are boots repaired?"
supports = pytest.mark.supports


@supports("text completions", "openai")
def test_a_text_is_continued_whole_and_streamed_alike(client: OpenAI) -> None:
    done = strictly(client.completions.create(model="scripted", prompt=PROMPT, max_tokens=100))
    assert (done.choices[0].text, done.choices[0].finish_reason, done.object) == (REPLY, "stop", "text_completion")
    got = list(client.completions.create(model="scripted", prompt=PROMPT, max_tokens=100, stream=True))
    assert "".join(c.choices[0].text for c in got) == REPLY
    assert got[-1].choices[0].finish_reason == "stop"
    with_usage = list(
        client.completions.create(model="scripted", prompt=PROMPT, stream=True, stream_options={"include_usage": True})
    )
    assert with_usage[-1].choices == []
    assert with_usage[-1].usage is not None
    assert with_usage[-1].usage.completion_tokens > 0


@supports("text completions", "openai")
def test_sixteen_tokens_are_written_where_no_number_is_given(client: OpenAI) -> None:
    done = client.completions.create(model="scripted", prompt="x " * 9)
    assert done.usage is not None
    assert (done.choices[0].finish_reason, done.usage.completion_tokens) == ("stop", -(-len(REPLY) // 4))
    cut = client.completions.create(model="scripted", prompt=PROMPT, max_tokens=2)
    assert (cut.choices[0].text, cut.choices[0].finish_reason) == (REPLY[:8], "length")


@supports("several prompts, n", "openai")
def test_choices_are_ordered_by_prompt_then_by_number(client: OpenAI) -> None:
    done = strictly(client.completions.create(model="scripted", prompt=["stop", "How long?"], n=2, max_tokens=100))
    assert [c.index for c in done.choices] == [0, 1, 2, 3]
    assert [c.text for c in done.choices] == ["one END two"] * 2 + [REPLY] * 2
    assert done.usage is not None
    assert done.usage.prompt_tokens == 1 + 3
    texts = [""] * 4
    for chunk in client.completions.create(model="scripted", prompt=["stop", "How long?"], n=2, max_tokens=100, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == [c.text for c in done.choices]


@supports("echo, logprobs, max_tokens 0", "openai")
def test_the_prompt_is_echoed_with_the_probability_of_each_token(client: OpenAI) -> None:
    done = client.completions.create(model="scripted", prompt=PROMPT, echo=True, logprobs=2, max_tokens=1)
    probable = done.choices[0].logprobs
    assert probable is not None
    assert done.choices[0].text == PROMPT + REPLY[:4]
    assert "".join(probable.tokens or ()) == PROMPT + REPLY[:4]
    assert probable.token_logprobs is not None
    assert probable.token_logprobs[0] is None
    assert all(isinstance(p, float) for p in probable.token_logprobs[1:])
    assert probable.text_offset == list(range(0, len(PROMPT) + 4, 4))
    assert probable.top_logprobs is not None
    assert all(
        max(row, key=lambda t: row[t]) == token
        for row, token in zip(probable.top_logprobs[1:], (probable.tokens or [])[1:], strict=True)
    )  # type: ignore[union-attr]
    scored = client.completions.create(model="scripted", prompt=PROMPT, echo=True, logprobs=1, max_tokens=0)
    assert scored.choices[0].text == PROMPT
    assert client.completions.create(model="scripted", prompt=PROMPT, echo=True, max_tokens=1).choices[0].text == PROMPT + REPLY[:4]


@supports("prompts of token ids", "openai")
def test_token_ids_are_read_as_they_are(client: OpenAI, server: ModelsServer) -> None:
    client.completions.create(model="scripted", prompt=[[5, 6, 7], [8]])
    engine = server.gateway.models["scripted"].engine
    assert sorted(r.prompt for r in engine.requests[-2:]) == [(5, 6, 7), (8,)]  # type: ignore[attr-defined]
    client.completions.create(model="scripted", prompt=[5, 6])
    assert engine.requests[-1].prompt == (5, 6)  # type: ignore[attr-defined]


@supports("suffix, best_of: refused by name", "openai")
@pytest.mark.parametrize("given", [{"suffix": "end"}, {"best_of": 3}, {"prompt": []}, {"logprobs": 21}])
def test_what_no_model_here_can_do_is_refused_by_name(client: OpenAI, given: dict[str, object]) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(**{"model": "scripted", "prompt": PROMPT, **given})  # type: ignore[call-overload]
    assert caught.value.param == next(iter(given))


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_before_the_first_piece_has_its_status(client: OpenAI, stream: bool) -> None:
    with pytest.raises(openai.InternalServerError):
        client.completions.create(model="scripted", prompt="fail" if stream else ["How long?", "fail"], stream=stream)
