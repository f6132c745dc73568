"""A request's prompt as token ids: our own chat format, the chat template of a foreign checkpoint, raw text, or ids as they are.

Knows the tokenizer and the folder's templates; nothing of how the ids are read.
"""

import json
from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from duologue.engine.protocol import Candidate, GenerationRequest
from duologue.engine.tools import as_plain, explain
from duologue.kit.errors import Invalid
from duologue.lm.chat import render
from duologue.lm.tokenizer import BOS, ROLES, TextTokenizer


class Prompts:
    """Reads requests for one model. Raises Invalid for a prompt that this model has no form for."""

    def __init__(self, folder: Path, tokenizer: TextTokenizer) -> None:
        self._folder, self.tokenizer = folder, tokenizer
        self._is_ours = all(token in tokenizer.special_ids for token in (BOS, *ROLES.values()))
        self._foreign: tuple[Any, Tokenizer, dict[str, str]] | None = None

    def read(self, request: GenerationRequest) -> list[int]:
        """The ids of a prompt, at least one."""
        size = self.tokenizer.vocab_size
        if isinstance(request.prompt, str):
            begin = [self.tokenizer.special(BOS)] if BOS in self.tokenizer.special_ids else []
            ids = begin + self.tokenizer.encode(request.prompt)
        elif request.prompt is not None:
            ids = list(request.prompt)
            if any(not 0 <= i < size for i in ids):
                raise Invalid(f"Token ids of this model are from 0 to {size - 1}.", param="prompt")
        elif self._is_ours:
            ids = render(self.tokenizer, _as_plain(request), for_reply=True).ids
        else:
            ids = self._render_foreign(request)
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
        special = self.tokenizer.inner.get_added_tokens_decoder().get(token) if self._special(token) else None
        if special is not None:
            return str(special.content).encode()
        try:
            return self.tokenizer.decode_bytes([token])
        except KeyError:  # a foreign tokenizer that does not write bytes as letters
            return str(self.tokenizer.inner.decode([token])).encode()

    def _special(self, token: int) -> bool:
        return token in self._special_set

    @property
    def _special_set(self) -> set[int]:
        return set(self.tokenizer.special_ids.values())

    def _render_foreign(self, request: GenerationRequest) -> list[int]:
        if self._foreign is None:
            self._foreign = self._load_template()
        template, tokenizer, names = self._foreign
        messages = [{"role": m.role, "content": m.content} for m in request.messages]
        tools = [
            {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": dict(t.parameters)}}
            for t in request.tools
        ]
        try:
            text = template.render(messages=messages, tools=tools or None, add_generation_prompt=True, **names)
        except TemplateError as error:
            raise Invalid(f"The model's chat template refuses these messages: {error}.", param="messages") from error
        return list(tokenizer.encode(text, add_special_tokens=False).ids)

    def _load_template(self) -> tuple[Any, Tokenizer, dict[str, str]]:
        path, loose = self._folder / "tokenizer_config.json", self._folder / "chat_template.jinja"
        config = json.loads(path.read_text("utf-8")) if path.exists() else {}
        source = loose.read_text("utf-8") if loose.exists() else config.get("chat_template")
        if not isinstance(source, str):
            raise Invalid("This model has no chat format; give it a raw prompt (/v1/completions).", param="messages")
        names = {}
        for key in ("bos_token", "eos_token", "pad_token", "unk_token"):
            value = config.get(key)
            names[key] = value.get("content", "") if isinstance(value, dict) else value or ""
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
        try:
            template = environment.from_string(source)
        except TemplateError as error:
            raise Invalid(f"The model's chat template cannot be read: {error}.", param="messages") from error
        return template, Tokenizer.from_file(str(self._folder / "tokenizer.json")), names


def _as_plain(request: GenerationRequest) -> list[dict[str, str]]:
    """Messages in a chat format that has no place for tools."""
    messages = [as_plain(m) for m in request.messages]
    if not request.tools or request.tool_choice == "none":
        return messages
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n{explain(request.tools)}"}, *messages[1:]]
    return [{"role": "system", "content": explain(request.tools)}, *messages]


def _refuse(message: str) -> None:
    raise TemplateError(message)
