"""What a training step does besides its large products, each part in one pass: norms, turned heads, attention, SwiGLU, loss, AdamW.

On a CPU torch makes these of many small operations, each of which reads and writes all numbers: a third of a small network's step
(docs/log.md, "One pass in place of many"). `fused.c` does each at once, where there is a C compiler, the numbers are fp32 and a
network learns; elsewhere torch's operations are taken, beside which the tests hold it. Knows no network.

Legend: B rows, T tokens, H heads, D d_head, V vocabulary.
"""

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ctypes import c_float, c_int32, c_int64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from duologue.kit.compiled import build
from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger

log = get_logger(__name__)
STEP = 16
"""Numbers that the widest vectors hold; what is not a multiple of it is left to torch."""
FEWEST_NUMBERS = 1 << 16
"""A thread is given no fewer than these: waking one costs what some ten thousand numbers do."""


@cache
def load_passes() -> ctypes.CDLL | None:
    """The compiled passes, None where they cannot be had."""
    try:
        library = ctypes.CDLL(str(build("fused", [Path(__file__).with_suffix(".c")])))
    except (SetupError, OSError) as error:
        log.info("A training step takes torch's own operations: %s", error)
        return None
    ints, p, f = [c_int64, c_int64], c_void_p, c_float
    library.rms_forward.argtypes = [*ints, c_int64, p, p, f, p, p]
    library.rms_backward.argtypes = [*ints, c_int64, p, p, p, p, p, p]
    library.heads_forward.argtypes = [*ints, *[c_int64] * 3, p, p, f, p, p, p, p]
    library.heads_backward.argtypes = [*ints, *[c_int64] * 3, p, *[c_int64] * 3, *[p] * 7]
    library.attend_forward.argtypes = [*ints, *[c_int64] * 4, p, p, p, f, p, p]
    library.attend_backward.argtypes = [*ints, *[c_int64] * 4, p, p, p, f, *[p] * 6]
    library.swiglu_forward.argtypes = [*ints, p, p, p]
    library.swiglu_backward.argtypes = [*ints, p, p, p, p, p]
    library.gelu_forward.argtypes = [*ints, p, p]
    library.gelu_backward.argtypes = [*ints, p, p, p]
    library.loss_rows.argtypes = [*ints, c_int64, p, p, f, c_int32, p]
    library.adamw.argtypes = [*ints, p, p, p, p, *[f] * 6]
    for name in ("rms", "heads", "swiglu", "gelu"):
        getattr(library, f"{name}_forward").restype = getattr(library, f"{name}_backward").restype = None
    library.attend_forward.restype = library.attend_backward.restype = c_int32
    library.loss_rows.restype = library.adamw.restype = None
    return library


def are_plain(*tensors: Tensor) -> bool:
    """Whether these lie one number after the other in this machine's memory, as fp32, and the passes are there."""
    return all(
        type(t) in (Tensor, torch.nn.Parameter) and t.dtype == torch.float32 and t.device.type == "cpu" and t.is_contiguous()
        for t in tensors
    ) and (load_passes() is not None)


def _takes(*tensors: Tensor) -> bool:
    """Whether a network learns here from such tensors, and is not being compiled."""
    return not torch.compiler.is_compiling() and torch.is_grad_enabled() and are_plain(*tensors)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="fused")


def share(rows: int, size: int, work: Callable[[int, int, int], Any], step: int = STEP) -> None:
    """Call work(begin, end, part) for parts of `rows` rows of `size` numbers, by as many threads as torch has and are worth it."""
    parts = max(1, min(_num_threads(), rows * size // FEWEST_NUMBERS))
    if parts == 1:
        work(0, rows, 0)
        return
    ends = [rows * i // parts // step * step if i < parts else rows for i in range(parts + 1)]
    others = [_pool().submit(work, ends[i], ends[i + 1], i) for i in range(1, parts)]
    work(0, ends[1], 0)
    for other in others:
        other.result()


def _num_threads() -> int:
    return torch.get_num_threads()


class RMSNormOnce(torch.autograd.Function):
    """x (…, C), weight (C,) -> (…, C)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """x / rms(x) * weight."""
        size, passes = x.size(-1), load_passes()
        assert passes is not None
        y, scale = torch.empty_like(x), x.new_empty(x.numel() // size)
        at = x.data_ptr(), weight.data_ptr(), eps, y.data_ptr(), scale.data_ptr()
        share(len(scale), size, lambda begin, end, _: passes.rms_forward(begin, end, size, *at))
        ctx.save_for_backward(x, weight, scale)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """Gradients of x and weight."""
        (x, weight, scale), passes = ctx.saved_tensors, load_passes()
        assert passes is not None
        dy, size, dx = gradients[0].contiguous(), x.size(-1), torch.empty_like(x)
        d_weight = x.new_zeros(_num_threads(), size)
        at = dy.data_ptr(), x.data_ptr(), weight.data_ptr(), scale.data_ptr(), dx.data_ptr()
        share(len(scale), size, lambda begin, end, part: passes.rms_backward(begin, end, size, *at, d_weight[part].data_ptr()))
        return dx, d_weight.sum(0), None


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    """x / rms(x) * weight over the last dimension. (…, C), (C,) -> (…, C)."""
    if x.size(-1) % STEP == 0 and _takes(x, weight):
        made: Tensor = RMSNormOnce.apply(x, weight, eps)  # type: ignore[no-untyped-call]
        return made
    return F.rms_norm(x, (x.size(-1),), weight, eps)


class HeadsOnce(torch.autograd.Function):
    """x (B, T, H D), weight (D,) or None, cosines and sines (B, 1, T, D/2) -> (B, H, T, D)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor | None, eps: float, cos: Tensor, sin: Tensor) -> Tensor:
        """The heads, normed where there is a weight, then turned."""
        (rows, length, width), size, passes = x.shape, 2 * cos.size(-1), load_passes()
        assert passes is not None
        heads = width // size
        y, scale = x.new_empty(rows, heads, length, size), x.new_empty(rows * length * heads if weight is not None else 0)
        norm = weight.data_ptr() if weight is not None else None
        at = length, heads, size, x.data_ptr(), norm, eps, cos.data_ptr(), sin.data_ptr(), y.data_ptr(), scale.data_ptr()
        share(rows * length, width, lambda begin, end, _: passes.heads_forward(begin, end, *at))
        ctx.save_for_backward(x if weight is not None else None, weight, scale, cos, sin)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor | None, None, None, None]:
        """Gradients of x and weight."""
        (x, weight, scale, cos, sin), passes = ctx.saved_tensors, load_passes()
        assert passes is not None
        dy = gradients[0] if gradients[0].stride(-1) == 1 else gradients[0].contiguous()
        rows, heads, length, size = dy.shape
        dx, has_norm = dy.new_empty(rows, length, heads * size), weight is not None
        d_weight = dy.new_zeros(_num_threads(), size) if has_norm else None
        at: list[int | None] = [dy.data_ptr(), *dy.stride()[:3]]
        at += [t.data_ptr() if has_norm else None for t in (x, weight, scale)]
        at += [t.data_ptr() for t in (cos, sin, dx)]

        def work(begin: int, end: int, part: int) -> None:
            last = d_weight[part].data_ptr() if d_weight is not None else None
            passes.heads_backward(begin, end, length, heads, size, *at, last)

        share(rows * length, heads * size, work)
        return dx, d_weight.sum(0) if d_weight is not None else None, None, None, None


def turn_heads(x: Tensor, weight: Tensor | None, eps: float, turn: tuple[Tensor, Tensor]) -> Tensor | None:
    """x (B, T, H D) as heads (B, H, T, D), normed by `weight` (D,) where given and turned; None where it is left to torch."""
    parts = [x, *turn] if weight is None else [x, weight, *turn]
    if turn[0].size(-1) % STEP or turn[0].size(0) != x.size(0) or not _takes(*parts):
        return None
    made: Tensor = HeadsOnce.apply(x, weight, eps, *turn)  # type: ignore[no-untyped-call]
    return made


class AttendOnce(torch.autograd.Function):
    """q (B, H, T, D), k (B, G, T, D), v (B, T, G D) -> (B, T, H D)."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Every token looks at itself and what came before."""
        (rows, heads, length, size), groups, passes = q.shape, k.size(1), load_passes()
        assert passes is not None
        out, lse = q.new_empty(rows, length, heads * size), q.new_empty(rows, heads, length)
        at = q.data_ptr(), k.data_ptr(), v.data_ptr(), size**-0.5, out.data_ptr(), lse.data_ptr()

        def work(begin: int, end: int, _: int) -> None:
            _check(passes.attend_forward(begin, end, length, heads, groups, size, *at))

        share(rows * groups, heads // groups * length * size, work, step=1)
        ctx.save_for_backward(q, k, v, out, lse)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Gradients of all three."""
        (q, k, v, out, lse), passes = ctx.saved_tensors, load_passes()
        assert passes is not None
        (rows, heads, length, size), groups, dout = q.shape, k.size(1), gradients[0].contiguous()
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        at = [q.data_ptr(), k.data_ptr(), v.data_ptr(), size**-0.5, *(t.data_ptr() for t in (out, lse, dout, dq, dk, dv))]

        def work(begin: int, end: int, _: int) -> None:
            _check(passes.attend_backward(begin, end, length, heads, groups, size, *at))

        share(rows * groups, heads // groups * length * size, work, step=1)
        return dq, dk, dv


def _check(failed: int) -> None:
    if failed:
        raise MemoryError


def attend_causally(q: Tensor, k: Tensor, v: Tensor) -> Tensor | None:
    """q (B, H, T, D), k (B, G, T, D), v (B, T, G D) -> (B, T, H D); None where it is left to torch."""
    if q.size(-1) % (2 * STEP) or k.size(2) != q.size(2) or not _takes(v):
        return None
    q, k = q.contiguous(), k.contiguous()
    if not _takes(q, k):
        return None
    made: Tensor = AttendOnce.apply(q, k, v)  # type: ignore[no-untyped-call]
    return made


class SwiGLUOnce(torch.autograd.Function):
    """gate and up (…, F) -> (…, F)."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        """silu(gate) * up."""
        passes, hidden = load_passes(), torch.empty_like(up)
        assert passes is not None
        at = gate.data_ptr(), up.data_ptr(), hidden.data_ptr()
        share(up.numel(), 1, lambda begin, end, _: passes.swiglu_forward(begin, end, *at))
        ctx.save_for_backward(gate, up)
        return hidden

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients of both."""
        (gate, up), passes = ctx.saved_tensors, load_passes()
        assert passes is not None
        dy, d_gate, d_up = gradients[0].contiguous(), torch.empty_like(gate), torch.empty_like(up)
        at = [t.data_ptr() for t in (dy, gate, up, d_gate, d_up)]
        share(up.numel(), 1, lambda begin, end, _: passes.swiglu_backward(begin, end, *at))
        return d_gate, d_up


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """silu(gate) * up, (…, F)."""
    if up.numel() % STEP == 0 and _takes(gate, up):
        made: Tensor = SwiGLUOnce.apply(gate, up)  # type: ignore[no-untyped-call]
        return made
    return F.silu(gate) * up


class GELUOnce(torch.autograd.Function):
    """x (…, F) -> (…, F)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """0.5 x (1 + tanh(…))."""
        passes, hidden = load_passes(), torch.empty_like(x)
        assert passes is not None
        at = x.data_ptr(), hidden.data_ptr()
        share(x.numel(), 1, lambda begin, end, _: passes.gelu_forward(begin, end, *at))
        ctx.save_for_backward(x)
        return hidden

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """The gradient of x."""
        (x,), passes = ctx.saved_tensors, load_passes()
        assert passes is not None
        dy, dx = gradients[0].contiguous(), torch.empty_like(x)
        at = dy.data_ptr(), x.data_ptr(), dx.data_ptr()
        share(x.numel(), 1, lambda begin, end, _: passes.gelu_backward(begin, end, *at))
        return dx


def gelu(x: Tensor) -> Tensor:
    """GELU by its tanh, (…, F) (Hendrycks and Gimpel 2016)."""
    if x.numel() % STEP == 0 and _takes(x):
        made: Tensor = GELUOnce.apply(x)  # type: ignore[no-untyped-call]
        return made
    return F.gelu(x, approximate="tanh")


def loss_rows(logits: Tensor, targets: Tensor, smoothing: float, *, wants_gradient: bool) -> Tensor:
    """Losses (n,) of logits (n, V), which become their own gradients: for plain tensors only."""
    passes, losses = load_passes(), logits.new_empty(len(logits))
    assert passes is not None
    size = logits.size(1)
    at = logits.data_ptr(), targets.data_ptr(), smoothing, int(wants_gradient), losses.data_ptr()
    share(len(logits), size, lambda begin, end, _: passes.loss_rows(begin, end, size, *at))
    return losses


def step_adamw(
    p: Tensor, m: Tensor, v: Tensor, *, b1: float, b2: float, eps: float, root: float, rate: float, decay: float
) -> None:
    """One step of AdamW in place from p.grad, for plain tensors only: `root` sqrt(1 - b2^t), `rate` lr / (1 - b1^t)."""
    passes, grad = load_passes(), p.grad
    assert passes is not None
    assert grad is not None
    at = p.data_ptr(), grad.data_ptr(), m.data_ptr(), v.data_ptr(), b1, b2, eps, root, rate, decay
    share(p.numel(), 1, lambda begin, end, _: passes.adamw(begin, end, *at))
