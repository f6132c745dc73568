"""The slow, obvious way to write: read everything again for every token, no cache. The fast paths are held equal to it."""

from collections.abc import Collection, Sequence

import torch

from duologue.lm.nets.transformer import Transformer


@torch.no_grad()
def write_slowly(
    model: Transformer,
    ids: Sequence[int],
    max_new_tokens: int,
    *,
    ends: Collection[int] = (),
    temperature: float = 0.0,
    seed: int = 0,
) -> list[int]:
    """The tokens after `ids`: the likeliest each time, or drawn at a temperature; up to and without a token of `ends`."""
    generator, written = torch.Generator().manual_seed(seed), list[int]()
    while len(written) < max_new_tokens:
        logits = model(torch.tensor([[*ids, *written]]))[0, -1].float()
        if temperature <= 0:
            token = int(logits.argmax())
        else:
            token = int(torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator))
        if token in ends:
            break
        written.append(token)
    return written
