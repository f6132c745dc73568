"""Who may ask a model? One dependency per route names the scope that a key needs for it.

Where no key is needed (the engine alone, on this machine), a page of another site must not make a browser ask.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from duologue.interfaces.v1.errors import RequestError
from duologue.interfaces.v1.gateway import Caller, Gateway, get_gateway
from duologue.kit.errors import NotSignedIn


def get_token(request: Request) -> str:
    """The bearer token that came along; empty where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.headers.get("x-api-key", "").strip()


@dataclass(frozen=True)
class Needs:
    """The caller's key is good for `scope`."""

    scope: str

    async def __call__(self, request: Request, gateway: Annotated[Gateway, Depends(get_gateway)]) -> Caller:
        if gateway.authenticate is None:
            if request.headers.get("sec-fetch-site", "none") in ("cross-site", "same-site"):
                raise RequestError("A page of another site may not ask this server.", status=403)
            return Caller()
        token = get_token(request)
        if not token:
            sentence = "You didn't provide an API key. Send it in the header Authorization: Bearer YOUR_KEY."
            raise RequestError(sentence, status=401)
        try:
            caller = await gateway.authenticate(token)
        except NotSignedIn as error:
            sentence = f"Incorrect API key provided: {token[:6]}…. Ask the operator for one (duologue key add)."
            raise RequestError(sentence, code="invalid_api_key", status=401) from error
        if self.scope not in caller.scopes:
            sentence = f"You have insufficient permissions for this operation. Missing scopes: {self.scope}."
            raise RequestError(sentence, code="missing_scope", status=403)
        return caller
