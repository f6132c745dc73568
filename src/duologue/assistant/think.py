"""The model's part of a turn: a strong one converses (see `converse`), a small one writes an opening sentence at most.

What comes back is a thought, not yet an answer: `answer` checks it.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from duologue.assistant import prompt
from duologue.assistant.guard import Mask
from duologue.assistant.model import Turn
from duologue.assistant.retrieve import Found
from duologue.assistant.tools import Tool, Toolbox, ToolResult
from duologue.engine.protocol import Engine, Finished, GenerationRequest, TextDelta
from duologue.kit.errors import Invalid, ModelUnavailable
from duologue.kit.log import get_logger
from duologue.kit.text import Lang

log = get_logger(__name__)

OPENING_TOKENS, OPENING_TIMEOUT_S = 32, 2.0

OnText = Callable[[str], None]
"""Told the whole text so far of the model's present reply."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What the model came to. `proposal`: a change that it wants made; `results`: what tools said meanwhile."""

    text: str = ""
    opening: str = ""
    results: tuple[ToolResult, ...] = ()
    proposal: tuple[Tool, dict[str, Any]] | None = None
    logprob: float | None = None
    rounds: int = 0


async def think(
    engine: Engine, turn: Turn, found: Found, toolbox: Toolbox, mask: Mask, on_text: OnText, voice: Mapping[Lang, str]
) -> Thought:
    """Ask the model. Raises ModelUnavailable where a strong one does not answer; a small one is not needed."""
    if engine.info.name == "none":
        return Thought()
    hide = mask.hide if engine.info.name == "remote" else _as_it_is
    if engine.info.is_strong:
        instructions = prompt.build_instructions(turn, found, voice, hide)
        from duologue.assistant.converse import converse  # a second of imports, for those who have such a model

        return await converse(engine, turn, instructions, toolbox, mask, hide, on_text)
    return await write_opening(engine, turn, hide)


async def write_opening(engine: Engine, turn: Turn, hide: prompt.Hide) -> Thought:
    """An opening sentence of a small model; whatever goes wrong, the answer does without it."""
    asked = GenerationRequest(prompt.build_opening(turn, hide), request_id=turn.run_id, max_tokens=OPENING_TOKENS, stop=["\n"])
    text, logprob = "", None
    try:
        async with asyncio.timeout(OPENING_TIMEOUT_S), aclosing(cast(Any, engine.generate(asked))) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                elif isinstance(event, Finished):
                    logprob = event.logprob
    except (ModelUnavailable, Invalid, TimeoutError) as error:
        log.info("run %s goes without an opening: %s", turn.run_id, str(error) or "the model was too slow")
        return Thought()
    return Thought(opening=text.strip(), logprob=logprob, rounds=1)


def _as_it_is(text: str) -> str:
    return text
