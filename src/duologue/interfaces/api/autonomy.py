"""Autonomy that is earned: the owner's rules, what each topic has earned and why, and blind reviews of what left alone."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from duologue.accounts.model import Session
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.render import render_html
from duologue.interfaces.api.schemas import Done, In, Json, Out
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined
from duologue.learning.autonomy import Rules
from duologue.learning.repository import Choice
from duologue.store.feed import to_payload

router = APIRouter(prefix="/api", tags=["autonomy"], responses=RESPONSES)

Reader = Annotated[Session, Depends(Needs("model.read"))]
Owner = Annotated[Session, Depends(Needs("settings.write"))]
Reviewer = Annotated[Session, Depends(Needs("draft.decide"))]


class RulesIn(In):
    is_earned: bool = Field(description="False: the fixed threshold holds.")
    alpha: float = Field(0.1, ge=0.01, le=0.5, description="Largest share of lone answers that an expert would have changed.")
    delta: float = Field(0.1, ge=0.01, le=0.5, description="The promise holds with confidence 1 − delta.")
    audit: float = Field(0.15, ge=0.05, le=1, description="Least share of the answers that is reviewed blindly.")
    each: bool = Field(True, description="The promise is made for each topic and language; false: for each desk as a whole.")
    forbidden: list[str] = Field(default_factory=list, max_length=200, description="Topics that are never answered alone.")


class AutonomyOut(Out):
    rules: RulesIn
    sampled: float = Field(description="Share of the answers that is reviewed blindly: `audit`, or more where alpha is small.")
    least_alpha: float | None = Field(description="Smallest alpha that every desk's usual changes leave room for; null before.")
    desks: list[Json] = Field(description="By desk: cells (topic, language) with code and numbers, curve, reliability.")


class AuditOut(Out):
    audit: Json | None = Field(description="draft_id, question, body and html of the next answer; null where none waits.")
    waiting: int


class AuditIn(In):
    final_body: str = Field("", max_length=20_000, description="What should have been said; empty: it was right as it stood.")


async def _overview(services: Joined, workspace_id: str) -> Json:
    choice = await services.autonomy.find_choice(workspace_id)
    rules, forbidden = (choice.rules, list(choice.forbidden)) if choice else (Rules(each=True), [])
    given = {
        "is_earned": choice is not None,
        "alpha": rules.alpha,
        "delta": rules.delta,
        "audit": rules.audit,
        "each": rules.each,
        "forbidden": forbidden,
    }
    desks = await services.autonomy.overview(workspace_id)
    least = max((view.least_alpha for view in desks if view.least_alpha is not None), default=None)
    return {"rules": given, "sampled": rules.sampled, "least_alpha": least, "desks": [to_payload(view) for view in desks]}


@router.get("/admin/autonomy", response_model=AutonomyOut)
async def get_autonomy(session: Reader, services: Joined) -> Json:
    """What each desk, topic and language has earned, and why."""
    return await _overview(services, session.workspace.id)


@router.put("/admin/autonomy", response_model=AutonomyOut)
async def choose_autonomy(given: RulesIn, session: Owner, services: Joined) -> Json:
    """Let autonomy be earned by these rules, or set the threshold by hand again."""
    rules = Rules(given.alpha, given.delta, given.audit, each=given.each)
    choice = Choice(rules, tuple(sorted(set(given.forbidden)))) if given.is_earned else None
    await services.autonomy.choose(session.workspace.id, choice)
    return await _overview(services, session.workspace.id)


@router.get("/desk/audits/next", response_model=AuditOut)
async def get_next_audit(session: Reviewer, services: Joined) -> Json:
    """An answer that left alone, without its confidence: would you have changed it?"""
    draft, waiting = await services.autonomy.next_audit(session.workspace.id)
    if draft is None:
        return {"audit": None, "waiting": 0}
    shown = {"draft_id": draft.id, "conversation_id": draft.conversation_id, "question": draft.question, "body": draft.body}
    return {"audit": shown | {"html": render_html(draft.body), "lang": draft.lang}, "waiting": waiting}


@router.post("/desk/audits/{draft_id}", response_model=Done)
async def review_blindly(draft_id: str, given: AuditIn, session: Reviewer, services: Joined) -> Json:
    """Say whether an answer that left alone was right, or what it should have said. Once per answer."""
    await services.autonomy.audit(session.workspace.id, draft_id, session.member.id, final_text=given.final_body)
    return {"ok": True}
