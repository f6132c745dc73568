"""Tools in a turn: what the model proposed, or what a person's own words call for where the model cannot call tools.

A read runs at once with the caller's permissions. A change is only previewed here; it waits for an expert, who approves the draft.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from duologue.assistant.model import Action, Turn
from duologue.assistant.think import Thought
from duologue.assistant.tools import Tool, Toolbox, ToolResult
from duologue.kit.text import EMAIL
from duologue.knowledge.terms import index_terms

REPLY_WORDS = 4
"""A message of at most so many content words, with an address in it, answers what a tool asked for before."""


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


def find_call(question: str, asked_before: Sequence[str], toolbox: Toolbox) -> tuple[Tool, dict[str, Any]] | None:
    """The call that a person's words ask for; an answer to a tool's question continues the call before."""
    found = toolbox.match(question)
    if found is None and EMAIL.search(question) and len(index_terms(EMAIL.sub(" ", question))) <= REPLY_WORDS:
        earlier = (toolbox.match(text) for text in reversed(asked_before))
        return next((call for call in earlier if call is not None), None)
    return found
