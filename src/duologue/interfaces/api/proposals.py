"""Articles that the knowledge lacks, proposed from corrected and unanswered questions; an accepted one is cited at once."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from duologue.accounts.model import Session
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import Done, In, Json, Out
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined
from duologue.kit.text import Lang
from duologue.learning.proposals import LONGEST_BODY, LONGEST_TITLE, MOST_DAYS

router = APIRouter(prefix="/api/admin/proposals", tags=["learning"], responses=RESPONSES)

Reader = Annotated[Session, Depends(Needs("verdict.read"))]
Writer = Annotated[Session, Depends(Needs("knowledge.write"))]


class ProposalsOut(Out):
    proposals: list[Json] = Field(description="title, body, lang, why (corrected, unanswered), count, questions, ids.")


class SettleIn(In):
    ids: list[str] = Field(min_length=1, max_length=5_000, description="What the proposal lists.")


class AcceptIn(SettleIn):
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    body: str = Field(min_length=1, max_length=LONGEST_BODY)
    lang: Lang = "en"


class AcceptedOut(Out):
    article: str = Field(description="The name of the new document.")


@router.get("", response_model=ProposalsOut)
async def list_proposals(session: Reader, services: Joined, days: Annotated[int, Query(ge=1, le=MOST_DAYS)] = 60) -> Json:
    """What the questions of the last days ask for, the most asked first."""
    found = await services.proposals.list_(session.workspace.id, days)
    return {"proposals": [asdict(one) | {"count": one.count} for one in found]}


@router.post("", response_model=AcceptedOut)
async def accept_proposal(given: AcceptIn, session: Writer, services: Joined) -> Json:
    """Make it an article of the knowledge."""
    name = await services.proposals.accept(session.workspace.id, given.ids, given.title, given.body, given.lang, session.member.id)
    return {"article": name}


@router.post("/dismiss", response_model=Done)
async def dismiss_proposal(given: SettleIn, session: Writer, services: Joined) -> Json:
    """Say that these questions need no article."""
    await services.proposals.dismiss(session.workspace.id, given.ids, session.member.id)
    return {"ok": True}
