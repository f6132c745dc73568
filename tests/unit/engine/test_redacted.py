"""A model elsewhere sees marks; who asked it sees words again, also where a mark comes in pieces or inside a call's arguments."""

from collections.abc import AsyncIterator, Mapping

import pytest

from duologue.engine.protocol import (
    ChatMessage,
    EngineInfo,
    Finished,
    GenerationRequest,
    TextDelta,
    TokenEvent,
    ToolCall,
    ToolCalled,
)
from duologue.engine.redacted import RedactedEngine
from duologue.kit.errors import ModelUnavailable


class Elsewhere:
    """Keeps what it was asked and answers by script."""

    info = EngineInfo("remote", "remote:x", 1000, True, True, is_outside=True)

    def __init__(self, *events: TokenEvent) -> None:
        self.events, self.asked = events, GenerationRequest()

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        self.asked = request
        for event in self.events:
            yield event

    async def aclose(self) -> None:
        """Nothing is held."""


def redact(text: str) -> tuple[str, Mapping[str, str]]:
    return text.replace("I am Anna Meier", "I am [NAME-1]"), {"[NAME-1]": "Anna Meier"}


async def test_names_leave_as_marks_and_come_back_as_words() -> None:
    call = ToolCalled(ToolCall("1", "find", '{"who": "[NAME-1]"}'))
    engine = Elsewhere(TextDelta("Dear [NA", 0), TextDelta("ME-1], see [1] and [", 8), call, Finished("stop"))
    asked = [ChatMessage("user", "I am Anna Meier"), ChatMessage("user", "Anna Meier again"), ChatMessage("system", "be kind")]
    got = [e async for e in RedactedEngine(engine, redact).generate(GenerationRequest(asked))]
    assert [m.content for m in engine.asked.messages] == ["I am [NAME-1]", "[NAME-1] again", "be kind"]
    deltas = [e for e in got if isinstance(e, TextDelta)]
    assert "".join(d.text for d in deltas) == "Dear Anna Meier, see [1] and ["
    assert [d.offset for d in deltas] == [sum(len(x.text) for x in deltas[:i]) for i in range(len(deltas))]
    assert [e.call.arguments for e in got if isinstance(e, ToolCalled)] == ['{"who": "Anna Meier"}']
    assert isinstance(got[-1], Finished)


async def test_a_raw_prompt_does_not_leave() -> None:
    with pytest.raises(ModelUnavailable):
        [e async for e in RedactedEngine(Elsewhere(), redact).generate(GenerationRequest(prompt="I am Anna Meier"))]
