"""Which token comes next, from the logits of one row. Knows nothing of models or text.

Temperature 0 is greedy. Top-p (Holtzman et al. 2020) keeps the smallest set of tokens that together have the probability p.
"""

import torch
from torch import Tensor


def choose(logits: Tensor, *, temperature: float, top_p: float, generator: torch.Generator) -> tuple[int, float]:
    """A token and its log-probability under the model itself (temperature 1), from logits (V,)."""
    logprobs = logits.float().log_softmax(-1)
    if temperature <= 0:
        token = int(logprobs.argmax())
        return token, float(logprobs[token])
    probs = (logits.float() / temperature).softmax(-1)
    if top_p < 1:
        ordered, where = probs.sort(descending=True)
        is_tail = ordered.cumsum(-1) - ordered >= top_p  # the first token always stays
        probs = torch.zeros_like(probs).scatter(-1, where, ordered.masked_fill(is_tail, 0.0))
    token = int(torch.multinomial(probs, 1, generator=generator))
    return token, float(logprobs[token])
