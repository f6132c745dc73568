"""A matrix of int8 with a scale for each output, to multiply rows of fp32 by: in bfloat16 where processor and compiler allow it.

int8 is exact in bfloat16, so that only the rows are rounded (by 0.4 % at most); sums are fp32. With AVX-512's bfloat16 unit
(`half_matrix.c`) that takes a quarter of the time of numpy's product in fp32, which is what is done elsewhere. Knows no network.
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
PANEL = 32


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
    return library if library.is_fast() else None


class HalfMatrix:
    """Weights (K, N) int8 and their scales (N,), with a bias (N,); several threads may multiply by it."""

    def __init__(self, weights: NDArray[np.int8], scales: NDArray[Any], bias: NDArray[Any]) -> None:
        self._n = weights.shape[1]
        self._scales, self._bias = np.ascontiguousarray(scales, np.float32), np.ascontiguousarray(bias, np.float32)
        self._product = load_product()
        self._weights: NDArray[Any] = weights * self._scales if self._product is None else _pack(weights)

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


def _pack(weights: NDArray[np.int8]) -> NDArray[np.uint16]:
    """As `half_matrix.c` reads them: the upper halves of fp32 in panels, [N / 32][K / 2][32][2]."""
    k, n = weights.shape
    whole = np.zeros((k + k % 2, -(-n // PANEL) * PANEL), np.float32)
    whole[:k, :n] = weights
    upper = (whole.view(np.uint32) >> 16).astype(np.uint16)
    return np.ascontiguousarray(upper.reshape(len(whole) // 2, 2, -1, PANEL).transpose(2, 0, 3, 1))
