"""The compiled product, in bfloat16 or in int16, against numpy's, whatever the shape; a row is the same alone and among others."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from duologue.lm.vectors.half_matrix import HalfMatrix, gelu, load_product

SHAPES = [(1, 1, 1), (7, 5, 3), (12, 16, 32), (13, 17, 33), (5, 40, 95), (30, 64, 64)]


def make(k: int, n: int) -> tuple[HalfMatrix, np.ndarray, np.ndarray]:
    draws = np.random.default_rng(k * n)
    weights = draws.integers(-127, 128, (k, n)).astype(np.int8)
    scales, bias = draws.random(n).astype(np.float16), draws.standard_normal(n).astype(np.float16)
    return HalfMatrix(weights, scales, bias), weights * scales.astype(float), bias.astype(float)


@pytest.fixture(params=["compiled", "numpy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    load_product.cache_clear()
    if request.param == "numpy":
        monkeypatch.setenv("DUOLOGUE_NATIVE", "0")
    elif load_product() is None:
        pytest.skip("no compiler, or a processor without AVX2")
    yield request.param
    load_product.cache_clear()


@pytest.mark.parametrize(("rows", "k", "n"), SHAPES)
def test_a_product_is_what_numpy_finds(way: str, rows: int, k: int, n: int) -> None:
    matrix, plain, bias = make(k, n)
    x = np.random.default_rng(rows).standard_normal((rows, k)).astype(np.float32)
    wanted = x.astype(float) @ plain + bias
    room = 2**-8 * np.abs(x) @ np.abs(plain) + 1e-4 if way == "compiled" else 1e-3
    assert (np.abs(matrix.times(x) - wanted) <= room).all()


@pytest.mark.parametrize("way", ["compiled"], indirect=True)  # numpy's sums depend on the number of rows
def test_a_row_is_the_same_alone_and_among_others(way: str) -> None:
    matrix, *_ = make(40, 70)
    x = np.random.default_rng(1).standard_normal((29, 40)).astype(np.float32)
    whole = matrix.times(x)
    assert all((matrix.times(x[i : i + 1])[0] == whole[i]).all() for i in range(len(x)))
    assert (matrix.times(x[::2]) == whole[::2]).all()  # not laid end to end


def test_gelu_is_what_double_precision_finds(way: str) -> None:
    x = np.r_[np.linspace(-12, 12, 1001), -1e4, -90, 0, 90, 1e4].astype(np.float32)
    exact = x.astype(float)
    wanted = exact / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (exact + 0.044715 * exact**3)))
    assert np.abs(gelu(x.copy()) - wanted).max() <= 2e-6
    assert np.isfinite(gelu(x.copy())).all()
    assert (gelu(x[3:21].copy()) == gelu(x.copy())[3:21]).all()  # wherever it stands


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e20])
@pytest.mark.parametrize("way", ["compiled"], indirect=True)
def test_a_row_of_one_large_number_keeps_the_small_ones(way: str, size: float) -> None:
    matrix, plain, bias = make(1536, 16)
    x = np.full((1, 1536), size, np.float32)
    x[0, 7] = 50 * size
    wanted = x.astype(float) @ plain + bias
    assert (np.abs(matrix.times(x) - wanted) <= 2**-8 * np.abs(x) @ np.abs(plain) + 1e-4).all()
    assert np.allclose(matrix.times(np.zeros((2, 1536), np.float32)), bias)


def test_without_a_compiler_it_is_numpy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load_product.cache_clear()
    monkeypatch.setenv("DUOLOGUE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    try:
        assert load_product() is None
        matrix, plain, bias = make(3, 4)
        assert np.allclose(matrix.times(np.ones((2, 3), np.float32)), plain.sum(axis=0) + bias, atol=1e-3)
    finally:
        load_product.cache_clear()
