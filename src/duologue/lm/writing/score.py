"""How likely a model finds a text: log-probability, perplexity and bits per byte.

Long texts are read in windows that overlap by half; every token is scored exactly once. Where the vocabulary has a token for the
beginning of a text, it is read first and every token of the text is scored; else the first token is only read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from duologue.kit.errors import Invalid
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer


@dataclass(frozen=True, slots=True)
class Score:
    """`logprob` in nats, the sum of `token_logprobs`; `num_bytes` is the UTF-8 length of what was scored."""

    logprob: float
    token_logprobs: tuple[float, ...]
    num_bytes: int

    @property
    def perplexity(self) -> float:
        """exp of the mean negative log-probability per token."""
        return math.exp(-self.logprob / max(1, len(self.token_logprobs)))

    @property
    def bits_per_byte(self) -> float:
        """Bits of information per byte of text; comparable across tokenizers."""
        return -self.logprob / math.log(2) / max(1, self.num_bytes)


@torch.no_grad()
def token_logprobs(model: Transformer, ids: Sequence[int], num_read: int = 1) -> Tensor:
    """log p(ids[i] | ids[:i]) for i >= num_read, as (len(ids) - num_read,). The first `num_read` (at least 1) are only read."""
    size, start = model.config.context, max(1, num_read)
    found: list[Tensor] = []
    while start < len(ids):
        first = 0 if start < size else start - size // 2
        last = min(len(ids), first + size)  # tokens scored by this window: [start, last]
        window = torch.tensor([ids[first : min(last, len(ids) - 1)]], device=model.embed.weight.device)
        logits = model(window)[0, start - first - 1 :]
        goal = torch.tensor(ids[start : first + window.size(1) + 1], device=logits.device)
        found.append(logits.float().log_softmax(-1).gather(-1, goal[:, None])[:, 0])
        start += len(goal)
    return torch.cat(found) if found else torch.zeros(0)


def score_text(model: Transformer, tokenizer: TextTokenizer, text: str, continuation: str | None = None) -> Score:
    """Score a text, or of a text and its continuation only the latter. Raises Invalid where nothing is left to score."""
    read, scored = list(tokenizer.dialect.begin), tokenizer.encode(text)
    if continuation is not None:
        before, scored = scored, split_off(tokenizer, text, continuation)
        read += before
    if len(read) + len(scored) < 2 or not scored:
        raise Invalid("There is nothing to score: give a text of at least one token (two where the model has no beginning token).")
    found = token_logprobs(model, [*read, *scored], len(read))
    return Score(float(found.double().sum()), tuple(found.tolist()), len((text if continuation is None else continuation).encode()))


def split_off(tokenizer: TextTokenizer, text: str, continuation: str) -> list[int]:
    """The continuation's ids as they stand in the whole; encoded by itself where a token reaches across the border."""
    before, whole = tokenizer.encode(text), tokenizer.encode(text + continuation)
    return whole[len(before) :] if whole[: len(before)] == before else tokenizer.encode(continuation)


def bits_per_byte(model: Transformer, tokenizer: TextTokenizer, texts: Sequence[str]) -> float:
    """Bits per byte over many texts, each read on its own."""
    scores = [score_text(model, tokenizer, text) for text in texts if text]
    return -sum(s.logprob for s in scores) / math.log(2) / max(1, sum(s.num_bytes for s in scores))
