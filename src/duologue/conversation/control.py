"""Who speaks for the house: takeover, lease, hand-over, hand-back, mode. Every move raises the epoch, in one event.

Also the one place where a message gets its seq (`post_in`), because every move may leave a notice.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from duologue.conversation import repository
from duologue.conversation.events import ControlChanged, LeaseRenewed, MessagePosted, StatusChanged
from duologue.conversation.model import (
    AI,
    Attention,
    AuthorKind,
    Citation,
    Controller,
    Conversation,
    Fence,
    HandoverReason,
    Message,
    MessageKind,
    Mode,
    Status,
    Visibility,
)
from duologue.conversation.notices import NOTICES
from duologue.kit.errors import Conflict, NotInControl
from duologue.kit.ids import new_id
from duologue.kit.text import Lang, clean, detect_lang
from duologue.store.database import Database, WriteTx

BATCH = 500


class Repeated(Conflict):
    """The same author has already sent this client id to this conversation; the transaction is rolled back."""


class ControlMoves:
    """The moves of control, each idempotent: asking twice for what already holds changes nothing."""

    def __init__(self, database: Database, *, lease_s: float = 1800.0) -> None:
        self._database = database
        self._lease = timedelta(seconds=lease_s)

    async def lock(self, tx: WriteTx, workspace_id: str, conversation_id: str) -> Conversation:
        """The conversation, held until the transaction ends."""
        await repository.hold_modes(tx, workspace_id)
        return await repository.get_conversation(tx, workspace_id, conversation_id, lock=True)

    async def take_over(self, workspace_id: str, conversation_id: str, member_id: str, *, force: bool = False) -> Conversation:
        """The member speaks from now on. Raises NotInControl where a colleague holds it, unless `force`."""
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            if conversation.status != "open":
                conversation = await self._change_status(tx, conversation, "open", member_id)
            return await self._hold(tx, conversation, member_id, force=force)

    async def renew_lease(self, workspace_id: str, conversation_id: str, member_id: str) -> Conversation:
        """The holder is still there."""
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            _check_holder(conversation, member_id)
            return await self._renew(tx, conversation)

    async def release(self, workspace_id: str, conversation_id: str, member_id: str) -> Conversation:
        """The holder lets go; the conversation waits for the team."""
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            _check_holder(conversation, member_id)
            return await self._queue(tx, conversation, "by_expert", "", member_id)

    async def hand_to_team(self, workspace_id: str, conversation_id: str, team: str, by: str) -> Conversation:
        """The conversation waits for a team, without anyone taking it."""
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            _check_not_held_by_another(tx, conversation, by)
            return await self._queue(tx, conversation, "by_expert", team, by)

    async def hand_back(self, workspace_id: str, conversation_id: str, member_id: str) -> Conversation:
        """The assistant speaks again, in the mode that it inherits; a marker tells it where the human segment ended."""
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            if conversation.controller == AI and conversation.mode_override is None:
                return conversation
            _check_not_held_by_another(tx, conversation, member_id)
            return await self._give_back(tx, conversation, member_id)

    async def request_human(
        self,
        tx: WriteTx | None,
        fence: Fence | None,
        workspace_id: str,
        conversation_id: str,
        reason: HandoverReason,
        team: str = "",
        by: str = "ai",
    ) -> Conversation | None:
        """Ask for a person: the queue takes control and the person who waits sees one notice. None where the fence is broken.

        Where a person or a queue is in control nothing moves; a queue whose call was answered is called again.
        """
        if tx is None:
            async with self._database.write() as own:
                return await self.request_human(own, fence, workspace_id, conversation_id, reason, team, by)
        conversation = await self.lock(tx, workspace_id, conversation_id)
        if fence is not None and conversation.fence != fence:
            return None
        if conversation.controller.kind == "human":
            return conversation
        if conversation.controller.kind == "queue":
            return await self._request(tx, conversation, reason, by)
        return await self._queue(tx, conversation, reason, team, by)

    async def request_attention(self, tx: WriteTx, fence: Fence, reason: HandoverReason) -> Conversation | None:
        """Ask for a person's eye without giving up control: a draft waits. None where the fence is broken."""
        conversation = await self.lock(tx, fence.workspace_id, fence.conversation_id)
        if conversation.fence != fence:
            return None
        return await self._request(tx, conversation, reason, "ai")

    async def answer_attention(self, tx: WriteTx, conversation: Conversation, by: str) -> Conversation:
        """A person has looked."""
        attention = Attention("answered", conversation.attention.reason, tx.now)
        return await self._write(tx, replace(conversation, attention=attention), by)

    async def set_mode(self, workspace_id: str, conversation_id: str, mode: Mode | None, by: str) -> Conversation:
        """Override the inherited mode, or inherit again with None."""
        async with self._database.write() as tx:
            conversation = await self.lock(tx, workspace_id, conversation_id)
            if conversation.mode_override == mode:
                return conversation
            return await self._move(
                tx, conversation, conversation.controller, conversation.lease_expires_at, mode, conversation.attention, by
            )

    async def expire_leases(self, now: datetime) -> int:
        """Take from experts what they left: to the queue where the person waits, else back to the assistant; returns how many."""
        async with self._database.read() as tx:
            due, _ = await repository.list_due(tx, now)
        count = 0
        for found in due:
            async with self._database.write() as tx:
                conversation = await self.lock(tx, found.workspace_id, found.id)
                if conversation.lease_expires_at is None or conversation.lease_expires_at > now:
                    continue
                if conversation.waiting_since is not None:
                    await self._queue(tx, conversation, "expert_left", "", "system")
                else:
                    await self._give_back(tx, conversation, "system")
                count += 1
        return count

    async def post_in(
        self,
        tx: WriteTx,
        conversation: Conversation,
        *,
        author_kind: AuthorKind,
        author_id: str,
        client_id: str,
        body: str,
        visibility: Visibility = "public",
        kind: MessageKind = "text",
        lang: Lang | None = None,
        citations: tuple[Citation, ...] = (),
        run_id: str | None = None,
        draft_id: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> Message:
        """Give a message its seq and store it, inside the caller's transaction, which holds `conversation` locked.

        Raises Repeated where the same author has sent this client id before.
        """
        waiting = conversation.waiting_since
        if kind == "text" and visibility == "public":
            waiting = (waiting or tx.now) if author_kind == "person" else None
        seq = await repository.next_seq(tx, conversation.id, visibility, waiting)
        text = clean(body)
        message = Message(
            id=new_id("msg"), workspace_id=conversation.workspace_id, conversation_id=conversation.id, seq=seq, client_id=client_id,
            author_kind=author_kind, author_id=author_id, visibility=visibility, kind=kind, body=text,
            lang=lang or detect_lang(text, conversation.lang), citations=citations, draft_id=draft_id, run_id=run_id,
            data=data or {}, created_at=tx.now,
        )  # fmt: skip
        if not await repository.insert_message(tx, message):
            raise Repeated("This has been sent before.", client_id=client_id)
        happened = MessagePosted(message, waiting)
        await tx.append(conversation.workspace_id, happened, conversation_id=conversation.id, audience=visibility)
        return message

    async def _hold(self, tx: WriteTx, conversation: Conversation, member_id: str, *, force: bool = False) -> Conversation:
        holder = Controller("human", member_id)
        if conversation.controller == holder and conversation.mode == "human":
            return await self._renew(tx, conversation)
        if not force:
            _check_not_held_by_another(tx, conversation, member_id)
        attention = conversation.attention
        if attention.kind == "requested":
            attention = Attention("answered", attention.reason, tx.now)
        return await self._move(tx, conversation, holder, tx.now + self._lease, "human", attention, member_id)

    async def _renew(self, tx: WriteTx, conversation: Conversation) -> Conversation:
        changed = replace(conversation, lease_expires_at=tx.now + self._lease)
        await repository.update_conversation(tx, changed)
        happened = LeaseRenewed(tx.now + self._lease)
        await tx.append(changed.workspace_id, happened, conversation_id=changed.id)
        return changed

    async def _request(self, tx: WriteTx, conversation: Conversation, reason: HandoverReason, by: str) -> Conversation:
        if conversation.attention.kind == "requested":
            return conversation
        return await self._write(tx, replace(conversation, attention=Attention("requested", reason, tx.now)), by)

    async def _give_back(self, tx: WriteTx, conversation: Conversation, by: str) -> Conversation:
        attention = conversation.attention
        if attention.kind == "requested":
            attention = Attention("answered", attention.reason, tx.now)
        conversation = await self._move(tx, conversation, AI, None, None, attention, by)
        data = {"code": "handed_back", "human_segment_ended_at": conversation.last_seq}
        await self._notice(tx, conversation, "handed_back", data, kind="marker")
        return await repository.get_conversation(tx, conversation.workspace_id, conversation.id)

    async def _queue(self, tx: WriteTx, conversation: Conversation, reason: HandoverReason, team: str, by: str) -> Conversation:
        target = Controller("queue", team)
        if conversation.controller == target and conversation.attention.kind == "requested":
            return conversation
        was_queued = conversation.controller.kind == "queue"
        attention = Attention("requested", reason, tx.now)
        conversation = await self._move(tx, conversation, target, None, None, attention, by)
        if not was_queued:
            await self._notice(tx, conversation, "handed_over", {"code": "handed_over", "reason": reason})
        return await repository.get_conversation(tx, conversation.workspace_id, conversation.id)

    async def _move(
        self,
        tx: WriteTx,
        conversation: Conversation,
        controller: Controller,
        lease_expires_at: datetime | None,
        mode_override: Mode | None,
        attention: Attention,
        by: str,
    ) -> Conversation:
        changed = replace(
            conversation,
            controller=controller,
            lease_expires_at=lease_expires_at,
            mode_override=mode_override,
            attention=attention,
            control_epoch=conversation.control_epoch + 1,
        )
        return await self._write(tx, changed, by)

    async def _write(self, tx: WriteTx, changed: Conversation, by: str) -> Conversation:
        await repository.update_conversation(tx, replace(changed, updated_at=tx.now))
        stored = await repository.get_conversation(tx, changed.workspace_id, changed.id)
        await self._tell_control(tx, stored, by)
        return stored

    async def _tell_control(self, tx: WriteTx, now: Conversation, by: str) -> None:
        happened = ControlChanged(
            now.controller, now.lease_expires_at, now.mode, now.mode_override, now.attention, now.control_epoch, by
        )
        await tx.append(now.workspace_id, happened, conversation_id=now.id, audience="public")

    @asynccontextmanager
    async def _moving_modes(self, tx: WriteTx, workspace_id: str, by: str) -> AsyncIterator[None]:
        """Around a change of posture: whatever gets another mode by it gets another epoch too, so that running turns notice."""
        await repository.hold_modes(tx, workspace_id, to_change=True)
        before = await repository.list_modes(tx, workspace_id)
        yield
        after = await repository.list_modes(tx, workspace_id)
        moved = [i for i, mode in after.items() if before.get(i) != mode]
        for start in range(0, len(moved), BATCH):
            ids = moved[start : start + BATCH]
            await repository.raise_epochs(tx, ids)
            for conversation in await repository.list_by_id(tx, workspace_id, ids):
                await self._tell_control(tx, conversation, by)

    async def _change_status(
        self, tx: WriteTx, conversation: Conversation, status: Status, by: str, until: datetime | None = None
    ) -> Conversation:
        episode = conversation.last_seq if conversation.status == "resolved" and status == "open" else conversation.episode_seq
        if status == "resolved" and (conversation.controller != AI or conversation.mode_override is not None):
            attention = conversation.attention
            if attention.kind == "requested":
                attention = Attention("answered", attention.reason, tx.now)
            conversation = await self._move(tx, conversation, AI, None, None, attention, by)
        waiting = None if status == "resolved" else conversation.waiting_since
        changed = replace(
            conversation, status=status, snoozed_until=until, episode_seq=episode, waiting_since=waiting, updated_at=tx.now
        )
        await repository.update_conversation(tx, changed)
        happened = StatusChanged(status, until, episode, waiting, by)
        await tx.append(changed.workspace_id, happened, conversation_id=changed.id, audience="public")
        return changed

    async def _notice(
        self, tx: WriteTx, conversation: Conversation, code: str, data: dict[str, Any], kind: MessageKind = "notice"
    ) -> Message:
        return await self.post_in(
            tx, conversation, author_kind="system", author_id="", client_id=f"{code}:{conversation.control_epoch}",
            body=NOTICES[code][conversation.lang], kind=kind, lang=conversation.lang, data=data,
        )  # fmt: skip


def _check_holder(conversation: Conversation, member_id: str) -> None:
    if conversation.controller != Controller("human", member_id):
        raise NotInControl("You do not hold this conversation; take it over first.", holder=str(conversation.controller))


def _check_not_held_by_another(tx: WriteTx, conversation: Conversation, member_id: str) -> None:
    taken = conversation.controller.kind == "human" and conversation.controller != Controller("human", member_id)
    if taken and conversation.lease_expires_at is not None and conversation.lease_expires_at > tx.now:
        raise NotInControl("A colleague is handling this conversation.", holder=conversation.controller.id)
