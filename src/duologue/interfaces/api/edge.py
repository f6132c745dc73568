"""The outermost layer: security headers on every answer, and what the metrics count. Plain ASGI, so that streams pass untouched.

Pages set their own Content-Security-Policy; an answer without one gets the strictest.
"""

import time
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duologue.interfaces.api.errors import body
from duologue.interfaces.api.metrics import Metrics
from duologue.kit.log import get_logger

log = get_logger(__name__)

HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=()"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
INTERNAL = body("internal", "Something failed here; the server's log has the reason.")
TOO_LARGE = body("too_large", "The request is larger than this route accepts.")
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, is_https: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = HEADERS + ((_HSTS,) if is_https else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await JSONResponse(body("invalid", "The address holds a NUL."), 422)(scope, receive, send)
            return
        started, status, is_stream, has_started = time.perf_counter(), 500, False, False

        is_replaced = False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, is_stream, has_started, is_replaced
            if message["type"] == "http.response.start" and _is_bare_413(message):
                await JSONResponse(TOO_LARGE, 413)(scope, receive, send_with_headers)
                is_replaced = True
            if is_replaced:
                return
            if message["type"] == "http.response.start":
                status, has_started = message["status"], True
                headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
                have = {name.lower(): value for name, value in headers}
                is_stream = have.get(b"content-type", b"").startswith(b"text/event-stream")
                headers += [(name, value) for name, value in self._headers if name not in have]
                if scope["path"].startswith("/api/") and b"cache-control" not in have:
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if has_started:
                raise
            await JSONResponse(INTERNAL, 500)(scope, receive, send_with_headers)
        finally:
            seconds = None if is_stream else time.perf_counter() - started
            self._metrics.count_request(_method(scope), _route(scope), status, seconds)


def _is_bare_413(message: Message) -> bool:
    """Whether this is the framework's own answer to a body whose stated length is too large, which is plain text."""
    return message["status"] == 413 and any(v.startswith(b"text/plain") for k, v in message["headers"] if k == b"content-type")


def _method(scope: Scope) -> str:
    known: set[Any] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    return str(scope["method"]) if scope["method"] in known else "other"


def _route(scope: Scope) -> str:
    """The route's template, so that ids and strangers' paths do not become labels."""
    route = scope.get("route")
    path = getattr(route, "path_format", None) or getattr(route, "path", None)
    return f"{scope.get('root_path', '')}{path}" if path else "none"
