"""The application of models alone on a loopback port, in a thread of this process, with any engines behind it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from duologue.bootstrap.gateway import create_lone_app, make_lone_gateway
from duologue.engine.protocol import Engine
from duologue.engine.scripted import Script, ScriptedEngine
from duologue.interfaces.v1 import Gateway
from duologue.kit.settings import Settings


@dataclass
class ModelsServer:
    """Where it listens, and what stands behind it."""

    base_url: str
    gateway: Gateway

    @property
    def root(self) -> str:
        """The address without /v1."""
        return self.base_url.removesuffix("/v1")


def scripted(*rules: dict[str, Any], name: str = "scripted", **more: Any) -> ScriptedEngine:
    """An engine that answers by these rules."""
    return ScriptedEngine(Script.model_validate({"rules": rules, "name": name, **more}))


@contextmanager
def serve_models(engines: Sequence[Engine], *, keys: Sequence[str] = ()) -> Iterator[ModelsServer]:
    """Serve engines on a free loopback port; they are closed in the end."""
    gateway = make_lone_gateway(engines, keys)
    app = create_lone_app(gateway, Settings())
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1, backlog=2048)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield ModelsServer(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", gateway)
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
        with ThreadPoolExecutor(1) as apart:  # the caller's thread may run a loop
            apart.submit(asyncio.run, _close(engines)).result()


async def _close(engines: Sequence[Engine]) -> None:
    for engine in engines:
        await engine.aclose()
