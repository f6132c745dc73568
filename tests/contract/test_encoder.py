"""Every encoder keeps the words of the port: unit vectors of the length it names, the same for the same text, in order."""

import numpy as np
import pytest

from duologue.engine.attentive_encoder import AttentiveEncoder
from duologue.engine.mixed_encoder import MixedEncoder
from duologue.engine.protocol import Encoder
from duologue.engine.static_encoder import StaticEncoder
from duologue.knowledge.encoder import HashingEncoder

TEXTS = ["How long is the warranty on tent poles?", "帐篷杆的保修期是多久？", "RO-104233", "a" * 10_000, "🙂", "", "Ünïcödé"]


@pytest.fixture(params=[HashingEncoder, StaticEncoder, AttentiveEncoder, MixedEncoder])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    made: Encoder = request.param()
    return made


async def test_vectors_have_unit_length_or_are_nought(encoder: Encoder) -> None:
    vectors = np.asarray(await encoder.encode(TEXTS))
    assert vectors.shape == (len(TEXTS), encoder.dim)
    assert np.isfinite(vectors).all()
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.allclose(lengths[:3], 1, atol=1e-5)
    assert all(abs(length - 1) < 1e-5 or length == 0 for length in lengths)


async def test_a_text_has_one_vector_whatever_stands_beside_it(encoder: Encoder) -> None:
    together = np.asarray(await encoder.encode(TEXTS))
    alone = np.asarray([(await encoder.encode([text]))[0] for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-6)


async def test_no_text_has_no_vectors(encoder: Encoder) -> None:
    assert await encoder.encode([]) == []


async def test_nearer_in_meaning_is_nearer_in_space(encoder: Encoder) -> None:
    question, answer, other = np.asarray(
        await encoder.encode(
            ["How do I return boots?", "Returning boots is free within 30 days.", "Tents are dried before packing."]
        )
    )
    assert question @ answer > question @ other


def test_the_name_is_stable(encoder: Encoder) -> None:
    assert encoder.name == type(encoder)().name
    assert encoder.name
