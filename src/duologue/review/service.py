"""Check, then do: what a reviewer decides on a draft and what a person says of an answer.

A verdict and what it sends are one transaction: the draft is closed, the message passes the fence, the verdict is stored.
Where the fence no longer holds, nothing of it happens. Actions run after the commit, so that no tool runs inside a
transaction.
"""

from datetime import datetime

from duologue.assistant.model import Draft, DraftStatus, Run
from duologue.assistant.service import AssistantService
from duologue.conversation.model import Fence, Message
from duologue.conversation.service import ConversationService
from duologue.kit.errors import AlreadyDecided, DraftSuperseded, Invalid, NotFound
from duologue.kit.ids import new_id
from duologue.review import repository
from duologue.review.events import MessageRated, VerdictGiven
from duologue.review.model import Rating, RatingValue, Verdict, VerdictKind
from duologue.store.database import Database, WriteTx

_CLOSES: dict[VerdictKind, DraftStatus] = {
    "approve": "approved",
    "edit": "edited",
    "respond": "rejected",
    "reject": "rejected",
    "regenerate": "rejected",
    "ignore": "expired",
}
LONGEST_REASON = 2_000


class ReviewService:
    """Verdicts and ratings."""

    def __init__(self, database: Database, conversations: ConversationService, assistant: AssistantService) -> None:
        self._database = database
        self._conversations = conversations
        self._assistant = assistant

    async def decide(
        self,
        workspace_id: str,
        draft_id: str,
        member_id: str,
        kind: VerdictKind,
        *,
        final_body: str = "",
        reason: str = "",
        instruction: str = "",
        shown_at: datetime | None = None,
    ) -> tuple[Verdict, Message | None]:
        """Sign a verdict; the message that it sent comes back with it.

        The same reviewer's same verdict again returns the first result. Raises AlreadyDecided, DraftSuperseded, Invalid, NotFound.
        """
        draft = await self._assistant.get_draft(workspace_id, draft_id)
        run = await self._assistant.get_run(workspace_id, draft.run_id)
        conversation = await self._conversations.get(workspace_id, draft.conversation_id)
        final = check_verdict(draft, kind, final_body, reason, instruction)
        try:
            async with self._database.write() as tx:
                draft = await self._assistant.close_draft(tx, workspace_id, draft_id, _CLOSES[kind])
                message = await self._send(tx, draft, run, member_id, final) if final and draft.kind == "reply" else None
                verdict = Verdict(
                    id=new_id("vrd"),
                    workspace_id=workspace_id,
                    conversation_id=draft.conversation_id,
                    person_id=conversation.person_id,
                    draft_id=draft.id,
                    run_id=draft.run_id,
                    message_id=message.id if message else None,
                    responding_to_seq=draft.responding_to_seq,
                    kind="approve" if kind == "edit" and final == draft.body.strip() else kind,
                    lang=draft.lang,
                    question=draft.question,
                    draft_text=draft.body,
                    final_text=final,
                    reason=reason.strip()[:LONGEST_REASON],
                    instruction=instruction.strip()[:LONGEST_REASON],
                    reviewer_id=member_id,
                    model_version=run.model_version,
                    prompt_version=run.prompt_version,
                    confidence=draft.confidence,
                    retrieved=run.retrieved,
                    citations=message.citations if message else (),
                    shown_at=shown_at,
                    decided_at=self._database.clock.now(),
                )
                await repository.insert_verdict(tx, verdict)
                happened = VerdictGiven(verdict.id, draft.id, verdict.kind, member_id, verdict.message_id)
                await tx.append(workspace_id, happened, conversation_id=draft.conversation_id)
        except AlreadyDecided:
            return await self._repeat(workspace_id, draft_id, member_id, kind)
        if draft.kind == "action" and kind in ("approve", "edit"):
            await self._assistant.run_action(workspace_id, draft_id, member_id)
        if kind == "regenerate":
            await self._assistant.regenerate(workspace_id, draft_id, instruction, member_id)
        return verdict, message

    async def _send(self, tx: WriteTx, draft: Draft, run: Run, member_id: str, final: str) -> Message:
        message = await self._conversations.commit_ai(
            tx,
            Fence(draft.workspace_id, draft.conversation_id, draft.control_epoch, draft.last_public_seq),
            client_id=f"draft:{draft.id}",
            body=final,
            lang=draft.lang,
            citations=tuple(c for c in draft.citations if f"[{c.number}]" in final),
            run_id=draft.run_id,
            draft_id=draft.id,
            author_kind="expert",
            author_id=member_id,
            data={**draft.data, "drafted_by": run.model_version},
        )
        if message is None:
            raise DraftSuperseded("Something new happened in this conversation; look at it again before you answer.")
        return message

    async def _repeat(self, workspace_id: str, draft_id: str, member_id: str, kind: VerdictKind) -> tuple[Verdict, Message | None]:
        async with self._database.read() as tx:
            first = await repository.find_verdict_of_draft(tx, workspace_id, draft_id)
        if first is None or first.reviewer_id != member_id or first.kind != kind:
            raise AlreadyDecided("Somebody has already decided on this draft.")
        message = await self._conversations.get_message(workspace_id, first.message_id) if first.message_id else None
        return first, message

    async def rate(self, workspace_id: str, message_id: str, person_id: str, value: RatingValue, reason: str = "") -> Rating:
        """A person's thumb on a message of their own conversation; NotFound for any other."""
        message = await self._conversations.get_message(workspace_id, message_id)
        conversation = await self._conversations.get(workspace_id, message.conversation_id)
        if conversation.person_id != person_id or message.visibility != "public":
            raise NotFound("There is no such message.")
        if message.author_kind not in ("ai", "expert"):
            raise Invalid("Only answers can be rated.")
        rating = Rating(
            workspace_id, message.conversation_id, message_id, person_id, value, reason[:LONGEST_REASON], self._database.clock.now()
        )
        async with self._database.write() as tx:
            await repository.replace_rating(tx, rating)
            happened = MessageRated(message_id, value, rating.reason)
            await tx.append(workspace_id, happened, conversation_id=message.conversation_id)
        return rating

    async def list_verdicts(self, workspace_id: str, *, before: str = "", limit: int = 100) -> list[Verdict]:
        """Verdicts, newest first."""
        async with self._database.read() as tx:
            return await repository.list_verdicts(tx, workspace_id, before=before, limit=limit)

    async def find_verdict(self, workspace_id: str, verdict_id: str) -> Verdict | None:
        """A verdict by its id."""
        async with self._database.read() as tx:
            return await repository.find_verdict(tx, workspace_id, verdict_id)

    async def find_verdict_of_draft(self, workspace_id: str, draft_id: str) -> Verdict | None:
        """What was decided on a draft."""
        async with self._database.read() as tx:
            return await repository.find_verdict_of_draft(tx, workspace_id, draft_id)

    async def list_verdicts_after(self, workspace_id: str, *, after: str = "", limit: int = 500) -> list[Verdict]:
        """Verdicts, oldest first, that follow the one with id `after`."""
        async with self._database.read() as tx:
            return await repository.list_verdicts(tx, workspace_id, after=after, limit=limit, oldest_first=True)

    async def list_ratings(self, workspace_id: str, conversation_id: str = "") -> list[Rating]:
        """Ratings of a workspace or of one conversation."""
        async with self._database.read() as tx:
            return await repository.list_ratings(tx, workspace_id, conversation_id=conversation_id)

    async def erase_person(self, tx: WriteTx, workspace_id: str, person_id: str) -> None:
        """Remove every verdict and rating that a person's conversations gave; exports follow."""
        await repository.delete_of_person(tx, workspace_id, person_id)


def check_verdict(draft: Draft, kind: VerdictKind, final_body: str, reason: str, instruction: str) -> str:
    """The text that will be sent (empty where nothing is); Invalid where the verdict lacks what its kind needs."""
    final = final_body.strip()
    if kind == "approve":
        if draft.kind == "reply" and not draft.body.strip():
            raise Invalid("This draft is empty; write the answer yourself.")
        return draft.body
    if kind in ("edit", "respond"):
        if not final and draft.kind == "reply":
            raise Invalid("Write the answer that should be sent.")
        return final
    if kind == "reject" and not reason.strip():
        raise Invalid("Say why the draft is rejected; the reason is what the model learns from.")
    if kind == "regenerate" and not instruction.strip():
        raise Invalid("Say what the next draft should do differently.")
    return ""
