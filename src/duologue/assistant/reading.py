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
from duologue.store.database import WriteTx

log = get_logger(__name__)

FAILED = "reader_failed"
LAST = 5
"""Messages of a waiting conversation that are looked at again after a start."""
HISTORY = 20
"""Earlier messages that a reader gets: what was said long before does not change what this one says."""


class Readings:
    """The readers of this process."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._database = means.database
        self._conversations = means.conversations
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()

    def put(self, workspace_id: str, conversation_id: str, message_id: str) -> None:
        """Have a message read soon, one after the other: what people say to each other does not wait for it."""
        self._waiting.put_nowait((workspace_id, conversation_id, message_id))

    async def work(self) -> None:
        """Read what was put, for ever. What is put and not read when the program ends is read at the next start (`put_unread`)."""
        while True:
            workspace_id, conversation_id, message_id = await self._waiting.get()
            where = {"workspace_id": workspace_id, "conversation_id": conversation_id, "message_id": message_id}
            try:
                await self.read(where)
            except Exception:
                log.exception("message %s could not be read", message_id)

    async def put_unread(self, workspace_id: str) -> None:
        """Have the last messages read of conversations that wait for a person, where a crash came between."""
        for here in await self._conversations.list_(workspace_id, statuses=("open",), limit=500):
            if here.waiting_since is None or here.controller.kind == "ai":
                continue
            snapshot = await self._conversations.snapshot(workspace_id, here.id, "public")
            theirs = [m for m in snapshot.messages if m.kind == "text" and m.author_kind == "person"]
            for message in theirs[-LAST:]:
                self.put(workspace_id, here.id, message.id)

    async def read(self, payload: dict[str, Any]) -> list[Reading]:
        """Read one message. Where a person is in control, an alarm asks for his eye, in the transaction that
        keeps what was seen; else the turn hands over."""
        ws, conversation_id = payload["workspace_id"], payload["conversation_id"]
        try:
            conversation = await self._conversations.get(ws, conversation_id)
            profession = await self._means.find_profession(conversation)
            host = self._means.hosts.get(profession.name) if profession else None
            if profession is None or host is None:
                return []
            return await self._read_all(profession, host, conversation, payload["message_id"])
        except NotFound:
            return []

    async def _raise(self, tx: WriteTx, context: ReadContext, alarm: ReadingAlarm) -> None:
        """Where no turn will hand over, because a person is in control or waited for: ask for his eye, and tell the person what to
        do until he comes."""
        message = context.message
        now = await self._conversations.lock(tx, message.workspace_id, message.conversation_id)
        if now.controller.kind == "ai":
            return
        await self._conversations.request_attention(tx, now.fence, alarm.reason)
        words = alarm.notice.get(context.lang, "")
        if words:
            await self._conversations.post_notice(
                tx, now.workspace_id, now.id, client_id=f"{alarm.code}:{message.id}", body=words, lang=context.lang,
                data={"code": alarm.code},
            )  # fmt: skip

    async def _read_all(self, profession: Profession, host: Host, conversation: Conversation, message_id: str) -> list[Reading]:
        """What every reader saw in a message."""
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
            return list(known.values())

    async def _context(self, host: Host, conversation: Conversation, message_id: str) -> ReadContext:
        snapshot = await self._conversations.snapshot(conversation.workspace_id, conversation.id, "public")
        message = await self._conversations.get_message(conversation.workspace_id, message_id)
        texts = [m for m in snapshot.messages if m.kind == "text" and conversation.episode_seq < m.seq < message.seq]
        return ReadContext(
            host, snapshot.conversation, message, detect_lang(message.body, conversation.lang), tuple(texts[-HISTORY:])
        )

    async def _read(self, reader: Reader, context: ReadContext, pack: str) -> Reading:
        try:
            seen = await reader.function(context) or Seen()
        except Exception:
            log.exception("the reader %s of %s failed", reader.name, pack)
            seen = Seen({"failed": True}, alarm=ReadingAlarm(FAILED, "tool_error") if reader.is_vital else None)
        reading = _make(reader.name, pack, context.message, seen, context.conversation.person_id)
        async with self._database.write() as tx:
            if await repository.insert_reading(tx, reading):
                if seen.effect is not None:
                    await seen.effect(tx)
                if seen.alarm is not None:
                    await self._raise(tx, context, seen.alarm)
        if seen.topic is not None or seen.subject is not None:
            here = context.conversation
            await self._conversations.label(here.workspace_id, here.id, topic=seen.topic, subject=seen.subject)
        return reading


def find_alarm(readings: Sequence[Reading]) -> ReadingAlarm | None:
    """The first alarm of these readings."""
    return next((reading.alarm for reading in readings if reading.alarm is not None), None)


def is_judged(readers: Sequence[Reader], readings: Sequence[Reading]) -> bool:
    """Whether a reader that judges danger has read each message that was read, and did not fail."""
    judges = {reader.name for reader in readers if reader.judges_danger}
    judged = {r.message_id for r in readings if r.name in judges and not r.data.get("failed")}
    return bool(judged) and judged == {r.message_id for r in readings}


def _make(name: str, pack: str, message: Message, seen: Seen, person_id: str) -> Reading:
    return Reading(
        workspace_id=message.workspace_id, conversation_id=message.conversation_id, person_id=person_id, message_id=message.id,
        seq=message.seq, pack=pack, name=name, data=dict(seen.data), alarm=seen.alarm, at=message.created_at,
    )  # fmt: skip
