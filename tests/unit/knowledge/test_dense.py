"""The cache of vectors: exact search is the oracle of the graph, and updates leave what a rebuild would."""

import numpy as np

from duologue.knowledge.dense import DenseIndex


def vectors(n: int, dim: int = 32, seed: int = 0) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal((n, dim)).astype("<f4")
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def filled(matrix: np.ndarray, first: int = 1, **more: int) -> DenseIndex:
    index = DenseIndex(matrix.shape[1], **more)
    numbers = list(range(first, first + len(matrix)))
    index.update(numbers, [(n, row.tobytes()) for n, row in zip(numbers, matrix, strict=True)])
    return index


def test_the_nearest_is_the_one_with_the_largest_product() -> None:
    matrix = vectors(50)
    index = filled(matrix)
    for n in (0, 17, 49):
        found = index.search(matrix[n].tolist(), 3)
        assert found[0][0] == n + 1
        assert abs(found[0][1] - 1) < 1e-5
        assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


def test_the_graph_finds_what_exact_search_finds() -> None:
    matrix = vectors(400)
    exact, graph = filled(matrix), filled(matrix, exact_up_to=10)
    asked = vectors(40, seed=1)
    shared = [len({n for n, _ in exact.search(q.tolist(), 10)} & {n for n, _ in graph.search(q.tolist(), 10)}) for q in asked]
    assert np.mean(shared) >= 9.5


def test_updates_leave_what_a_rebuild_would() -> None:
    matrix = vectors(20)
    index = filled(matrix[:12])
    present = [2, 5, 7, 13, 14]
    index.update(present, [(n, matrix[n - 1].tobytes()) for n in (13, 14)])
    assert index.numbers.tolist() == present
    assert np.array_equal(index.matrix, matrix[[n - 1 for n in present]])
    assert {n for n, _ in index.search(matrix[0].tolist(), 10)} == set(present)
    index.update([], [])
    assert (len(index), index.search(matrix[0].tolist(), 3)) == (0, [])


def test_scores_of_chosen_numbers() -> None:
    matrix = vectors(6)
    scores = filled(matrix).score(matrix[2].tolist(), [3, 1, 99])
    assert set(scores) == {3, 1}
    assert abs(scores[3] - 1) < 1e-5
    assert DenseIndex(4).score([1, 0, 0, 0], [1]) == {}
