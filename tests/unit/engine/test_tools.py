"""Calls of tools found in text, however the text is cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duologue.engine.protocol import ChatMessage, GenerationRequest, ToolCall, ToolSpec
from duologue.engine.tools import CallReader, as_plain

CALL = '{"name": "look", "arguments": {"at": "帐篷", "n": 1.50}}'
TOOLS = (ToolSpec("look", "", {}),)


def read(text: str, cuts: list[int], **options: object) -> tuple[str, list[ToolCall]]:
    reader = CallReader(GenerationRequest(tools=TOOLS, **options))  # type: ignore[arg-type]
    places = [0, *sorted(c % (len(text) + 1) for c in cuts), len(text)]
    said = "".join(reader.push(text[a:b]) for a, b in pairwise(places))
    rest, calls = reader.finish()
    return said + rest, calls


@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_call_is_found_and_its_arguments_are_kept_as_written(cuts: list[int]) -> None:
    for text in (CALL, f"\n<tool_call>\n{CALL}\n</tool_call>"):
        said, calls = read(text, cuts)
        assert said == ""
        assert [(c.name, c.arguments) for c in calls] == [("look", '{"at": "帐篷", "n": 1.50}')]


@given(cuts=st.lists(st.integers(0, 200), max_size=6))
def test_a_marked_call_is_found_after_other_text(cuts: list[int]) -> None:
    said, calls = read(f"<think>a < b</think>\n\n<tool_call>\n{CALL}\n</tool_call>", cuts)
    assert said == "<think>a < b</think>\n\n"
    assert [c.arguments for c in calls] == ['{"at": "帐篷", "n": 1.50}']


@given(
    cuts=st.lists(st.integers(0, 200), max_size=6),
    text=st.sampled_from(
        [
            "Hello {x}",
            "{not json",
            '{"name": "other", "arguments": {}}',
            "<b>",
            "",
            " \n",
            "a <tool_cal",
            "<tool_call>{}",
            "x <tool_call>no</tool_call>",
        ]
    ),
)
def test_what_is_no_call_is_text(cuts: list[int], text: str) -> None:
    assert read(text, cuts) == (text, [])
    assert read(text, cuts, tool_choice="none") == (text, [])


@pytest.mark.parametrize(("many", "count"), [(True, 2), (False, 1)])
def test_several_calls(many: bool, count: int) -> None:
    _, calls = read(f"<tool_call>{CALL}</tool_call>\n<tool_call>{CALL}</tool_call>", [9, 80], parallel_tool_calls=many)
    assert len(calls) == count
    assert len({c.id for c in calls}) == count


def test_calls_and_results_have_a_plain_form() -> None:
    call = ChatMessage("assistant", "", tool_calls=(ToolCall("1", "look", '{"at": 1}'),))
    assert as_plain(call) == {"role": "assistant", "content": '{"name": "look", "arguments": {"at": 1}}'}
    assert as_plain(ChatMessage("tool", "seen", tool_call_id="1", name="look")) == {"role": "user", "content": "[look] seen"}
