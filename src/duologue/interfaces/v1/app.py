"""The application that is mounted at /v1: all its routes, its errors, its description at /v1/openapi.json."""

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from duologue import __version__
from duologue.interfaces.v1 import audio, chat, completions, embeddings, errors, models, responses, tokens
from duologue.interfaces.v1.gateway import Gateway
from duologue.interfaces.v1.measure import GoOnTrace
from duologue.interfaces.v1.sse import ClientGone

MOST_BYTES = 8 * 1024 * 1024
ROUTERS: tuple[APIRouter, ...] = (
    chat.router, completions.router, responses.router, embeddings.router, audio.router, models.router, tokens.router
)  # fmt: skip


def create_app(gateway: Gateway) -> FastAPI:
    """The application that serves a gateway's models; mount it at /v1."""
    app = _routes()
    app.state.gateway = gateway
    app.add_middleware(errors.LastResort)
    app.add_middleware(GoOnTrace)
    return app


def openapi() -> dict[str, Any]:
    """The description of the routes, without a model at hand."""
    return _routes().openapi()


def _routes() -> FastAPI:
    app = FastAPI(
        title="Duologue models",
        version=__version__,
        description="Language models in the form of OpenAI's API. Errors: `{error: {message, type, param, code}}`.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: f"{route.tags[0]}_{route.name}",
    )
    errors.install(app)
    app.add_exception_handler(ClientGone, _gone)
    for router in ROUTERS:
        app.include_router(router, max_body_size=audio.MOST_BYTES if router is audio.router else MOST_BYTES)
    return app


async def _gone(request: Request, error: Exception) -> Response:
    """Nobody reads it; the number is what proxies log for it."""
    return Response(status_code=499)
