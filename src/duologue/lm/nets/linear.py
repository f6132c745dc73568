"""Linear maps whose float32 products take the faster code of the processor while a network learns.

On a CPU torch multiplies float32 matrices by MKL, which takes its AVX-512 code on Intel's processors only; oneDNN, which torch
carries as well, takes it on all: half to a quarter of the time on an AMD processor (docs/log.md, "Products by oneDNN"). Which one
is used follows from the processor alone, so that a run that goes on gives the same losses.

    y = x W^T + b;    dx = dy W,    dW = dy^T x,    db = sum of dy over the rows

Legend: N rows, C in, D out.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEWEST_ROWS = 64
"""Fewer rows than this (writing token by token) are left to torch."""


def has_faster_products() -> bool:
    """Whether oneDNN's float32 products are the faster ones on this processor: AVX-512, and not Intel's."""
    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    is_there = hasattr(torch.ops.mkldnn, "_linear_pointwise")
    return bool(is_there and found.get("avx512_f") and "Intel" not in str(found.get("cpu_name", "Intel")))


BY_ONEDNN = has_faster_products()
"""Whether they are taken."""


def times_transposed(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """a b^T + bias by the faster code: (…, C), (D, C), (D,) -> (…, D). No gradient goes through it."""
    if a.dtype == b.dtype == torch.float32 and a.device.type == "cpu" and BY_ONEDNN:
        made: Tensor = torch.ops.mkldnn._linear_pointwise(a, b, bias, "none", [], "")
        return made
    return F.linear(a, b, bias)


def add_product(total: Tensor, a: Tensor, b: Tensor) -> None:
    """total += a b in place, (D, N) times (N, C) into (D, C): without a copy of the product where torch multiplies."""
    if a.dtype == b.dtype == total.dtype and not (BY_ONEDNN and a.dtype == torch.float32 and a.device.type == "cpu"):
        total.addmm_(a, b)
    else:
        total += times_transposed(a, b.T)


class Product(torch.autograd.Function):
    """x (…, C), weight (D, C), bias (D,) or None -> (…, D)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """x W^T + b."""
        ctx.save_for_backward(x if ctx.needs_input_grad[1] else None, weight)
        return times_transposed(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Gradients of those that want one."""
        x, weight = ctx.saved_tensors
        wants_x, wants_weight, wants_bias = ctx.needs_input_grad
        dy = gradients[0]
        rows = dy.flatten(0, -2)
        return (
            times_transposed(dy, weight.T) if wants_x else None,
            times_transposed(rows.T, x.flatten(0, -2).T) if wants_weight else None,
            rows.sum(0) if wants_bias else None,
        )


class Linear(nn.Linear):
    """torch's Linear, by `Product` where that is faster."""

    def forward(self, x: Tensor) -> Tensor:
        """(…, C) -> (…, D)."""
        if (
            BY_ONEDNN
            and torch.is_grad_enabled()
            and x.dtype == self.weight.dtype == torch.float32
            and x.device.type == "cpu"
            and x.numel() >= FEWEST_ROWS * x.size(-1)
            and not torch.is_autocast_enabled("cpu")
        ):
            made: Tensor = Product.apply(x, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return made
        return super().forward(x)
