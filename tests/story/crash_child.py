"""A process of its own for the crash test: `post` asks and works on it until killed; `recover` starts and finishes all."""

import asyncio
import json
import sys
from pathlib import Path

from tests.story.house import WS, open_house

RULE = {
    "reply": "You can return an unused tent within 30 days of delivery. Students have 45 days.",
    "latency_s": 0.2,
    "chunk_chars": 8,
    "interval_s": 0.06,
}


async def post(folder: Path) -> None:
    """Ask, say so, and go on until the end comes."""
    async with open_house(folder, [RULE]) as house:
        talk = await house.open()
        await talk.say("How long can I return a tent?")
        print("posted", flush=True)
        await asyncio.sleep(60)


async def recover(folder: Path) -> None:
    """Start as after a crash, wait until nothing runs any more, and tell what the person and the experts see."""
    async with open_house(folder, [RULE]) as house:
        conversations = await house.conversations.list_(WS, limit=100)
        async with asyncio.timeout(60):
            while True:
                runs = [r for c in conversations for r in await house.assistant.list_runs(WS, c.id)]
                if all(r.status != "running" for r in runs) and {r.conversation_id for r in runs} == {c.id for c in conversations}:
                    break
                await asyncio.sleep(0.05)
        await asyncio.sleep(1.5)  # what would be said twice would be said by now
        told = []
        for conversation in conversations:
            snapshot = await house.conversations.snapshot(WS, conversation.id, "public")
            runs = await house.assistant.list_runs(WS, conversation.id)
            told.append(
                {
                    "messages": [(m.seq, m.author_kind, m.kind) for m in snapshot.messages],
                    "runs": [(r.status, r.attempt) for r in runs],
                    "controller": conversation.controller.kind,
                }
            )
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run({"post": post, "recover": recover}[sys.argv[1]](Path(sys.argv[2])))
