"""The three addresses at which a learning platform knows the program (LTI 1.3). Who arrives gets a person's or a member's session.

What is checked of a launch stands in the pack that brings an `LtiTool`; here are cookies, sessions and two plain pages.
"""

from hashlib import sha256
from html import escape
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from duologue.accounts.model import Workspace
from duologue.accounts.service import SIGN_IN_DAYS
from duologue.assistant.host import Host
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.security import ANYBODY, MEMBER_COOKIE, PERSON_COOKIE, PERSON_COOKIE_S, set_cookie
from duologue.interfaces.api.services import Joined, Services
from duologue.kit.errors import DuologueError, Forbidden, Invalid, NotFound
from duologue.kit.text import Lang
from duologue.sdk import LtiArrival, LtiTool

router = APIRouter(prefix="/lti", tags=["lti"], responses=RESPONSES, include_in_schema=False)

WAIT_S = 600
LINKABLE = ("expert", "viewer")
"""Roles that a platform may vouch for: one that could sign in an owner by its word alone would own the workspace."""


def _tool(services: Services) -> tuple[str, LtiTool, Host]:
    for pack in services.packs:
        if pack.lti is not None:
            return pack.name, pack.lti, services.hosts[pack.name]
    raise NotFound("No pack here is a tool of a learning platform.")


def _base(request: Request, services: Services) -> str:
    return services.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")


def _cookie(state: str) -> str:
    """A name for each launch, so that two in two tabs do not disturb each other."""
    return f"duo_lti_{sha256(state.encode()).hexdigest()[:16]}"


async def _form(request: Request) -> dict[str, str]:
    try:
        form = await request.form(max_files=0, max_fields=50, max_part_size=100_000)
    except Exception as error:  # the framework's own kinds for broken forms
        raise Invalid("The form cannot be read.") from error
    return {k: v for k, v in form.items() if not isinstance(v, UploadFile)}


@router.get("/jwks")
async def jwks(address: ANYBODY, services: Joined) -> Response:
    """The tool's public keys."""
    _, tool, host = _tool(services)
    return JSONResponse(await tool.list_keys(host))


@router.api_route("/login", methods=["GET", "POST"])
async def login(request: Request, address: ANYBODY, services: Joined) -> Response:
    """A launch begins: on to the platform's sign-in, with a state that this browser keeps."""
    try:
        _, tool, host = _tool(services)
        asked = dict(request.query_params) if request.method == "GET" else await _form(request)
        step = await tool.begin(host, asked, _base(request, services))
    except DuologueError as error:
        return _say(request, services, error)
    response = RedirectResponse(step.url, 302)
    # sent along by the platform's cross-site form: that takes SameSite=None, which browsers accept over HTTPS and on this machine
    response.set_cookie(_cookie(step.state), step.state, max_age=WAIT_S, path="/lti", httponly=True, samesite="none", secure=True)
    return response


@router.post("/launch")
async def launch(request: Request, address: ANYBODY, services: Joined) -> Response:
    """The signed launch arrives: a session, and on to the page."""
    try:
        pack, tool, host = _tool(services)
        sent = await _form(request)
        state = sent.get("state", "")
        arrival = await tool.enter(host, sent, request.cookies.get(_cookie(state), ""), _base(request, services))
        if arrival.choices:
            response = _choose(arrival)
        elif arrival.member_email:
            response = await _as_member(request, services, pack, arrival, address)
        else:
            response = await _as_person(services, pack, tool, host, arrival, address)
    except DuologueError as error:
        return _say(request, services, error)
    response.delete_cookie(_cookie(state), path="/lti", secure=True, httponly=True, samesite="none")
    return response


async def _as_person(services: Services, pack: str, tool: LtiTool, host: Host, arrival: LtiArrival, address: str) -> Response:
    workspace, person_id = await _workspace(services, arrival), arrival.person_id
    if not person_id:
        services.limits.starts.take(address)
        person_id = (await services.accounts.start_person(workspace.id, arrival.lang)).id
    person_id, page = await tool.settle(host, arrival, person_id)
    person = await services.accounts.get_person(workspace.id, person_id)
    response = RedirectResponse(f"/packs/{pack}/{page}?as=person&workspace={quote(workspace.slug)}", 303)
    set_cookie(response, services.settings, PERSON_COOKIE, services.accounts.person_token(person), PERSON_COOKIE_S)
    return response


async def _as_member(request: Request, services: Services, pack: str, arrival: LtiArrival, address: str) -> Response:
    members = await services.accounts.list_members(arrival.workspace_id)
    found = next((m for m in members if m.email == arrival.member_email and m.is_active), None)
    if found is None or found.role not in LINKABLE:
        raise Forbidden(
            "You are linked to nobody who may come in this way; ask the owner. Owners and admins sign in here themselves."
        )
    agent = request.headers.get("User-Agent", "")
    token, _ = await services.accounts.vouch(arrival.workspace_id, found.id, address=address, agent=agent)
    response = RedirectResponse(f"/packs/{pack}/{arrival.page}", 303)
    set_cookie(response, services.settings, MEMBER_COOKIE, token, SIGN_IN_DAYS * 86_400)
    return response


async def _workspace(services: Services, arrival: LtiArrival) -> Workspace:
    for workspace in await services.accounts.list_workspaces():
        if workspace.id == arrival.workspace_id:
            return workspace
    raise NotFound("The workspace of this launch is gone.")


def _choose(arrival: LtiArrival) -> Response:
    """What a teacher may add to his course: a button each, which carries the signed answer back to the platform."""
    forms = "".join(
        f'<form method="post" action="{escape(arrival.return_url)}">'
        + "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in choice.fields.items())
        + f"<button>{escape(choice.title)}</button></form>"
        for choice in arrival.choices
    )
    parts = urlsplit(arrival.return_url)
    policy = f"default-src 'none'; form-action {parts.scheme}://{parts.netloc}; frame-ancestors 'none'"
    return _page(
        arrival.lang, {"en": "What shall be added to your course?", "zh": "要把什么添加到你的课程？"}[arrival.lang], forms, policy
    )


def _say(request: Request, services: Services, error: DuologueError) -> Response:
    """A refusal in the browser's first language of those that there are: nobody is signed in yet who could have chosen one."""
    accepted = [part.split(";")[0].strip().lower()[:2] for part in request.headers.get("accept-language", "").split(",")]
    lang: Lang = "zh" if next((tag for tag in accepted if tag in ("en", "zh")), "en") == "zh" else "en"
    tool = next((pack.lti for pack in services.packs if pack.lti is not None), None)
    return _page(lang, tool.in_words(error.message, lang) if tool else error.message, "", status=error.status)


def _page(lang: str, sentence: str, more: str, policy: str = "", status: int = 200) -> Response:
    html = f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Duologue</title><p>{escape(sentence)}</p>{more}</html>'
    headers = {"Cache-Control": "no-store"} | ({"Content-Security-Policy": policy} if policy else {})
    return HTMLResponse(html, status, headers)
