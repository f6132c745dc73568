"""Runs the application: takes the port first, starts the platform, serves, and stops without cutting what can end by itself."""

import asyncio
import errno
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from fastapi import FastAPI
from uvicorn.server import HANDLED_SIGNALS

from duologue.accounts.model import Workspace
from duologue.bootstrap.join import build, create_app, is_loopback, make_ready, open_platform, start, stop
from duologue.bootstrap.pack_samples import list_sign_ins
from duologue.bootstrap.tracing import set_up_tracing
from duologue.interfaces.api.services import Closing, Services
from duologue.kit.errors import SetupError
from duologue.kit.log import setup_logging
from duologue.kit.settings import Settings

GRACE_S = 5
BACKLOG = 2_048


class Server(uvicorn.Server):
    """A server that tells the streams to end before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, closing: Closing) -> None:
        super().__init__(config)
        self._closing = closing

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's own, does not raise the signal again afterwards: the platform has yet to be closed."""
        loop = asyncio.get_running_loop()
        for number in HANDLED_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in HANDLED_SIGNALS:
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)


def config_for(app: FastAPI, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves the application; the platform is started and stopped outside of it."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=settings.log_level.upper() == "DEBUG",
        timeout_graceful_shutdown=GRACE_S,
        lifespan="off",
        server_header=False,
    )


def serve(settings: Settings) -> None:
    """Serve until a signal says to stop. Raises SetupError where the program cannot start as it is set up."""
    set_up_logging(settings)
    end_tracing = set_up_tracing(os.environ)
    try:
        asyncio.run(_serve(settings))
    finally:
        end_tracing()


async def _serve(settings: Settings) -> None:
    listening = listen(settings.host, settings.port)
    try:
        async with open_platform(settings) as platform:
            app = create_app(platform)
            services: Services = app.state.services
            port = listening.getsockname()[1]
            samples = await list_sign_ins(platform) if is_loopback(settings.host) else []
            announcing = asyncio.create_task(_announce(settings, port, samples))
            platform.tasks.append(asyncio.create_task(make_ready(platform)))
            await Server(config_for(app, settings), services.closing).serve([listening])
            announcing.cancel()
    finally:
        listening.close()


def create_asgi() -> FastAPI:
    """For servers that want a factory (`uvicorn --factory duologue.bootstrap:create_asgi`); settings come from the environment."""
    settings = Settings()
    set_up_logging(settings)
    platform, end_tracing = build(settings), set_up_tracing(os.environ)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await start(platform)
        platform.tasks.append(asyncio.create_task(make_ready(platform)))
        try:
            yield
        finally:
            services: Services = app.state.services
            services.closing.set()
            await stop(platform)
            end_tracing()

    return create_app(platform, lifespan)


def set_up_logging(settings: Settings) -> None:
    """What libraries say of their ordinary work is for debugging only."""
    setup_logging(settings.log_level)
    if settings.log_level.upper() == "INFO":
        for name in ("alembic", "uvicorn.error", "httpx", "dbos"):
            logging.getLogger(name).setLevel(logging.WARNING)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a taken port is known before anything else is done."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, kind, proto)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(f"Port {port} on {host} is taken; choose another one with --port.") from error
        raise SetupError(f"The address {host}:{port} cannot be listened on: {error.strerror or error}.") from error
    listening.setblocking(False)
    return listening


async def _is_up(host: str, port: int) -> bool:
    """Whether /healthz answers."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = await reader.read()
        writer.close()
    except OSError:
        return False
    return answer.startswith(b"HTTP/1.1 200")


async def wait_until_up(host: str, port: int) -> None:
    """Return once the server answers."""
    while not await _is_up(host, port):
        await asyncio.sleep(0.05)


def reach(host: str) -> str:
    """The address at which this machine reaches what listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)


async def _announce(settings: Settings, port: int, samples: list[tuple[Workspace, list[str], str]]) -> None:
    """Once the server answers, say where the pages are, and how to sign in to the sample workspaces."""
    await wait_until_up(reach(settings.host), port)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.public_url.rstrip("/") or f"http://{host}:{port}"
    lines = [f"Duologue is listening on {base}", f"  chat   {base}/", f"  desk   {base}/desk", f"  admin  {base}/admin"]
    if samples:
        lines.append("Sample sign-ins (they work on this machine only):")
    for workspace, emails, password in samples:
        lines += [f"  {workspace.name}  {base}/?workspace={workspace.slug}", *(f"    {email}  {password}" for email in emails)]
    sys.stdout.write(os.linesep.join(lines) + os.linesep)
    sys.stdout.flush()
