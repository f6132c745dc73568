"""Every failure leaves as `{"error": {"code", "message", "detail"}}` with the right status; nothing else is an answer.

`docs/reference/errors.md` lists the codes. `edge.py` answers what nobody expected.
"""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from duologue.kit.errors import DuologueError
from duologue.kit.log import get_logger

log = get_logger(__name__)

_BY_STATUS = {401: "not_signed_in", 403: "forbidden", 404: "not_found", 413: "too_large", 422: "invalid"}


class ErrorOut(BaseModel):
    """What went wrong, and what to do."""

    code: str = Field(description="A stable name; see docs/reference/errors.md.")
    message: str = Field(description="One sentence, safe to show.")
    detail: dict[str, Any] = Field(default_factory=dict)


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorOut


RESPONSES: dict[int | str, dict[str, Any]] = {"default": {"model": ErrorBody, "description": "The error body."}}
"""For routers: documents that any status but a success carries an ErrorBody."""


def body(code: str, message: str, detail: dict[str, Any] | None = None) -> dict[str, Any]:
    """The error body as JSON values."""
    return {"error": {"code": code, "message": message, "detail": detail or {}}}


def install(app: FastAPI) -> None:
    """Have every exception leave in one form."""
    app.add_exception_handler(DuologueError, _known)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)


async def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DuologueError)
    headers = {}
    if "retry_after_s" in error.detail:
        headers["Retry-After"] = str(error.detail["retry_after_s"])
    if error.status >= 500:
        log.warning("%s %s: %s", request.method, request.url.path, error.message)
    return JSONResponse(body(error.code, error.message, error.detail), error.status, headers)


async def _unreadable(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fields = [{"field": ".".join(str(p) for p in e["loc"]), "problem": e["msg"]} for e in error.errors()]
    named = ", ".join(sorted({f["field"] for f in fields}))
    return JSONResponse(body("invalid", f"The request cannot be understood; see {named}.", {"fields": fields}), 422)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = _BY_STATUS.get(error.status_code, "invalid" if error.status_code < 500 else "internal")
    return JSONResponse(body(code, str(error.detail)), error.status_code, error.headers)
