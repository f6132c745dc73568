"""Who asks, and may he? One dependency per route says it; a route without one fails a test.

`Needs(action)` a member whose role allows the action · `MEMBER` any member · `PERSON` the holder of a person's token · `ANYBODY`.
Unsafe methods need the CSRF token of the cookie's session; a bearer token cannot be sent by a strange page and needs none.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from duologue.accounts.model import Session
from duologue.accounts.roles import Action, check_allowed
from duologue.accounts.tokens import PersonRef
from duologue.interfaces.api.services import Services, get_services
from duologue.kit.errors import Forbidden, NotSignedIn
from duologue.kit.settings import Settings

MEMBER_COOKIE = "duo_member"
PERSON_COOKIE = "duo_person"
CSRF_HEADER = "X-CSRF-Token"
PERSON_COOKIE_S = 365 * 86_400
_SAFE = {"GET", "HEAD", "OPTIONS"}


def get_address(request: Request) -> str:
    """The address that asks; behind a proxy the one that a trusted proxy names."""
    return request.client.host if request.client else "unknown"


def _check_csrf(request: Request, services: Services, token: str) -> None:
    if request.method in _SAFE:
        return
    if not services.accounts.is_csrf(token, request.headers.get(CSRF_HEADER, "")):
        raise Forbidden(f"The header {CSRF_HEADER} is missing or belongs to another session; reload the page.", header=CSRF_HEADER)


def check_same_site(request: Request) -> None:
    """Refuse a request that a strange page makes a browser send; for the routes that start a session."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "same-site", "none"):
        raise Forbidden("This request comes from another site; open the page itself.")


async def _session(request: Request, services: Services) -> Session:
    services.limits.by_address.take(get_address(request))
    token = request.cookies.get(MEMBER_COOKIE, "")
    session = await services.accounts.get_session(token)
    services.limits.by_session.take(session.sign_in.id)
    _check_csrf(request, services, token)
    return session


@dataclass(frozen=True)
class Needs:
    """The caller is a member whose role allows `action`."""

    action: Action

    async def __call__(self, request: Request, services: Annotated[Services, Depends(get_services)]) -> Session:
        session = await _session(request, services)
        check_allowed(session.member.role, self.action)
        return session


@dataclass(frozen=True)
class SignedIn:
    """The caller is a member of any role."""

    async def __call__(self, request: Request, services: Annotated[Services, Depends(get_services)]) -> Session:
        return await _session(request, services)


@dataclass(frozen=True)
class Somebody:
    """The caller holds a person's token, as a cookie or as a bearer token."""

    async def __call__(self, request: Request, services: Annotated[Services, Depends(get_services)]) -> PersonRef:
        services.limits.by_address.take(get_address(request))
        token, is_bearer = get_person_token(request)
        if not token:
            raise NotSignedIn("Start a chat session first: POST /api/chat/session.")
        person = services.accounts.read_person_token(token)
        services.limits.by_session.take(person.person_id)
        if not is_bearer:
            _check_csrf(request, services, token)
        return person


@dataclass(frozen=True)
class Anybody:
    """No session is needed; the address is throttled all the same."""

    async def __call__(self, request: Request, services: Annotated[Services, Depends(get_services)]) -> str:
        address = get_address(request)
        services.limits.by_address.take(address)
        return address


MEMBER = Annotated[Session, Depends(SignedIn())]
PERSON = Annotated[PersonRef, Depends(Somebody())]
ANYBODY = Annotated[str, Depends(Anybody())]


def get_person_token(request: Request) -> tuple[str, bool]:
    """The person's token that came along, and whether it came as a bearer token; empty where there is none."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    return (bearer.strip() if is_bearer else request.cookies.get(PERSON_COOKIE, "")), is_bearer


def set_cookie(response: Response, settings: Settings, name: str, token: str, max_age_s: int) -> None:
    """Give the browser a session: never readable by scripts, never sent by strange pages' posts."""
    response.set_cookie(name, token, max_age=max_age_s, path="/", httponly=True, samesite="lax", secure=settings.secure_cookies)
