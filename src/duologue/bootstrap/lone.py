"""`duologue serve --engine-only`: models over /v1 and nothing else: no database, no data folder, no people."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

from duologue.bootstrap.engines import make_engine, make_options, warm_up
from duologue.bootstrap.gateway import create_lone_app, make_lone_gateway
from duologue.bootstrap.join import is_loopback
from duologue.bootstrap.server import Server, config_for, listen, reach, set_up_logging, wait_until_up
from duologue.bootstrap.speech import make_hear, make_say
from duologue.bootstrap.tracing import set_up_tracing
from duologue.engine.protocol import Engine
from duologue.interfaces.api.services import Closing
from duologue.kit.errors import SetupError
from duologue.kit.settings import Settings


def serve_lone(settings: Settings, folders: tuple[Path, ...] = ()) -> None:
    """Serve until a signal says to stop. Raises SetupError where the program cannot start as it is set up."""
    set_up_logging(settings)
    end_tracing = set_up_tracing(os.environ)
    try:
        asyncio.run(_serve(settings, folders))
    finally:
        end_tracing()


def load_engines(settings: Settings, folders: tuple[Path, ...]) -> list[Engine]:
    """An engine for each folder; without folders the one of the settings. Raises SetupError."""
    if not folders:
        engine = make_engine(settings)
        if engine.info.name == "none":
            raise SetupError("There is no model to serve: install the extra `local` (torch), or name a remote server.")
        return [engine]
    from duologue.engine.local import LocalEngine

    options = make_options(settings)
    if len(folders) > 1:
        options = replace(options, adapters={}, draft=None)  # those belong to one model
    engines: list[Engine] = [LocalEngine(folder, options=options) for folder in folders]
    names = [e.info.name for e in engines]
    if len(set(names)) < len(names):
        raise SetupError(f"Two models have the same name ({', '.join(sorted(names))}); rename a folder.")
    return engines


async def _serve(settings: Settings, folders: tuple[Path, ...]) -> None:
    keys = settings.api_keys.get_secret_value().split()
    if not keys and not is_loopback(settings.host):
        raise SetupError(f"Who reaches {settings.host} may ask the models; name keys in DUOLOGUE_API_KEYS, or listen on 127.0.0.1.")
    listening = listen(settings.host, settings.port)
    engines: list[Engine] = []
    try:
        engines = load_engines(settings, folders)
        gateway = make_lone_gateway(engines, keys, hear=make_hear(settings), say=make_say(settings))
        tasks = [asyncio.create_task(warm_up(e)) for e in engines if settings.engine == "local" or folders]
        tasks.append(asyncio.create_task(_announce(settings, listening.getsockname()[1], gateway.names()[0][0])))
        await Server(config_for(create_lone_app(gateway, settings), settings), Closing()).serve([listening])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        listening.close()
        for engine in engines:
            await engine.aclose()


async def _announce(settings: Settings, port: int, name: str) -> None:
    """Once the server answers, say where, and how to ask."""
    await wait_until_up(reach(settings.host), port)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"Duologue serves models on http://{host}:{port}/v1 (model {name})", flush=True)
