"""The same step in torch: slower, obvious, and always there. The compiled step (`engine/native.py`) is held equal to it.

Every token's keys and values stand in pages. A sequence's attention looks at them where they stand if its pages lie in long runs
that follow one another, and gathers them otherwise. Linears are fp32, or fbgemm's fp16 or int8 kernels; matrices that read the
same rows are one. Unlike the compiled step, sums here may round differently with the size of a batch (about 1e-5 in fp32).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from duologue.engine.batch import BLOCK, Batch, Logits
from duologue.kit.errors import SetupError
from duologue.lm.nets.transformer import Transformer, causal_mask, rotate, sinusoids

Precision = Literal["fp32", "fp16", "int8"]
Apply = Callable[[Tensor], Tensor]
Adapters = Sequence[Sequence[dict[str, tuple[Tensor, Tensor, float]]]]


def make_linear(weight: Tensor, bias: Tensor | None, precision: Precision) -> Apply:
    """x (R, in) -> (R, out) at a precision. Raises SetupError where this torch was built without fbgemm."""
    weight = weight.detach().float().contiguous()
    bias = bias.detach().float() if bias is not None else None
    if precision == "fp32":
        return lambda x: F.linear(x, weight, bias)
    ops = torch.ops.quantized
    try:
        if precision == "fp16":
            packed = ops.linear_prepack_fp16(weight, bias)
            return lambda x: ops.linear_dynamic_fp16(x, packed)
        wide = F.pad(weight, (0, 2))
        scale = weight.abs().amax(1).clamp(min=1e-12) / 127
        zeros = torch.zeros(len(weight), dtype=torch.long)
        packed = ops.linear_prepack(torch.quantize_per_channel(wide, scale.double(), zeros, 0, torch.qint8), None)
    except RuntimeError as error:
        raise SetupError(f"This torch has no {precision} kernels for this processor: {error}.") from error

    ends = torch.tensor([-1.0, 1.0])

    def apply(x: Tensor) -> Tensor:
        # fbgemm has one scale for the whole batch: rows brought to ±1, with both ends of it at weights of 0, keep requests apart
        size = x.abs().amax(1, keepdim=True).clamp_(min=1e-12)  # vector_norm(inf) takes ten times as long
        rows = x.new_empty(len(x), x.size(1) + 2)
        torch.div(x, size, out=rows[:, :-2])
        rows[:, -2:] = ends
        y: Tensor = ops.linear_dynamic(rows, packed, True)
        return y.mul_(size) if bias is None else torch.addcmul(bias, y, size)

    return apply


def join(linears: Sequence[nn.Linear | None]) -> tuple[Tensor, Tensor | None]:
    """Weights and biases of matrices that read the same rows, one below the other."""
    some = [m for m in linears if m is not None]
    has_bias = any(m.bias is not None for m in some)
    biases = [m.bias if m.bias is not None else torch.zeros(m.out_features) for m in some]
    return torch.cat([m.weight.detach() for m in some]), torch.cat([b.detach().float() for b in biases]) if has_bias else None


LONG_RUN = 128
"""Tokens. Pages in runs that are shorter than this on average are gathered: a copy then costs less than a product for each run."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A sequence of a batch: its rows, its pages, the places of their runs (see `_runs`), its tokens, what its rows see."""

    rows: slice
    pages: Tensor
    runs: list[slice]
    count: int
    mask: Tensor | None


def _runs(table: np.ndarray, count: int) -> list[slice]:
    """Where the tokens of a table of pages stand, each slice as long as pages follow one another; none where they are short."""
    breaks = np.flatnonzero(np.diff(table) != 1) + 1
    if len(breaks) and count < (len(breaks) + 1) * LONG_RUN:
        return []
    starts, ends = [0, *breaks.tolist()], [*breaks.tolist(), len(table)]
    return [
        slice(first := int(table[a]) * BLOCK, first + min(b * BLOCK, count) - a * BLOCK) for a, b in zip(starts, ends, strict=True)
    ]


def _gather(kept: Tensor, part: _Part) -> Tensor:
    """(G, S, D) of one sequence; a copy only where its pages do not follow one another."""
    if len(part.runs) == 1:
        return kept[:, part.runs[0]]
    groups, _, size = kept.shape
    return kept.view(groups, -1, BLOCK * size).index_select(1, part.pages).view(groups, -1, size)[:, : part.count]


def _look(q: Tensor, keys: Sequence[Tensor], values: Sequence[Tensor]) -> Tensor:
    """Attention of one row, q (1, H, D), to all tokens of some pieces (G, S, D): (1, H * D). Faster than the fused kernel."""
    heads, size = q.shape[1:]
    groups = keys[0].size(0)
    q = q.reshape(groups, heads // groups, size).transpose(1, 2)
    scores = [torch.baddbmm(q.new_empty(1, 1, 1), k, q, beta=0, alpha=size**-0.5) for k in keys]  # (G, S, H/G) each
    joined = scores[0] if len(scores) == 1 else torch.cat(scores, 1)
    shares = joined.transpose(1, 2).softmax(-1)
    if len(values) == 1:
        return torch.bmm(shares, values[0]).view(1, heads * size)
    seen = torch.zeros(groups, heads // groups, size)
    for share, v in zip(torch.split(shares, [v.size(1) for v in values], -1), values, strict=True):
        seen.baddbmm_(share, v)
    return seen.view(1, heads * size)


@dataclass(frozen=True, slots=True)
class _Where:
    """Of a step: the parts, and for each row where its keys go and how it is turned."""

    parts: list[_Part]
    places: Tensor
    turn: tuple[Tensor, Tensor] | None


class TorchNetwork:
    """A Transformer over pages, by torch alone."""

    def __init__(self, model: Transformer, precision: Precision, num_blocks: int, threads: int) -> None:
        torch.set_num_threads(threads)
        self.config, self.precision, self._model = model.config, precision, model
        c = model.config
        shape = (c.n_kv_heads, num_blocks * BLOCK, c.d_head)  # a head's keys stand together
        self.keys, self.values = ([torch.zeros(shape) for _ in range(c.n_layers)] for _ in range(2))
        self._sizes = [n * c.d_head for n in (c.n_heads, c.n_kv_heads, c.n_kv_heads)]
        self._linears: list[tuple[Apply, Apply, Apply, Apply]] = []
        for block in model.blocks:
            attn: Any = block.attn
            ffn: Any = block.ffn
            joined = (join([attn.q, attn.k, attn.v]), join([attn.o]), join([ffn.up, ffn.gate]), join([ffn.down]))
            qkv, o, up, down = (make_linear(w, b, precision) for w, b in joined)
            self._linears.append((qkv, o, up, down))
        self._head = make_linear(model.head_weight, None, precision)
        self._adapters: Adapters = ()

    def close(self) -> None:
        """Nothing is held."""

    def set_adapters(self, adapters: Adapters) -> None:
        """Use these low-rank adapters as number 1, 2, …: for each and each layer, by name, A (r, in), B (out, r) and the scale."""
        self._adapters = adapters

    def copy_blocks(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Copy pages (from, to)."""
        for source, target in pairs:
            for kept in (*self.keys, *self.values):
                kept[:, target * BLOCK : (target + 1) * BLOCK] = kept[:, source * BLOCK : (source + 1) * BLOCK]

    @torch.inference_mode()
    def forward(self, batch: Batch) -> Logits:
        """Read the rows of a batch into the pages; logits of the rows that are wanted."""
        model: Any = self._model
        ids, positions = torch.from_numpy(batch.ids).long(), torch.from_numpy(batch.positions).long()
        x = model.embed(ids)
        if model.positions is not None:
            x = x + model.positions(positions)
        elif self.config.positions == "sinusoidal":
            x = x + sinusoids(positions[None], self.config.d_model)[0]
        where = self._where(batch, positions)
        for layer, block in enumerate(model.blocks):
            x = x + self._attend(layer, block, block.attn_norm(x), batch, where)
            x = x + self._feed(layer, block, block.ffn_norm(x), batch)
        last = model.norm(x[torch.from_numpy(batch.wanted).long()])
        logits = self._head(last) if len(last) else torch.zeros(0, self.config.vocab_size)
        values: Any = logits.numpy()  # whose argmax takes a tenth of torch's time
        best = values.argmax(-1).astype(np.int32) if len(last) else np.zeros(0, np.int32)
        return Logits(values, logits.logsumexp(-1).numpy(), best)

    def _where(self, batch: Batch, positions: Tensor) -> _Where:
        starts = [0, *(np.flatnonzero(np.diff(batch.sequences)) + 1).tolist(), len(batch.sequences)]
        parts = []
        for start, end in pairwise(starts):
            count = int(batch.positions[end - 1]) + 1
            table = batch.tables[batch.sequences[start], : -(-count // BLOCK)]
            mask = causal_mask(end - start, count, positions.device) if end - start > 1 else None
            parts.append(_Part(slice(start, end), torch.from_numpy(table).long(), _runs(table, count), count, mask))
        places = torch.from_numpy(batch.tables[batch.sequences, batch.positions // BLOCK]).long() * BLOCK + positions % BLOCK
        turn: Any = self._model.rotation(positions[None])
        turns = tuple(t[0, 0, :, None] for t in turn) if turn is not None else None  # (R, 1, D/2)
        return _Where(parts, places, turns)

    def _adapt(self, y: Tensor, layer: int, names: Sequence[str], sizes: Sequence[int], x: Tensor, batch: Batch) -> Tensor:
        """Add what the adapters of the rows add, to each of the joined matrices."""
        if not batch.adapters.any():
            return y
        numbers = batch.adapters[batch.sequences]
        for number in set(numbers.tolist()) - {0}:
            rows, start = torch.from_numpy(numbers == number), 0
            for name, size in zip(names, sizes, strict=True):
                found = self._adapters[number - 1][layer].get(name)
                if found is not None:
                    a, b, scale = found
                    y[rows, start : start + size] += F.linear(F.linear(x[rows], a), b) * scale
                start += size
        return y

    def _attend(self, layer: int, block: Any, x: Tensor, batch: Batch, where: _Where) -> Tensor:
        c, attn, (qkv, o, _, _) = self.config, block.attn, self._linears[layer]
        joined = self._adapt(qkv(x), layer, ("q", "k", "v"), self._sizes, x, batch)
        heads = joined.view(len(x), c.n_heads + 2 * c.n_kv_heads, c.d_head)
        turned, v = heads[:, : c.n_heads + c.n_kv_heads], heads[:, c.n_heads + c.n_kv_heads :]
        if not isinstance(attn.q_norm, nn.Identity):
            turned = torch.cat((attn.q_norm(turned[:, : c.n_heads]), attn.k_norm(turned[:, c.n_heads :])), 1)
        if where.turn is not None:
            turned = rotate(turned, *where.turn)
        keys, values = self.keys[layer], self.values[layer]
        keys[:, where.places], values[:, where.places] = turned[:, c.n_heads :].transpose(0, 1), v.transpose(0, 1)
        out = torch.empty(len(x), c.n_heads * c.d_head)
        for part in where.parts:
            q_rows = turned[part.rows, : c.n_heads]
            if part.mask is None and part.runs:
                out[part.rows] = _look(q_rows, [keys[:, run] for run in part.runs], [values[:, run] for run in part.runs])
                continue
            k, t = _gather(keys, part), _gather(values, part)
            if part.mask is None:
                out[part.rows] = _look(q_rows, [k], [t])
                continue
            q = q_rows[None].transpose(1, 2)
            is_grouped = c.n_kv_heads < c.n_heads
            y = F.scaled_dot_product_attention(q, k[None], t[None], attn_mask=part.mask, enable_gqa=is_grouped)  # (1, H, T, D)
            out[part.rows] = y[0].transpose(0, 1).reshape(-1, out.size(1))
        return self._adapt(o(out), layer, ("o",), (c.d_model,), out, batch)

    def _feed(self, layer: int, block: Any, x: Tensor, batch: Batch) -> Tensor:
        c, (_, _, up, down) = self.config, self._linears[layer]
        names = ("up", "gate") if block.ffn.gate is not None else ("up",)
        both = self._adapt(up(x), layer, names, [c.d_ff] * len(names), x, batch)
        if block.ffn.gate is not None:
            hidden = F.silu(both[:, c.d_ff :]).mul_(both[:, : c.d_ff])
        else:
            hidden = F.gelu(both, approximate="tanh") if c.ffn == "gelu" else F.relu(both)
        return self._adapt(down(hidden), layer, ("down",), (c.d_model,), hidden, batch)
