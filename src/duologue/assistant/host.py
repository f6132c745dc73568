"""What a pack gets of the program: conversations, search, the model, the encoder, and transactions for tables of its own.

One object per process. What a pack may not do (speak while a person is in control, write past the fence) it cannot do here either.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from duologue.assistant import repository
from duologue.assistant.model import Draft, Reading, Run
from duologue.conversation.model import Citation, Conversation, Desk, HandoverReason, Message, Mode, Visibility
from duologue.conversation.service import ConversationService, View
from duologue.engine.protocol import ChatMessage, Engine, EngineInfo, GenerationRequest, TextDelta
from duologue.engine.redacted import Redact, RedactedEngine
from duologue.kit.clock import Clock
from duologue.kit.errors import Conflict, ModelUnavailable
from duologue.kit.settings import Settings
from duologue.kit.text import Lang
from duologue.knowledge.model import Encode, IngestReport, Input, SearchResult
from duologue.knowledge.service import KnowledgeService
from duologue.store.bus import Ephemeral
from duologue.store.database import Database, Tx, WriteTx

PAGE = 500
"""Conversations read at a time where many are."""


class Consents(Protocol):
    """Whose words may be learnt from. One equals another while nobody's word and no rule has changed. Kept by `review`."""

    def allow(self, person_id: str) -> bool:
        """Whether a person's conversations and work may be learnt from."""

    def refuses(self, person_id: str) -> bool:
        """Whether a person said no himself, whatever the workspace's rule is."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Consents where nobody can be asked: nobody's."""

    def allow(self, person_id: str) -> bool:
        """No."""
        return False

    def refuses(self, person_id: str) -> bool:
        """Not that it were known."""
        return False


class People(Protocol):
    """The persons of a workspace: what they are called, and that one is forgotten everywhere. Kept by `review`."""

    async def names(self, workspace_id: str, person_ids: Collection[str]) -> dict[str, str]:
        """Names by id; who never gave one has an empty one."""

    async def find(self, workspace_id: str, words: Sequence[str], limit: int) -> list[str]:
        """The ids of persons whose name holds every one of these words."""

    async def colleagues(self, workspace_id: str) -> dict[str, str]:
        """The members who work with persons (experts, administrators, owners), their names by id."""

    async def erase(self, tx: WriteTx, workspace_id: str, person_id: str) -> list[str]:
        """Delete a person with all that there is of him; his conversations' ids. Raises NotFound."""


class Host:
    """The program as one pack sees it. `folder` is the pack's own to write in."""

    def __init__(
        self,
        pack: str,
        database: Database,
        conversations: ConversationService,
        knowledge: KnowledgeService,
        engine: Engine,
        settings: Settings,
        may_leave: Callable[["Host", str], Awaitable[bool]] | None = None,
        encoder: Encode | None = None,
        sentences: Encode | None = None,
        redact: Redact | None = None,
        consents: Callable[[str], Awaitable[Consents]] | None = None,
        people: People | None = None,
    ) -> None:
        self.pack = pack
        self.settings = settings
        self.folder: Path = settings.data_dir / "packs" / pack
        self.encoder: Encode = encoder or knowledge.encoder
        self.sentences: Encode = sentences or knowledge.encoder
        self._database = database
        self._conversations = conversations
        self._knowledge = knowledge
        self._engine = RedactedEngine(engine, redact) if redact is not None and engine.info.is_outside else engine
        self._may_leave = may_leave
        self._consents = consents
        self._people = people

    @property
    def clock(self) -> Clock:
        """What time it is."""
        return self._database.clock

    @property
    def engine(self) -> EngineInfo:
        """Which model `think` asks, and whether it is a strong one."""
        return self._engine.info

    # ---- the pack's own tables ---------------------------------------------------------------------------------------------

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """A consistent view of the pack's tables."""
        return self._database.read()

    def write(self) -> AbstractAsyncContextManager[WriteTx]:
        """A transaction: all of it or nothing. No model call, no network and no waiting inside."""
        return self._database.write()

    async def consents(self, workspace_id: str) -> Consents:
        """Whose words the pack may learn from. Every model, list of gaps or example of a pack that is made of what persons wrote
        or did asks here first, and is made anew where the answer has changed."""
        return Nobody() if self._consents is None else await self._consents(workspace_id)

    # ---- conversations -----------------------------------------------------------------------------------------------------

    async def get_conversation(self, workspace_id: str, conversation_id: str) -> Conversation:
        """One conversation. Raises NotFound."""
        return await self._conversations.get(workspace_id, conversation_id)

    async def list_conversations(
        self, workspace_id: str, *, person_id: str = "", view: View = "all", member_id: str = "", limit: int = 200
    ) -> list[Conversation]:
        """Conversations of this pack's desks, the latest first; of one person, or of one view of the desk."""
        mine = {desk.id for desk in await self.list_desks(workspace_id)}
        if person_id:
            found = await self._conversations.list_of_person(workspace_id, person_id, limit)
        else:
            found = await self._conversations.list_(workspace_id, view, member_id=member_id, limit=limit)
        return [c for c in found if c.desk_id in mine]

    async def list_since(self, workspace_id: str, since: datetime, most: int) -> tuple[list[Conversation], bool]:
        """Conversations of this pack's desks that began since a moment, the latest changed first; whether `most` left some out."""
        mine = {desk.id for desk in await self.list_desks(workspace_id)}
        found: list[Conversation] = []
        before: datetime | None = None
        while part := await self._conversations.list_(workspace_id, before=before, limit=PAGE):
            found += [c for c in part if c.desk_id in mine and c.created_at >= since]
            before = part[-1].updated_at
            if before < since or len(part) < PAGE:  # what began since then was changed since then
                break
            if len(found) > most:
                break
        return found[:most], len(found) > most

    async def list_public_messages(self, workspace_id: str, conversation_ids: Sequence[str]) -> dict[str, list[Message]]:
        """The public messages of some hundreds of conversations at once, each in order; those that are gone have none."""
        return await self._conversations.list_public_messages(workspace_id, conversation_ids)

    async def list_of_persons(self, workspace_id: str, person_ids: Collection[str], limit: int = 200) -> list[Conversation]:
        """Conversations of several persons at this pack's desks, the latest first."""
        mine = {desk.id for desk in await self.list_desks(workspace_id)}
        found = await self._conversations.list_of_persons(workspace_id, person_ids, limit=limit)
        return [c for c in found if c.desk_id in mine]

    async def find_called(self, workspace_id: str, words: Sequence[str], limit: int = 50) -> list[Conversation]:
        """Conversations at this pack's desks whose person or subject is called so: every one of the words, whatever their case."""
        mine = {desk.id for desk in await self.list_desks(workspace_id)}
        people = await self._people.find(workspace_id, words, limit) if self._people else []
        named = await self._conversations.list_of_persons(workspace_id, people, limit=limit)
        found = {c.id: c for c in (*named, *await self._conversations.list_by_subject(workspace_id, words, limit))}
        return [c for c in found.values() if c.desk_id in mine][:limit]

    async def names(self, workspace_id: str, person_ids: Collection[str]) -> dict[str, str]:
        """What these persons are called, by id; who never gave a name has an empty one."""
        return await self._people.names(workspace_id, person_ids) if self._people else {}

    async def colleagues(self, workspace_id: str) -> dict[str, str]:
        """The members who work with persons here (experts, administrators, owners): their names by id."""
        return await self._people.colleagues(workspace_id) if self._people else {}

    async def list_closed(self, before: datetime) -> list[Conversation]:
        """Of all workspaces: the conversations at this pack's desks that are closed and unchanged since then, the oldest first."""
        return await self._conversations.list_closed(self.pack, before)

    async def erase_person(
        self, workspace_id: str, person_id: str, *, before: datetime, agrees: Callable[[WriteTx], Awaitable[bool]]
    ) -> bool:
        """Forget a person everywhere, in one transaction; whether he was.

        He is kept where he has a conversation at a desk of another pack, or one that is not closed, or was changed since `before`,
        or where `agrees` says no in the same transaction.
        """
        mine = {desk.id for desk in await self.list_desks(workspace_id)}
        ids = [c.id for c in await self._conversations.list_of_persons(workspace_id, [person_id], limit=100_000)]
        async with self._database.write() as tx:
            held = [await self._conversations.lock(tx, workspace_id, i) for i in ids]
            is_over = all(c.desk_id in mine and c.status == "resolved" and c.updated_at < before for c in held)
            if self._people is None or not held or not is_over or not await agrees(tx):
                return False
            if set(await self._people.erase(tx, workspace_id, person_id)) != set(ids):
                raise Conflict("The person began to write again meanwhile; nothing was erased.")
        return True

    async def list_desks(self, workspace_id: str) -> list[Desk]:
        """The desks of the workspace that this pack serves."""
        return [desk for desk in await self._conversations.list_desks(workspace_id) if desk.pack == self.pack]

    async def list_messages(self, workspace_id: str, conversation_id: str, *, public_only: bool = False) -> list[Message]:
        """The messages of a conversation in order; notes and notices too unless `public_only`."""
        snapshot = await self._conversations.snapshot(workspace_id, conversation_id, "public" if public_only else "internal")
        return list(snapshot.messages)

    async def list_drafts(self, workspace_id: str, conversation_id: str) -> list[Draft]:
        """The assistant's drafts in a conversation, newest first."""
        async with self._database.read() as tx:
            return await repository.list_drafts(tx, workspace_id, [conversation_id])

    async def list_runs(self, workspace_id: str, conversation_id: str) -> list[Run]:
        """The assistant's turns in a conversation, newest first."""
        async with self._database.read() as tx:
            return await repository.list_runs(tx, workspace_id, conversation_id)

    async def start(self, workspace_id: str, person_id: str, desk_id: str, lang: Lang) -> Conversation:
        """Open a conversation for a person."""
        return await self._conversations.start(workspace_id, person_id, desk_id, lang)

    async def say(
        self, workspace_id: str, conversation_id: str, client_id: str, body: str, *, lang: Lang, data: dict[str, Any] | None = None,
        citations: Sequence[Citation] = (),
    ) -> Message | None:  # fmt: skip
        """Speak as the assistant, outside a turn, once per `client_id`; None where a person is in control or it is not open."""
        here = await self._conversations.get(workspace_id, conversation_id)
        async with self._database.write() as tx:
            return await self._conversations.commit_ai(
                tx, here.fence, client_id=client_id, body=body, lang=lang, data=data, citations=citations
            )

    async def tell(
        self, workspace_id: str, conversation_id: str, client_id: str, body: str, *, lang: Lang, data: dict[str, Any] | None = None
    ) -> Message:
        """A line of the house in the person's chat, whoever is in control: a fact, never an answer. Once per `client_id`."""
        async with self._database.write() as tx:
            return await self._conversations.post_notice(
                tx, workspace_id, conversation_id, client_id=client_id, body=body, lang=lang, data=data
            )

    async def post_as(
        self, workspace_id: str, conversation_id: str, member_id: str, client_id: str, body: str, *,
        visibility: Visibility = "internal", data: dict[str, Any] | None = None,
    ) -> Message:  # fmt: skip
        """What an expert did in a panel, as his message, once per `client_id`; in public this takes the conversation over."""
        posted = await self._conversations.post_expert_message(
            workspace_id, conversation_id, member_id, client_id, body, visibility, data=data
        )
        return posted.message

    async def hand_over(self, workspace_id: str, conversation_id: str, reason: HandoverReason, team: str = "") -> None:
        """Ask for a person; nothing moves where one is in control."""
        await self._conversations.request_human(None, None, workspace_id, conversation_id, reason, team)

    async def label(self, workspace_id: str, conversation_id: str, *, topic: str | None = None, subject: str | None = None) -> None:
        """Set topic or subject; a topic may bring a mode of its own."""
        await self._conversations.label(workspace_id, conversation_id, topic=topic, subject=subject)

    async def set_topic_mode(self, workspace_id: str, topic: str, mode: Mode | None, by: str) -> None:
        """Set or clear the mode of all conversations on a topic."""
        await self._conversations.set_posture(workspace_id, "topic", topic, mode, by)

    async def list_readings(
        self, workspace_id: str, *, conversation_id: str = "", name: str = "", after: str = "", limit: int = 500
    ) -> list[Reading]:
        """What the pack's readers saw, oldest first; `after`: the id of the last message that is already known."""
        async with self._database.read() as tx:
            return await repository.list_readings(
                tx, workspace_id, self.pack, conversation_id=conversation_id, name=name, after=after, limit=limit
            )

    def refresh(self, workspace_id: str, conversation_id: str = "") -> None:
        """Have open panels fetch again what they show."""
        self._database.bus.publish(Ephemeral("panel", workspace_id, conversation_id, "internal", {"pack": self.pack}))

    # ---- knowledge, the model, the encoder -----------------------------------------------------------------------------------

    async def search(self, workspace_id: str, query: str, *, lang: Lang | None = None, k: int = 5) -> SearchResult:
        """The best passages of the workspace's knowledge, and whether they hold the answer."""
        return await self._knowledge.search(workspace_id, query, lang=lang, k=k)

    async def add_article(self, workspace_id: str, name: str, text: str) -> IngestReport:
        """Take an article in, as Markdown; the same name again replaces it. It can be cited at once."""
        return await self._knowledge.ingest(workspace_id, [Input(name, text.encode(), "text/markdown")])

    async def think(
        self, messages: Sequence[ChatMessage], *, workspace_id: str = "", max_tokens: int = 400, temperature: float = 0.0,
        seed: int | None = None,
    ) -> str:  # fmt: skip
        """The model's answer. Raises ModelUnavailable. What persons wrote goes into it fenced (`sdk.fence`).

        A model elsewhere is asked only where the pack lets the workspace's text leave this machine.
        """
        if self._engine.info.is_outside and self._may_leave is not None and not await self._may_leave(self, workspace_id):
            raise ModelUnavailable("What is written here stays on this machine; no model elsewhere is asked.")
        request = GenerationRequest(messages, max_tokens=max_tokens, temperature=temperature, seed=seed)
        events = self._engine.generate(request)
        return "".join([event.text async for event in events if isinstance(event, TextDelta)])

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        """Unit-length sentence vectors, (n, dim)."""
        return await self.encoder.encode(texts)

    async def encode_sentences(self, texts: Sequence[str]) -> list[list[float]]:
        """As `encode`, by the encoder that knows sentences and takes some ms for each: for models learned from examples."""
        return await self.sentences.encode(texts)

    async def read_pieces(self, texts: Sequence[str]) -> list[tuple[list[int], NDArray[np.float32]]] | None:
        """Each text's pieces as numbers, and a unit vector of each in its sentence, (T, D); None without such an encoder."""
        read = getattr(self.sentences, "pieces", None)
        return None if read is None else await read(texts)
