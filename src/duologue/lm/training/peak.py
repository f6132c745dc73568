"""How much arithmetic a network takes, and how much this machine can do: the two halves of "share of the peak"."""

import time
from collections.abc import Callable

import torch

from duologue.lm.nets.config import Config
from duologue.lm.nets.linear import times_transposed
from duologue.lm.training.memory import count_parameters


def flops_per_token(c: Config, length: int) -> float:
    """Floating-point operations of training on one token, forward and backward, in rows of `length`.

    Six per number of each matrix that a token passes, the head's included and looked-up embeddings not; 6 times two products of
    `length` / 2 earlier tokens on average for attention. Source: Kaplan et al. 2020, appendix; Chowdhery et al. 2022, appendix B.
    """
    looked_up = (0 if c.tie_embeddings else c.vocab_size * c.d_model) + (c.context * c.d_model if c.positions == "learned" else 0)
    attention = c.n_layers * c.n_heads * c.d_head * length
    return 6.0 * (count_parameters(c) - looked_up) + 6.0 * attention


def measure_peak(
    precision: str = "fp32", device: str = "cpu", seconds: float = 0.4, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Floating-point operations per second of large matrix products here and now, as training makes them: the best of a few."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    size = 8192 if device == "cuda" else 1024
    a, b = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end or not best:
        start = clock()
        times_transposed(a, b)
        if device == "cuda":
            torch.cuda.synchronize()
        best = max(best, 2 * size**3 / (clock() - start))
    return best
