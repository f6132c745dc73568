"""One way to write for every network: greedy, drawn at random, or by beam search, over `new_cache`, `prefill` and `step`.

Works on ids; prompts of different length are padded on the left. Text and streaming are the caller's; for stop strings it passes
`is_stop`, which is asked after every token whether the ids written so far end the text.
Order of the rules on logits: repetition and presence penalty, temperature, top-k, top-p, min-p.
Sources: Keskar et al. 2019 (repetition penalty); Fan et al. 2018 (top-k); Holtzman et al. 2020 (top-p); Nguyen et al. 2024 (min-p);
Wu et al. 2016, section 7 (length penalty; here the score is the log-probability divided by length^penalty).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from duologue.kit.errors import Invalid


class Network(Protocol):
    """A network that writes token by token. Its cache has `reorder(rows)`: row i goes on from row `rows[i]`."""

    @property
    def continues_prompt(self) -> bool:
        """Whether what is written goes on from the prompt, or (sequence to sequence) is of another kind."""
        ...

    def new_cache(self, rows: int, capacity: int | None = None) -> Any:
        """An empty cache."""
        ...

    def prefill(self, ids: Tensor, cache: Any, pad: Tensor | None = None) -> Tensor:
        """Read (B, T); logits (B, V) of what follows."""
        ...

    def step(self, ids: Tensor, cache: Any) -> Tensor:
        """Read (B,); logits (B, V) of what follows."""
        ...


COLDEST = 1e-6
"""Temperatures between 0 and this are taken as this: the likeliest token, where a division in float32 would give infinities."""

Stop = Callable[[Sequence[int]], bool]


def never(ids: Sequence[int]) -> bool:
    """No text is ended by what it says."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How to write. Raises Invalid for values that mean nothing."""

    max_new_tokens: int = 64
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    seed: int = 0
    n: int = 1
    beams: int = 1
    length_penalty: float = 1.0
    is_early: bool = False  # beam search ends as soon as `beams` texts are complete
    ends: tuple[int, ...] = ()  # tokens that end a text; they count in its score

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1 or self.n < 1 or self.beams < 1 or self.top_k < 0 or self.temperature < 0:
            raise Invalid("max_new_tokens, n and beams are at least 1; top_k and temperature at least 0.")
        if not 0 < self.top_p <= 1 or not 0 <= self.min_p <= 1 or self.repetition_penalty <= 0:
            raise Invalid("top_p is within (0, 1], min_p within [0, 1], repetition_penalty above 0.")
        if self.beams > 1 and (self.temperature > 0 or self.n > self.beams):
            raise Invalid("Beam search draws nothing at random (temperature 0) and gives at most as many texts as beams.")


@dataclass(frozen=True, slots=True)
class Written:
    """A text: its ids without the end, the sum of log-probabilities (the end's included), the score, and why it ended."""

    ids: tuple[int, ...]
    logprob: float
    score: float
    reason: Literal["stop", "length"]


def penalise(logits: Tensor, seen: Tensor, d: Decoding) -> Tensor:
    """Logits (B, V) after repetition and presence penalty; `seen` (B, V) is True for tokens that stand in the row already."""
    if d.repetition_penalty != 1.0:
        lowered = torch.where(logits > 0, logits / d.repetition_penalty, logits * d.repetition_penalty)
        logits = torch.where(seen, lowered, logits)
    return logits - d.presence_penalty * seen if d.presence_penalty else logits


def restrict(logits: Tensor, d: Decoding) -> Tensor:
    """Logits (B, V) at the temperature, -inf where top-k, top-p and min-p forbid; the likeliest token always stays."""
    logits = logits / max(d.temperature, COLDEST)
    if d.top_k:
        logits = logits.masked_fill(logits < logits.topk(min(d.top_k, logits.size(-1))).values[..., -1:], float("-inf"))
    if d.top_p < 1:
        ordered, where = logits.softmax(-1).sort(descending=True)
        is_tail = (ordered.cumsum(-1) - ordered >= d.top_p).scatter(-1, where, ordered.cumsum(-1) - ordered >= d.top_p)
        logits = logits.masked_fill(is_tail, float("-inf"))
    if d.min_p:
        probs = logits.softmax(-1)
        logits = logits.masked_fill(probs < d.min_p * probs.max(-1, keepdim=True).values, float("-inf"))
    return logits


def pad_left(prompts: Sequence[Sequence[int]], copies: int) -> tuple[Tensor, Tensor]:
    """Prompts, each `copies` times, as (B, T) and the number of padding tokens of each row (B,)."""
    if not prompts or not all(prompts):
        raise Invalid("Every prompt needs at least one token.")
    longest = max(map(len, prompts))
    rows = [[0] * (longest - len(p)) + list(p) for p in prompts for _ in range(copies)]
    return torch.tensor(rows), torch.tensor([longest - len(p) for p in prompts for _ in range(copies)])


@torch.inference_mode()
def write(network: Network, prompts: Sequence[Sequence[int]], d: Decoding, is_stop: Stop = never) -> list[list[Written]]:
    """For each prompt `d.n` texts, the best first in beam search. Raises Invalid past the network's context."""
    if d.beams > 1:
        return [_Beams(network, prompt, d, is_stop).run() for prompt in prompts]
    ids, pad = pad_left(prompts, d.n)
    rows, generator = ids.size(0), torch.Generator().manual_seed(d.seed)
    cache = network.new_cache(rows, ids.size(1) + d.max_new_tokens)
    logits = network.prefill(ids, cache, pad).float()
    seen = torch.zeros_like(logits, dtype=torch.bool)
    for row in range(rows if network.continues_prompt else 0):
        seen[row, ids[row, pad[row] :]] = True
    tokens: list[list[int]] = [[] for _ in range(rows)]
    logprob, is_ended, is_stopped = (torch.zeros(rows, dtype=t) for t in (torch.float64, torch.bool, torch.bool))
    for _ in range(d.max_new_tokens):
        ruled = penalise(logits, seen, d)
        if d.temperature > 0:
            chosen = torch.multinomial(restrict(ruled, d).softmax(-1), 1, generator=generator)[:, 0]
        else:
            chosen = ruled.argmax(-1)
        gained = logits.log_softmax(-1).gather(-1, chosen[:, None])[:, 0]
        logprob += gained.double() * ~is_ended
        for row in (~is_ended).nonzero()[:, 0].tolist():
            tokens[row].append(int(chosen[row]))
            is_stopped[row] = int(chosen[row]) not in d.ends and is_stop(tokens[row])
        is_ended |= torch.isin(chosen, torch.tensor(d.ends, dtype=torch.long)) | is_stopped
        if bool(is_ended.all()):
            break
        seen.scatter_(1, chosen[:, None], True)
        if max(map(len, tokens)) < d.max_new_tokens:
            logits = network.step(chosen, cache).float()
    made = [_finish(t, float(p), d, is_ended=bool(e)) for t, p, e in zip(tokens, logprob, is_ended, strict=True)]
    return [made[i : i + d.n] for i in range(0, rows, d.n)]


def _finish(ids: Sequence[int], logprob: float, d: Decoding, *, is_ended: bool) -> Written:
    score = logprob / max(1, len(ids)) ** d.length_penalty
    kept = ids[:-1] if is_ended and ids[-1] in d.ends else ids
    return Written(tuple(kept), logprob, score, "stop" if is_ended else "length")


@dataclass(frozen=True, slots=True)
class BeamStep:
    """One step of a beam search: the ids of each live beam with its log-probability, and the complete texts so far."""

    beams: tuple[tuple[tuple[int, ...], float], ...]
    finished: tuple[Written, ...]


def search(network: Network, prompt: Sequence[int], d: Decoding, is_stop: Stop = never) -> Iterator[BeamStep]:
    """A beam search to look at: every step of it, the last with all that `write` would choose from."""
    yield from _Beams(network, prompt, d, is_stop).steps()


class _Beams:
    """Beam search of one prompt. The live beams are the best unfinished texts; complete ones wait in `finished`, best first."""

    def __init__(self, network: Network, prompt: Sequence[int], d: Decoding, is_stop: Stop) -> None:
        self.network, self.prompt, self.d, self.is_stop = network, list(prompt), d, is_stop
        self.finished: list[Written] = []

    def run(self) -> list[Written]:
        for _ in self.steps():
            pass
        return self.finished[: self.d.n]

    @torch.inference_mode()
    def steps(self) -> Iterator[BeamStep]:
        d = self.d
        cache = self.network.new_cache(d.beams, len(self.prompt) + d.max_new_tokens)
        ids, pad = pad_left([self.prompt], d.beams)
        logits = self.network.prefill(ids, cache, pad).float()
        live: list[tuple[list[int], float]] = [([], 0.0)]  # one at first: the copies of the prompt are the same
        for length in range(1, d.max_new_tokens + 1):
            candidates = self._extend(live, logits)
            live, sources = [], []
            for rank, (source, token, logprob) in enumerate(candidates):
                tokens = [*self._tokens[source], token]
                if token in d.ends or self.is_stop(tokens):
                    if rank < d.beams:  # a complete text must be among the best, or it would be kept for being short
                        self._keep(_finish(tokens, logprob, d, is_ended=True))
                elif len(live) < d.beams:
                    live.append((tokens, logprob))
                    sources.append(source)
            if length == d.max_new_tokens:
                for tokens, logprob in live:
                    self._keep(_finish(tokens, logprob, d, is_ended=False))
            yield BeamStep(tuple((tuple(t), p) for t, p in live), tuple(self.finished))
            if length == d.max_new_tokens or self._is_decided(live, length):
                return
            cache.reorder(torch.tensor(sources + sources[:1] * (d.beams - len(sources))))
            last = [t[-1] for t, _ in live]
            logits = self.network.step(torch.tensor(last + last[:1] * (d.beams - len(last))), cache).float()

    def _extend(self, live: list[tuple[list[int], float]], logits: Tensor) -> list[tuple[int, int, float]]:
        """The best continuations (beam, token, log-probability), enough that `beams` of them do not end."""
        self._tokens = [t for t, _ in live]
        seen = torch.zeros_like(logits, dtype=torch.bool)
        for row, tokens in enumerate(self._tokens):
            seen[row, (self.prompt if self.network.continues_prompt else []) + tokens] = True
        logprobs = penalise(logits.log_softmax(-1), seen, self.d)[: len(live)] + torch.tensor([[p] for _, p in live])
        width, vocab = self.d.beams * (1 + max(1, len(self.d.ends))), logits.size(-1)
        best = logprobs.flatten().topk(min(width, logprobs.numel()))
        return [(int(at) // vocab, int(at) % vocab, float(p)) for p, at in zip(best.values, best.indices, strict=True)]

    def _keep(self, written: Written) -> None:
        self.finished = sorted([*self.finished, written], key=lambda w: -w.score)[: self.d.beams]

    def _is_decided(self, live: list[tuple[list[int], float]], length: int) -> bool:
        """Whether no live beam is going to be better than the complete texts, as far as its score now says."""
        if not live:
            return True
        if len(self.finished) < self.d.beams:
            return False
        return self.d.is_early or live[0][1] / length**self.d.length_penalty <= self.finished[-1].score
