"""The tutor's prepared words in a strong model's own, where there is one and it may be asked; checked before they are said.

The model sees the problem, what the learner wrote and the prepared words, never the key. What leaks, or holds a false sum, or
comes too late, is not said: the prepared words are.
"""

import asyncio

from duologue.kit.errors import DuologueError
from duologue.packs.education.tutor.tutor import Tutor, TutorReply
from duologue.sdk import Host

WAIT_S = 20.0
"""Longer than a learner waits gladly; a strong model says two sentences in some seconds."""
LONGEST = 600


async def say_in_own_words(host: Host, workspace_id: str, tutor: Tutor, reply: TutorReply, text: str) -> TutorReply:
    """The reply, worded by the model or as it was prepared."""
    if not host.engine.is_strong or reply.move in ("tell", "right") or reply.blocked:
        return reply
    try:
        async with asyncio.timeout(WAIT_S):
            said = await host.think(tutor.prompt(reply, text), workspace_id=workspace_id, max_tokens=200)
    except (DuologueError, TimeoutError):
        return reply
    return tutor.check(reply, said) if len(said) <= LONGEST else reply
