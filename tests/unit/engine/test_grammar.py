"""Constrained text is of its form, checked by jsonschema and re, though the network babbles; also under a limit of tokens."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")
pytest.importorskip("llguidance", reason="the extra `local` (llguidance) is not installed")

from duologue.engine.batch import Batch, Logits  # noqa: E402
from duologue.engine.protocol import ChatMessage, Constraint, GenerationRequest, ToolCalled, ToolSpec  # noqa: E402
from duologue.kit.errors import Invalid  # noqa: E402
from tests.engines import Ran, ask, make_core, run  # noqa: E402

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "tags": {"type": "array", "items": {"enum": ["a", "bc", "def"]}, "maxItems": 3},
        "address": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
    "required": ["name", "age", "tags"],
    "additionalProperties": False,
}
SCHEMAS: dict[str, Any] = {
    "person": PERSON,
    "either": {"anyOf": [{"type": "null"}, {"type": "array", "items": {"type": "number"}, "minItems": 2}]},
    "recursive": {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"v": {"type": "boolean"}, "next": {"$ref": "#/$defs/node"}},
                "required": ["v"],
            }
        },
        "$ref": "#/$defs/node",
    },
}


def constrained(constraint: Constraint, **options: Any) -> GenerationRequest:
    return ask([30, 40, 50], constraint=constraint, **{"ignore_end": False, "max_tokens": 100, **options})


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("limit", [70, 110])
def test_json_is_valid_and_closed_within_the_limit(folders: dict[str, Path], name: str, limit: int) -> None:
    from jsonschema import validate

    core = make_core(folders["qwen3"])
    requests = [
        constrained(Constraint("json_schema", SCHEMAS[name]), temperature=t, seed=s, max_tokens=limit)
        for t, s in ((0, 0), (1, 1), (1, 2), (2, 3), (2, 4))
    ]
    for ran in run(core, *requests):
        assert ran.end().reason == "stop"
        validate(json.loads(ran.text()), SCHEMAS[name])
    assert core.stats().accepted_tokens > 0, "what the form leaves no choice about is read together"


def test_what_cannot_be_closed_in_time_is_reported(folders: dict[str, Path]) -> None:
    (ran,) = run(make_core(folders["qwen3"]), constrained(Constraint("json_schema", PERSON), max_tokens=12))
    assert ran.end().reason == "length"
    with pytest.raises(ValueError):
        json.loads(ran.text())


def test_a_constraint_and_guesses_leave_the_text_as_it_is(folders: dict[str, Path]) -> None:
    requests = [constrained(Constraint("json_schema", PERSON), temperature=1, seed=s) for s in range(4)]
    alone = [run(make_core(folders["llama"], lookup=0), r)[0].ids() for r in requests]
    assert [r.ids() for r in run(make_core(folders["llama"], lookup=4), *requests)] == alone
    assert [r.ids() for r in run(make_core(folders["llama"], draft=folders["small"]), *requests)] == alone


@pytest.mark.parametrize("pattern", [r"[a-c]{3}-\d{2,4}", r"(yes|no), (sir|madam)!", r"帐篷[。！]+"])
def test_text_matches_its_pattern(folders: dict[str, Path], pattern: str) -> None:
    for ran in run(
        make_core(folders["gpt2"]), *(constrained(Constraint("regex", regex=pattern), temperature=2, seed=s) for s in range(5))
    ):
        assert re.fullmatch(pattern, ran.text())
        assert ran.end().reason == "stop"


def test_text_is_one_of_its_choices(folders: dict[str, Path]) -> None:
    choices = ("refund", "refuse", 'say "no"', "退货")
    ran = run(
        make_core(folders["qwen2"]), *(constrained(Constraint("choice", choices=choices), temperature=3, seed=s) for s in range(12))
    )
    assert {r.text() for r in ran} <= set(choices)
    assert len({r.text() for r in ran}) > 1


@pytest.mark.parametrize(
    ("constraint", "word"),
    [
        (Constraint("json_schema", {"type": "array", "uniqueItems": True}), "uniqueItems"),
        (Constraint("json_schema", {"type": "nope"}), "nope"),
        (Constraint("json_schema", False), "nothing"),
        (Constraint("regex", regex="(a"), "regex"),
        (Constraint("choice"), "at least one"),
    ],
)
def test_a_form_that_cannot_be_held_to_is_refused_with_the_reason(
    folders: dict[str, Path], constraint: Constraint, word: str
) -> None:
    with pytest.raises(Invalid, match=word) as caught:
        make_core(folders["qwen3"]).submit(constrained(constraint), print)
    assert caught.value.detail["param"] == "constraint"


WEATHER = ToolSpec(
    "get_weather", "Weather of a city", {"type": "object", "properties": {"city": {"enum": ["Rome", "罗马"]}}, "required": ["city"]}
)
OTHER = ToolSpec("stop_it", "", {})


@pytest.mark.parametrize("name", ["", "get_weather"])
def test_a_tool_that_must_be_called_is_called_with_its_schema(folders: dict[str, Path], name: str) -> None:
    talk = [ChatMessage("user", "hi")]
    requests = [
        GenerationRequest(
            talk, tools=[WEATHER, OTHER], tool_choice="required", tool_name=name, temperature=2, seed=s, max_tokens=60
        )
        for s in range(4)
    ]
    for ran in run(make_core(folders["long"], lookup=2), *requests):
        (event,) = [e for e in ran.events if isinstance(e, ToolCalled)]
        assert ran.text() == ""
        assert ran.end().reason == "tool_calls"
        assert event.call.name in ({name} if name else {"get_weather", "stop_it"})
        arguments = json.loads(event.call.arguments)
        assert isinstance(arguments, dict)
        if event.call.name == "get_weather":
            assert arguments["city"] in ("Rome", "罗马")


@dataclass
class Dictated:
    """A network that is told what to say first, after a prompt of so many tokens; then it babbles."""

    inner: Any
    prompt: int
    script: list[int]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def forward(self, batch: Batch) -> Logits:
        out = self.inner.forward(batch)
        for row, place in enumerate(batch.positions[batch.wanted] - self.prompt + 1):
            if 0 <= place < len(self.script):
                out.values[row] = -1e4
                out.values[row, self.script[place]] = 1e4
                out.best[row] = self.script[place]
        return out


def dictate(folder: Path, said: str, **options: Any) -> Ran:
    """What comes of a request with tools whose answer begins like this."""
    core = make_core(folder)
    request = GenerationRequest([ChatMessage("user", "hi")], **{"tools": [WEATHER, OTHER], "max_tokens": 90, **options})
    prompt = core.prompts.read(request)
    core.runner.network = Dictated(core.runner.network, len(prompt), core.prompts.tokenizer.encode(said))
    return run(core, request)[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "said", ['{"name": "get_weather"', "Let me look.\n\n<tool_call>\n{", '<tool_call>{"name":"get_weather", "arg']
)
def test_a_call_that_the_model_begins_by_itself_is_held_to_a_schema(folders: dict[str, Path], said: str, seed: int) -> None:
    ran = dictate(folders["long"], said, temperature=2, seed=seed)
    (event,) = [e for e in ran.events if isinstance(e, ToolCalled)]
    assert ran.end().reason == "tool_calls"
    assert ran.text() == ("Let me look.\n\n" if said.startswith("Let") else "")
    arguments = json.loads(event.call.arguments)
    assert event.call.name != "get_weather" or arguments["city"] in ("Rome", "罗马")


@pytest.mark.parametrize("extra", [{"uniqueItems": True}, {"not": {"type": "null"}}, {"if": {"maxItems": 0}, "then": False}])
def test_what_the_grammar_does_not_know_of_a_schema_leaves_the_rest_in_force(
    folders: dict[str, Path], extra: dict[str, Any]
) -> None:
    days = {"type": "array", "items": {"enum": ["Mon", "Tue"]}, "maxItems": 3, **extra}
    tool = ToolSpec(
        "plan", "", {"type": "object", "properties": {"days": days}, "required": ["days"], "additionalProperties": False}
    )
    for seed in range(3):
        ran = dictate(folders["long"], '{"name": "plan"', temperature=2, seed=seed, tools=[tool])
        (event,) = [e for e in ran.events if isinstance(e, ToolCalled)]
        arguments = json.loads(event.call.arguments)
        assert set(arguments) == {"days"}
        assert set(arguments["days"]) <= {"Mon", "Tue"}


def test_what_only_looks_like_a_call_is_text(folders: dict[str, Path]) -> None:
    said = '{"name": "Ann", "age": '
    ran = dictate(folders["long"], said, max_tokens=40)
    assert not [e for e in ran.events if isinstance(e, ToolCalled)]
    assert ran.text().startswith(said)


def test_a_tool_that_is_not_there_cannot_be_asked_for(folders: dict[str, Path]) -> None:
    request = GenerationRequest([ChatMessage("user", "hi")], tools=[WEATHER], tool_choice="required", tool_name="x", max_tokens=9)
    with pytest.raises(Invalid, match="no tool named"):
        make_core(folders["long"]).submit(request, print)
