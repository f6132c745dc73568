"""Joins the models of a platform, or of the engine alone, with /v1: under which names, and who may ask."""

import contextlib
import hmac
from collections.abc import Mapping, Sequence

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from duologue import __version__
from duologue.accounts.keys.service import KeyService
from duologue.engine.protocol import Encoder, Engine
from duologue.engine.speech import Hear, Say
from duologue.interfaces import v1
from duologue.interfaces.api.edge import Edge
from duologue.interfaces.api.metrics import Metrics
from duologue.interfaces.exposition import MEDIA_TYPE
from duologue.interfaces.platform import Platform
from duologue.interfaces.v1.gateway import Authenticate
from duologue.kit.errors import NotSignedIn
from duologue.kit.settings import Settings


def make_gateway(platform: Platform) -> v1.Gateway:
    """The platform's models. Every request needs a key of some workspace; the engine is the one that writes the turns."""
    engine, settings = platform.engine, platform.settings
    name = settings.remote_model if settings.engine == "remote" else engine.info.name
    models = {} if settings.engine == "none" or engine.info.name == "none" else {name: v1.Served(name, engine)}
    return v1.Gateway(
        models=models, encoders=find_encoders(), hear=platform.hear, say=platform.say, authenticate=_by_keys(platform.keys)
    )


def make_lone_gateway(
    engines: Sequence[Engine], keys: Sequence[str], *, hear: Hear | None = None, say: Say | None = None
) -> v1.Gateway:
    """Engines under their own names; `keys` are the words that open everything, none: no key is needed."""
    models = {e.info.name: v1.Served(e.info.name, e) for e in engines}
    return v1.Gateway(models=models, encoders=find_encoders(), hear=hear, say=say, authenticate=_by_words(keys) if keys else None)


def find_encoders() -> Mapping[str, Encoder]:
    """The encoders that come with the program, the one of the passages first."""
    found: dict[str, Encoder] = {}
    for make in (_attentive, _static):
        with contextlib.suppress(FileNotFoundError, ImportError):
            encoder = make()
            found[encoder.name] = encoder
    return found


def _attentive() -> Encoder:
    from duologue.engine.attentive_encoder import AttentiveEncoder

    return AttentiveEncoder()


def _static() -> Encoder:
    from duologue.engine.static_encoder import StaticEncoder

    return StaticEncoder()


def _by_keys(keys: KeyService) -> Authenticate:
    async def authenticate(token: str) -> v1.Caller:
        key = await keys.check(token)
        return v1.Caller(key.id, frozenset(key.scopes), lambda tokens: keys.spend(key, tokens))

    return authenticate


def _by_words(words: Sequence[str]) -> Authenticate:
    async def authenticate(token: str) -> v1.Caller:
        fits = [hmac.compare_digest(token.encode(), word.encode()) for word in words]
        if not any(fits):
            raise NotSignedIn("This key is none of DUOLOGUE_API_KEYS.")
        return v1.Caller(f"key_{fits.index(True)}")

    return authenticate


def create_lone_app(gateway: v1.Gateway, settings: Settings) -> FastAPI:
    """The models alone: /v1, /healthz and /metrics, without a database and without pages."""
    app = FastAPI(title="Duologue models", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    metrics = Metrics()

    @app.get("/healthz")
    async def get_health() -> dict[str, object]:
        return {"status": "ok", "version": __version__, "models": [name for name, _ in gateway.names()]}

    @app.get("/metrics")
    async def get_metrics() -> PlainTextResponse:
        return PlainTextResponse(metrics.render() + gateway.render_metrics(), media_type=MEDIA_TYPE)

    app.mount("/v1", v1.create_app(gateway))
    app.add_middleware(Edge, metrics=metrics, is_https=settings.secure_cookies)
    return app
