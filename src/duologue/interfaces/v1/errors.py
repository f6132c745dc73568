"""Every failure under /v1 leaves as OpenAI's does: `{"error": {"message", "type", "param", "code"}}`, with the same statuses.

Clients choose their exception by the status, and retry 408, 409, 429 and 5xx after `retry-after`.
Source: https://platform.openai.com/docs/guides/error-codes and the messages of that API.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duologue.kit.errors import DuologueError, Invalid, TooManyRequests, Unavailable
from duologue.kit.log import get_logger

log = get_logger(__name__)

_TYPES = {401: "invalid_request_error", 403: "insufficient_permissions", 429: "rate_limit_error"}
_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}
_BOUNDS = {"greater_than_equal": "≥", "greater_than": ">", "less_than_equal": "≤", "less_than": "<"}
# What the engine's fields are called by those who ask.
_PARAMS = {"constraint": "response_format", "prompt_logprobs": "logprobs", "tool_name": "tool_choice", "beams": "best_of"}


class RequestError(Invalid):
    """The request cannot be fulfilled as it is; the caller has to change it. Its code is known under /v1 only."""

    status = 400

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.param, self.wire_code, self.wire_status = param, code, status


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The error body as JSON values."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def explain(error: DuologueError) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Status, body and headers of a failure."""
    if isinstance(error, RequestError):
        kind = _TYPES.get(error.wire_status, "invalid_request_error")
        return error.wire_status, error_body(error.message, kind, error.param, error.wire_code), {}
    if isinstance(error, Invalid):
        param = error.detail.get("param")
        if "context_tokens" in error.detail:
            return 400, error_body(error.message, "invalid_request_error", "messages", "context_length_exceeded"), {}
        code = "unsupported_parameter" if param else None
        return 400, error_body(error.message, "invalid_request_error", _PARAMS.get(param or "", param), code), {}
    headers = {}
    if (wait_s := error.detail.get("retry_after_s")) is not None:
        headers = {"retry-after": str(max(1, round(wait_s))), "retry-after-ms": str(round(wait_s * 1000))}
    if isinstance(error, TooManyRequests):
        return 429, error_body(error.message, "rate_limit_error", code="rate_limit_exceeded"), headers
    if isinstance(error, Unavailable):
        return 503, error_body(error.message, "server_error", code=error.code), headers
    kind = _TYPES.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")
    return error.status, error_body(error.message, kind, code=error.code), headers


def respond(error: DuologueError) -> JSONResponse:
    """The answer that tells a failure."""
    status, content, headers = explain(error)
    return JSONResponse(content, status, headers)


def install(app: FastAPI) -> None:
    """Have every exception of an application leave in one form."""

    async def known(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, DuologueError)
        if error.status >= 500:
            log.warning("%s %s: %s", request.method, request.url.path, error.message)
        return respond(error)

    async def unreadable(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return respond(from_validation(error.errors(), error.body))

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        message = {
            404: f"Invalid URL ({request.method} {request.url.path})",
            405: f"Not allowed to {request.method} on {request.url.path}.",
            413: "The request is larger than this server accepts.",
        }.get(error.status_code, "We could not parse the JSON body of your request.")
        headers = dict(error.headers) if error.headers else None
        return JSONResponse(error_body(message, "invalid_request_error"), error.status_code, headers)

    app.add_exception_handler(DuologueError, known)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(HTTPException, http)


class LastResort:
    """What nobody expected: logged in full, told as a 500 of OpenAI's form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            if has_started:
                raise
            content = error_body("The server had an error while processing your request.", "server_error")
            await JSONResponse(content, 500)(scope, receive, send)


def from_validation(errors: Sequence[Mapping[str, Any]], body: Any) -> RequestError:
    """The first thing that is wrong with a body, in OpenAI's words."""
    error = _most_telling(errors)
    kind, given = str(error["type"]), error.get("input")
    if kind == "json_invalid":
        return RequestError("We could not parse the JSON body of your request. It has to be valid JSON, sent as application/json.")
    where = _where(error["loc"], kind, body)
    if not where:
        return RequestError("The body of the request has to be a JSON object, sent as application/json.")
    context = error.get("ctx") or {}
    if kind == "missing":
        return RequestError(f"Missing required parameter: '{where}'.", param=where, code="missing_required_parameter")
    if kind == "extra_forbidden":
        return RequestError(f"Unrecognized request argument supplied: {where}", param=where, code="unknown_parameter")
    if kind in _EXPECTED:
        got = _name_type(given)
        sentence = f"Invalid type for '{where}': expected {_EXPECTED[kind]}, but got {got} instead."
        return RequestError(sentence, param=where, code="invalid_type")
    if kind in _BOUNDS:
        side = "below_min" if kind.startswith("greater") else "above_max"
        what = "integer" if isinstance(given, int) else "decimal"
        bound = next(iter(context.values()), "")
        sentence = f"Invalid '{where}': {what} {side.replace('_', ' ')} value. "
        sentence += f"Expected a value {_BOUNDS[kind]} {bound}, but got {str(given)[:80]} instead."
        return RequestError(sentence, param=where, code=f"{what}_{side}_value")
    if kind == "literal_error":
        sentence = f"Invalid value: '{str(given)[:80]}'. Supported values are: {context.get('expected', '')}."
        return RequestError(sentence, param=where, code="invalid_value")
    if kind == "union_tag_invalid":
        sentence = f"Invalid value: '{context.get('tag', '')!s:.80}'. Supported values are: {context.get('expected_tags', '')}."
        return RequestError(sentence, param=where, code="invalid_value")
    return RequestError(f"Invalid value for '{where}': {error.get('msg', 'it cannot be read')}.", param=where, code="invalid_value")


def _most_telling(errors: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Of a value that may be of several types pydantic tells an error for each; the one that reached deepest meant it."""
    return max(errors, key=lambda e: len(e["loc"]) if e["type"] != "extra_forbidden" else len(e["loc"]) - 0.5)


def _where(loc: Sequence[Any], kind: str, body: Any) -> str:
    """`messages[0].content` of a location; what is no place in the body (names of alternatives that pydantic adds) is left out."""
    out, at = "", body
    parts = loc[1:] if loc and loc[0] in ("body", "path", "query") else loc
    for index, part in enumerate(parts):
        if isinstance(part, int) and isinstance(at, list) and part < len(at):
            out, at = f"{out}[{part}]", at[part]
        elif isinstance(at, dict) and (part in at or (kind == "missing" and index == len(parts) - 1)):
            out, at = f"{out}.{part}" if out else str(part), at.get(part)
    return out


def _name_type(value: object) -> str:
    names = {str: "a string", bool: "a boolean", int: "an integer", float: "a decimal number", list: "an array", dict: "an object"}
    return "null" if value is None else names.get(type(value), "another type")
