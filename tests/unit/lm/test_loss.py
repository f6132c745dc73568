"""The loss from the hidden states, beside torch's cross-entropy of all logits at once."""

import pytest
import torch
import torch.nn.functional as F

from duologue.lm.training.loss import sum_of_losses

TOKENS, SIZE, WORDS = 50, 16, 33


def _given(scale: float = 1.0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(0)
    states = (scale * torch.randn(TOKENS, SIZE, generator=made)).requires_grad_()
    weight = torch.randn(WORDS, SIZE, generator=made).requires_grad_()
    return states, weight, torch.randint(0, WORDS, (TOKENS,), generator=made)


@pytest.mark.oracle
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_loss_and_gradients_are_those_of_all_logits_at_once(smoothing: float, chunk: int) -> None:
    states, weight, targets = _given()
    ours = 3 * sum_of_losses(states, weight, targets, smoothing, chunk)
    theirs = 3 * F.cross_entropy(states @ weight.T, targets, reduction="sum", label_smoothing=smoothing)
    torch.testing.assert_close(ours, theirs)
    for mine, wanted in zip(
        torch.autograd.grad(ours, (states, weight)), torch.autograd.grad(theirs, (states, weight)), strict=True
    ):
        torch.testing.assert_close(mine, wanted, atol=2e-5, rtol=1e-5)


@pytest.mark.oracle
def test_a_probability_too_small_for_a_float_still_has_its_loss() -> None:
    states, weight, targets = _given(scale=300.0)
    theirs = F.cross_entropy(states.double() @ weight.double().T, targets, reduction="sum")
    assert theirs > 100 * TOKENS
    torch.testing.assert_close(sum_of_losses(states, weight, targets).double(), theirs, rtol=1e-5, atol=0.0)


def test_going_back_twice_gives_the_same_and_what_is_frozen_gets_nothing() -> None:
    states, weight, targets = _given()
    loss = 2 * sum_of_losses(states, weight, targets)
    first, again = (torch.autograd.grad(loss, weight, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, again)
    frozen = weight.detach()
    sum_of_losses(states, frozen, targets).backward()
    assert states.grad is not None
    assert frozen.grad is None
    with torch.no_grad():
        torch.testing.assert_close(2 * sum_of_losses(states, weight, targets), loss.detach())
