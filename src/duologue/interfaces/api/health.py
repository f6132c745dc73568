"""Is the server well, and how busy is it? For probes and for Prometheus; says nothing of any person."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from duologue import __version__
from duologue.interfaces.api.errors import RESPONSES
from duologue.interfaces.api.schemas import Json, Out
from duologue.interfaces.api.security import ANYBODY
from duologue.interfaces.api.services import Joined
from duologue.interfaces.exposition import MEDIA_TYPE
from duologue.kit.errors import SetupError, Unavailable

router = APIRouter(tags=["health"], responses=RESPONSES)


class HealthOut(Out):
    status: str
    version: str
    engine: str


@router.get("/healthz", response_model=HealthOut)
async def get_health(caller: ANYBODY, services: Joined) -> Json:
    """200 while the database answers."""
    try:
        await services.database.check()
    except SetupError as error:
        raise Unavailable("The database does not answer.") from error
    return {"status": "ok", "version": __version__, "engine": services.engine.info.name}


@router.get("/metrics", response_class=PlainTextResponse)
async def get_metrics(caller: ANYBODY, services: Joined) -> PlainTextResponse:
    """Counters in the text form of Prometheus."""
    text = services.metrics.render() + "".join(render() for render in services.measures)
    return PlainTextResponse(text, media_type=MEDIA_TYPE)
