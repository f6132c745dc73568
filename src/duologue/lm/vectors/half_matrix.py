"""A matrix of int8 with a scale for each output, to multiply rows of fp32 by: in 16 bits where processor and compiler allow it.

With AVX-512's bfloat16 unit rows are rounded to bfloat16 (by 0.4 % at most), in which int8 is exact; with AVX2 a row becomes int16
by a scale of its own, of 13 bits and more, and sums are exact (`half_matrix.c`). The first takes a quarter of the time of numpy's
product in fp32, the second two thirds, and half for one question; elsewhere it is numpy's. Knows no network.
Shapes: n rows, K inputs, N outputs.
"""

import ctypes
from ctypes import c_int32, c_int64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue.kit.compiled import build
from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger

log = get_logger(__name__)
Floats = NDArray[np.float32]
BFLOAT16, INT16 = 1, 2
"""Ways of the compiled product."""
PANELS = {BFLOAT16: 32, INT16: 16}


@cache
def load_product() -> ctypes.CDLL | None:
    """The compiled product, None where it cannot be had or the processor has no unit for it."""
    try:
        library = ctypes.CDLL(str(build("half", [Path(__file__).with_suffix(".c")])))
    except (SetupError, OSError) as error:
        log.info("The sentence encoder multiplies with numpy: %s", error)
        return None
    library.multiply.argtypes = [c_void_p, c_int64, c_int64, c_void_p, c_int64, c_void_p, c_void_p, c_void_p]
    library.multiply.restype = c_int32
    library.gelu.argtypes = [c_void_p, c_int64]
    return library if library.way() else None


class HalfMatrix:
    """Weights (K, N) int8 and their scales (N,), with a bias (N,); several threads may multiply by it."""

    def __init__(self, weights: NDArray[np.int8], scales: NDArray[Any], bias: NDArray[Any]) -> None:
        self._n = weights.shape[1]
        self._scales, self._bias = np.ascontiguousarray(scales, np.float32), np.ascontiguousarray(bias, np.float32)
        self._product = load_product()
        self._weights: NDArray[Any] = weights * self._scales if self._product is None else _pack(weights, self._product.way())

    def times(self, rows: Floats) -> Floats:
        """rows (n, K) times the weights, and the bias: (n, N)."""
        if self._product is None:
            found: Floats = rows @ self._weights
            found += self._bias
            return found
        rows = np.ascontiguousarray(rows, np.float32)
        out = np.empty((len(rows), self._n), np.float32)
        held = rows.ctypes.data, *rows.shape, self._weights.ctypes.data, self._n
        failed = self._product.multiply(*held, self._scales.ctypes.data, self._bias.ctypes.data, out.ctypes.data)
        if failed:
            raise MemoryError
        return out


def gelu(x: Floats) -> Floats:
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³))) / 2 (Hendrycks and Gimpel 2016, equation 2), within 0.0005 of the exact one.

    Where it is compiled, `x` is overwritten, and it takes a tenth of numpy's time.
    """
    product = load_product()
    if product is not None and x.flags.c_contiguous:
        product.gelu(x.ctypes.data, x.size)
        return x
    y = x * x
    y *= np.float32(0.044715 * 0.7978845608)
    y += np.float32(0.7978845608)
    y *= x
    np.tanh(y, out=y)
    y += 1
    y *= x
    y *= np.float32(0.5)
    return y


def _pack(weights: NDArray[np.int8], way: int) -> NDArray[Any]:
    """As `half_matrix.c` reads them, in panels [N / P][K / 2][P][2]: int8, or for bfloat16 the upper halves of fp32."""
    (k, n), panel = weights.shape, PANELS[way]
    whole = np.zeros((k + k % 2, -(-n // panel) * panel), np.int8 if way == INT16 else np.float32)
    whole[:k, :n] = weights
    parts = whole if way == INT16 else (whole.view(np.uint32) >> 16).astype(np.uint16)
    return np.ascontiguousarray(parts.reshape(len(whole) // 2, 2, -1, panel).transpose(2, 0, 3, 1))
