"""GET /v1/models: which models can be asked for."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from duologue.interfaces.v1.gateway import Caller, Gateway, Joined
from duologue.interfaces.v1.security import Needs

router = APIRouter(tags=["models"])
Looker = Annotated[Caller, Depends(Needs("models"))]
Json = dict[str, Any]


@router.get("/models")
async def list_models(caller: Looker, gateway: Joined) -> Json:
    """All models."""
    return {"object": "list", "data": [_model_json(gateway, name, created) for name, created in gateway.names()]}


@router.get("/models/{model:path}")
async def get_model(model: str, caller: Looker, gateway: Joined) -> Json:
    """One model."""
    created = dict(gateway.names()).get(model)
    if created is None:
        gateway.find(model)
    return _model_json(gateway, model, created or 0)


def _model_json(gateway: Gateway, name: str, created: int) -> Json:
    """A model as OpenAI lists it, with the length of its context as vLLM adds it."""
    out: Json = {"id": name, "object": "model", "created": created, "owned_by": "duologue"}
    if name not in gateway.encoders and name not in gateway.speech():
        served, adapter = gateway.find(name)
        out |= {"max_model_len": served.engine.info.context_tokens, "root": served.name, "parent": served.name if adapter else None}
    return out
