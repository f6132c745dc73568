"""Members sign in and out, see where they are signed in, and change their password."""

from fastapi import APIRouter, Request, Response
from pydantic import Field

from duologue.accounts.model import Session
from duologue.accounts.service import SIGN_IN_DAYS
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import (
    Done,
    In,
    Json,
    MemberOut,
    Out,
    SignInOut,
    WorkspaceOut,
    member_json,
    sign_in_json,
    workspace_json,
)
from duologue.interfaces.api.security import ANYBODY, MEMBER, MEMBER_COOKIE, check_same_site, set_cookie
from duologue.interfaces.api.services import Joined, Services

router = APIRouter(prefix="/api/auth", tags=["auth"], responses=RESPONSES)


class SignInIn(In):
    workspace: str = Field("", max_length=64, description="Short name of the workspace; empty means the first one.")
    email: str = Field(max_length=254)
    password: str = Field(max_length=1_000)


class MeOut(Out):
    member: MemberOut
    workspace: WorkspaceOut
    csrf: str = Field(description="Send it as X-CSRF-Token with every unsafe method.")
    hears: bool = Field(description="POST /api/desk/hear turns speech into text.")


class PasswordIn(In):
    current: str = Field(max_length=1_000)
    new: str = Field(max_length=1_000)


class SignInsOut(Out):
    sessions: list[SignInOut]


def _me(services: Services, session: Session, token: str) -> Json:
    member, workspace = member_json(session.member), workspace_json(session.workspace)
    return {"member": member, "workspace": workspace, "csrf": services.accounts.csrf(token), "hears": services.hear is not None}


@router.post("/sign-in", response_model=MeOut)
async def sign_in(given: SignInIn, request: Request, response: Response, address: ANYBODY, services: Joined) -> Json:
    """Start a session; sets the cookie `duo_member`. Throttled per account and per address."""
    check_same_site(request)
    agent = request.headers.get("User-Agent", "")
    token, session = await services.accounts.sign_in(given.workspace, given.email, given.password, address=address, agent=agent)
    set_cookie(response, services.settings, MEMBER_COOKIE, token, SIGN_IN_DAYS * 86_400)
    return _me(services, session, token)


@router.post("/sign-out", response_model=Done)
async def sign_out(response: Response, session: MEMBER, services: Joined) -> Json:
    """End this session."""
    await services.accounts.revoke(session.workspace.id, session.member.id, session.sign_in.id)
    response.delete_cookie(MEMBER_COOKIE, path="/")
    return {"ok": True}


@router.get("/me", response_model=MeOut)
async def me(request: Request, session: MEMBER, services: Joined) -> Json:
    """Who is signed in."""
    return _me(services, session, request.cookies[MEMBER_COOKIE])


@router.post("/password", response_model=Done)
async def change_password(given: PasswordIn, session: MEMBER, services: Joined) -> Json:
    """Change one's password; all other sessions end."""
    await services.accounts.change_own_password(session, given.current, given.new)
    return {"ok": True}


@router.get("/sessions", response_model=SignInsOut)
async def list_sessions(session: MEMBER, services: Joined) -> Json:
    """Where one is signed in."""
    found = await services.accounts.list_sign_ins(session.workspace.id, session.member.id)
    return {"sessions": [sign_in_json(s, session.sign_in.id) for s in found]}


@router.delete("/sessions", response_model=Done)
async def end_other_sessions(session: MEMBER, services: Joined) -> Json:
    """End all sessions but this one."""
    await services.accounts.revoke_all(session.workspace.id, session.member.id, keep=session.sign_in.id)
    return {"ok": True}


@router.delete("/sessions/{session_id}", response_model=Done)
async def end_session(session_id: str, session: MEMBER, services: Joined) -> Json:
    """End one session."""
    await services.accounts.revoke(session.workspace.id, session.member.id, session_id)
    return {"ok": True}
