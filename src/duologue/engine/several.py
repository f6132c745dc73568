"""Several sequences of one request, for engines that write one: `n` requests side by side, their events under their indices.

Knows nothing of how an engine writes. The prompt is scored once, by the first.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import cast

from duologue.engine.protocol import Finished, GenerationRequest, PromptScored, TextDelta, TokenEvent, ToolCalled

Generate = Callable[[GenerationRequest], AsyncIterator[TokenEvent]]


async def generate_several(generate: Generate, request: GenerationRequest) -> AsyncGenerator[TokenEvent]:
    """The events of all sequences as they come. What one of them raises ends all of them."""
    events: asyncio.Queue[TokenEvent | BaseException] = asyncio.Queue()

    async def write(index: int) -> None:
        seed = None if request.seed is None else request.seed + index
        one = replace(request, n=1, seed=seed, prompt_logprobs=None if index else request.prompt_logprobs)
        try:
            async with aclosing(cast(AsyncGenerator[TokenEvent], generate(one))) as stream:
                async for event in stream:
                    events.put_nowait(event if isinstance(event, PromptScored) else _number(event, index))
        except Exception as error:
            events.put_nowait(error)

    tasks = [asyncio.create_task(write(index)) for index in range(request.n)]
    try:
        running = request.n
        while running:
            event = await events.get()
            if isinstance(event, BaseException):
                raise event
            yield event
            running -= isinstance(event, Finished)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _number(event: TextDelta | ToolCalled | Finished, index: int) -> TokenEvent:
    return replace(event, index=index)
