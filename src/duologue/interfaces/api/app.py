"""The HTTP application of the platform: all routes of /api, /healthz, /metrics. The pages are mounted by `bootstrap`."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from typing import Any

from fastapi import APIRouter, FastAPI

from duologue import __version__
from duologue.interfaces.api import (
    admin,
    auth,
    autonomy,
    chat,
    desk,
    documents,
    drafts,
    errors,
    health,
    keys,
    learning,
    lineage,
    lti,
    packs,
    proposals,
    replays,
    voice,
)
from duologue.interfaces.api.edge import Edge
from duologue.interfaces.api.live import Live
from duologue.interfaces.api.names import Names
from duologue.interfaces.api.presence import Presence
from duologue.interfaces.api.services import Limits, Services
from duologue.interfaces.api.stream import to_frame
from duologue.interfaces.api.tail import Tail
from duologue.interfaces.platform import Platform
from duologue.kit.settings import Settings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

JSON_BYTES = 512 * 1024
FILES_AT_ONCE = 10

ROUTERS: tuple[APIRouter, ...] = (
    chat.router, auth.router, desk.router, drafts.router, admin.router, autonomy.router, learning.router, replays.router,
    lineage.router, proposals.router, keys.router,
    documents.router, packs.router, voice.router, lti.router, health.router,
)  # fmt: skip

WITH_FILES = (documents.router, packs.router, voice.router)


def join(platform: Platform, limits: Limits | None = None) -> Services:
    """The platform's services with what HTTP adds to them."""
    names = Names(platform.database, platform.accounts)
    return Services(
        **{f.name: getattr(platform, f.name) for f in fields(platform)},
        limits=limits or (Limits.usual(platform.database) if platform.settings.rate_limits else Limits.none()),
        presence=Presence(platform.database.clock, platform.database.bus),
        tail=Tail(platform.database, to_frame(names)),
        names=names,
        live=Live(platform.database.bus),
    )


def create_app(services: Services, lifespan: Lifespan | None = None) -> FastAPI:
    """The application that serves `services`."""
    app = _routes(services.settings, lifespan)
    app.state.services = services
    app.add_middleware(Edge, metrics=services.metrics, is_https=services.settings.secure_cookies)
    return app


def openapi() -> dict[str, Any]:
    """The description of the API, without a database or a model at hand."""
    return _routes(Settings(), None).openapi()


def _routes(settings: Settings, lifespan: Lifespan | None) -> FastAPI:
    app = FastAPI(
        title="Duologue",
        version=__version__,
        description="Human–AI collaborative dialogue. Errors: `{error: {code, message, detail}}`.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=lambda route: f"{route.tags[0]}_{route.name}" if route.tags else route.name,
    )
    errors.install(app)
    json_bytes = JSON_BYTES + 4 * settings.max_message_chars
    upload_bytes = FILES_AT_ONCE * settings.max_upload_bytes + JSON_BYTES
    for router in ROUTERS:
        app.include_router(router, max_body_size=upload_bytes if router in WITH_FILES else json_bytes)
    return app
