"""The official client's embeddings and models: the encoder that comes with the program, against itself without HTTP."""

import base64
import struct

import numpy as np
import openai
import pytest
from openai import OpenAI

from duologue.engine.attentive_encoder import AttentiveEncoder
from duologue.engine.static_encoder import StaticEncoder
from tests.v1.strict import strictly

TEXTS = ["Where is my parcel?", "包裹在哪里？", "Boots are resoled."]
supports = pytest.mark.supports


@pytest.fixture(scope="module")
def encoder() -> StaticEncoder:
    return StaticEncoder()


@supports("embeddings: float, base64", "openai")
async def test_vectors_are_the_encoders_own(client: OpenAI, encoder: StaticEncoder) -> None:
    wanted = np.array(await encoder.encode(TEXTS))
    by_default = strictly(client.embeddings.create(model=encoder.name, input=TEXTS))
    plain = client.embeddings.create(model=encoder.name, input=TEXTS, encoding_format="float")
    for answer in (by_default, plain):
        assert [d.index for d in answer.data] == [0, 1, 2]
        np.testing.assert_allclose(np.array([d.embedding for d in answer.data]), wanted, atol=1e-6)
    one = client.embeddings.create(model=encoder.name, input=TEXTS[0], encoding_format="base64")
    raw = one.data[0].embedding
    assert isinstance(raw, str)
    np.testing.assert_allclose(struct.unpack(f"<{encoder.dim}f", base64.b64decode(raw)), wanted[0], atol=1e-6)


@supports("embeddings: refused by name", "openai")
@pytest.mark.parametrize(
    ("given", "param"),
    [({"input": [1, 2]}, "input"), ({"input": ""}, "input"), ({"input": []}, "input"), ({"dimensions": 5}, "dimensions")],
)
def test_what_makes_no_vector_is_refused_by_name(
    client: OpenAI, encoder: StaticEncoder, given: dict[str, object], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(**{"model": encoder.name, "input": "x", **given})  # type: ignore[arg-type]
    assert caught.value.param == param


@supports("models", "openai")
def test_models_are_listed_and_found(client: OpenAI, encoder: StaticEncoder) -> None:
    listed = [strictly(m).id for m in client.models.list()]
    assert listed == ["scripted", AttentiveEncoder().name, encoder.name]
    assert strictly(client.models.retrieve("scripted")).owned_by == "duologue"
    for ask in (lambda: client.models.retrieve("none"), lambda: client.embeddings.create(model="none", input="x")):
        with pytest.raises(openai.NotFoundError):
            ask()
    with pytest.raises(openai.BadRequestError, match="writes no text"):
        client.completions.create(model=encoder.name, prompt="x")
