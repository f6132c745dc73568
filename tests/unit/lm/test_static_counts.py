"""Token vectors from counts: held against sums written out, and seen to tell which words stand in for each other."""

import numpy as np
import pytest

pytest.importorskip("scipy")

from duologue.lm.vectors import static_counts
from duologue.lm.vectors.static_counts import count_across, count_near, factorise, weigh


@pytest.fixture(autouse=True)
def keep_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """In so small vocabularies every token is frequent, and would be thinned out."""
    monkeypatch.setattr(static_counts, "FREQUENT", 1e6)


def test_nearer_tokens_count_more_and_documents_are_apart() -> None:
    documents = [[0, 1, 2, 1], [3, 0]]
    wanted = np.zeros((4, 4))
    for ids in documents:
        for i, one in enumerate(ids):
            for j, other in enumerate(ids):
                if i != j and abs(i - j) <= 2:
                    wanted[one, other] += (3 - abs(i - j)) / 2
    assert np.allclose(count_near(documents, 4, np.random.default_rng(0), window=2).toarray(), wanted)


def test_every_token_meets_every_one_of_its_translation() -> None:
    found = count_across([([0, 1], [2]), ([0], [2, 3])], 4).toarray()
    assert np.allclose(found, [[0, 0, 4, 2], [0, 0, 2, 0], [4, 2, 0, 0], [2, 0, 0, 0]])
    assert count_across([], 4).nnz == 0


def test_words_of_the_same_surroundings_get_near_vectors() -> None:
    rng = np.random.default_rng(0)
    # 0 and 1 stand beside 10 to 19 and never together, 2 and 3 beside 20 to 29
    documents = [[word, int(rng.integers(10, 20) + 10 * (word > 1))] for word in rng.integers(0, 4, 4000).tolist()]
    vectors = factorise(count_near(documents, 30, rng), 8, rng)
    near = vectors @ vectors.T
    assert min(near[0, 1], near[2, 3]) > 0.8 > 0.3 > max(near[0, 2], near[0, 3], near[1, 2], near[1, 3])


def test_frequent_tokens_are_short_and_unseen_ones_have_a_direction() -> None:
    vectors = np.eye(3, 4, dtype=np.float32)
    vectors[2] = 0
    lengths = np.linalg.norm(weigh(vectors, np.array([1e6, 1.0, 1.0]), np.random.default_rng(0)), axis=1)
    assert lengths[0] < 0.01 < 0.9 < lengths[1] <= 1
    assert lengths[2] > 0.1
