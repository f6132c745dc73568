"""Tools in a turn: what the model proposed, or what a person's own words call for where the model cannot call tools.

A read runs at once with the caller's permissions. A change is only previewed here; it waits for an expert, who approves the draft.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from duologue.assistant.model import Action, Turn
from duologue.assistant.think import Thought
from duologue.assistant.tools import Tool, Toolbox, ToolResult
from duologue.kit.text import EMAIL, spell_out
from duologue.knowledge.terms import index_terms

REPLY_WORDS = 4
"""A message of at most so many content words, with an address in it, answers what a tool asked for before."""

SHORT_CHARS = 160
"""Characters of a message that may be about the number named before it."""
_NUMBER = re.compile(r"(?<![a-z0-9])[a-z]{1,4}[-\s]?\d{4,}(?!\d)", re.IGNORECASE | re.ASCII)
_SAYS_NO_MORE = re.compile(
    r"\b(?:it'?s|its|it is|this is|here(?:'s| is)?|order|number|no|nr|the|my|is|under|and|e-?mail|address|ok|sure|yes|hi|hello"
    r"|please|pls|thanks?)\b|订单编?号|单号|邮箱|地址|我的|是|为|这个|好的?|谢谢|你好|[\W_]",
    re.IGNORECASE,
)
"""What may stand beside a bare number or address."""
_SPEAKS_OF_IT = re.compile(
    r"\b(?:it|this|that|them|(?:the|my|that|this) (?:order|parcel|(?:delivery |shipping )?ad+ress))\b"
    r"|地址|[那这]个?(?:单|订单)|它|掉吧?$|[^不]?取消吧",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:how|why|when|what|where|who|which|if|was|were|did|does|do i|is|are|has|have|can i|could i|not|never|\w+n't|keep)\b"
    r"|怎么|如何|为什么|为啥|什么|多久|能不能|能否|不|没|别|吗|呢|[?？]",
    re.IGNORECASE,
)
"""What is no wish that something be done."""


@dataclass(frozen=True, slots=True)
class Acted:
    """Results in the order of their calls; `action` is a change that waits, `previewed` what it would do, in words."""

    results: tuple[ToolResult, ...] = ()
    action: Action | None = None
    previewed: str = ""


async def act(turn: Turn, thought: Thought, toolbox: Toolbox, *, by_words: bool) -> Acted:
    """Run what is to be run. `by_words`: the model called no tools because it cannot."""
    wanted = thought.proposal
    if wanted is None and by_words:
        wanted = find_call(turn.question, turn.asked_before, toolbox)
    if wanted is None:
        return Acted(thought.results)
    tool, arguments = wanted
    if tool.scope == "read":
        result = await toolbox.run(tool, arguments)
        return Acted((*thought.results, result))
    preview = await toolbox.preview(tool, arguments)
    if preview.status != "ok":
        return Acted((*thought.results, preview))
    return Acted(thought.results, Action(tool.name, preview.arguments), preview.text)


def _is_bare(text: str) -> bool:
    """Whether a message names a number or an address and says nothing beside."""
    rest = _NUMBER.sub(" ", EMAIL.sub(" ", text))
    return rest != text and not _SAYS_NO_MORE.sub(" ", rest).strip()


def _find_number(question: str, asked_before: Sequence[str]) -> str:
    """The number that was named last, where a short message speaks of "it" and does not ask how, why or whether."""
    if (
        len(question) > SHORT_CHARS
        or _NUMBER.search(question)
        or not _SPEAKS_OF_IT.search(question)
        or _ASKS.search(spell_out(question))
    ):
        return ""
    return next((found[-1] for text in reversed(asked_before) if (found := _NUMBER.findall(text))), "")


def find_call(question: str, asked_before: Sequence[str], toolbox: Toolbox) -> tuple[Tool, dict[str, Any]] | None:
    """The call that a person's words ask for. What tells no more than a number or an address continues what was asked before, and
    "cancel it please" is about the number that was named last."""
    found = toolbox.match(question)
    if _is_bare(question):
        said = [question]
        for earlier in reversed(asked_before):
            said.append(earlier)
            if not _is_bare(earlier):
                break
        if (call := toolbox.match("\n".join(said))) is not None:
            return call
    if found is None and (number := _find_number(question, asked_before)):
        call = toolbox.match(f"{question}\n{number}")
        if call is not None and call[0].scope == "change":
            return call
    if found is None and EMAIL.search(question) and len(index_terms(EMAIL.sub(" ", question))) <= REPLY_WORDS:
        calls = (toolbox.match(text) for text in reversed(asked_before))
        return next((call for call in calls if call is not None), None)
    return found
