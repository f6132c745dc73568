"""What an expert decides on the assistant's drafts, the run behind each, and the passages it stood on."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, Field

from duologue.accounts.model import Session
from duologue.interfaces.api.chat import check_length
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.guard import check_read
from duologue.interfaces.api.passages import PassageInPlaceOut, get_passage_in_place
from duologue.interfaces.api.schemas import In, Json, MessageOut, Out, message_json
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined
from duologue.review.model import VerdictKind
from duologue.store.feed import to_payload

router = APIRouter(prefix="/api/desk", tags=["drafts"], responses=RESPONSES)

Reader = Annotated[Session, Depends(Needs("conversation.read"))]
Scholar = Annotated[Session, Depends(Needs("knowledge.read"))]
Judge = Annotated[Session, Depends(Needs("draft.decide"))]


class VerdictIn(In):
    kind: VerdictKind
    final_body: str = Field("", description="What is sent, where the kind is `edit` or `respond`.")
    reason: str = Field("", max_length=2_000)
    instruction: str = Field("", max_length=2_000, description="What the next draft should do differently (`regenerate`).")
    shown_at: AwareDatetime | None = Field(None, description="When the draft came before the reviewer's eyes.")


class VerdictOut(Out):
    verdict: Json
    message: MessageOut | None


class RunOut(Out):
    run: Json


class DraftOut(Out):
    draft: Json


@router.post("/drafts/{draft_id}/verdict", response_model=VerdictOut)
async def give_verdict(draft_id: str, given: VerdictIn, session: Judge, services: Joined) -> Json:
    """Approve, edit, reject, answer oneself, regenerate or ignore. Signed once; a stale draft answers 409."""
    check_length(services, given.final_body)
    ws = session.workspace.id
    await check_read(services, session, (await services.assistant.get_draft(ws, draft_id)).conversation_id)
    verdict, message = await services.review.decide(
        ws,
        draft_id,
        session.member.id,
        given.kind,
        final_body=given.final_body,
        reason=given.reason,
        instruction=given.instruction,
        shown_at=given.shown_at,
    )
    names = await services.names.of(ws)
    sent = message_json(message, names, is_public=False) if message else None
    return {"verdict": to_payload(verdict), "message": sent}


@router.get("/drafts/{draft_id}", response_model=DraftOut)
async def get_draft(draft_id: str, session: Reader, services: Joined) -> Json:
    """One draft."""
    draft = await services.assistant.get_draft(session.workspace.id, draft_id)
    await check_read(services, session, draft.conversation_id)
    return {"draft": to_payload(draft)}


@router.get("/runs/{run_id}", response_model=RunOut)
async def get_run(run_id: str, session: Reader, services: Joined) -> Json:
    """One turn of the assistant: its steps, passages, versions."""
    run = await services.assistant.get_run(session.workspace.id, run_id)
    await check_read(services, session, run.conversation_id)
    return {"run": to_payload(run)}


@router.get("/passages/{passage_id}", response_model=PassageInPlaceOut)
async def get_passage(passage_id: str, session: Scholar, services: Joined) -> Json:
    """A passage with what stands around it."""
    return await get_passage_in_place(services, session.workspace.id, passage_id)
