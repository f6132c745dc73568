"""Check, then do: what people and the assistant may do to a conversation. One call, one transaction, one batch of events.

Moves of control stand in `control`. Knows nothing of drafts: the assistant closes them by handlers of the events made here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from duologue.conversation import repository
from duologue.conversation.control import ControlMoves, Repeated
from duologue.conversation.events import ConversationLabelled, ConversationStarted, PersonErased
from duologue.conversation.model import (
    AI,
    Attention,
    AuthorKind,
    Citation,
    Conversation,
    Desk,
    Fence,
    Message,
    Mode,
    PostureScope,
    Snapshot,
    Status,
    Visibility,
    as_public,
)
from duologue.kit.errors import Conflict, Invalid, NotFound
from duologue.kit.ids import new_id
from duologue.kit.text import Lang, clean
from duologue.store import feed
from duologue.store.bus import Audience
from duologue.store.database import WriteTx

View = Literal["mine", "waiting", "ai", "all"]


@dataclass(frozen=True, slots=True)
class Posted:
    """A message, the conversation after it, and whether this call made it."""

    message: Message
    conversation: Conversation
    is_new: bool


class ConversationService(ControlMoves):
    """Conversations of all workspaces; every method takes the workspace, and what lies outside of it is NotFound."""

    async def ensure_desk(self, workspace_id: str, name: str, mode: Mode | None = None, pack: str = "") -> Desk:
        """The desk of that name, made where it is missing."""
        async with self._database.write() as tx:
            await repository.insert_desk(tx, Desk(new_id("dsk"), workspace_id, name, mode, pack, tx.now))
            return next(desk for desk in await repository.list_desks(tx, workspace_id) if desk.name == name)

    async def change_desk(self, workspace_id: str, desk_id: str, *, name: str, mode: Mode | None, pack: str, by: str = "") -> Desk:
        """Rename a desk or set its mode."""
        async with self._database.write() as tx, self._moving_modes(tx, workspace_id, by):
            changed = replace(await self._get_desk(tx, workspace_id, desk_id), name=name, mode=mode, pack=pack)
            await repository.update_desk(tx, changed)
            return changed

    async def list_desks(self, workspace_id: str) -> list[Desk]:
        """Desks, oldest first."""
        async with self._database.read() as tx:
            return await repository.list_desks(tx, workspace_id)

    async def set_posture(self, workspace_id: str, scope: PostureScope, scope_id: str, mode: Mode | None, by: str) -> None:
        """Set or clear what conversations inherit from the workspace or a topic (a desk's mode is the desk's own)."""
        async with self._database.write() as tx, self._moving_modes(tx, workspace_id, by):
            if scope == "desk":
                desk = await self._get_desk(tx, workspace_id, scope_id)
                await repository.update_desk(tx, replace(desk, mode=mode))
            else:
                await repository.replace_posture(tx, workspace_id, scope, scope_id, mode)

    async def _get_desk(self, tx: WriteTx, workspace_id: str, desk_id: str) -> Desk:
        for desk in await repository.list_desks(tx, workspace_id):
            if desk.id == desk_id:
                return desk
        raise NotFound("There is no such desk.")

    async def list_postures(self, workspace_id: str) -> dict[tuple[PostureScope, str], Mode]:
        """Postures of the workspace and its topics, by (scope, id)."""
        async with self._database.read() as tx:
            return await repository.list_postures(tx, workspace_id)

    async def start(self, workspace_id: str, person_id: str, desk_id: str, lang: Lang) -> Conversation:
        """Open a conversation; the assistant is in control, in the mode that it inherits."""
        async with self._database.write() as tx:
            await repository.hold_modes(tx, workspace_id)
            if desk_id not in {d.id for d in await repository.list_desks(tx, workspace_id)}:
                raise NotFound("There is no such desk.")
            new = Conversation(
                id=new_id("cnv"), workspace_id=workspace_id, desk_id=desk_id, person_id=person_id, lang=lang, topic="", subject="",
                status="open", snoozed_until=None, mode="copilot", mode_override=None, controller=AI, lease_expires_at=None,
                attention=Attention(), control_epoch=0, last_seq=0, last_public_seq=0, episode_seq=0,
                created_at=tx.now, updated_at=tx.now, waiting_since=None,
            )  # fmt: skip
            await repository.insert_conversation(tx, new)
            conversation = await repository.get_conversation(tx, workspace_id, new.id)
            await tx.append(workspace_id, ConversationStarted(conversation), conversation_id=new.id, audience="public")
            return conversation

    async def post_person_message(
        self, workspace_id: str, conversation_id: str, person_id: str, client_id: str, body: str
    ) -> Posted:
        """The person writes. A resolved conversation opens again as a new episode. NotFound where it is not theirs."""
        _check_body(body)
        try:
            return await self._post_person_message(workspace_id, conversation_id, person_id, client_id, body)
        except Repeated:
            async with self._database.read() as tx:
                first = await repository.find_message(tx, conversation_id, "person", client_id)
                if first is None:
                    raise
                return Posted(first, await repository.get_conversation(tx, workspace_id, conversation_id), False)

    async def _post_person_message(
        self, workspace_id: str, conversation_id: str, person_id: str, client_id: str, body: str
    ) -> Posted:
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            if conversation.person_id != person_id:
                raise NotFound("There is no such conversation.")
            if conversation.status != "open":
                conversation = await self._change_status(tx, conversation, "open", person_id)
            message = await self.post_in(
                tx, conversation, author_kind="person", author_id=person_id, client_id=client_id, body=body
            )
            return Posted(message, _after(conversation, message), True)

    async def post_expert_message(
        self,
        workspace_id: str,
        conversation_id: str,
        member_id: str,
        client_id: str,
        body: str,
        visibility: Visibility,
        *,
        data: dict[str, Any] | None = None,
    ) -> Posted:
        """An expert writes; in public this takes the conversation over. Raises NotInControl where a colleague holds it."""
        _check_body(body)
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            if first := await repository.find_message(tx, conversation_id, "expert", client_id):
                _check_author(first, member_id)
                return Posted(first, conversation, False)
            if visibility == "public":
                if conversation.status != "open":
                    conversation = await self._change_status(tx, conversation, "open", member_id)
                conversation = await self._hold(tx, conversation, member_id)
            message = await self.post_in(
                tx, conversation, author_kind="expert", author_id=member_id, client_id=client_id, body=body, visibility=visibility,
                data=data,
            )  # fmt: skip
            return Posted(message, _after(conversation, message), True)

    async def post_notice(
        self, tx: WriteTx, workspace_id: str, conversation_id: str, *, client_id: str, body: str, lang: Lang,
        data: dict[str, Any] | None = None,
    ) -> Message:  # fmt: skip
        """One line of the house in the person's chat, in the caller's transaction; the same `client_id` again gives the first."""
        conversation = await self.lock(tx, workspace_id, conversation_id)
        if first := await repository.find_message(tx, conversation_id, "system", client_id):
            return first
        return await self.post_in(
            tx,
            conversation,
            author_kind="system",
            author_id="",
            client_id=client_id,
            body=body,
            kind="notice",
            lang=lang,
            data=data,
        )

    async def commit_ai(
        self,
        tx: WriteTx,
        fence: Fence,
        *,
        client_id: str,
        body: str,
        lang: Lang,
        citations: Sequence[Citation] = (),
        run_id: str | None = None,
        draft_id: str | None = None,
        author_kind: AuthorKind = "ai",
        author_id: str = "",
        data: dict[str, Any] | None = None,
    ) -> Message | None:
        """Say what a model wrote (or an expert approved), where the fence still stands; None where it does not."""
        conversation = await self.lock(tx, fence.workspace_id, fence.conversation_id)
        if first := await repository.find_message(tx, fence.conversation_id, author_kind, client_id):
            return first
        if conversation.fence != fence or conversation.status != "open":
            return None
        if author_kind == "ai" and (conversation.controller != AI or conversation.mode == "human"):
            return None
        if conversation.attention.kind == "requested" and author_kind == "expert":
            conversation = await self.answer_attention(tx, conversation, author_id)
        return await self.post_in(
            tx, conversation, author_kind=author_kind, author_id=author_id, client_id=client_id, body=body, lang=lang,
            citations=tuple(citations), run_id=run_id, draft_id=draft_id, data=data,
        )  # fmt: skip

    async def resolve(self, workspace_id: str, conversation_id: str, by: str) -> Conversation:
        """Close it; control goes back to the assistant, so that the next episode starts as inherited."""
        return await self._set_status(workspace_id, conversation_id, "resolved", by)

    async def reopen(self, workspace_id: str, conversation_id: str, by: str) -> Conversation:
        """Open it again."""
        return await self._set_status(workspace_id, conversation_id, "open", by)

    async def snooze(self, workspace_id: str, conversation_id: str, until: datetime, by: str) -> Conversation:
        """Put it aside until then, or until the person writes."""
        if until <= self._database.clock.now():
            raise Invalid("Choose a time that is still to come.")
        return await self._set_status(workspace_id, conversation_id, "snoozed", by, until)

    async def wake_snoozed(self, now: datetime) -> int:
        """Open what was snoozed until now; returns how many."""
        async with self._database.read() as tx:
            _, due = await repository.list_due(tx, now)
        count = 0
        for found in due:
            async with self._database.write() as tx:
                conversation = await self.lock(tx, found.workspace_id, found.id)
                if conversation.status == "snoozed" and conversation.snoozed_until and conversation.snoozed_until <= now:
                    await self._change_status(tx, conversation, "open", "system")
                    count += 1
        return count

    async def label(
        self, workspace_id: str, conversation_id: str, *, topic: str | None = None, subject: str | None = None, by: str = "system"
    ) -> Conversation:
        """Set topic or subject. A topic may bring a mode of its own."""
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            changed = replace(
                conversation,
                topic=conversation.topic if topic is None else topic[:200],
                subject=conversation.subject if subject is None else subject[:400],
            )
            if changed == conversation:
                return conversation
            await repository.update_conversation(tx, changed)
            happened = ConversationLabelled(changed.topic, changed.subject, changed.lang)
            await tx.append(workspace_id, happened, conversation_id=conversation_id)
            stored = await self.lock(tx, workspace_id, conversation_id)
            if stored.mode == conversation.mode:
                return stored
            return await self._write(tx, replace(stored, control_epoch=stored.control_epoch + 1), by)

    async def get(self, workspace_id: str, conversation_id: str) -> Conversation:
        """One conversation."""
        async with self._database.read() as tx:
            return await repository.get_conversation(tx, workspace_id, conversation_id)

    async def get_message(self, workspace_id: str, message_id: str) -> Message:
        """One message."""
        async with self._database.read() as tx:
            return await repository.get_message(tx, workspace_id, message_id)

    async def snapshot(self, workspace_id: str, conversation_id: str, audience: Audience) -> Snapshot:
        """The conversation with its messages as the audience may see them, and the cursor up to which they are complete."""
        async with self._database.read() as tx:
            conversation = await repository.get_conversation(tx, workspace_id, conversation_id)
            is_public = audience == "public"
            messages = await repository.list_messages(tx, conversation_id, visibility="public" if is_public else None)
            shown = as_public(conversation) if is_public else conversation
            return Snapshot(shown, tuple(messages), await feed.get_cursor(tx.conn, workspace_id))

    async def list_public_messages(self, workspace_id: str, conversation_ids: Sequence[str]) -> dict[str, list[Message]]:
        """The public messages of some hundreds of conversations at once, each in order; those that are gone have none."""
        async with self._database.read() as tx:
            return await repository.list_public_messages(tx, workspace_id, conversation_ids)

    async def list_(
        self,
        workspace_id: str,
        view: View = "all",
        *,
        member_id: str = "",
        statuses: Sequence[Status] = (),
        before: datetime | None = None,
        limit: int = 50,
    ) -> list[Conversation]:
        """A view of the desk: mine (held by the member), waiting (for a person's eye), ai (the assistant handles it), all."""
        async with self._database.read() as tx:
            return await repository.list_conversations(
                tx,
                workspace_id,
                controllers=(f"human:{member_id}",) if view == "mine" else ("ai",) if view == "ai" else (),
                wants_attention=view == "waiting",
                statuses=statuses,
                before=before,
                limit=limit,
            )

    async def list_of_persons(
        self, workspace_id: str, person_ids: Collection[str], *, statuses: Sequence[Status] = (), limit: int = 200
    ) -> list[Conversation]:
        """The conversations of several persons, the latest first."""
        async with self._database.read() as tx:
            return await repository.list_conversations(tx, workspace_id, person_ids=person_ids, statuses=statuses, limit=limit)

    async def list_by_subject(self, workspace_id: str, words: Sequence[str], limit: int = 50) -> list[Conversation]:
        """Conversations whose subject holds every one of these words, the latest first; none where there are no words."""
        async with self._database.read() as tx:
            return await repository.list_conversations(tx, workspace_id, subject=words, limit=limit) if words else []

    async def list_closed(self, pack: str, before: datetime) -> list[Conversation]:
        """Of all workspaces: the conversations at a pack's desks that are resolved and unchanged since then, the oldest first."""
        async with self._database.read() as tx:
            return await repository.list_closed(tx, pack, before)

    async def list_of_person(self, workspace_id: str, person_id: str, limit: int = 50) -> list[Conversation]:
        """A person's conversations, the latest first."""
        async with self._database.read() as tx:
            return await repository.list_conversations(tx, workspace_id, person_id=person_id, limit=limit)

    async def read_events(
        self,
        workspace_id: str,
        since: int,
        *,
        conversation_id: str | None = None,
        audience: Audience | None = None,
        limit: int = 500,
    ) -> list[feed.Record]:
        """Events after a cursor."""
        async with self._database.read() as tx:
            return await feed.read(tx.conn, workspace_id, since, conversation_id=conversation_id, audience=audience, limit=limit)

    async def _set_status(
        self, workspace_id: str, conversation_id: str, status: Status, by: str, until: datetime | None = None
    ) -> Conversation:
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            if conversation.status == status and conversation.snoozed_until == until:
                return conversation
            return await self._change_status(tx, conversation, status, by, until)

    async def erase_person(self, tx: WriteTx, workspace_id: str, person_id: str) -> list[str]:
        """Remove a person's conversations with all messages and events; returns the ids that are gone."""
        ids = await repository.delete_of_person(tx, workspace_id, person_id)
        await feed.erase(tx.conn, workspace_id, ids)
        await tx.append(workspace_id, PersonErased(person_id, tuple(ids)))
        return ids


def _check_body(body: str) -> None:
    if not clean(body):
        raise Invalid("Write something first; this message is empty.", field="body")


def _check_author(first: Message, author_id: str) -> None:
    if first.author_id != author_id:
        raise Conflict("Another member has already sent this client id; make a new one.", client_id=first.client_id)


def _after(conversation: Conversation, message: Message) -> Conversation:
    """The conversation after a text that was posted to it."""
    if message.visibility == "internal":
        return replace(conversation, last_seq=message.seq)
    waiting = (conversation.waiting_since or message.created_at) if message.author_kind == "person" else None
    return replace(
        conversation, last_seq=message.seq, last_public_seq=message.seq, waiting_since=waiting, updated_at=message.created_at
    )
