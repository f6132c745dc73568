"""Which token comes next, from the logits of one row (V,). Knows nothing of models, pages or text. Arrays of numpy.

Order of the rules: bias; repetition, presence and frequency penalty; constraint; temperature; top-k; top-p; min-p.
A token is drawn by the Gumbel trick, argmax(logit + noise), with noise that is a hash of seed, place and token (Maddison et al.
2014). So a draw depends on nothing else in the batch and nothing has to be kept between steps; and a draft model that is given
the same noise guesses as well as its distribution allows, while the text stays exactly what the model alone would have drawn.
Sources: Keskar et al. 2019 (repetition penalty); Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p); Nguyen et al. 2024 (min-p).
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from duologue.lm.writing.decode import COLDEST

Floats = NDArray[np.float32]
FIRST_LOOK = 512
"""How many of the likeliest tokens are sorted before all are: with most models they hold all of top-p."""
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Rules:
    """How to choose. `temperature` 0 is greedy; the rest as in `protocol.GenerationRequest`."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    seed: int = 0

    @property
    def is_plain(self) -> bool:
        """Whether no rule changes which token is likeliest."""
        has_penalty = self.presence_penalty or self.frequency_penalty or self.repetition_penalty != 1.0
        return self.temperature == 0 and not has_penalty and not self.logit_bias


class Seen:
    """Tokens that stand before a place: those of the prompt, and how often each of the text."""

    def __init__(self, prompt: Iterable[int]) -> None:
        self.prompt = frozenset(prompt)
        self.text: Counter[int] = Counter()


def draw_seed() -> int:
    """A seed where none was asked for."""
    return secrets.randbits(62)


def apply_rules(logits: Floats, rules: Rules, seen: Seen) -> Floats:
    """A copy of logits (V,) after bias and penalties."""
    out = logits.copy()
    if rules.logit_bias:
        ids = np.fromiter(rules.logit_bias.keys(), np.int64)
        out[ids] += np.fromiter(rules.logit_bias.values(), np.float32)
    if rules.repetition_penalty != 1.0:
        ids = np.fromiter(seen.prompt | seen.text.keys(), np.int64)
        out[ids] = np.where(out[ids] > 0, out[ids] / rules.repetition_penalty, out[ids] * rules.repetition_penalty)
    if (rules.presence_penalty or rules.frequency_penalty) and seen.text:
        ids = np.fromiter(seen.text.keys(), np.int64)
        counts = np.fromiter(seen.text.values(), np.float32)
        out[ids] -= rules.presence_penalty + rules.frequency_penalty * counts
    return out


def restrict(logits: Floats, rules: Rules) -> tuple[NDArray[np.int64], Floats]:
    """Tokens that temperature, top-k, top-p and min-p leave, and their logits at the temperature. The likeliest always stays."""
    x = logits / np.float32(max(rules.temperature, COLDEST))
    kept: NDArray[np.int64] | None = None
    if 0 < rules.top_k < len(x):
        kept = np.flatnonzero(x >= np.partition(x, -rules.top_k)[-rules.top_k])
        x = x[kept]
    if rules.top_p < 1:
        order = _nucleus(x, rules.top_p)
        kept, x = (order if kept is None else kept[order]), x[order]
    if rules.min_p > 0:
        order = np.flatnonzero(x >= x.max() + np.log(rules.min_p))
        kept, x = (order if kept is None else kept[order]), x[order]
    return np.arange(len(x)) if kept is None else kept, x


def _nucleus(x: Floats, top_p: float) -> NDArray[np.int64]:
    """Places of the smallest set of likeliest tokens whose probabilities reach `top_p`."""
    probs = np.exp(x - x.max())
    total = probs.sum(dtype=np.float64)
    size = min(FIRST_LOOK, len(x))
    while True:
        some = np.argpartition(-probs, size - 1)[:size] if size < len(x) else np.arange(len(x))
        order = some[np.argsort(-probs[some], kind="stable")]
        before = np.cumsum(probs[order], dtype=np.float64) - probs[order]
        if size == len(x) or before[-1] + probs[order[-1]] >= top_p * total:
            return order[: max(1, int(np.count_nonzero(before < top_p * total)))]
        size = len(x)


def gumbel(seed: int, place: int, tokens: NDArray[np.int64]) -> Floats:
    """Noise of the standard Gumbel distribution for tokens (n,) at a place, always the same for the same numbers.

    32 bits a token and logarithms in float32, which numpy computes many at a time; where the uniform number is near 0 and the noise
    so high that the token may be chosen, a series keeps its digits.
    """
    key = _mix_one(_mix_one(seed & _MASK) ^ (place & _MASK))
    x = tokens.astype(np.uint32) * np.uint32(0x9E3779B1) + np.uint32(key & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)  # lowbias32, Wellons 2018, with the other half of the key in its middle
    x ^= (x >> np.uint32(15)) ^ np.uint32(key >> 32)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    uniform = np.minimum((x.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-32), np.float32(1 - 2.0**-24))
    waited = np.where(uniform < 1e-3, uniform + uniform * uniform * (0.5 + uniform / 3), -np.log(1 - uniform))  # -log1p(-uniform)
    return np.asarray(-np.log(waited))


def _mix_one(x: int) -> int:
    x = (x + 0x9E3779B97F4A7C15) & _MASK
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = ((x ^ (x >> shift)) * factor) & _MASK
    return x ^ (x >> 31)


def choose(
    logits: Floats,
    best: int,
    rules: Rules,
    seen: Seen,
    place: int,
    allowed: NDArray[np.bool_] | None = None,
    banned: Iterable[int] = (),
) -> int:
    """The token at a place. `best` is the likeliest of the untouched logits; `allowed` (V,) what a constraint permits.

    `banned` are never chosen (the end of a text that is too short). Where nothing is allowed, the text has ended already.
    """
    shut = tuple(banned)
    if rules.is_plain and allowed is None and best not in shut:
        return best
    x = apply_rules(logits, rules, seen)
    if shut:
        x[list(shut)] = -np.inf
    open_tokens = None if allowed is None else np.flatnonzero(allowed[: len(x)])
    if open_tokens is not None:
        x = x[open_tokens]
        if not len(x):
            return 0
    if rules.temperature == 0:
        best = int(x.argmax())
        return best if open_tokens is None else int(open_tokens[best])
    kept, x = restrict(x, rules)
    tokens = kept if open_tokens is None else open_tokens[kept]
    return int(tokens[(x + gumbel(rules.seed, place, tokens)).argmax()])


def top_logprobs(logits: Floats, lse: float, count: int) -> list[tuple[int, float]]:
    """The `count` likeliest tokens with their log-probabilities under the model itself, best first."""
    if count <= 0:
        return []
    count = min(count, len(logits))
    some = np.argpartition(-logits, count - 1)[:count]
    order = some[np.lexsort((some, -logits[some]))]
    return [(int(t), float(logits[t]) - lse) for t in order]
