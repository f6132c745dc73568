"""The learning loop: what verdicts would teach, a run and how far it is, versions and their scorecards, promotion, the way back."""

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
from duologue.kit.errors import Invalid
from duologue.learning.archive import list_datasets, read_card
from duologue.learning.gates import find_code
from duologue.learning.trial import LEAST_SHARE, MOST_SHARE
from duologue.review.consent import ConsentRule

MOST_DATASETS = 10

router = APIRouter(prefix="/api/admin/learning", tags=["learning"], responses=RESPONSES)

Reader = Annotated[Session, Depends(Needs("model.read"))]
Owner = Annotated[Session, Depends(Needs("settings.write"))]
VerdictReader = Annotated[Session, Depends(Needs("verdict.read"))]
Teacher = Annotated[Session, Depends(Needs("model.write"))]


class LearningOut(Out):
    datasets: list[Json] = Field(description="Cards of the frozen datasets, the latest first.")
    consent: ConsentRule = Field(description="What holds of persons who did not say whether they may be learnt from.")
    run: Json = Field(description="state, part, share, error of the run on its way or the last one.")
    versions: list[Json] = Field(
        description="Trained models, newest first, with scores and `stops`: code, set and text of what is in the way."
    )
    promotions: list[Json] = Field(description="Who let which version answer, oldest first.")
    answers_now: str = Field(description="The version that answers now.")
    trial: Json | None = Field(
        description="The version on trial: version, share, at, delta, standing (outcomes, changed ones, evidence as logarithms)."
    )


class PreviewOut(Out):
    dataset: Json = Field(description="answers, pairs, labels, held_out, people, left_out by reason; nothing is written.")
    is_enough: bool
    why: str = Field(description="Why it is too little to learn from; empty where it is enough.")


class ConsentIn(In):
    rule: ConsentRule


class ClaimsOut(Out):
    taught: list[Json] = Field(description="Sentences that it was taught and no text carries: text, why, near, verdicts, experts.")
    said: list[Json] = Field(description="What it wrote with facts that no text holds: text, facts, question.")


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


def _stop(why: str) -> Json:
    code, name = find_code(why)
    return {"code": code, "set": name, "text": why}


async def _look(services: Services, session: Session) -> Json:
    ws = session.workspace.id
    registry, progress = services.champions.registry(ws), services.studies.look(ws)
    places = list_datasets(registry.folder / "datasets")[:MOST_DATASETS]
    return {
        "datasets": [read_card(place) for place in places],
        "consent": (await services.consents.look(ws)).rule,
        "run": {"state": progress.state, "part": progress.part, "share": progress.share, "error": progress.error},
        "versions": [asdict(v) | {"model": "", "stops": [_stop(why) for why in v.in_the_way]} for v in registry.list_versions()],
        "promotions": [asdict(p) for p in registry.list_promotions()],
        "answers_now": services.champions.find(ws).info.version,
        "trial": await _look_at_trial(services, ws),
    }


@router.get("", response_model=LearningOut)
async def get_learning(session: Reader, services: Joined) -> Json:
    """What was learnt, and which model answers."""
    return await _look(services, session)


@router.get("/preview", response_model=PreviewOut)
async def preview(session: Reader, services: Joined) -> Json:
    """What would be learnt from now, and what would be left out, why. Nothing is written."""
    dataset = await services.datasets.look(session.workspace.id)
    try:
        dataset.check()
        why = ""
    except Invalid as error:
        why = str(error)
    counts = {
        "answers": len(dataset.answers(dataset.train)), "pairs": len(dataset.pairs(dataset.train)),
        "labels": len(dataset.labels(dataset.train)), "held_out": len(dataset.held_out), "people": dataset.people,
        "left_out": dataset.left_out,
    }  # fmt: skip
    return {"dataset": counts, "is_enough": not why, "why": why}


@router.post("/datasets", response_model=LearningOut)
async def freeze_dataset(session: Teacher, services: Joined) -> Json:
    """Write what would be learnt from as a dataset, to be looked at; nothing is trained."""
    dataset = await services.datasets.look(session.workspace.id)
    if not dataset.train and not dataset.held_out:
        raise Invalid("There is nothing to learn from yet. Decide on drafts first.")
    await services.datasets.keep(session.workspace.id, dataset)
    return await _look(services, session)


@router.put("/consent", response_model=LearningOut)
async def choose_consent(given: ConsentIn, session: Owner, services: Joined) -> Json:
    """What holds of persons who did not say whether they may be learnt from; for what is learnt from now on."""
    await services.consents.choose(session.workspace.id, given.rule)
    return await _look(services, session)


@router.get("/versions/{version}/claims", response_model=ClaimsOut)
async def list_claims(version: str, session: VerdictReader, services: Joined) -> Json:
    """What a version was taught, and what it says, that no text of the house says. For the one who signs."""
    taught, said = await services.datasets.list_claims(session.workspace.id, version)
    return {"taught": [asdict(c) for c in taught], "said": [asdict(c) for c in said]}


@router.post("/run", response_model=LearningOut)
async def start_run(session: Teacher, services: Joined) -> Json:
    """Freeze a dataset and let it become a challenger, beside the server."""
    ws = session.workspace
    dataset = await services.datasets.look(ws.id)
    dataset.check()
    await services.datasets.keep(ws.id, dataset)
    await services.studies.start(ws.id, ws.slug, dataset.name)
    return await _look(services, session)


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
