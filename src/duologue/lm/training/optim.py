"""Optimizers and the learning rate over time.

AdamW (Kingma & Ba 2015; Loshchilov & Hutter 2019) for embeddings, norms, biases and the head; Muon (Jordan et al. 2024) for
the matrices inside the blocks: its step is the momentum with all singular values made equal. torch's own Muon works in bf16
whatever the device, which a CPU without bf16 units pays 12 times over; here it follows the run's precision.
Weight decay is cautious (only where it and the step agree), as in Chen et al. 2025.
"""

import math
from collections.abc import Iterable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from duologue.lm.nets.fused import are_plain, step_adamw
from duologue.lm.nets.linear import times_transposed
from duologue.lm.training.parallel import on_whole

# Coefficients of the quintic iteration and five steps of it: Jordan's choice, which takes singular values into about [0.7, 1.2].
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrix: Tensor, steps: int = 5, dtype: torch.dtype = torch.float32) -> Tensor:
    """The matrix with its singular values moved near 1 by Newton-Schulz iteration. (m, n) -> (m, n)."""
    a, b, c = QUINTIC
    x = matrix.to(dtype)
    x = x / (x.norm() + 1e-7)
    is_tall = x.size(0) > x.size(1)
    x = x.T if is_tall else x
    for _ in range(steps):
        gram = times_transposed(x, x)  # is its own transpose
        x = a * x + times_transposed(b * gram + c * times_transposed(gram, gram), x.T)
    out: Tensor = x.T if is_tall else x
    return out.to(matrix.dtype)


def _decay(p: Tensor, step: Tensor, amount: float) -> None:
    if amount:
        p.sub_(p * ((step * p) > 0), alpha=amount)


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal; for 2-D parameters. `lr` is the size of the step of a square matrix's singular values."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.dtype = dtype

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update from the gradients at hand."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                direction = p.grad.lerp(state["momentum"], group["momentum"])  # Nesterov's look ahead
                step = on_whole(partial(orthogonalise, dtype=self.dtype), direction) * math.sqrt(max(1.0, p.size(0) / p.size(1)))
                _decay(p, step, group["lr"] * group["weight_decay"])
                p.sub_(step, alpha=group["lr"])


class AdamW(torch.optim.Optimizer):
    """m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  p -= lr * m' / (sqrt(v') + eps), m' and v' corrected for their start at 0."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        betas: tuple[float, float] = (0.9, 0.95),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update from the gradients at hand."""
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["m"], state["v"], state["t"] = torch.zeros_like(p), torch.zeros_like(p), torch.zeros(())
                state["t"] += 1
                t, m, v = float(state["t"]), state["m"], state["v"]
                if are_plain(p, p.grad, m, v):
                    rates = {"rate": group["lr"] / (1 - b1**t), "decay": group["lr"] * group["weight_decay"]}
                    step_adamw(p, m, v, b1=b1, b2=b2, eps=group["eps"], root=math.sqrt(1 - b2**t), **rates)
                    continue
                m.lerp_(p.grad, 1 - b1)
                v.mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                size = v.sqrt().div_(math.sqrt(1 - b2**t)).add_(group["eps"])
                _decay(p, m, group["lr"] * group["weight_decay"])  # the step has the sign of m
                p.addcdiv_(m, size, value=-group["lr"] / (1 - b1**t))


def make_optimizers(
    model: nn.Module,
    *,
    muon_lr: float,
    adam_lr: float,
    weight_decay: float,
    use_muon: bool = True,
    muon_dtype: torch.dtype = torch.float32,
) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks and AdamW for all else; AdamW for all where `use_muon` is false."""
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            (matrices if use_muon and p.dim() == 2 and name.startswith("blocks.") and ".lora." not in name else others).append(p)
    made: list[torch.optim.Optimizer] = [AdamW(others, adam_lr, weight_decay=0.0 if matrices else weight_decay)]
    if matrices:
        made.append(Muon(matrices, muon_lr, weight_decay=weight_decay, dtype=muon_dtype))
    for optimizer in made:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return made


def schedule(step: int, total: int, *, kind: Literal["wsd", "cosine"], warmup: int, decay_share: float, floor: float) -> float:
    """The factor on the learning rate at a step (0-based): warm-up, then flat and a straight fall (wsd) or a cosine, to `floor`."""
    if step < warmup:
        return (step + 1) / warmup
    if kind == "cosine":
        done = (step - warmup) / max(1, total - warmup)
        return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    left = (total - step) / max(1.0, total * decay_share)
    return floor + (1 - floor) * min(1.0, left)
