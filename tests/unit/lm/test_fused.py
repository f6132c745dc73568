"""The parts of a training step in one pass beside torch's operations in float64, values and gradients; by one thread and by two."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from duologue.lm.nets import fused
from duologue.lm.nets.config import Config
from duologue.lm.nets.transformer import Transformer, attend, causal_mask, init_weights, rotate
from duologue.lm.training import loss, optim
from duologue.lm.training.data import Batch
from duologue.lm.training.train import sum_nll

needs_passes = pytest.mark.skipif(fused.load_passes() is None, reason="there is no C compiler")
pytestmark = [pytest.mark.oracle, needs_passes]


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(fused, "FEWEST_NUMBERS", 64)
    monkeypatch.setattr(fused, "_num_threads", lambda: request.param)
    return int(request.param)


def _drawn(*shapes: tuple[int, ...], seed: int = 0) -> list[Tensor]:
    made = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=made).requires_grad_() for shape in shapes]


def _agree(found: Tensor, wanted: Tensor, inputs: list[Tensor], exact: list[Tensor], gradient_function: str) -> None:
    """Values and the gradients of a weighted sum, against the same in float64."""
    assert gradient_function in type(found.grad_fn).__name__  # it is the pass that is tested
    torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=1e-5)
    worth = torch.linspace(-1, 2, found.numel(), dtype=torch.float64).view(found.shape)
    mine = torch.autograd.grad((found * worth.float()).sum(), inputs)
    theirs = torch.autograd.grad((wanted * worth).sum(), exact)
    for one, other in zip(mine, theirs, strict=True):
        torch.testing.assert_close(one.double(), other, rtol=2e-5, atol=2e-5 * max(1.0, float(other.abs().max())))


def _double(tensors: list[Tensor]) -> list[Tensor]:
    return [t.detach().double().requires_grad_() for t in tensors]


def test_the_norm_is_torchs(threads: int) -> None:
    x, w = inputs = _drawn((5, 37, 48), (48,))
    exact = _double(inputs)
    _agree(fused.rms_norm(x, w, 1e-5), F.rms_norm(exact[0], (48,), exact[1], 1e-5), inputs, exact, "RMSNormOnce")


@pytest.mark.parametrize("has_norm", [True, False])
def test_heads_are_normed_and_turned_as_in_steps(threads: int, has_norm: bool) -> None:
    inputs = _drawn((2, 21, 96), (32,))[: 1 + has_norm]
    positions = torch.arange(21).expand(2, -1) + torch.tensor([[0], [5]])
    angles = (positions[..., None] * torch.logspace(0, -2, 16))[:, None]
    found = fused.turn_heads(inputs[0], inputs[1] if has_norm else None, 1e-6, (angles.cos(), angles.sin()))
    assert found is not None
    assert found.shape == (2, 3, 21, 32)
    exact = _double(inputs)
    heads = exact[0].view(2, 21, 3, 32)
    heads = F.rms_norm(heads, (32,), exact[1], 1e-6) if has_norm else heads
    _agree(found, rotate(heads.transpose(1, 2), angles.cos().double(), angles.sin().double()), inputs, exact, "HeadsOnce")


def test_a_gradient_of_heads_may_lie_in_any_order(threads: int) -> None:
    (x,) = _drawn((2, 9, 64))
    angles = torch.linspace(0, 3, 2 * 9 * 16).view(2, 1, 9, 16)
    turn, worth = (angles.cos(), angles.sin()), torch.randn(2, 2, 9, 32)
    found = fused.turn_heads(x, None, 1e-6, turn)
    assert found is not None
    (straight,) = torch.autograd.grad(found, x, worth, retain_graph=True)
    (other,) = torch.autograd.grad(found, x, worth.transpose(1, 2).contiguous().transpose(1, 2), retain_graph=True)
    (last,) = torch.autograd.grad(found, x, worth.transpose(2, 3).contiguous().transpose(2, 3))
    assert torch.equal(straight, other)
    assert torch.equal(straight, last)


@pytest.mark.parametrize(("length", "groups"), [(1, 2), (20, 1), (48, 4), (131, 2)])
def test_attention_is_the_equation(threads: int, length: int, groups: int) -> None:
    inputs = [
        t.detach().mul(2).requires_grad_() for t in _drawn((2, 4, length, 32), (2, groups, length, 32), (2, length, groups * 32))
    ]
    found = fused.attend_causally(*inputs)
    assert found is not None
    exact = _double(inputs)
    q, k, v = exact[0], exact[1], exact[2].view(2, length, groups, 32).transpose(1, 2)
    k, v = (t.repeat_interleave(4 // groups, dim=1) for t in (k, v))
    wanted = attend(q, k, v, causal_mask(length, length, q.device)).transpose(1, 2).reshape(2, length, 128)
    _agree(found, wanted, inputs, exact, "AttendOnce")


def test_swiglu_is_torchs_for_large_numbers_too(threads: int) -> None:
    gate, up = inputs = [t.detach().mul(s).requires_grad_() for t, s in zip(_drawn((3, 16, 40), (3, 16, 40)), (40, 1), strict=True)]
    exact = _double(inputs)
    _agree(fused.swiglu(gate, up), F.silu(exact[0]) * exact[1], inputs, exact, "SwiGLUOnce")


def test_gelu_is_torchs_for_large_numbers_too(threads: int) -> None:
    inputs = [(_drawn((3, 16, 40))[0].detach() * 10).requires_grad_()]
    exact = _double(inputs)
    _agree(fused.gelu(inputs[0]), F.gelu(exact[0], approximate="tanh"), inputs, exact, "GELUOnce")


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("size", [64, 77])
def test_the_loss_of_rows_and_its_gradient_are_torchs(threads: int, smoothing: float, size: int) -> None:
    logits = _drawn((40, size))[0].detach() * 30
    targets = torch.arange(40) % size
    exact = logits.double().requires_grad_()
    wanted = F.cross_entropy(exact, targets, label_smoothing=smoothing, reduction="none")
    (gradient,) = torch.autograd.grad(wanted.sum(), exact)
    found = fused.loss_rows(logits, targets, smoothing, wants_gradient=True)
    torch.testing.assert_close(found.double(), wanted.detach(), rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(logits.double(), gradient, rtol=1e-4, atol=1e-6)


def test_a_loss_that_is_no_number_stays_none() -> None:
    assert torch.isnan(fused.loss_rows(torch.tensor([[0.0] * 31 + [float("nan")]]), torch.tensor([0]), 0.0, wants_gradient=False))
    assert torch.isnan(fused.loss_rows(torch.full((1, 33), float("nan")), torch.tensor([0]), 0.0, wants_gradient=False))
    gate, up = _drawn((16,), (16,))
    with torch.no_grad():
        gate[3] = float("nan")
    assert torch.isnan(fused.swiglu(gate, up)).tolist() == [i == 3 for i in range(16)]


def _trained(monkeypatch: pytest.MonkeyPatch, has_passes: bool, **parts: object) -> tuple[list[float], dict[str, Tensor]]:
    """Losses of four steps, and the weights after them."""
    with monkeypatch.context() as patched:
        if not has_passes:
            for module in (fused, loss, optim):
                patched.setattr(module, "are_plain", lambda *_: False)
        sizes = {
            "vocab_size": 99,
            "d_model": 64,
            "n_layers": 2,
            "n_heads": 2,
            "n_kv_heads": 1,
            "d_head": 32,
            "d_ff": 96,
            "context": 32,
        }
        model = init_weights(Transformer(Config(**{**sizes, **parts})), 0)  # type: ignore[arg-type]
        ids = torch.randint(0, 99, (3, 33), generator=torch.Generator().manual_seed(1))
        batch = Batch(ids[:, :-1], ids[:, 1:].contiguous(), torch.zeros(3, 32), torch.arange(32).expand(3, -1))
        made, losses = optim.make_optimizers(model, muon_lr=0.01, adam_lr=0.003, weight_decay=0.5, use_muon=False), []
        for _ in range(4):
            nll = sum_nll(model, batch, True) / batch.num_targets
            nll.backward()  # type: ignore[no-untyped-call]
            losses.append(float(nll.detach()))
            for one in made:
                one.step()
                one.zero_grad()
        return losses, {name: p.detach().clone() for name, p in model.named_parameters()}


@pytest.mark.parametrize(
    "parts", [{}, {"qk_norm": False}, {"norm": "layer", "positions": "learned", "ffn": "gelu"}, {"d_head": 24}]
)
def test_a_network_learns_the_same_with_and_without(
    monkeypatch: pytest.MonkeyPatch, threads: int, parts: dict[str, object]
) -> None:
    (mine, weights), (theirs, others) = (_trained(monkeypatch, has, **parts) for has in (True, False))
    assert mine == pytest.approx(theirs, rel=1e-5)
    assert mine[-1] < mine[0]
    assert any(not torch.equal(weights[name], others[name]) for name in weights)  # the passes were taken at all
    for name, value in weights.items():
        torch.testing.assert_close(value, others[name], rtol=1e-3, atol=2e-4)


def test_elsewhere_torchs_operations_are_taken() -> None:
    x, w = _drawn((4, 48), (48,))
    odd, odd_w = _drawn((4, 50), (50,))
    for y in (fused.rms_norm(odd, odd_w, 1e-5), fused.rms_norm(x.double(), w.double(), 1e-5), fused.rms_norm(x[::2], w, 1e-5)):
        assert "Once" not in type(y.grad_fn).__name__
    with torch.no_grad():
        assert fused.swiglu(x, x).grad_fn is None
    turn = torch.ones(1, 1, 4, 12), torch.ones(1, 1, 4, 12)
    assert fused.turn_heads(x[None], None, 1e-5, turn) is None  # heads of 24
