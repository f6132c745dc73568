"""A conversation through the chat template of another program's model: its ids, and which of them the assistant wrote.

The template is Jinja as transformers runs it, sandboxed. Where it marks the assistant's part with `{% generation %}` that part is
the mask; where it does not, the mask is what each assistant's message adds to the conversation before it. `write_prompt` is for
serving: tools too, no mask.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from jinja2.ext import Extension
from jinja2.nodes import CallBlock, Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from duologue.kit.errors import Invalid
from duologue.lm.text.tokenizer import TextTokenizer

OPEN, CLOSE, BREAK = "\ufdd0", "\ufdd1", "\ufdd2"  # non-characters, which no text holds


class _Generation(Extension):
    """`{% generation %}…{% endgeneration %}`: marks what the assistant writes."""

    tags = {"generation"}  # noqa: RUF012 - the name and kind that Jinja asks for

    def parse(self, parser: Parser) -> Node:
        """A call around the block."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return CallBlock(self.call_method("mark"), [], [], body).set_lineno(line)

    def mark(self, caller: Callable[[], str]) -> str:
        """The block between the marks."""
        return OPEN + caller() + CLOSE


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def _to_json(value: Any, indent: int | None = None, ensure_ascii: bool = False) -> str:
    return json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)


@lru_cache(maxsize=8)
def _compile(source: str) -> jinja2.Template:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    environment.globals |= {"raise_exception": _refuse, "strftime_now": lambda form: datetime.now().strftime(form)}
    return environment.from_string(source)


def _say(
    tokenizer: TextTokenizer, messages: Sequence[Mapping[str, Any]], for_reply: bool, tools: Sequence[Mapping[str, Any]] = ()
) -> str:
    dialect = tokenizer.dialect
    if not dialect.chat_template:
        raise Invalid("This model has no chat template: it continues texts, give it a prompt instead of messages.")
    try:
        return _compile(dialect.chat_template).render(
            messages=[dict(m) for m in messages],
            add_generation_prompt=for_reply,
            tools=[dict(t) for t in tools] or None,
            documents=None,
            **dialect.tokens,
        )
    except (jinja2.TemplateError, TypeError, ValueError, LookupError) as error:
        raise Invalid(f"The model's chat template refuses this conversation: {error}.") from error


def apply_template(
    tokenizer: TextTokenizer, messages: Sequence[Mapping[str, str]], *, for_reply: bool = False
) -> tuple[list[int], list[int]]:
    """(ids, mask). Raises Invalid where there is no template or it refuses the conversation."""
    marked = _say(tokenizer, messages, for_reply)
    spans, text = _spans(marked)
    if not spans:
        for at, message in enumerate(messages):
            if message["role"] == "assistant":
                before = _say(tokenizer, messages[:at], True)
                after = _say(tokenizer, messages[: at + 1], False)
                if text.startswith(after) and after.startswith(before):
                    spans.append((len(before), len(after)))
    ids, offsets = tokenizer.encode_marked(text)
    return ids, [int(any(a <= start and end <= b for a, b in spans) and end > start) for start, end in offsets]


def write_prompt(
    tokenizer: TextTokenizer, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()
) -> list[int]:
    """The ids of a conversation, the assistant's turn opened. What people and tools say spells no special token.

    Messages and tools are OpenAI's, the arguments of calls as objects. Raises Invalid where there is no template, it refuses,
    or something is nested too deeply.
    """
    spelt = re.compile("|".join(re.escape(t) for t in sorted(tokenizer.special_ids, key=len, reverse=True)) or "(?!)")
    try:
        text = _spans(_say(tokenizer, [_broken(m, spelt) for m in messages], True, [_broken(t, spelt) for t in tools]))[1]
    except RecursionError as error:
        raise Invalid("A message or a tool is nested too deeply to be written into a prompt.") from error
    return [i for part in text.split(BREAK) for i in tokenizer.encode_marked(part)[0]]


def _broken(value: Any, spelt: re.Pattern[str]) -> Any:
    """The same value, its special tokens broken so that they are read as the letters that they are."""
    if isinstance(value, str):
        return spelt.sub(lambda found: found[0][0] + BREAK + found[0][1:], value)
    if isinstance(value, Mapping):
        return {key: _broken(one, spelt) for key, one in value.items()}
    return [_broken(one, spelt) for one in value] if isinstance(value, list | tuple) else value


def _spans(marked: str) -> tuple[list[tuple[int, int]], str]:
    """Where the marked parts stand once the marks are taken out, and the text without marks."""
    spans, plain = [], ""
    for part in marked.split(OPEN):
        inside, is_closed, after = part.partition(CLOSE)
        if is_closed:
            spans.append((len(plain), len(plain) + len(inside)))
        plain += inside + after
    return spans, plain
