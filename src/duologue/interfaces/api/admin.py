"""The workspace's set-up: desks and modes, members and roles, the model, verdicts and their export, deleting a person."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import StreamingResponse

from duologue.accounts.model import Role, Session
from duologue.accounts.service import MemberChange
from duologue.conversation.model import Mode, PostureScope
from duologue.interfaces.api.diff import Change, diff
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import DeskOut, Done, In, Json, MemberOut, Out, desk_json, member_json
from duologue.interfaces.api.security import Needs
from duologue.interfaces.api.services import Joined
from duologue.kit.errors import NotFound
from duologue.kit.text import Lang
from duologue.learning.model import ExportFormat
from duologue.review.people import People
from duologue.store.feed import to_payload

router = APIRouter(prefix="/api/admin", tags=["admin"], responses=RESPONSES)

DeskReader = Annotated[Session, Depends(Needs("conversation.read"))]
DeskWriter = Annotated[Session, Depends(Needs("desk.write"))]
MemberReader = Annotated[Session, Depends(Needs("member.read"))]
MemberWriter = Annotated[Session, Depends(Needs("member.write"))]
ModelReader = Annotated[Session, Depends(Needs("model.read"))]
ModelWriter = Annotated[Session, Depends(Needs("model.write"))]
VerdictReader = Annotated[Session, Depends(Needs("verdict.read"))]
Exporter = Annotated[Session, Depends(Needs("verdict.export"))]
Eraser = Annotated[Session, Depends(Needs("person.erase"))]


class PostureOut(Out):
    scope: PostureScope
    scope_id: str
    mode: Mode


class DesksOut(Out):
    desks: list[DeskOut]
    postures: list[PostureOut] = Field(description="Modes that are set for the workspace and for topics.")


class DeskIn(In):
    name: str = Field(min_length=1, max_length=100)
    mode: Mode | None = None
    pack: str = Field("", max_length=64)


class OneDeskOut(Out):
    desk: DeskOut


class DeskChangeIn(In):
    name: str | None = Field(None, min_length=1, max_length=100)
    mode: Mode | None = Field(None, description="null: as inherited from the workspace.")
    pack: str | None = Field(None, max_length=64)


class PostureIn(In):
    scope: PostureScope
    scope_id: str = Field("", max_length=64, description="Desk id or topic; empty for the workspace.")
    mode: Mode | None


class MembersOut(Out):
    members: list[MemberOut]


class MemberIn(In):
    email: str = Field(max_length=254)
    name: str = Field("", max_length=200)
    role: Role
    team: str = Field("", max_length=64)
    lang: Lang = "en"
    password: str = Field(max_length=1_000)


class MemberChangeIn(In):
    name: str | None = Field(None, min_length=1, max_length=200)
    role: Role | None = None
    team: str | None = Field(None, max_length=64)
    lang: Lang | None = None
    is_active: bool | None = None
    password: str | None = Field(None, max_length=1_000)


class OneMemberOut(Out):
    member: MemberOut


class EngineOut(Out):
    kind: str
    name: str
    version: str
    context_tokens: int
    has_tools: bool
    is_strong: bool


class ModelsOut(Out):
    engine: EngineOut
    threshold: float = Field(description="Least calibrated confidence for an answer without approval.")


class ModelsIn(In):
    threshold: float = Field(ge=0, le=1)


class ChangeOut(Out):
    op: str
    text: str


class VerdictRowOut(Out):
    verdict: Json
    diff: list[ChangeOut]
    reviewer_name: str


class VerdictsOut(Out):
    verdicts: list[VerdictRowOut]


@router.get("/desks", response_model=DesksOut)
async def list_desks(session: DeskReader, services: Joined) -> Json:
    """All desks, and the modes that are set anywhere."""
    ws = session.workspace.id
    desks = await services.conversations.list_desks(ws)
    postures = await services.conversations.list_postures(ws)
    listed = [{"scope": scope, "scope_id": scope_id, "mode": mode} for (scope, scope_id), mode in postures.items()]
    return {"desks": [desk_json(d) for d in desks], "postures": listed}


@router.post("/desks", response_model=OneDeskOut)
async def add_desk(given: DeskIn, session: DeskWriter, services: Joined) -> Json:
    """A desk of that name; the one that has it already comes back unchanged."""
    desk = await services.conversations.ensure_desk(session.workspace.id, given.name, given.mode, given.pack)
    return {"desk": desk_json(desk)}


@router.patch("/desks/{desk_id}", response_model=OneDeskOut)
async def change_desk(desk_id: str, given: DeskChangeIn, session: DeskWriter, services: Joined) -> Json:
    """Rename a desk, set its mode or its pack; what is not given stays."""
    ws = session.workspace.id
    desk = next((d for d in await services.conversations.list_desks(ws) if d.id == desk_id), None)
    if desk is None:
        raise NotFound("There is no such desk.")
    mode = given.mode if "mode" in given.model_fields_set else desk.mode
    name, pack = given.name or desk.name, desk.pack if given.pack is None else given.pack
    return {"desk": desk_json(await services.conversations.change_desk(ws, desk_id, name=name, mode=mode, pack=pack))}


@router.put("/posture", response_model=Done)
async def set_posture(given: PostureIn, session: DeskWriter, services: Joined) -> Json:
    """Set how much the assistant may do, for the workspace, a desk or a topic."""
    ws = session.workspace.id
    await services.conversations.set_posture(ws, given.scope, given.scope_id, given.mode, session.member.id)
    return {"ok": True}


@router.get("/members", response_model=MembersOut)
async def list_members(session: MemberReader, services: Joined) -> Json:
    """All members, deactivated ones too."""
    return {"members": [member_json(m) for m in await services.accounts.list_members(session.workspace.id)]}


@router.post("/members", response_model=OneMemberOut)
async def add_member(given: MemberIn, session: MemberWriter, services: Joined) -> Json:
    """Add a member; only an owner adds an owner."""
    member = await services.accounts.add_member(
        session.workspace.id,
        given.email,
        given.name,
        given.role,
        given.password,
        team=given.team,
        lang=given.lang,
        by=session.member,
    )
    return {"member": member_json(member)}


@router.patch("/members/{member_id}", response_model=OneMemberOut)
async def change_member(member_id: str, given: MemberChangeIn, session: MemberWriter, services: Joined) -> Json:
    """Change, deactivate or activate a member. The last owner stays."""
    change = MemberChange(**given.model_dump())
    member = await services.accounts.change_member(session.workspace.id, member_id, change, by=session.member)
    return {"member": member_json(member)}


async def _models(services: Joined, workspace_id: str) -> Json:
    info = to_payload(services.engine.info)
    threshold = await services.assistant.get_threshold(workspace_id)
    return {"engine": {"kind": services.settings.engine, **info}, "threshold": threshold}


@router.get("/models", response_model=ModelsOut)
async def get_models(session: ModelReader, services: Joined) -> Json:
    """Who answers, and from which confidence on without approval."""
    return await _models(services, session.workspace.id)


@router.patch("/models", response_model=ModelsOut)
async def change_models(given: ModelsIn, session: ModelWriter, services: Joined) -> Json:
    """Set from which confidence on an answer needs no approval."""
    await services.assistant.set_threshold(session.workspace.id, given.threshold)
    return await _models(services, session.workspace.id)


@router.get("/verdicts", response_model=VerdictsOut)
async def list_verdicts(
    session: VerdictReader,
    services: Joined,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str, Query(max_length=64)] = "",
) -> Json:
    """Verdicts, newest first, with what was changed."""
    ws = session.workspace.id
    names = await services.names.of(ws)
    rows = []
    for verdict in await services.review.list_verdicts(ws, before=before, limit=limit):
        changes: list[Change] = diff(verdict.draft_text, verdict.final_text) if verdict.final_text else []
        reviewer = names.get(verdict.reviewer_id, "")
        rows.append({"verdict": to_payload(verdict), "diff": changes, "reviewer_name": reviewer})
    return {"verdicts": rows}


@router.get("/export", response_class=StreamingResponse)
async def export(session: Exporter, services: Joined, format: ExportFormat = "sft") -> StreamingResponse:  # noqa: A002
    """The verdicts as training examples, one JSON object per line."""
    ws = session.workspace.id

    async def lines() -> AsyncIterator[bytes]:
        async for line in services.exports.lines(ws, format):
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"

    day = datetime.now(services.database.clock.now().tzinfo).date().isoformat()
    name = f"duologue-{session.workspace.slug}-{format}-{day}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=headers)


@router.delete("/persons/{person_id}", response_model=Done)
async def erase_person(person_id: str, session: Eraser, services: Joined) -> Json:
    """Delete a person with all conversations, drafts, verdicts and ratings. It cannot be undone."""
    ws = session.workspace.id
    async with services.database.write() as tx:
        await People(services.accounts, services.conversations).erase(tx, ws, person_id)
    return {"ok": True}
