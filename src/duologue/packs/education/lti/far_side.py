"""Asking a platform over HTTPS: its key set, a token, its gradebook. Small answers, no redirects, one sentence for each failure."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from duologue.kit.errors import Invalid, Unavailable

MAX_BYTES, TIMEOUT_S = 256_000, 10.0
LOCAL = ("127.0.0.1", "localhost", "::1")


def check_address(url: str, what: str) -> str:
    """The address, if it is HTTPS (or this machine's own). Raises Invalid."""
    try:
        parts = urlsplit(url.strip())
        is_fine = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL)
        is_fine = is_fine and bool(parts.hostname) and parts.port != 0 and httpx.URL(url.strip()).host != ""
    except (ValueError, httpx.InvalidURL):
        is_fine = False
    if not is_fine or parts.username or parts.fragment:
        raise Invalid(f"{what} is an address that begins with https://.", field=what)
    return url.strip()


async def ask(method: str, url: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> Any:
    """The JSON of an answer, None where it has none. Raises Unavailable."""
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client,
            client.stream(method, url, headers=headers, **body) as response,
        ):
            read = bytearray()
            async for piece in response.aiter_bytes():
                read += piece
                if len(read) > MAX_BYTES:
                    raise Unavailable(f"{urlsplit(url).hostname} answers with far more than it should.")
            if response.status_code >= 300:
                raise Unavailable(f"{urlsplit(url).hostname} answers with status {response.status_code}.")
            return _json(bytes(read), url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"{urlsplit(url).hostname} cannot be reached: {type(error).__name__}.") from error


def _json(content: bytes, url: str) -> Any:
    if not content.strip():
        return None
    try:
        return json.loads(content)
    except ValueError as error:
        raise Unavailable(f"{urlsplit(url).hostname} does not answer with JSON.") from error
