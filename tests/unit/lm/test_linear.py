"""Linear maps by oneDNN beside torch's own, values and gradients; skipped where this torch carries no oneDNN."""

import pytest
import torch
from torch import Tensor, nn

from duologue.lm.nets import linear
from duologue.lm.nets.linear import Linear, has_faster_products
from duologue.lm.training.loss import sum_of_losses

pytestmark = pytest.mark.skipif(not hasattr(torch.ops.mkldnn, "_linear_pointwise"), reason="this torch carries no oneDNN")


def _grads(module: nn.Module, x: Tensor) -> list[Tensor]:
    y = module(x)
    return [y.detach(), *torch.autograd.grad(y.square().sum(), [x, *module.parameters()])]


@pytest.mark.oracle
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(70, 24), (5, 16, 24)])
def test_products_and_gradients_are_those_of_torch(monkeypatch: pytest.MonkeyPatch, bias: bool, shape: tuple[int, ...]) -> None:
    monkeypatch.setattr(linear, "BY_ONEDNN", True)
    torch.manual_seed(0)
    ours, x = Linear(24, 40, bias=bias), torch.randn(shape, requires_grad=True)
    theirs = nn.Linear(24, 40, bias=bias)
    theirs.load_state_dict(ours.state_dict())
    assert "Product" in type(ours(x).grad_fn).__name__
    for mine, wanted in zip(_grads(ours, x), _grads(theirs, x), strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.oracle
@pytest.mark.parametrize("is_fast", [True, False])
def test_the_loss_is_the_same_by_either_code(monkeypatch: pytest.MonkeyPatch, is_fast: bool) -> None:
    monkeypatch.setattr(linear, "BY_ONEDNN", is_fast)
    made = torch.Generator().manual_seed(0)
    states, weight = (torch.randn(n, 16, generator=made).requires_grad_() for n in (90, 33))
    targets = torch.randint(0, 33, (90,), generator=made)
    loss = sum_of_losses(states, weight, targets, chunk=64)
    wanted = torch.nn.functional.cross_entropy(states @ weight.T, targets, reduction="sum")
    torch.testing.assert_close(loss, wanted)
    for mine, theirs in zip(
        torch.autograd.grad(loss, (states, weight)), torch.autograd.grad(wanted, (states, weight)), strict=True
    ):
        torch.testing.assert_close(mine, theirs, atol=2e-5, rtol=1e-4)


def test_under_autocast_the_loss_keeps_gradients_in_the_kinds_of_its_inputs() -> None:
    made = torch.Generator().manual_seed(0)
    states, weight = (torch.randn(n, 16, generator=made).requires_grad_() for n in (90, 33))
    targets = torch.randint(0, 33, (90,), generator=made)
    exact = torch.autograd.grad(sum_of_losses(states, weight, targets), (states, weight))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = sum_of_losses(states.to(torch.bfloat16), weight, targets)
    assert loss.dtype == torch.float32
    for found, wanted in zip(torch.autograd.grad(loss, (states, weight)), exact, strict=True):
        assert found.dtype == torch.float32
        assert (found - wanted).norm() < 0.02 * wanted.norm()


def test_few_rows_writing_and_other_kinds_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "BY_ONEDNN", True)
    ours, rows = Linear(24, 40), torch.randn(70, 24)
    assert "Product" not in type(ours(rows[:8]).grad_fn).__name__
    assert "Product" not in type(ours.double()(rows.double()).grad_fn).__name__
    with torch.no_grad():
        assert ours.float()(rows).grad_fn is None


def test_which_code_is_taken_follows_from_the_processor_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(**capabilities: object) -> bool:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
        return has_faster_products()

    assert found(cpu_name="AMD EPYC", avx512_f=True)
    assert not found(cpu_name="AMD EPYC", avx512_f=False)
    assert not found(cpu_name="Intel(R) Xeon(R)", avx512_f=True)
    assert not found()
