"""The same step in torch: slower, obvious, and always there. The compiled step (`engine/native.py`) is held equal to it.

Every token's keys and values stand in pages; a sequence's attention gathers its own. Linears are fp32, or fbgemm's fp16 or int8
kernels. Unlike the compiled step, sums here may round differently with the size of a batch (about 1e-5 in fp32).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from duologue.engine.batch import BLOCK, Batch, Logits
from duologue.kit.errors import SetupError
from duologue.lm.transformer import Transformer, causal_mask, rotate, sinusoids

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
        scale = weight.abs().amax(1).clamp(min=1e-12) / 127
        zeros = torch.zeros(len(weight), dtype=torch.long)
        packed = ops.linear_prepack(torch.quantize_per_channel(weight, scale.double(), zeros, 0, torch.qint8), None)
    except RuntimeError as error:
        raise SetupError(f"This torch has no {precision} kernels for this processor: {error}.") from error

    def apply(x: Tensor) -> Tensor:
        # fbgemm has one scale for the whole batch: rows brought to ±1 and a row that spans it keep requests apart
        size = x.abs().amax(1, keepdim=True).clamp(min=1e-12)
        span = torch.zeros(1, x.size(1))
        span[0, 0], span[0, -1] = -1.0, 1.0
        y: Tensor = ops.linear_dynamic(torch.cat((x / size, span)), packed, True)[:-1] * size
        return y if bias is None else y + bias

    return apply


class TorchNetwork:
    """A Transformer over pages, by torch alone."""

    def __init__(self, model: Transformer, precision: Precision, num_blocks: int, threads: int) -> None:
        torch.set_num_threads(threads)
        self.config, self.precision, self._model = model.config, precision, model
        c = model.config
        shape = (c.n_layers, num_blocks, BLOCK, c.n_kv_heads, c.d_head)
        self.keys, self.values = torch.zeros(shape), torch.zeros(shape)
        self._linears = {
            name: make_linear(m.weight, m.bias, precision) for name, m in model.named_modules() if isinstance(m, nn.Linear)
        }
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
            self.keys[:, target], self.values[:, target] = self.keys[:, source], self.values[:, source]

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
        turn = model.rotation(positions[None])
        parts = self._parts(batch)
        for layer, block in enumerate(model.blocks):
            x = x + self._attend(layer, block, block.attn_norm(x), turn, batch, parts)
            x = x + self._feed(layer, block, block.ffn_norm(x), batch)
        last = model.norm(x[torch.from_numpy(batch.wanted).long()])
        logits = self._head(last) if len(last) else torch.zeros(0, self.config.vocab_size)
        best = logits.argmax(-1).numpy().astype(np.int32) if len(last) else np.zeros(0, np.int32)
        return Logits(logits.numpy(), logits.logsumexp(-1).numpy(), best)

    def _parts(self, batch: Batch) -> list[tuple[slice, Tensor, int]]:
        """Of each sequence in the batch: its rows, its pages, and how many tokens it has with them."""
        starts = [0, *(np.flatnonzero(np.diff(batch.sequences)) + 1).tolist(), len(batch.sequences)]
        found = []
        for start, end in pairwise(starts):
            keys = int(batch.positions[end - 1]) + 1
            pages = torch.from_numpy(batch.tables[batch.sequences[start], : -(-keys // BLOCK)]).long()
            found.append((slice(start, end), pages, keys))
        return found

    def _linear(self, layer: int, part: str, x: Tensor, batch: Batch) -> Tensor:
        y = self._linears[f"blocks.{layer}.{part}"](x)
        numbers = batch.adapters[batch.sequences]
        for number in set(numbers.tolist()) - {0}:
            found = self._adapters[number - 1][layer].get(part.rpartition(".")[2])
            if found is not None:
                a, b, scale = found
                rows = torch.from_numpy(numbers == number)
                y[rows] += F.linear(F.linear(x[rows], a), b) * scale
        return y

    def _attend(
        self,
        layer: int,
        block: Any,
        x: Tensor,
        turn: tuple[Tensor, Tensor] | None,
        batch: Batch,
        parts: list[tuple[slice, Tensor, int]],
    ) -> Tensor:
        c, rows, attn = self.config, len(x), block.attn
        q = attn.q_norm(self._linear(layer, "attn.q", x, batch).view(1, rows, c.n_heads, c.d_head)).transpose(1, 2)
        k = attn.k_norm(self._linear(layer, "attn.k", x, batch).view(1, rows, c.n_kv_heads, c.d_head)).transpose(1, 2)
        v = self._linear(layer, "attn.v", x, batch).view(rows, c.n_kv_heads, c.d_head)
        if turn is not None:
            q, k = rotate(q, *turn), rotate(k, *turn)
        places = torch.from_numpy(batch.tables[batch.sequences, batch.positions // BLOCK]).long()
        offsets = torch.from_numpy(batch.positions % BLOCK).long()
        self.keys[layer, places, offsets], self.values[layer, places, offsets] = k[0].transpose(0, 1), v
        out = torch.empty(rows, c.n_heads * c.d_head)
        for where, pages, count in parts:
            keys, values = (
                t[layer, pages].flatten(0, 1)[:count].transpose(0, 1).repeat_interleave(c.n_heads // c.n_kv_heads, dim=0)
                for t in (self.keys, self.values)
            )  # (H, S, D)
            queries = q[0, :, where]  # (H, T, D)
            mask = causal_mask(queries.size(1), count, x.device) if queries.size(1) > 1 else None
            y = F.scaled_dot_product_attention(queries[None], keys[None], values[None], attn_mask=mask)[0]
            out[where] = y.transpose(0, 1).flatten(1)
        return self._linear(layer, "attn.o", out, batch)

    def _feed(self, layer: int, block: Any, x: Tensor, batch: Batch) -> Tensor:
        up = self._linear(layer, "ffn.up", x, batch)
        if block.ffn.gate is not None:
            hidden = F.silu(self._linear(layer, "ffn.gate", x, batch)) * up
        else:
            hidden = F.gelu(up, approximate="tanh") if self.config.ffn == "gelu" else F.relu(up)
        return self._linear(layer, "ffn.down", hidden, batch)
