"""Has a profession's readers look at a message, once: what they saw is kept with it, whether or not a turn follows.

A reader that fails is left out and logged; one that is vital hands the conversation to a person.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

from duologue.assistant import repository
from duologue.assistant.host import Host
from duologue.assistant.means import Means
from duologue.assistant.model import Reading, ReadingAlarm
from duologue.assistant.policy import Profession
from duologue.assistant.skill import ReadContext, Reader, Seen
from duologue.conversation.model import Conversation, Message
from duologue.kit.errors import NotFound
from duologue.kit.log import get_logger
from duologue.kit.text import detect_lang
from duologue.store.bus import Ephemeral
from duologue.store.jobs import Jobs

log = get_logger(__name__)

FAILED = "reader_failed"


class Readings:
    """The readers of this process."""

    def __init__(self, means: Means, jobs: Jobs) -> None:
        self._means = means
        self._database = means.database
        self._conversations = means.conversations
        self._jobs = jobs
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        jobs.register("read", self._job)

    async def start(self, workspace_id: str, conversation_id: str) -> None:
        """Have the person's last message read, as where no turn will read it; once per message."""
        here = await self._conversations.get(workspace_id, conversation_id)
        profession = await self._means.find_profession(here)
        if profession is None or not profession.readers:
            return
        snapshot = await self._conversations.snapshot(workspace_id, conversation_id, "public")
        theirs = [m for m in snapshot.messages if m.kind == "text" and m.author_kind == "person"]
        if theirs:
            where = {"workspace_id": workspace_id, "conversation_id": conversation_id, "message_id": theirs[-1].id}
            await self._jobs.run("read", f"read.{theirs[-1].id}", where)

    async def _job(self, payload: dict[str, Any]) -> None:
        await self.read(payload)

    async def read(self, payload: dict[str, Any]) -> list[Reading]:
        """Read one message. Where a person is in control, an alarm asks for his eye; else the turn hands over."""
        ws, conversation_id = payload["workspace_id"], payload["conversation_id"]
        try:
            conversation = await self._conversations.get(ws, conversation_id)
            profession = await self._means.find_profession(conversation)
            host = self._means.hosts.get(profession.name) if profession else None
            if profession is None or host is None:
                return []
            readings, is_new = await self._read_all(profession, host, conversation, payload["message_id"])
        except NotFound:
            return []
        alarm = find_alarm(readings)
        if alarm is not None and is_new and conversation.controller.kind != "ai":
            async with self._database.write() as tx:
                now = await self._conversations.lock(tx, ws, conversation_id)
                await self._conversations.request_attention(tx, now.fence, alarm.reason)
        return readings

    async def _read_all(
        self, profession: Profession, host: Host, conversation: Conversation, message_id: str
    ) -> tuple[list[Reading], bool]:
        """What every reader saw in a message, and whether any of it was seen just now."""
        async with self._locks.setdefault(message_id, asyncio.Lock()):
            ws = conversation.workspace_id
            async with self._database.read() as tx:
                known = {r.name: r for r in await repository.list_readings_of_message(tx, ws, profession.name, message_id)}
            missing = [reader for reader in profession.readers if reader.name not in known]
            if missing:
                context = await self._context(host, conversation, message_id)
                for reader in missing:
                    known[reader.name] = await self._read(reader, context, profession.name)
                self._database.bus.publish(Ephemeral("panel", ws, conversation.id, "internal", {"pack": profession.name}))
            return list(known.values()), bool(missing)

    async def _context(self, host: Host, conversation: Conversation, message_id: str) -> ReadContext:
        snapshot = await self._conversations.snapshot(conversation.workspace_id, conversation.id, "public")
        message = await self._conversations.get_message(conversation.workspace_id, message_id)
        texts = [m for m in snapshot.messages if m.kind == "text" and conversation.episode_seq < m.seq < message.seq]
        return ReadContext(host, snapshot.conversation, message, detect_lang(message.body, conversation.lang), tuple(texts))

    async def _read(self, reader: Reader, context: ReadContext, pack: str) -> Reading:
        try:
            seen = await reader.function(context) or Seen()
        except Exception:
            log.exception("the reader %s of %s failed", reader.name, pack)
            seen = Seen({"failed": True}, alarm=ReadingAlarm(FAILED, "tool_error") if reader.is_vital else None)
        reading = _make(reader.name, pack, context.message, seen, context.conversation.person_id)
        async with self._database.write() as tx:
            if await repository.insert_reading(tx, reading) and seen.effect is not None:
                await seen.effect(tx)
        if seen.topic is not None or seen.subject is not None:
            here = context.conversation
            await self._conversations.label(here.workspace_id, here.id, topic=seen.topic, subject=seen.subject)
        return reading


def find_alarm(readings: Sequence[Reading]) -> ReadingAlarm | None:
    """The first alarm of a message's readings."""
    return next((reading.alarm for reading in readings if reading.alarm is not None), None)


def _make(name: str, pack: str, message: Message, seen: Seen, person_id: str) -> Reading:
    return Reading(
        workspace_id=message.workspace_id, conversation_id=message.conversation_id, person_id=person_id, message_id=message.id,
        seq=message.seq, pack=pack, name=name, data=dict(seen.data), alarm=seen.alarm, at=message.created_at,
    )  # fmt: skip
