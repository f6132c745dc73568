"""A house to play conversations in: the real services on a database in a folder, with a scripted engine; and who talks in it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from duologue.assistant.model import Draft, Run
from duologue.assistant.service import AssistantService
from duologue.conversation.model import Conversation, Desk, Message, Mode
from duologue.conversation.service import ConversationService
from duologue.engine.protocol import Engine
from duologue.engine.scripted import Script, ScriptedEngine
from duologue.kit.ids import new_id
from duologue.kit.settings import Settings
from duologue.kit.text import Lang
from duologue.knowledge.model import Input
from duologue.knowledge.service import KnowledgeService
from duologue.packs.support import PACK
from duologue.review.recall import VerdictRecall
from duologue.review.service import ReviewService
from duologue.store.bus import Ephemeral, FeedMoved
from duologue.store.database import Database
from duologue.store.migrate import upgrade

WS, PERSON, EXPERT = "wsp_story", "per_story", "mem_story"

ARTICLES = {
    "returns.md": """# Returns

## How long do I have

You can return an unused tent within 30 days of delivery. Students have 45 days. Gift cards cannot be returned.

## Postage

Return postage costs £4.95 in the United Kingdom. Returns from Ireland are free.
""",
    "repairs.md": """# Repair prices

| Repair | Bristol | Chengdu |
| --- | --- | --- |
| Replace a zip | £18 | ¥120 |
| Resole a pair of boots | £65 | ¥420 |

We repair any brand. A quote holds for 30 days.
""",
    "returns.zh.md": """# 退货

## 多久内可以退

未使用的帐篷在签收后 30 天内可以退货。学生有 45 天。礼品卡不能退。

## 运费

中国大陆退货运费 12 元，由顾客承担。
""",
    "warranty.md": """# Warranty

Tent poles are covered for 5 years. Zips are covered for 2 years. Damage by fire is not covered.
""",
}
SMALL = {"is_strong": False, "has_tools": False, "name": "small"}


@dataclass
class House:
    """The services of one house, and shorthands for what people do in it."""

    database: Database
    conversations: ConversationService
    knowledge: KnowledgeService
    assistant: AssistantService
    review: ReviewService
    engine: Engine
    desk: Desk
    seen: list[Ephemeral] = field(default_factory=list)

    async def open(self, lang: Lang = "en") -> "Talk":
        """A new conversation of the person."""
        conversation = await self.conversations.start(WS, PERSON, self.desk.id, lang)
        return Talk(self, conversation.id)

    async def watch(self) -> None:
        """Keep what the bus carries besides the feed."""
        async with self.database.bus.subscribe(WS) as queue:
            while True:
                signal = await queue.get()
                if not isinstance(signal, FeedMoved):
                    self.seen.append(signal)

    def tokens(self, audience: str) -> str:
        """What was streamed to an audience, as it reads."""
        return "".join(s.data["text"] for s in self.seen if s.kind == "tokens" and s.audience == audience)


@dataclass
class Talk:
    """One conversation."""

    house: House
    id: str

    async def say(self, text: str, client_id: str = "") -> Message:
        """The person writes."""
        posted = await self.house.conversations.post_person_message(WS, self.id, PERSON, client_id or new_id("c"), text)
        return posted.message

    async def ask(self, text: str) -> Run:
        """The person writes, and the turn that answers it comes to its end."""
        message = await self.say(text)
        return await self.ended(message.id)

    async def ended(self, message_id: str, count: int = 1, timeout_s: float = 60.0) -> Run:
        """The newest run for a message, once `count` of them have ended."""
        async with asyncio.timeout(timeout_s):
            while True:
                runs = [r for r in await self.house.assistant.list_runs(WS, self.id) if r.message_id == message_id]
                if len([r for r in runs if r.status != "running"]) >= count and runs[0].status != "running":
                    return runs[0]
                await asyncio.sleep(0.01)

    async def running(self) -> Run:
        """The run that runs now, once there is one."""
        async with asyncio.timeout(60):
            while True:
                for run in await self.house.assistant.list_runs(WS, self.id):
                    if run.status == "running":
                        return run
                await asyncio.sleep(0.005)

    async def messages(self, kind: str = "text") -> list[Message]:
        """What the person sees, of one kind."""
        snapshot = await self.house.conversations.snapshot(WS, self.id, "public")
        return [m for m in snapshot.messages if m.kind == kind]

    async def said_by(self, author: str) -> list[str]:
        """The texts of one kind of author."""
        return [m.body for m in await self.messages() if m.author_kind == author]

    async def notices(self) -> list[str]:
        """The codes of the notices that the person sees."""
        return [m.data["code"] for m in await self.messages("notice")]

    async def state(self) -> Conversation:
        """The conversation as it is now."""
        return await self.house.conversations.get(WS, self.id)

    async def drafts(self, status: str = "ready") -> list[Draft]:
        """The drafts of that status."""
        return [d for d in await self.house.assistant.list_drafts(WS, self.id) if d.status == status]


@asynccontextmanager
async def open_house(
    folder: Path,
    rules: Sequence[dict[str, Any]] = (),
    *,
    mode: Mode = "autopilot",
    articles: dict[str, str] | None = None,
    engine: Engine | None = None,
    script: dict[str, Any] | None = None,
    **settings: Any,
) -> AsyncIterator[House]:
    """A house that is open for the length of the context. Its threshold is low: search was calibrated on a larger help centre."""
    chosen = Settings(data_dir=folder, sample=False, **({"autopilot_threshold": 0.2} | settings))
    database = Database(chosen.resolved_database_url)
    await upgrade(database)
    conversations, knowledge = ConversationService(database), KnowledgeService(database)
    engine = engine or ScriptedEngine(Script.model_validate({"rules": list(rules), **(script or {})}))
    assistant = AssistantService(
        database, conversations, knowledge, engine, memory=VerdictRecall(database), packs=[PACK], settings=chosen
    )
    review = ReviewService(database, conversations, assistant)
    texts = ARTICLES if articles is None else articles
    await knowledge.ingest(WS, [Input(uri, text.encode()) for uri, text in texts.items()])
    desk = await conversations.ensure_desk(WS, f"desk {mode}", mode, "support")
    house = House(database, conversations, knowledge, assistant, review, engine, desk)
    watcher = asyncio.create_task(house.watch())
    await assistant.start()
    try:
        yield house
    finally:
        watcher.cancel()
        await assistant.aclose()
        await engine.aclose()
        await database.aclose()
