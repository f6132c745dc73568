"""Hashed n-grams: unit length, the same everywhere, near for typos."""

import numpy as np

from duologue.knowledge.encoder import HashingEncoder


async def test_vectors_have_unit_length_and_the_dimension_that_is_said() -> None:
    encoder = HashingEncoder()
    vectors = np.asarray(await encoder.encode(["warranty on tent poles", "帐篷杆的保修", "?!"]))
    assert vectors.shape == (3, encoder.dim)
    assert np.allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0], atol=1e-5)


async def test_a_typo_is_nearer_than_another_word() -> None:
    encoder = HashingEncoder()
    word, typo, other = (encoder.encode_one(text) for text in ("warranty", "waranty", "delivery"))
    assert word @ typo > 0.5 > word @ other
