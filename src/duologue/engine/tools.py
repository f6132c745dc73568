"""Calls of tools in what a model writes: `{"name": …, "arguments": {…}}`, bare or between `<tool_call>` marks.

Holds text back as long as it may be a call. Knows nothing of models.
"""

import json
import re
import secrets
from collections.abc import Sequence

from duologue.engine.protocol import ChatMessage, GenerationRequest, ToolCall, ToolSpec

OPEN, CLOSE = "<tool_call>", "</tool_call>"
_MARKED = re.compile(rf"{OPEN}\s*(.*?)\s*{CLOSE}", re.DOTALL)
_ARGUMENTS = re.compile(r'^\{\s*"name"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*"arguments"\s*:\s*(\{.*\})\s*\}$', re.DOTALL)


def explain(tools: Sequence[ToolSpec]) -> str:
    """What a system message says of tools to a model whose chat format has no place for them."""
    lines = [
        json.dumps({"name": t.name, "description": t.description, "parameters": dict(t.parameters)}, ensure_ascii=False)
        for t in tools
    ]
    return "\n".join(['Tools. To call one, write only {"name": …, "arguments": {…}}:', *lines])


def as_plain(message: ChatMessage) -> dict[str, str]:
    """A message for a chat format without tools: calls as their JSON, results as what a person hands in."""
    if message.role == "tool":
        return {"role": "user", "content": f"[{message.name or message.tool_call_id or 'tool'}] {message.content}"}
    calls = [f'{{"name": {json.dumps(c.name)}, "arguments": {c.arguments}}}' for c in message.tool_calls]
    return {"role": message.role, "content": "\n".join([*([message.content] if message.content else []), *calls])}


class CallReader:
    """Takes text as it is written; gives what is no call, and at the end the calls.

    A call is the whole text, bare, or stands between marks, also after other text.
    """

    def __init__(self, request: GenerationRequest) -> None:
        self._names = {t.name for t in request.tools}
        self._must, self._has_many = request.tool_choice == "required", request.parallel_tool_calls
        self._has_tools = bool(request.tools) and request.tool_choice != "none"
        self._held, self._is_text = "", False
        self._begun = re.compile(rf'\{{\s*"name"\s*:\s*"(?:{"|".join(map(re.escape, self._names))})"')

    @property
    def has_begun(self) -> bool:
        """Whether what is held back is a call that has begun: nothing else goes on like this."""
        held = self._held.lstrip()
        return held.startswith(OPEN) or (not self._is_text and self._begun.match(held) is not None)

    def push(self, text: str) -> str:
        """Text that may be sent."""
        if not self._has_tools:
            return text
        self._held += text
        if self._must or (not self._is_text and self._held.lstrip()[:1] in ("", "{")):
            return ""
        at = self._find_mark()
        if not self._is_text and not self._held[:at].strip():  # blanks before a call are no text
            return ""
        self._is_text = True
        free, self._held = self._held[:at], self._held[at:]
        return free

    def _find_mark(self) -> int:
        """Where a mark begins, or may be beginning at the end of what is held; the end where none does."""
        held = self._held
        if (at := held.find(OPEN)) >= 0:
            return at
        tails = range(max(0, len(held) - len(OPEN) + 1), len(held))
        return next((i for i in tails if OPEN.startswith(held[i:])), len(held))

    def finish(self) -> tuple[str, list[ToolCall]]:
        """The rest of the text, and the calls where it was some."""
        held, self._held = self._held, ""
        pieces = _MARKED.findall(held) or [held.strip()]
        calls = [call for piece in pieces if (call := self._read(piece)) is not None]
        if not calls or len(calls) < len(pieces):
            return ("" if self._must else held), []
        return "", calls if self._has_many else calls[:1]

    def _read(self, piece: str) -> ToolCall | None:
        try:
            value = json.loads(piece)
        except ValueError:
            return None
        if not isinstance(value, dict) or value.get("name") not in self._names or not isinstance(value.get("arguments", {}), dict):
            return None
        exact = _ARGUMENTS.match(piece)
        arguments = exact.group(1) if exact else json.dumps(value.get("arguments", {}), ensure_ascii=False)
        return ToolCall(f"call_{secrets.token_hex(12)}", value["name"], arguments)
