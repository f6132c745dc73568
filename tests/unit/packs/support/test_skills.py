"""What a skill takes from several messages in a row."""

from types import SimpleNamespace
from typing import Any

import pytest

from duologue.packs.support.talk.skills import _read


def read(intent: str, understanding: str = "sure", **slots: str) -> dict[str, Any]:
    said = [{"kind": kind, "text": text} for kind, text in slots.items()]
    return {"understanding": understanding, "intents": [{"intent": intent, "confidence": 0.9}], "slots": said}


HELLO, MUMBLE, THANKS = read("greeting"), read("refund", "unsure"), read("thanks_goodbye")
ORDER, RETURN = read("order_status", order="RO-1"), read("returns", product="tent")


@pytest.mark.parametrize(
    ("messages", "intents", "understanding"),
    [
        ([], [], None),
        ([HELLO], ["greeting"], "sure"),
        ([ORDER, HELLO], ["order_status"], "sure"),
        ([HELLO, ORDER], ["order_status"], "sure"),
        ([MUMBLE, HELLO], ["refund"], "unsure"),
        ([MUMBLE, ORDER], ["order_status"], "sure"),
        ([HELLO, THANKS], ["greeting", "thanks_goodbye"], "sure"),
        ([ORDER, RETURN, HELLO], ["order_status", "returns"], "sure"),
    ],
)
def test_hello_hides_nothing_of_what_was_wanted(messages: list[dict[str, Any]], intents: list[str], understanding: str) -> None:
    context: Any = SimpleNamespace(readings=[SimpleNamespace(name="message", data=data) for data in messages])
    seen = _read(context)
    assert [one["intent"] for one in seen.get("intents", [])] == intents
    assert seen.get("understanding") == understanding
    if len(messages) == 3:
        assert [slot["kind"] for slot in seen["slots"]] == ["order", "product"]


def test_an_answer_to_the_survey_is_one_whatever_stands_before_it() -> None:
    context: Any = SimpleNamespace(readings=[SimpleNamespace(name="message", data={"survey_answer": True})])
    assert _read(context)["survey_answer"]
