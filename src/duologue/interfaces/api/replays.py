"""The replay lab: earlier conversations through a candidate, beside what was really sent. Nothing is sent."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from duologue.accounts.model import Session
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import Done, In, Json, Out
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined
from duologue.kit.errors import NotFound
from duologue.learning.rehearsals import MOST_DAYS
from duologue.learning.replay import summarise

router = APIRouter(prefix="/api/admin/learning/replays", tags=["learning"], responses=RESPONSES)

Reader = Annotated[Session, Depends(Needs("verdict.read"))]
Teacher = Annotated[Session, Depends(Needs("model.write"))]


class ReplayIn(In):
    version: str = Field("", max_length=200, description="The candidate; empty: the model of the settings.")
    days: int = Field(30, ge=1, le=MOST_DAYS, description="How many days back.")


class ReplaysOut(Out):
    replays: list[Json] = Field(description="Latest first: id, version, present, days, by_name, at, state, total, error, done.")


class ReplayOut(Out):
    replay: Json
    summary: Json = Field(description="n, wins, losses, distance and share sent of either side, low and high of the difference.")
    rows: list[Json] = Field(description="question, sent, sent_by; candidate and present: body, kind, is_sent, distance.")


@router.get("", response_model=ReplaysOut)
async def list_replays(session: Reader, services: Joined) -> Json:
    """The replays of the workspace."""
    lab = services.rehearsals.lab(session.workspace.id)
    return {"replays": [asdict(one) | {"done": len(lab.read(one.id))} for one in lab.list_replays()]}


@router.post("", response_model=ReplaysOut)
async def start_replay(given: ReplayIn, session: Teacher, services: Joined) -> Json:
    """Let a candidate answer what was asked in the last days, beside the present model and what was sent."""
    await services.rehearsals.start(session.workspace.id, given.version, given.days, session.member.name)
    return await list_replays(session, services)


@router.get("/{replay_id}", response_model=ReplayOut)
async def get_replay(
    replay_id: str,
    session: Reader,
    services: Joined,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Json:
    """A replay with its summary and some of its answers."""
    lab = services.rehearsals.lab(session.workspace.id)
    if (found := lab.find(replay_id)) is None:
        raise NotFound("There is no such replay.")
    rows = lab.read(replay_id)
    return {"replay": asdict(found) | {"done": len(rows)}, "summary": summarise(rows), "rows": rows[offset : offset + limit]}


@router.post("/{replay_id}/pause", response_model=ReplaysOut)
async def pause_replay(replay_id: str, session: Teacher, services: Joined) -> Json:
    """Stop it for now."""
    await services.rehearsals.pause(session.workspace.id, replay_id)
    return await list_replays(session, services)


@router.post("/{replay_id}/resume", response_model=ReplaysOut)
async def resume_replay(replay_id: str, session: Teacher, services: Joined) -> Json:
    """Go on behind the last answer."""
    await services.rehearsals.resume(session.workspace.id, replay_id)
    return await list_replays(session, services)


@router.delete("/{replay_id}", response_model=Done)
async def cancel_replay(replay_id: str, session: Teacher, services: Joined) -> Json:
    """Stop it and delete what it found."""
    await services.rehearsals.cancel(session.workspace.id, replay_id)
    return {"ok": True}
