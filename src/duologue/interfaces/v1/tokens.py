"""POST /tokenize and /detokenize, as vLLM has them: how a model reads a text; evaluation programs use it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from duologue.engine.protocol import GenerationRequest, Tokenizes
from duologue.interfaces.v1.chat_body import MessageIn, read_messages
from duologue.interfaces.v1.errors import RequestError
from duologue.interfaces.v1.fields import In, Name
from duologue.interfaces.v1.gateway import Caller, Gateway, Joined
from duologue.interfaces.v1.security import Needs

router = APIRouter(tags=["tokens"])
Looker = Annotated[Caller, Depends(Needs("models"))]
Json = dict[str, Any]


class TokenizeBody(In):
    model: Name
    prompt: str | None = None
    messages: list[MessageIn] | None = None
    add_special_tokens: bool | None = None


class DetokenizeBody(In):
    model: Name
    tokens: list[Annotated[int, Field(ge=0, lt=2**31)]]


@router.post("/tokenize")
async def tokenize(body: TokenizeBody, caller: Looker, gateway: Joined) -> Json:
    """The token ids of a text or of a conversation."""
    engine = _find(gateway, body.model)
    if (body.prompt is None) == (body.messages is None):
        raise RequestError("Give 'prompt' or 'messages', and not both.", param="prompt", code="invalid_value")
    request = GenerationRequest(prompt=body.prompt) if body.messages is None else GenerationRequest(read_messages(body.messages))
    ids = await engine.tokenize(request)
    if body.prompt is not None and body.add_special_tokens is False and await engine.detokenize(ids[:1]) == "":
        ids = ids[1:]
    return {"count": len(ids), "tokens": ids, "max_model_len": gateway.find(body.model)[0].engine.info.context_tokens}


@router.post("/detokenize")
async def detokenize(body: DetokenizeBody, caller: Looker, gateway: Joined) -> Json:
    """The text of token ids."""
    return {"prompt": await _find(gateway, body.model).detokenize(body.tokens)}


def _find(gateway: Gateway, name: str) -> Tokenizes:
    engine = gateway.find(name)[0].engine
    if not isinstance(engine, Tokenizes):
        raise RequestError(f"The model `{name}` does not show its tokens.", param="model", code="unsupported_parameter")
    return engine
