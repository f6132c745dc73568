"""What one step reads and gives: rows of tokens with their places, and the logits of those that were asked for. Arrays only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
"""Tokens of a page. One vector of scores in the compiled step; small enough that a forked answer copies little."""

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows (R,) of tokens: id, position, number of the sequence; `tables` (S, W) its pages, `adapters` (S,) 0 for none.

    `wanted` (Q,) are the rows whose logits are needed. Rows of one sequence stand together, in the order of their positions.
    """

    ids: Ints
    positions: Ints
    sequences: Ints
    wanted: Ints
    tables: Ints
    adapters: Ints


@dataclass(frozen=True, slots=True)
class Logits:
    """Logits (Q, V) in fp32, the logarithm of the sum of their exponentials (Q,), and the likeliest token (Q,)."""

    values: NDArray[np.float32]
    lse: NDArray[np.float32]
    best: Ints
