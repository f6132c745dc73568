"""Which token comes next, from the logits of one row. Knows nothing of models or text.

The rules and their order stand in `engine/protocol.py`. Sources: Keskar et al. 2019 (repetition penalty); Fan et al. 2018 (top-k);
Holtzman et al. 2020 (top-p: the smallest set of tokens that together have the probability p); Nguyen et al. 2024 (min-p).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from duologue.engine.protocol import GenerationRequest


def choose(
    logits: Tensor,
    request: GenerationRequest,
    generator: torch.Generator,
    *,
    prompt: Sequence[int] = (),
    written: Sequence[int] = (),
) -> int:
    """A token from logits (V,), by the request's rules."""
    logits = _weigh(logits.float(), request, prompt, written)
    if request.temperature <= 0:
        return int(logits.argmax())
    logits = logits / request.temperature
    if 0 < request.top_k < logits.numel():
        logits = logits.masked_fill(logits < logits.topk(request.top_k).values[-1], float("-inf"))
    if request.top_p < 1:
        ordered, where = logits.softmax(-1).sort(descending=True)
        is_tail = ordered.cumsum(-1) - ordered >= request.top_p
        is_tail[0] = False  # the likeliest always stays
        logits = logits.masked_fill(torch.zeros_like(is_tail).scatter(-1, where, is_tail), float("-inf"))
    if request.min_p > 0:
        probs = logits.softmax(-1)
        logits = logits.masked_fill(probs < request.min_p * probs.max(), float("-inf"))
    return int(torch.multinomial(logits.softmax(-1), 1, generator=generator))


def _weigh(logits: Tensor, request: GenerationRequest, prompt: Sequence[int], written: Sequence[int]) -> Tensor:
    """Logits with bias and penalties, a new tensor."""
    logits = logits.clone()
    if request.logit_bias:
        ids = torch.tensor(list(request.logit_bias))
        logits[ids] += torch.tensor(list(request.logit_bias.values()), dtype=logits.dtype)
    if request.repetition_penalty != 1.0 and (prompt or written):
        seen = torch.tensor(sorted({*prompt, *written}))
        at = logits[seen]
        logits[seen] = torch.where(at > 0, at / request.repetition_penalty, at * request.repetition_penalty)
    if written and (request.presence_penalty or request.frequency_penalty):
        ids, counts = torch.unique(torch.tensor(written), return_counts=True)
        logits[ids] -= request.presence_penalty + request.frequency_penalty * counts
    return logits
