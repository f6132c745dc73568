"""As little HTTP client as a measurement needs, so that the client costs less than what it measures. Loopback only."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Client:
    """One person or member: a keep-alive connection, cookies and the CSRF token."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request on the kept connection; returns the JSON of the answer and raises on any status from 400."""
        try:
            return await self._call(method, path, body)
        except (ConnectionError, asyncio.IncompleteReadError):  # the server ends connections that were idle
            self.close()
            return await self._call(method, path, body)

    async def _call(self, method: str, path: str, body: Any) -> Any:
        if self._writer is None or self._writer.is_closing():
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        assert self._reader is not None
        self._writer.write(self._head(method, path, body))
        status, headers = await _read_head(self._reader)
        for cookie in headers.get("set-cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        data = await self._reader.readexactly(int(headers.get("content-length", ["0"])[0]))
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {data[:300]!r}")
        return json.loads(data) if data else None

    async def stream(self, path: str, ready: asyncio.Event | None = None) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Frames of an event stream as (event, data), until the server ends it or the task is cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self._head("GET", path, None))
            await _read_head(reader)
            if ready is not None:
                ready.set()
            event = ""
            while line := await reader.readline():
                if line.startswith(b"event: "):
                    event = line[7:].strip().decode()
                elif line.startswith(b"data: ") and event:
                    yield event, json.loads(line[6:])
        finally:
            writer.close()

    def _head(self, method: str, path: str, body: Any) -> bytes:
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(data)}", "Content-Type: application/json"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if self.csrf:
            lines.append(f"X-CSRF-Token: {self.csrf}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + data

    def close(self) -> None:
        """Drop the connection."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, list[str]]]:
    line = await reader.readline()
    if not line:
        raise ConnectionResetError
    status = int(line.split()[1])
    headers: dict[str, list[str]] = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers.setdefault(name.strip().lower(), []).append(value.strip())
    return status, headers
