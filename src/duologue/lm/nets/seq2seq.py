"""A sequence into another: bidirectional GRU encoder, GRU decoder, additive attention. Bahdanau, Cho & Bengio 2014.

    e_tj = v . tanh(W s_{t-1} + U h_j);   a_t = softmax_j(e_t);   c_t = sum_j a_tj h_j
    s_t = GRU([embed(y_{t-1}); c_t], s_{t-1});   logits_t = R [s_t; c_t; embed(y_{t-1})]

Speaks the contract of `lm/writing/decode.py` (`new_cache`, `prefill`, `step`), where the prompt is the source. Knows no
text.

Legend: B rows, S source tokens, T target tokens, E embedding, H hidden, A attention, V target vocabulary.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from duologue.kit.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Seq2SeqConfig:
    """Sizes of the network. `bos` is the target token before the first; `context` the most target tokens written."""

    source_vocab: int
    target_vocab: int
    d_embed: int
    d_hidden: int
    d_attention: int
    bos: int
    context: int = 256

    def __post_init__(self) -> None:
        if min(self.source_vocab, self.target_vocab, self.d_embed, self.d_hidden, self.d_attention, self.context) < 1:
            raise Invalid("Every size of the network must be at least 1.")
        if not 0 <= self.bos < self.target_vocab:
            raise Invalid("The beginning token must be one of the target vocabulary.")


@dataclass(slots=True)
class Memory:
    """A source as read: states (B, S, 2H), projected (B, S, A), where text stands (B, S), the decoder's first state (B, H)."""

    states: Tensor
    projected: Tensor
    is_text: Tensor
    first: Tensor


class AdditiveAttention(nn.Module):
    """Scores a query against keys by a small network of one hidden layer."""

    def __init__(self, d_query: int, d_key: int, d_attention: int) -> None:
        super().__init__()
        self.w = nn.Linear(d_query, d_attention, bias=False)
        self.u = nn.Linear(d_key, d_attention, bias=False)
        self.v = nn.Linear(d_attention, 1, bias=False)

    def forward(self, query: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """query (B, H) -> what it finds (B, 2H) and the weights (B, S), zero on padding."""
        scores = self.v(torch.tanh(self.w(query)[:, None] + memory.projected))[..., 0]  # (B, S)
        weights = scores.masked_fill(~memory.is_text, float("-inf")).softmax(-1)
        return (weights[:, None] @ memory.states)[:, 0], weights


class Cache:
    """What the decoder remembers of its rows: the source and its own state."""

    def __init__(self) -> None:
        self.memory: Memory | None = None
        self.state = torch.zeros(0)
        self.weights: list[Tensor] = []  # attention of every step so far, (B, S) each

    def reorder(self, rows: Tensor) -> None:
        """Row i goes on from what row `rows[i]` has seen."""
        if self.memory is not None:
            m = self.memory
            self.memory = Memory(m.states[rows], m.projected[rows], m.is_text[rows], m.first[rows])
        self.state, self.weights = self.state[rows], [w[rows] for w in self.weights]


class Seq2Seq(nn.Module):
    """The network: `forward` with the target given (teacher forcing), the decoding contract for writing."""

    continues_prompt = False

    def __init__(self, config: Seq2SeqConfig) -> None:
        super().__init__()
        c = self.config = config
        self.source_embed = nn.Embedding(c.source_vocab, c.d_embed)
        self.target_embed = nn.Embedding(c.target_vocab, c.d_embed)
        self.encoder = nn.GRU(c.d_embed, c.d_hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(c.d_hidden, c.d_hidden)
        self.attention = AdditiveAttention(c.d_hidden, 2 * c.d_hidden, c.d_attention)
        self.decoder = nn.GRUCell(c.d_embed + 2 * c.d_hidden, c.d_hidden)
        self.readout = nn.Linear(3 * c.d_hidden + c.d_embed, c.target_vocab)

    def encode(self, source: Tensor, lengths: Tensor) -> Memory:
        """Read sources (B, S), padded on the right; `lengths` (B,) at least 1."""
        packed = pack_padded_sequence(self.source_embed(source), lengths.cpu(), batch_first=True, enforce_sorted=False)
        read, last = self.encoder(packed)
        states, _ = pad_packed_sequence(read, batch_first=True, total_length=source.size(1))
        is_text = torch.arange(source.size(1), device=source.device) < lengths[:, None]
        return Memory(states, self.attention.u(states), is_text, torch.tanh(self.bridge(last[1])))

    def decode_one(self, token: Tensor, state: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Tensor]:
        """Read a target token (B,): logits (B, V) of the next, the new state (B, H), the attention (B, S)."""
        found, weights = self.attention(state, memory)
        embedded = self.target_embed(token)
        state = self.decoder(torch.cat((embedded, found), -1), state)
        return self.readout(torch.cat((state, found, embedded), -1)), state, weights

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, T, V) of each target token (B, T) given those before it, and the attention (B, T, S)."""
        memory = self.encode(source, lengths)
        begin = target.new_full((target.size(0), 1), self.config.bos)
        state, logits, weights = memory.first, [], []
        for token in torch.cat((begin, target[:, :-1]), 1).unbind(1):
            z, state, a = self.decode_one(token, state, memory)
            logits.append(z)
            weights.append(a)
        return torch.stack(logits, 1), torch.stack(weights, 1)

    def new_cache(self, rows: int, capacity: int | None = None) -> Cache:
        """An empty cache."""
        return Cache()

    def prefill(self, ids: Tensor, cache: Cache, pad: Tensor | None = None) -> Tensor:
        """Read sources (B, S), padded on the left by `pad`; logits (B, V) of the first target token."""
        rows, length = ids.shape
        pad = torch.zeros(rows, dtype=torch.long) if pad is None else pad
        places = (torch.arange(length) + pad[:, None]).clamp(max=length - 1)
        cache.memory = self.encode(ids.gather(1, places), length - pad)
        cache.state = cache.memory.first
        return self.step(torch.full((rows,), self.config.bos), cache)

    def step(self, ids: Tensor, cache: Cache) -> Tensor:
        """Read one more target token per row (B,); logits (B, V) of what follows. Raises Invalid past the context."""
        if cache.memory is None or len(cache.weights) >= self.config.context:
            raise Invalid(f"This network writes at most {self.config.context} tokens for a source that it has read.")
        logits, cache.state, weights = self.decode_one(ids, cache.state, cache.memory)
        cache.weights.append(weights)
        return logits
