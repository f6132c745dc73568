"""POST /v1/embeddings: texts become vectors of unit length."""

import base64
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from duologue.interfaces.v1.errors import RequestError
from duologue.interfaces.v1.fields import In, Name
from duologue.interfaces.v1.gateway import Caller, Joined
from duologue.interfaces.v1.security import Needs

router = APIRouter(tags=["embeddings"])
EmbeddingCaller = Annotated[Caller, Depends(Needs("embeddings"))]
MOST_INPUTS = 2_048
CHARS_PER_TOKEN = 4
"""The static encoder counts no tokens for us; usage is estimated by the usual four characters each."""


class EmbeddingBody(In):
    """As OpenAI's reference describes it."""

    model: Name
    input: str | list[str] | list[int] | list[list[int]]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = Field(None, ge=1, le=65_536)
    user: str | None = None


@router.post("/embeddings")
async def create_embeddings(body: EmbeddingBody, caller: EmbeddingCaller, gateway: Joined) -> dict[str, Any]:
    """A vector for each text."""
    encoder = gateway.find_encoder(body.model)
    texts = _texts(body.input)
    if body.dimensions not in (None, encoder.dim):
        sentence = f"Invalid 'dimensions': the vectors of this model have {encoder.dim}, no other number can be asked for."
        raise RequestError(sentence, param="dimensions", code="invalid_value")
    vectors = await encoder.encode(texts)
    pack = _base64 if body.encoding_format == "base64" else list
    data = [{"object": "embedding", "index": i, "embedding": pack(v)} for i, v in enumerate(vectors)]
    tokens = sum(-(-len(t) // CHARS_PER_TOKEN) for t in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": body.model, "usage": usage}


def _texts(given: str | Sequence[Any]) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given)
    if not texts or "" in texts:
        raise RequestError(
            "Invalid 'input': it has to hold at least one text, none of them empty.", param="input", code="invalid_value"
        )
    if len(texts) > MOST_INPUTS:
        raise RequestError(f"Invalid 'input': at most {MOST_INPUTS} texts at once.", param="input", code="array_above_max_length")
    if not all(isinstance(t, str) for t in texts):
        sentence = "Token ids mean nothing to this model: send strings (langchain-openai: check_embedding_ctx_length=False)."
        raise RequestError(sentence, param="input", code="invalid_type")
    return texts


def _base64(vector: Sequence[float]) -> str:
    """Little-endian float32, as the official clients ask for by default."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
