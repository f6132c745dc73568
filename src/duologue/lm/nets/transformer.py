"""A decoder-only Transformer, written so that its equations can be read in it.

    x = embed(ids) [+ positions]
    x = x + attention(norm(x));  x = x + feed_forward(norm(x))        for every block
    logits = norm(x) @ embed^T                                        (or a head of its own)

Knows nothing of text, files or training. By configuration it is GPT-2, Llama, Qwen2 or Qwen3 (`lm/nets/config.py`).

Legend: B rows, T tokens, S keys seen so far, C d_model, H heads, G key/value heads, D d_head, V vocabulary.
Sources: Vaswani et al. 2017 (attention); Xiong et al. 2020 (norm first); Zhang & Sennrich 2019 (RMS norm); Su et al. 2021 (rotary);
Shazeer 2020 (SwiGLU); Ainslie et al. 2023 (grouped queries); Henry et al. 2020 (query-key norm).
"""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from duologue.kit.errors import Invalid
from duologue.lm.nets.config import Config
from duologue.lm.nets.fused import attend_causally, gelu, rms_norm, swiglu, turn_heads
from duologue.lm.nets.linear import Linear


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt(D)) v, the equation (1) of Vaswani et al.; `mask` is True where a query may look. The explicit form.

    q (B, H, T, D), k and v (B, H, S, D), mask broadcast to (B, H, T, S) -> (B, H, T, D).
    """
    return attention_weights(q, k, mask) @ v


def attention_weights(q: Tensor, k: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q k^T / sqrt(D)): how much of each key's value a query takes. (B, H, T, S), each row of them adds up to 1."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))  # (B, H, T, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1)


def causal_mask(num_queries: int, num_keys: int, device: torch.device) -> Tensor:
    """(T, S): the last T of S tokens; each looks at itself and what came before."""
    return torch.ones(num_queries, num_keys, dtype=torch.bool, device=device).tril(num_keys - num_queries)


def document_mask(document: Tensor) -> Tensor:
    """(B, 1, T, T) from document numbers (B, T): causal, and only within one's own document. Padding (-1) sees itself."""
    same = document[:, :, None] == document[:, None, :]
    return (same & causal_mask(document.size(1), document.size(1), document.device))[:, None]


def rotary_frequencies(config: Config) -> Tensor:
    """(D/2,) turns per position, theta^(-2i/D); long wavelengths are stretched as Llama 3.1 does where the config says so."""
    steps = torch.arange(0, config.d_head, 2, dtype=torch.float32) / config.d_head
    turns = 1.0 / config.rope_theta**steps
    if config.rope_scaling is None:
        return turns
    s = config.rope_scaling
    wavelength = 2 * math.pi / turns
    periods = s["original_max_position_embeddings"] / wavelength
    blend = ((periods - s["low_freq_factor"]) / (s["high_freq_factor"] - s["low_freq_factor"])).clamp(0, 1)
    return (1 - blend) * turns / s["factor"] + blend * turns


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn the pairs (x_i, x_{i+D/2}) by the angle of their position. x (B, H, T, D); cos, sin (B, 1, T, D/2)."""
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1).to(x.dtype)


def sinusoids(positions: Tensor, d_model: int) -> Tensor:
    """(B, T, C) sines and cosines of the positions, section 3.5 of Vaswani et al."""
    turns = torch.exp(torch.arange(0, d_model, 2, device=positions.device) * (-math.log(10_000.0) / d_model))
    angles = positions[..., None] * turns
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(-2)[..., :d_model]


class RMSNorm(nn.Module):
    """x / rms(x) * weight, over the last dimension."""

    def __init__(self, size: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as x."""
        return rms_norm(x, self.weight.to(x.dtype), self.eps)


class Cache:
    """Keys and values of the tokens seen so far, in memory set aside once. `pad` (B,) counts the padding left of each row."""

    def __init__(self, config: Config, rows: int, capacity: int, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        shape = (config.n_layers, rows, config.n_kv_heads, capacity, config.d_head)
        self.k, self.v = torch.zeros(shape, device=device, dtype=dtype), torch.zeros(shape, device=device, dtype=dtype)
        self.pad = torch.zeros(rows, dtype=torch.long, device=device)
        self.length, self.capacity = 0, capacity

    def extend(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store (B, G, T, D) behind what is there; give back all (B, G, S, D). `length` moves when the whole network has run."""
        end = self.length + k.size(2)
        self.k[layer, :, :, self.length : end], self.v[layer, :, :, self.length : end] = k, v
        return self.k[layer, :, :, :end], self.v[layer, :, :, :end]

    def reorder(self, rows: Tensor) -> None:
        """Row i goes on from what row `rows[i]` has seen (beam search; rows may be repeated or fewer)."""
        self.k, self.v, self.pad = self.k[:, rows], self.v[:, rows], self.pad[rows]


class Attention(nn.Module):
    """Multi-head attention; with fewer key/value heads than heads, groups of heads share them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        c, self.config = config, config
        self.q = Linear(c.d_model, c.n_heads * c.d_head, bias=c.qkv_bias)
        self.k = Linear(c.d_model, c.n_kv_heads * c.d_head, bias=c.qkv_bias)
        self.v = Linear(c.d_model, c.n_kv_heads * c.d_head, bias=c.qkv_bias)
        self.o = Linear(c.n_heads * c.d_head, c.d_model, bias=c.out_bias)
        self.q_norm = RMSNorm(c.d_head, c.norm_eps) if c.qk_norm else nn.Identity()
        self.k_norm = RMSNorm(c.d_head, c.norm_eps) if c.qk_norm else nn.Identity()
        self.is_explicit = False  # the readable form instead of the fused one; a test holds them equal

    def queries_and_keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """q (B, H, T, D) and k (B, G, T, D) of x (B, T, C), before they are turned."""
        c, (rows, length, _) = self.config, x.shape
        q = self.q_norm(self.q(x).view(rows, length, c.n_heads, c.d_head)).transpose(1, 2)
        k = self.k_norm(self.k(x).view(rows, length, c.n_kv_heads, c.d_head)).transpose(1, 2)
        return q, k

    def turned(self, x: Tensor, turn: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Tensor]:
        """q (B, H, T, D) and k (B, G, T, D) of x (B, T, C), turned by their positions where there is a turn."""
        if turn is None:
            return self.queries_and_keys(x)
        made = []
        for project, norm in ((self.q, self.q_norm), (self.k, self.k_norm)):
            weight, flat = getattr(norm, "weight", None), project(x)
            heads = turn_heads(flat, weight, self.config.norm_eps, turn)
            if heads is None:  # in steps that can be read
                heads = rotate(norm(flat.view(*x.shape[:2], -1, self.config.d_head)).transpose(1, 2), *turn)
            made.append(heads)
        return made[0], made[1]

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor] | None, mask: Tensor | None, cache: Cache | None, layer: int
    ) -> Tensor:
        """x (B, T, C) -> (B, T, C). Without a mask every token looks at itself and what came before."""
        c, (rows, length, _) = self.config, x.shape
        (q, k), flat = self.turned(x, turn), self.v(x)
        if mask is None and cache is None and not self.is_explicit and (seen := attend_causally(q, k, flat)) is not None:
            return self.o(seen)  # type: ignore[no-any-return]
        v = flat.view(rows, length, c.n_kv_heads, c.d_head).transpose(1, 2)
        if cache is not None:
            k, v = cache.extend(layer, k, v)  # (B, G, S, D)
        if c.n_kv_heads < c.n_heads:
            k, v = (t.repeat_interleave(c.n_heads // c.n_kv_heads, dim=1) for t in (k, v))
        if self.is_explicit:
            y = attend(q, k, v, causal_mask(length, k.size(2), x.device) if mask is None else mask)
        else:
            y = F.scaled_dot_product_attention(q, k, v.to(q.dtype), attn_mask=mask, is_causal=mask is None and length > 1)
        out: Tensor = self.o(y.transpose(1, 2).reshape(rows, length, -1))
        return out


class FeedForward(nn.Module):
    """Per token: down(silu(gate x) * up x), or down(gelu(up x)), or down(relu(up x))."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        c = config
        self.kind = c.ffn
        self.gate = Linear(c.d_model, c.d_ff, bias=c.ffn_bias) if c.ffn == "swiglu" else None
        self.up = Linear(c.d_model, c.d_ff, bias=c.ffn_bias)
        self.down = Linear(c.d_ff, c.d_model, bias=c.ffn_bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) -> (B, T, C)."""
        up = self.up(x)
        if self.gate is not None:
            hidden = swiglu(self.gate(x), up)
        else:
            hidden = gelu(up) if self.kind == "gelu" else F.relu(up)
        out: Tensor = self.down(hidden)
        return out


class Block(nn.Module):
    """Attention and feed-forward, each behind a norm and beside a straight way."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.attn_norm, self.attn = _norm(config), Attention(config)
        self.ffn_norm, self.ffn = _norm(config), FeedForward(config)

    def forward(
        self, x: Tensor, turn: tuple[Tensor, Tensor] | None, mask: Tensor | None, cache: Cache | None, layer: int
    ) -> Tensor:
        """(B, T, C) -> (B, T, C)."""
        x = x + self.attn(self.attn_norm(x), turn, mask, cache, layer)
        out: Tensor = x + self.ffn(self.ffn_norm(x))
        return out


class Transformer(nn.Module):
    """The network. `forward` for training and scoring; `new_cache`, `prefill` and `step` for writing."""

    continues_prompt = True

    def __init__(self, config: Config) -> None:
        super().__init__()
        c = self.config = config
        self.embed = nn.Embedding(c.vocab_size, c.d_model)
        self.positions = nn.Embedding(c.context, c.d_model) if c.positions == "learned" else None
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.n_layers))
        self.norm = _norm(c)
        self.head = None if c.tie_embeddings else Linear(c.d_model, c.vocab_size, bias=False)
        if c.positions == "rotary":
            self.register_buffer("turns", rotary_frequencies(c), persistent=False)

    def restore_turns(self) -> None:
        """Compute the rotary table anew, after the network was built without memory of its own (on torch's meta device)."""
        if self.config.positions == "rotary":
            self.turns = rotary_frequencies(self.config)

    @property
    def head_weight(self) -> Tensor:
        """(V, C): what turns the last hidden state into logits."""
        return self.embed.weight if self.head is None else self.head.weight

    @property
    def num_parameters(self) -> int:
        """Trainable numbers, shared ones once."""
        return sum(p.numel() for p in self.parameters())

    def hidden(
        self, ids: Tensor, positions: Tensor | None = None, mask: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        """The state before the head, (B, T, C), of ids (B, T). `mask` as in `attend`. Raises Invalid past the context."""
        seen = cache.length if cache is not None else 0
        limit = self.config.context if cache is None else min(cache.capacity, self.config.context)
        if seen + ids.size(1) > limit:
            raise Invalid(f"{seen + ids.size(1)} tokens are more than this network reads at once ({limit}); shorten the text.")
        if positions is None:
            positions = torch.arange(seen, seen + ids.size(1), device=ids.device).expand(ids.shape)
            if cache is not None:
                positions = (positions - cache.pad[:, None]).clamp(min=0)
        if cache is not None and mask is None:
            mask = _cache_mask(cache, ids.size(1))
        x = self.embed(ids)
        if self.positions is not None:
            x = x + self.positions(positions)
        elif self.config.positions == "sinusoidal":
            x = x + sinusoids(positions, self.config.d_model)
        turn = self.rotation(positions)
        for layer, block in enumerate(self.blocks):
            x = block(x, turn, mask, cache, layer)
        if cache is not None:
            cache.length += ids.size(1)
        out: Tensor = self.norm(x)
        return out

    def forward(
        self, ids: Tensor, positions: Tensor | None = None, mask: Tensor | None = None, cache: Cache | None = None
    ) -> Tensor:
        """Logits (B, T, V) of the token after each of ids (B, T)."""
        return F.linear(self.hidden(ids, positions, mask, cache), self.head_weight)

    def new_cache(self, rows: int, capacity: int | None = None) -> Cache:
        """An empty cache for `rows` rows of at most `capacity` tokens (the context, where not given)."""
        weight = self.embed.weight
        return Cache(self.config, rows, min(capacity or self.config.context, self.config.context), weight.device, weight.dtype)

    def prefill(self, ids: Tensor, cache: Cache, pad: Tensor | None = None) -> Tensor:
        """Read prompts (B, T), padded on the left by `pad` (B,) tokens; logits (B, V) of what follows."""
        if pad is not None:
            cache.pad = pad
        return F.linear(self.hidden(ids, cache=cache)[:, -1], self.head_weight)

    def step(self, ids: Tensor, cache: Cache) -> Tensor:
        """Read one more token per row (B,); logits (B, V) of what follows."""
        return self.prefill(ids[:, None], cache)

    def rotation(self, positions: Tensor) -> tuple[Tensor, Tensor] | None:
        """Cosines and sines (B, 1, T, D/2) of the positions (B, T); None without rotary positions."""
        if self.config.positions != "rotary":
            return None
        angles = (positions[..., None] * self.turns)[:, None]  # (B, 1, T, D/2)
        return angles.cos(), angles.sin()


def _norm(config: Config) -> nn.Module:
    return RMSNorm(config.d_model, config.norm_eps) if config.norm == "rms" else nn.LayerNorm(config.d_model, config.norm_eps)


def _cache_mask(cache: Cache, num_queries: int) -> Tensor | None:
    """(B, 1, T, S) for tokens that join a cache; None where the plain causal mask says the same."""
    if not bool(cache.pad.any()):
        if cache.length == 0 or num_queries == 1:
            return None
        return causal_mask(num_queries, cache.length + num_queries, cache.k.device)[None, None]
    keys = cache.length + num_queries
    is_text = torch.arange(keys, device=cache.k.device) >= cache.pad[:, None]  # (B, S)
    itself = torch.eye(keys, dtype=torch.bool, device=cache.k.device)[
        -num_queries:
    ]  # padding sees itself, so that softmax has a value
    return ((causal_mask(num_queries, keys, cache.k.device) & is_text[:, None]) | itself)[:, None]


def init_weights(model: Transformer, seed: int) -> Transformer:
    """Small normal numbers (0.02, embeddings too), ones for norms, zeros for biases and for what each block adds at first."""
    generator = torch.Generator().manual_seed(seed)
    ends: Mapping[str, bool] = {
        f"blocks.{i}.{name}.weight": True for i in range(model.config.n_layers) for name in ("attn.o", "ffn.down")
    }
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name in ends or name.endswith("bias"):
                p.zero_()
            elif p.dim() == 1:
                p.fill_(1.0)
            else:
                p.copy_(torch.empty(p.shape).normal_(0.0, 0.02, generator=generator))
    return model
