"""The learning loop: what verdicts would teach, a run and how far it is, versions and their scorecards, promotion, the way back."""

import asyncio
import math
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from duologue.accounts.model import Session
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import In, Json, Out
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined, Services
from duologue.learning.archive import list_datasets, store
from duologue.learning.dataset import Dataset, freeze
from duologue.learning.trial import LEAST_SHARE, MOST_SHARE

MOST_DATASETS = 10

router = APIRouter(prefix="/api/admin/learning", tags=["learning"], responses=RESPONSES)

Reader = Annotated[Session, Depends(Needs("model.read"))]
Teacher = Annotated[Session, Depends(Needs("model.write"))]


class LearningOut(Out):
    dataset: Json = Field(description="What would be learnt from now: name, answers, pairs, held_out, people, left_out by reason.")
    datasets: list[str] = Field(description="Names of the frozen datasets, the latest first.")
    run: Json = Field(description="state, part, share, error of the run on its way or the last one.")
    versions: list[Json] = Field(description="Trained models, newest first, with scores and what is in the way.")
    promotions: list[Json] = Field(description="Who let which version answer, oldest first.")
    answers_now: str = Field(description="The version that answers now.")
    trial: Json | None = Field(
        description="The version on trial: version, share, at, delta, standing (outcomes, changed ones, evidence as logarithms)."
    )


class SignIn(In):
    password: str = Field(min_length=1, max_length=1_000, description="The member's own, once more: a promotion is signed.")


class TrialIn(SignIn):
    share: float = Field(0.2, ge=LEAST_SHARE, le=MOST_SHARE, description="Share of the conversations that the version answers.")


async def _look_at_trial(services: Services, workspace_id: str) -> Json | None:
    if (trial := await services.trials.look(workspace_id)) is None:
        return None
    by = trial.promotion
    return {
        "version": by.version, "share": by.share, "at": by.at, "delta": trial.delta, "standing": asdict(trial.standing),
        "needed": math.log(1 / trial.delta), "is_better": trial.standing.is_better(trial.delta),
    }  # fmt: skip


async def _look(services: Services, session: Session, dataset: Dataset | None = None) -> Json:
    ws = session.workspace.id
    if dataset is None:
        dataset = freeze([candidate async for candidate in services.exports.candidates(ws)])
    registry, progress = services.champions.registry(ws), services.studies.look(ws)
    counts = {
        "name": dataset.name, "answers": len(dataset.answers(dataset.train)), "pairs": len(dataset.pairs(dataset.train)),
        "held_out": len(dataset.held_out), "people": dataset.people, "left_out": dataset.left_out,
    }  # fmt: skip
    return {
        "dataset": counts,
        "datasets": [place.name for place in list_datasets(registry.folder / "datasets")][:MOST_DATASETS],
        "run": {"state": progress.state, "part": progress.part, "share": progress.share, "error": progress.error},
        "versions": [asdict(v) | {"model": ""} for v in registry.list_versions()],
        "promotions": [asdict(p) for p in registry.list_promotions()],
        "answers_now": services.champions.find(ws).info.version,
        "trial": await _look_at_trial(services, ws),
    }


@router.get("", response_model=LearningOut)
async def get_learning(session: Reader, services: Joined) -> Json:
    """What would be learnt, what was, and which model answers."""
    return await _look(services, session)


@router.post("/run", response_model=LearningOut)
async def start_run(session: Teacher, services: Joined) -> Json:
    """Freeze a dataset and let it become a challenger, beside the server."""
    ws = session.workspace
    dataset = freeze([candidate async for candidate in services.exports.candidates(ws.id)])
    dataset.check()
    await asyncio.to_thread(store, dataset, services.champions.registry(ws.id).folder / "datasets")
    await services.studies.start(ws.id, ws.slug, dataset.name)
    return await _look(services, session, dataset)


@router.post("/run/pause", response_model=LearningOut)
async def pause_run(session: Teacher, services: Joined) -> Json:
    """Stop the run for now; it goes on after its last checkpoint."""
    await services.studies.pause(session.workspace.id)
    return await _look(services, session)


@router.post("/run/resume", response_model=LearningOut)
async def resume_run(session: Teacher, services: Joined) -> Json:
    """Go on with a run that was paused or failed, on its own dataset."""
    await services.studies.resume(session.workspace.id)
    return await _look(services, session)


@router.delete("/run", response_model=LearningOut)
async def cancel_run(session: Teacher, services: Joined) -> Json:
    """Stop the run and delete what it made; its dataset stays."""
    await services.studies.cancel(session.workspace.id)
    return await _look(services, session)


@router.post("/versions/{version}/promote", response_model=LearningOut)
async def promote(version: str, given: SignIn, session: Teacher, services: Joined) -> Json:
    """Sign that a version answers from now on in this workspace. Running turns end with the model that they began with."""
    registry = services.champions.registry(session.workspace.id)
    registry.get(version)
    await services.accounts.confirm(session.member, given.password)
    registry.promote(version, session.member.id, session.member.name, services.database.clock.now())
    return await _look(services, session)


@router.post("/versions/{version}/try", response_model=LearningOut)
async def begin_trial(version: str, given: TrialIn, session: Teacher, services: Joined) -> Json:
    """Sign that a version answers a share of the conversations; where its verdicts are worse it is sent back by itself."""
    services.champions.registry(session.workspace.id).get(version)
    await services.accounts.confirm(session.member, given.password)
    services.trials.begin(session.workspace.id, version, given.share, session.member.id, session.member.name)
    return await _look(services, session)


@router.post("/trial/end", response_model=LearningOut)
async def end_trial(given: SignIn, session: Teacher, services: Joined) -> Json:
    """Sign that the present version answers everybody again."""
    await services.accounts.confirm(session.member, given.password)
    services.trials.end(session.workspace.id, session.member.id, session.member.name)
    return await _look(services, session)


@router.post("/roll-back", response_model=LearningOut)
async def roll_back(given: SignIn, session: Teacher, services: Joined) -> Json:
    """Sign that the version before the present one answers again."""
    await services.accounts.confirm(session.member, given.password)
    registry = services.champions.registry(session.workspace.id)
    registry.roll_back(session.member.id, session.member.name, services.database.clock.now())
    return await _look(services, session)
