"""A request's prompt as token ids: our own chat format, the chat template of a foreign checkpoint, raw text, or ids as they are.

Knows the tokenizer and its dialect; nothing of how the ids are read.
"""

import json
from typing import Any

from duologue.engine.protocol import Candidate, ChatMessage, GenerationRequest, ToolSpec
from duologue.engine.tools import as_plain, explain
from duologue.kit.errors import Invalid
from duologue.lm.text.chat import render
from duologue.lm.text.template import write_prompt
from duologue.lm.text.tokenizer import TextTokenizer


class Prompts:
    """Reads requests for one model. Raises Invalid for a prompt that this model has no form for."""

    def __init__(self, tokenizer: TextTokenizer) -> None:
        self.tokenizer = tokenizer
        self._special_set = set(tokenizer.special_ids.values())
        self._names = {i: str(t.content) for i, t in tokenizer.inner.get_added_tokens_decoder().items()}

    @property
    def has_tools(self) -> bool:
        """Whether the chat template has a place for tools."""
        return "tools" in (self.tokenizer.dialect.chat_template or "")

    def read(self, request: GenerationRequest) -> list[int]:
        """The ids of a prompt, at least one."""
        size, tokenizer = self.tokenizer.vocab_size, self.tokenizer
        if isinstance(request.prompt, str):
            ids = [*tokenizer.dialect.begin, *tokenizer.encode(request.prompt)]
        elif request.prompt is not None:
            ids = list(request.prompt)
            if any(not 0 <= i < size for i in ids):
                raise Invalid(f"Token ids of this model are from 0 to {size - 1}.", param="prompt")
        elif tokenizer.is_ours:
            ids = render(tokenizer, _as_plain(request), for_reply=True).ids
        else:
            ids = self._write_foreign(request)
        if not ids:
            raise Invalid(
                "The prompt is empty and this model has no token to begin a text with; give it at least one.", param="prompt"
            )
        return ids

    def candidate(self, token: int, logprob: float) -> Candidate:
        """A token as clients see it."""
        data = self.data(token)
        return Candidate(token, data.decode("utf-8", "replace"), data, logprob)

    def data(self, token: int) -> bytes:
        """The bytes of a token; of a special one, those of its name."""
        if token in self._special_set:
            return self._names[token].encode()
        try:
            return self.tokenizer.decode_bytes([token])
        except KeyError:  # a foreign tokenizer that does not write bytes as letters
            return str(self.tokenizer.inner.decode([token])).encode()

    def _write_foreign(self, request: GenerationRequest) -> list[int]:
        try:
            if not self.has_tools:
                return write_prompt(self.tokenizer, _as_plain(request))
            tools = () if request.tool_choice == "none" else request.tools
            return write_prompt(self.tokenizer, [_as_theirs(m) for m in request.messages], [_tool(t) for t in tools])
        except Invalid as error:
            raise Invalid(error.message, param="messages") from error


def _as_plain(request: GenerationRequest) -> list[dict[str, str]]:
    """Messages in a chat format that has no place for tools."""
    messages = [as_plain(m) for m in request.messages]
    if not request.tools or request.tool_choice == "none":
        return messages
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n{explain(request.tools)}"}, *messages[1:]]
    return [{"role": "system", "content": explain(request.tools)}, *messages]


def _as_theirs(message: ChatMessage) -> dict[str, Any]:
    """A message in OpenAI's form, the arguments of calls as objects, as templates expect them."""
    out: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        out["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": _arguments(c.arguments)}}
            for c in message.tool_calls
        ]
    if message.role == "tool":
        out |= {"tool_call_id": message.tool_call_id, "name": message.name}
    return out


def _arguments(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}
