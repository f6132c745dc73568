"""Tools by their signature: schema, arguments, permissions, failures, refusals."""

from pathlib import Path
from typing import Any, Literal

import pytest

from duologue.assistant.tools import Caller, Refusal, Tool, Toolbox, ToolContext, check_arguments
from duologue.kit.errors import Invalid

CALLER = Caller("wsp_1", "cnv_1", "per_1", "en")


def add(context: ToolContext, first: int, second: int = 2, unit: Literal["cm", "m"] = "cm") -> str:
    """Add two lengths."""
    return f"{first + second} {unit} for {context.caller.person_id}"


def make(function: Any, **more: Any) -> Tool:
    return Tool("add", {"en": "Add.", "zh": "相加。"}, function, **more)


def test_the_schema_comes_from_the_signature_without_the_context() -> None:
    spec = make(add).spec("zh")
    assert spec.description == "相加。"
    assert set(spec.parameters["properties"]) == {"first", "second", "unit"}
    assert spec.parameters["required"] == ["first"]
    assert spec.parameters["properties"]["unit"]["enum"] == ["cm", "m"]


def test_arguments_are_typed_by_the_signature() -> None:
    assert check_arguments(make(add), {"first": "3"}) == {"first": 3, "second": 2, "unit": "cm"}


@pytest.mark.parametrize("wrong", [{}, {"first": "x"}, {"first": 1, "unit": "km"}, {"first": 1, "context": "mine"}])
def test_wrong_arguments_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="add"):
        check_arguments(make(add), wrong)


async def test_results_failures_and_refusals(tmp_path: Path) -> None:
    async def slow(context: ToolContext) -> str:
        return "done"

    def broken(context: ToolContext) -> str:
        raise RuntimeError("secret path /etc")

    def refusing(context: ToolContext) -> Refusal:
        return Refusal("needs_email", "Which address?", asks=True)

    box = Toolbox([], CALLER, tmp_path)
    assert (await box.run(make(add), {"first": 1})).text == "3 cm for per_1"
    assert (await box.run(make(slow), {})).text == "done"
    failed = await box.run(make(broken), {})
    assert (failed.status, failed.text) == ("failed", "")
    assert "secret" not in str(failed)
    refused = await box.run(make(refusing), {})
    assert (refused.status, refused.text, refused.asks) == ("refused", "Which address?", True)
    assert (await box.run(make(add), {"first": "x"})).status == "failed"
    assert len(box.results) == 5


def test_a_tool_that_one_may_not_use_does_not_exist(tmp_path: Path) -> None:
    hidden = make(add, is_allowed=lambda caller: caller.person_id == "per_2", match=lambda text: {"first": 1})
    box = Toolbox([hidden], CALLER, tmp_path)
    assert list(box) == []
    assert box.find("add") is None
    assert box.match("add 1") is None


def test_a_change_is_matched_before_a_read(tmp_path: Path) -> None:
    read = Tool("read", {"en": "", "zh": ""}, add, match=lambda text: {"first": 1})
    change = Tool("change", {"en": "", "zh": ""}, add, scope="change", match=lambda text: {"first": 2} if "!" in text else None)
    box = Toolbox([read, change], CALLER, tmp_path)
    for text, name in (("do it!", "change"), ("look", "read")):
        found = box.match(text)
        assert found is not None
        assert found[0].name == name
