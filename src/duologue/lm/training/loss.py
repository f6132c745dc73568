"""Cross-entropy of the next token straight from the last hidden states: the logits of a few tokens at a time, and of all never.

    loss = sum over tokens of  logsumexp(z) - (1 - s) z[target] - s mean(z),    z = W h
    d loss / d z = softmax(z) - (1 - s) onehot(target) - s / V

The gradient needs nothing but what the loss has computed already, so it is made on the way forward, while the logits are still in
the processor's cache. Under autocast all three products are in its type, and the loss, the softmax and the sums of gradients in
float32. The same idea: Hsu et al. 2024 ("Liger Kernel"), Wijmans et al. 2024 ("Cut Your Losses").

Legend: N tokens, C d_model, V vocabulary.
"""

from typing import Any

import torch
from torch import Tensor

from duologue.lm.nets.fused import are_plain, loss_rows
from duologue.lm.nets.linear import add_product, times_transposed

CHUNK = 256
"""Tokens whose logits exist at once: 8 MB at 8,192 words, which stays in the cache. 1,024 cost 4 % of a step more (bench.train)."""


class HeadLoss(torch.autograd.Function):
    """Sum of -log p(target) for states (N, C), weight (V, C), targets (N,); with label smoothing s (Szegedy et al. 2016)."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, targets: Tensor, smoothing: float, chunk: int) -> Tensor:
        """The loss, a float32 scalar; the gradients are kept where they are wanted."""
        wants_states, wants_weight = ctx.needs_input_grad[:2]
        kind = states.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else states.dtype
        h_all, w = states.to(dtype), weight.to(dtype)
        d_states = torch.empty_like(h_all) if wants_states else None
        d_weight = torch.zeros_like(weight) if wants_weight else None
        total = torch.zeros((), dtype=torch.float32, device=states.device)
        for begin in range(0, states.size(0), chunk):
            h, t = h_all[begin : begin + chunk], targets[begin : begin + chunk, None].contiguous()
            z = times_transposed(h, w).float()  # (n, V)
            wants_any = d_states is not None or d_weight is not None
            if are_plain(z) and not torch.compiler.is_compiling():
                total += loss_rows(z, t, smoothing, wants_gradient=wants_any).sum()
            else:
                total += _loss_of(z, t, smoothing, wants_gradient=wants_any)
            d_z = z.to(dtype)  # what was logits is their gradient now
            if d_states is not None:
                d_states[begin : begin + chunk] = times_transposed(d_z, w.T)
            if d_weight is not None:
                add_product(d_weight, d_z.T, h)
        ctx.save_for_backward(None if d_states is None else d_states.to(states.dtype), d_weight)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, Tensor | None, None, None, None]:
        """The kept gradients, times what the loss is worth."""
        d_states, d_weight = ctx.saved_tensors
        worth = gradients[0]
        return (
            None if d_states is None else d_states.mul(worth.to(d_states.dtype)),
            None if d_weight is None else d_weight.mul(worth.to(d_weight.dtype)),
            None, None, None,
        )  # fmt: skip


def _loss_of(z: Tensor, targets: Tensor, smoothing: float, *, wants_gradient: bool) -> Tensor:
    """The summed loss of logits (n, V) and targets (n, 1) by torch's operations; the logits become their gradient where wanted."""
    highest, said = z.amax(-1), z.gather(1, targets).sum()
    total = -(1 - smoothing) * said - (smoothing * z.mean(-1).sum() if smoothing else 0.0)
    p = torch.softmax(z, -1, out=z)
    total = total + (highest - p.amax(-1).log()).sum()  # logsumexp(z), exact where p[target] is too small for a float
    if wants_gradient:
        p.scatter_add_(1, targets, torch.full_like(targets, -(1 - smoothing), dtype=p.dtype))
        if smoothing:
            p.sub_(smoothing / p.size(1))
    return total


def sum_of_losses(states: Tensor, weight: Tensor, targets: Tensor, smoothing: float = 0.0, chunk: int = CHUNK) -> Tensor:
    """-log p(target) summed over N tokens, (): of states (N, C), the head's weight (V, C) and targets (N,)."""
    total: Tensor = HeadLoss.apply(states, weight, targets, smoothing, chunk)  # type: ignore[no-untyped-call]
    return total
