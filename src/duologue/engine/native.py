"""The plain-C step (`native.c`): compiled by the system's compiler at first use, kept beside other caches, loaded with ctypes.

Knows how weights are laid out for it; which weights to use is the caller's choice (`engine/runner.py`). Where there is no compiler,
`load_library` says so and the torch path (`engine/paged.py`) does the same work more slowly.
"""

import ctypes
import math
import mmap
from collections.abc import Sequence
from contextlib import suppress
from ctypes import POINTER, Structure, byref, c_float, c_int32, c_int64, c_void_p, cast
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from duologue.engine.batch import BLOCK, Batch, Logits
from duologue.kit.compiled import build
from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger
from duologue.lm.nets.transformer import RMSNorm, Transformer, sinusoids

log = get_logger(__name__)

Precision = Literal["fp32", "fp16", "int8"]
KINDS = {"fp32": 0, "fp16": 1, "int8": 2}
FFNS = {"swiglu": 0, "gelu": 1, "relu": 2}
SOURCES = ("native.c", "native_step.h")
PANEL = 32
LINEARS = ("q", "k", "v", "o", "gate", "up", "down")


@cache
def load_library(folder: Path | None = None) -> ctypes.CDLL:
    """The compiled step, kept in `folder`. Raises SetupError where it cannot be compiled; DUOLOGUE_NATIVE=0 switches it off."""
    here = Path(__file__).parent
    path = build("step", [here / name for name in SOURCES], folder)
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise SetupError(f"The compiled step {path} cannot be loaded: {error}.") from error
    library.packed_bytes.restype = c_int64
    library.pool_new.restype = c_void_p
    library.pool_free.argtypes = [c_void_p]
    return library


def zeros(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Zeros in large pages of memory where the system has them; written at once, so that no first request waits for memory."""
    memory = mmap.mmap(-1, math.prod(shape) * dtype.itemsize, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return torch.frombuffer(memory, dtype=dtype).view(*shape).zero_()


class _Linear(Structure):
    _fields_ = [(n, c_int32) for n in ("n", "k", "kind", "unused")] + [(n, c_void_p) for n in ("w", "scale", "bias")]


class _Norm(Structure):
    _fields_ = [("weight", c_void_p), ("bias", c_void_p)]


class _Layer(Structure):
    _fields_ = [(n, _Linear) for n in LINEARS] + [("attn", _Norm), ("ffn", _Norm), ("q_norm", c_void_p), ("k_norm", c_void_p)]


class _Lora(Structure):
    _fields_ = [("a", c_void_p), ("b", c_void_p), ("rank", c_int32), ("scale", c_float)]


class _Model(Structure):
    _fields_ = [
        *((n, c_int32) for n in ("layers", "d_model", "heads", "groups", "d_head", "d_ff", "vocab", "ffn", "is_rms")),
        *((n, c_int32) for n in ("is_half_kv", "is_half_embed", "is_rotary")),
        *(("eps", c_float), ("threads", c_int32), ("layer", POINTER(_Layer)), ("norm", _Norm), ("head", _Linear)),
        *((n, c_void_p) for n in ("embed", "positions", "cos", "sin", "keys", "values")),
        ("num_blocks", c_int64),
        ("lora", c_void_p),
    ]


class _Batch(Structure):
    _fields_ = [(n, c_int32) for n in ("rows", "wanted", "table_width", "unused")] + [
        (n, c_void_p) for n in ("ids", "position", "sequence", "want", "tables", "adapter", "logits", "lse", "best")
    ]


class NativeNetwork:
    """A Transformer's weights laid out for the C step, and its pages. Raises SetupError where the step cannot be had."""

    def __init__(
        self, model: Transformer, precision: Precision, num_blocks: int, threads: int, build_dir: Path | None = None
    ) -> None:
        self._library = load_library(build_dir)
        can_half = bool(self._library.capabilities() & 1)
        if precision == "fp16" and not can_half:
            raise SetupError("This processor reads no fp16; use fp32 or int8.")
        self.config, self.precision, self._kept = model.config, precision, list[Any]()
        c, is_half = model.config, precision != "fp32" and can_half
        width = -(-c.d_head // 16) * 16
        shape = (c.n_layers, c.n_kv_heads, num_blocks, width * BLOCK)
        kind = torch.float16 if is_half else torch.float32
        self.keys, self.values = zeros(shape, kind), zeros(shape, kind)
        self._weights, self._used = zeros((self._bytes_of(model),), torch.uint8), 0
        self._layers = (_Layer * c.n_layers)(*(self._layer(block) for block in model.blocks))
        embed = model.embed.weight.detach().to(torch.float16 if is_half else torch.float32)
        positions = self._positions(model)
        m = self._model = _Model()
        m.layers, m.d_model, m.heads, m.groups, m.d_head = c.n_layers, c.d_model, c.n_heads, c.n_kv_heads, c.d_head
        m.d_ff, m.vocab, m.ffn, m.is_rms, m.eps = c.d_ff, c.vocab_size, FFNS[c.ffn], int(c.norm == "rms"), c.norm_eps
        m.is_half_kv = m.is_half_embed = int(is_half)
        m.layer, m.norm, m.head = cast(self._layers, POINTER(_Layer)), self._norm(model.norm), self._linear(model.head_weight, None)
        m.embed, m.positions = self._keep(embed), self._keep(positions) if positions is not None else None
        turn = model.rotation(torch.arange(c.context)[None])
        m.is_rotary = int(turn is not None)
        if turn is not None:
            m.cos, m.sin = (self._keep(t[0, 0].float()) for t in turn)
        m.keys, m.values, m.num_blocks = self.keys.data_ptr(), self.values.data_ptr(), num_blocks
        self._pool = self._library.pool_new(threads)

    def close(self) -> None:
        """End the helping threads."""
        if self._pool:
            self._library.pool_free(self._pool)
            self._pool = None

    def forward(self, batch: Batch) -> Logits:
        """Read the rows of a batch into the pages; logits of the rows that are wanted."""
        wanted, vocab = len(batch.wanted), self.config.vocab_size
        logits = np.empty((wanted, vocab), np.float32)
        lse, best = np.empty(wanted, np.float32), np.empty(wanted, np.int32)
        adapter = batch.adapters if batch.adapters.any() else None
        arrays = (batch.ids, batch.positions, batch.sequences, batch.wanted, batch.tables, adapter, logits, lse, best)
        pointers = [None if a is None else a.ctypes.data for a in arrays]
        given = _Batch(len(batch.ids), wanted, batch.tables.shape[1], 0, *pointers)
        if self._library.step(byref(self._model), byref(given), c_void_p(self._pool)):
            raise RuntimeError("there is not enough memory for this step")
        return Logits(logits, lse, best)

    def copy_blocks(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Copy pages (from, to), before a sequence writes into a page that others read too."""
        for source, target in pairs:
            for kept in (self.keys, self.values):
                kept[:, :, target] = kept[:, :, source]

    def set_adapters(self, adapters: Sequence[Sequence[dict[str, tuple[Tensor, Tensor, float]]]]) -> None:
        """Use these low-rank adapters as number 1, 2, …: for each and each layer, by name, A (r, in), B (out, r) and the scale."""
        table = [
            self._adapter(*layer[name]) if name in layer else _Lora() for layers in adapters for layer in layers for name in LINEARS
        ]
        self._lora = (_Lora * max(1, len(table)))(*table)
        self._model.lora = cast(self._lora, c_void_p)

    def _adapter(self, a: Tensor, b: Tensor, scale: float) -> _Lora:
        return _Lora(self._keep(a.float()), self._keep(b.T.float()), a.size(0), scale)

    def _keep(self, tensor: Tensor) -> int:
        made = tensor.detach().contiguous()
        self._kept.append(made)
        return made.data_ptr()

    def _linear(self, weight: Tensor, bias: Tensor | None) -> _Linear:
        w = weight.detach().float().contiguous()
        (n, k), kind = w.shape, KINDS[self.precision]
        padded = -(-n // PANEL) * PANEL
        size = int(self._library.packed_bytes(kind, n, k))
        packed, scale = self._weights.data_ptr() + self._used, torch.zeros(padded)
        self._used += -(-size // 64) * 64
        self._library.pack(kind, c_void_p(w.data_ptr()), n, k, c_void_p(packed), c_void_p(scale.data_ptr()))
        filled = torch.cat((bias.detach().float(), torch.zeros(padded - n))) if bias is not None else None
        return _Linear(n, k, kind, 0, packed, self._keep(scale), self._keep(filled) if filled is not None else None)

    def _bytes_of(self, model: Transformer) -> int:
        """Room for all matrices: together they stand in large pages, which the processor foresees farther than small ones."""
        shapes = [m.weight.shape for block in model.blocks for m in block.modules() if isinstance(m, nn.Linear)]
        sizes = (int(self._library.packed_bytes(KINDS[self.precision], *shape)) for shape in (*shapes, model.head_weight.shape))
        return sum(-(-size // 64) * 64 for size in sizes)

    def _module(self, linear: nn.Module | None) -> _Linear:
        return self._linear(linear.weight, linear.bias) if isinstance(linear, nn.Linear) else _Linear()

    def _norm(self, norm: nn.Module) -> _Norm:
        weight, bias = (getattr(norm, name, None) for name in ("weight", "bias"))
        return _Norm(*(self._keep(t.float()) if isinstance(t, Tensor) else None for t in (weight, bias)))

    def _layer(self, block: nn.Module) -> _Layer:
        attn: Any = block.attn
        ffn: Any = block.ffn
        linears = [self._module(m) for m in (attn.q, attn.k, attn.v, attn.o, ffn.gate, ffn.up, ffn.down)]
        norms = [self._keep(n.weight.float()) if isinstance(n, RMSNorm) else None for n in (attn.q_norm, attn.k_norm)]
        return _Layer(*linears, self._norm(block.attn_norm), self._norm(block.ffn_norm), *norms)  # type: ignore[arg-type]

    def _positions(self, model: Transformer) -> Tensor | None:
        if model.positions is not None:
            return model.positions.weight.detach().float()
        if self.config.positions == "sinusoidal":
            return sinusoids(torch.arange(self.config.context)[None], self.config.d_model)[0]
        return None
