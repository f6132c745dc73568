"""The scripted engine's own abilities, beyond the contract that all engines share."""

from pathlib import Path

import pytest

from duologue.engine.protocol import ChatMessage, Finished, GenerationRequest, TextDelta
from duologue.engine.remote import _Thoughts
from duologue.engine.scripted import Script, ScriptedEngine, load_script
from duologue.kit.errors import ModelUnavailable, SetupError


async def say(engine: ScriptedEngine, *texts: str) -> str:
    messages = [ChatMessage("system", texts[0]), *(ChatMessage("user", t) for t in texts[1:])]
    return "".join([e.text async for e in engine.generate(GenerationRequest(messages)) if isinstance(e, TextDelta)])


def script(*rules: dict[str, object]) -> ScriptedEngine:
    return ScriptedEngine(Script.model_validate({"rules": rules}))


async def test_the_first_rule_that_matches_the_last_message_answers() -> None:
    engine = script({"match": "tent", "reply": "tents"}, {"match": "boot", "reply": "boots"}, {"reply": "else"})
    assert await say(engine, "s", "tent", "and BOOTS?") == "boots"
    assert await say(engine, "s", "socks") == "else"


async def test_groups_of_the_message_and_of_the_prompt_fill_the_reply() -> None:
    engine = script({"match": r"(?P<n>RO-\d+)", "find": r"price: (?P<p>\S+)", "reply": "{n} costs {p} {unknown}"})
    assert await say(engine, "price: £18", "RO-1?") == "RO-1 costs £18 {unknown}"


async def test_a_rule_may_be_used_up() -> None:
    engine = script({"reply": "once", "times": 1}, {"reply": "later"})
    assert [await say(engine, "s", "x") for _ in range(3)] == ["once", "later", "later"]


async def test_no_rule_is_no_model() -> None:
    with pytest.raises(ModelUnavailable):
        await say(script({"match": "tent"}), "s", "boot")


async def test_the_reported_probability_comes_with_the_end() -> None:
    engine = script({"reply": "x", "logprob": -0.5})
    events = [e async for e in engine.generate(GenerationRequest([ChatMessage("user", "x")]))]
    assert isinstance(events[-1], Finished)
    assert events[-1].logprob == -0.5


@pytest.mark.parametrize("text", ["", "{", '{"rules": [{"match": 1}]}', '{"rulez": []}'])
def test_a_broken_script_is_a_setup_error_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(text)
    with pytest.raises(SetupError, match=r"script\.json"):
        load_script(path)


@pytest.mark.parametrize(
    ("pieces", "seen"),
    [
        (["<think>hm", "m</thi", "nk>\n\nYes."], "Yes."),
        (["<thi", "nk>no end"], ""),
        (["<b>bold</b>"], "<b>bold</b>"),
        (["<", "3 you"], "<3 you"),
        (["<"], "<"),
        (["  plain", " text"], "  plain text"),
        (["a <think>b</think>"], "a <think>b</think>"),
    ],
)
def test_what_a_remote_model_thinks_stays_with_it(pieces: list[str], seen: str) -> None:
    thoughts = _Thoughts()
    assert "".join(thoughts.strip(p) for p in pieces) + thoughts.flush() == seen
