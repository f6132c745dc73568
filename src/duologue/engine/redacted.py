"""A model elsewhere that never sees whose words they are: personal data become marks on the way out and words on the way back.

What counts as personal is the caller's to know. Raw prompts are not sent: their tokens may not be text.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from duologue.engine.protocol import ChatMessage, Engine, EngineInfo, GenerationRequest, TextDelta, TokenEvent, ToolCalled
from duologue.kit.errors import ModelUnavailable

Redact = Callable[[str], tuple[str, Mapping[str, str]]]
"""A text without personal data, and what each mark stands for: `[NAME-1]` → "Anna"."""
_BETWEEN = "\n\u241e\n"
_LONGEST = 40
"""Characters of the longest mark; an open bracket is held back for no longer."""


class RedactedEngine:
    """Another engine, asked in marks."""

    def __init__(self, inner: Engine, redact: Redact) -> None:
        self._inner = inner
        self._redact = redact

    @property
    def info(self) -> EngineInfo:
        return self._inner.info

    async def generate(self, request: GenerationRequest) -> AsyncIterator[TokenEvent]:
        """As the other engine, marks turned back. Raises ModelUnavailable for a raw prompt."""
        if request.prompt is not None:
            raise ModelUnavailable("A raw prompt can't be rid of personal data; no model elsewhere is asked.")
        messages, back = hide(request.messages, self._redact)
        held: dict[int, str] = {}
        sent: dict[int, int] = {}

        def show(index: int, text: str) -> TextDelta:
            delta = TextDelta(text, sent.get(index, 0), index)
            sent[index] = sent.get(index, 0) + len(text)
            return delta

        async for event in self._inner.generate(replace(request, messages=messages)):
            if isinstance(event, TextDelta):
                ready, held[event.index] = _split(held.get(event.index, "") + event.text)
                if ready:
                    yield show(event.index, restore(ready, back))
                continue
            for index, rest in held.items():
                if rest:
                    yield show(index, restore(rest, back))
            held.clear()
            if isinstance(event, ToolCalled):
                call = replace(event.call, arguments=_restore_json(event.call.arguments, back))
                event = replace(event, call=call)
            yield event

    async def aclose(self) -> None:
        await self._inner.aclose()


def hide(messages: Sequence[ChatMessage], redact: Redact) -> tuple[list[ChatMessage], Mapping[str, str]]:
    """The messages without personal data, and what the marks stand for; what one message gives away is hidden in all."""
    texts = [t for m in messages for t in (m.content, *(c.arguments for c in m.tool_calls))]
    hidden, back = redact(_BETWEEN.join(texts))
    for mark, words in sorted(back.items(), key=lambda x: -len(x[1])):
        if len(words) > 2:
            hidden = hidden.replace(words, mark)
    parts = hidden.split(_BETWEEN)
    if len(parts) != len(texts):
        raise ModelUnavailable("The text could not be rid of personal data; no model elsewhere is asked.")
    rest = iter(parts)
    out = []
    for m in messages:
        content = next(rest)
        out.append(replace(m, content=content, tool_calls=tuple(replace(c, arguments=next(rest)) for c in m.tool_calls)))
    return out, back


def restore(text: str, back: Mapping[str, str]) -> str:
    """The text with the words that its marks stand for."""
    for mark, words in back.items():
        text = text.replace(mark, words)
    return text


def _split(text: str) -> tuple[str, str]:
    """What may be shown, and the beginning of what may be a mark."""
    at = text.rfind("[")
    return (text, "") if at < 0 or "]" in text[at:] or len(text) - at > _LONGEST else (text[:at], text[at:])


def _restore_json(arguments: str, back: Mapping[str, str]) -> str:
    for mark, words in back.items():
        arguments = arguments.replace(mark, json.dumps(words, ensure_ascii=False)[1:-1])
    return arguments
