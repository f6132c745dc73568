"""Plain texts as a tether: on them a model that learns by adapters stays near what it said before.

    loss of a token = KL(p || q) = sum over words of  p log(p / q),    p before, q now
    d loss / d z = q - p

At the beginning it is zero, and so is its gradient, whatever the texts are: also texts that the model wrote itself may be read many
times. Li and Hoiem, "Learning without forgetting", 2016; Hinton et al., "Distilling the knowledge in a neural network", 2015.

Legend: B rows, T tokens of a row, N tokens, C d_model, V vocabulary.
"""

from typing import Any

import torch
from torch import Tensor

from duologue.lm.training.data import IGNORED, Batch
from duologue.lm.training.loss import CHUNK


def find_plain(batch: Batch) -> Tensor:
    """Which tokens are of plain text, (B, T): of a document that is learnt from its first token on, as no conversation is."""
    begins = (batch.positions == 0) & (batch.document >= 0)
    places = torch.arange(begins.size(1), device=begins.device).expand_as(begins)
    first = torch.where(begins, places, 0).cummax(dim=1).values
    return (batch.targets != IGNORED).gather(1, first) & (batch.document >= 0) & (batch.targets != IGNORED)


class Distance(torch.autograd.Function):
    """Sum of KL(p || q) for the states now (N, C), those before (N, C), and the weight of the head (V, C), which does not learn."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, before: Tensor, weight: Tensor) -> Tensor:
        """The sum, a float32 scalar; the logits of a few tokens exist at a time."""
        total, gradient = torch.zeros((), dtype=torch.float32, device=states.device), torch.empty_like(states)
        for begin in range(0, states.size(0), CHUNK):
            part = slice(begin, begin + CHUNK)
            log_q = (states[part] @ weight.T).float().log_softmax(-1)
            log_p = (before[part] @ weight.T).float().log_softmax(-1)
            p = log_p.exp()
            total += (p * (log_p - log_q)).sum()
            gradient[part] = (log_q.exp() - p).to(states.dtype) @ weight
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """The kept gradient, times what the sum is worth."""
        (kept,) = ctx.saved_tensors
        return kept * gradients[0].to(kept.dtype), None, None


def distance(states: Tensor, before: Tensor, weight: Tensor) -> Tensor:
    """Sum of KL(before || now) over tokens, (); states (N, C), weight of the head (V, C)."""
    found: Tensor = Distance.apply(states, before, weight)  # type: ignore[no-untyped-call]
    return found
