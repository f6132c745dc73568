"""Lineage both ways: from an answer to its model, dataset and verdicts, and back; what a dataset holds and what it leaves out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from duologue.accounts.model import Session
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import Json, Out
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined
from duologue.learning.archive import Side

router = APIRouter(prefix="/api/admin/learning", tags=["learning"], responses=RESPONSES)

Reader = Annotated[Session, Depends(Needs("verdict.read"))]


class AnswerOut(Out):
    answer: Json = Field(description="The turn, what was decided on its draft, and the version that wrote it with all behind it.")


class VersionOut(Out):
    version: Json = Field(description="from (versions and datasets behind it), promotions, answers, erased.")


class VerdictOut(Out):
    verdict: Json
    datasets: dict[str, str] = Field(description="Name of each dataset that holds it, and on which side.")
    versions: list[Json] = Field(description="Models that were trained on it, with the answers that they gave.")


class DatasetOut(Out):
    card: Json = Field(description="name, answers, pairs, held_out, people, left_out by reason, erased.")
    versions: list[str]
    total: int
    rows: list[Json] = Field(description="kind, question, chosen, rejected, why, verdict_id, conversation_id.")


@router.get("/answers/{run_id}", response_model=AnswerOut)
async def trace_answer(run_id: str, session: Reader, services: Joined) -> Json:
    """Where an answer comes from."""
    return {"answer": await services.lineage.of_answer(session.workspace.id, run_id)}


@router.get("/versions/{version}", response_model=VersionOut)
async def trace_version(version: str, session: Reader, services: Joined) -> Json:
    """What a model was trained from, and what it answered."""
    return {"version": await services.lineage.of_version(session.workspace.id, version)}


@router.get("/verdicts/{verdict_id}", response_model=VerdictOut)
async def trace_verdict(verdict_id: str, session: Reader, services: Joined) -> Json:
    """What came of a verdict."""
    return await services.lineage.of_verdict(session.workspace.id, verdict_id)


@router.get("/datasets/{name}", response_model=DatasetOut)
async def look_into_dataset(
    name: str,
    session: Reader,
    services: Joined,
    side: Side = "train",
    why: Annotated[str, Query(max_length=80, description="Of what was left out, only for this reason.")] = "",
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Json:
    """What a frozen dataset holds, and samples of what it leaves out; personal data are replaced by names."""
    return await services.lineage.of_dataset(session.workspace.id, name, side, why, offset, limit)
