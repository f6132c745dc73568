import pytest
import torch

from duologue.lm.training.optim import AdamW, Muon, make_optimizers, orthogonalise, schedule


@pytest.mark.parametrize("shape", [(12, 12), (20, 7), (7, 20)])
def test_orthogonalise_keeps_the_directions_and_makes_the_lengths_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found = orthogonalise(matrix)
    assert found.dtype == matrix.dtype
    sizes = torch.linalg.svdvals(found)
    assert 0.5 < sizes.min() < sizes.max() < 1.3
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    along = u.T @ found @ v.T
    assert (along - along.diag().diag()).abs().max() < 1e-3


@pytest.mark.oracle
def test_adamw_is_torchs_own_without_decay() -> None:
    values = [torch.randn(5, 3, generator=torch.Generator().manual_seed(1)).requires_grad_() for _ in range(2)]
    ours, theirs = AdamW([values[0]], lr=0.01), torch.optim.AdamW([values[1]], lr=0.01, betas=(0.9, 0.95), weight_decay=0.0)
    for step in range(20):
        for value, optimizer in zip(values, (ours, theirs), strict=True):
            optimizer.zero_grad()
            ((value - step) ** 2).sum().backward()
            optimizer.step()
    torch.testing.assert_close(values[0], values[1])


def test_both_find_the_bottom_of_a_bowl() -> None:
    goal = torch.randn(8, 6, generator=torch.Generator().manual_seed(2))
    for make in (lambda p: Muon([p], lr=0.05), lambda p: AdamW([p], lr=0.05)):
        value = torch.zeros(8, 6, requires_grad=True)
        optimizer = make(value)
        for _ in range(200):
            optimizer.zero_grad()
            loss = ((value - goal) ** 2).sum()
            loss.backward()
            optimizer.step()
        assert loss < 2.0 < (goal**2).sum()


def test_weight_decay_acts_only_where_it_agrees_with_the_step() -> None:
    value = torch.tensor([[1.0, 1.0], [-1.0, -1.0]], requires_grad=True)
    value.grad = torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    AdamW([value], lr=0.1, weight_decay=1.0).step()
    assert value.tolist() == [pytest.approx([0.8, 1.1]), pytest.approx([-1.1, -0.8])]


def test_muon_takes_the_matrices_of_the_blocks_only() -> None:
    from duologue.lm.nets.config import Config
    from duologue.lm.nets.transformer import Transformer

    model = Transformer(Config(vocab_size=9, d_model=8, n_layers=1, n_heads=2, n_kv_heads=2, d_head=4, d_ff=8, context=8))
    adam, muon = make_optimizers(model, muon_lr=0.1, adam_lr=0.2, weight_decay=0.0)
    assert isinstance(muon, Muon)
    assert sum(len(g["params"]) for g in muon.param_groups) == 7
    assert any(p is model.embed.weight for g in adam.param_groups for p in g["params"])
    assert len(make_optimizers(model, muon_lr=0.1, adam_lr=0.2, weight_decay=0.0, use_muon=False)) == 1


def test_the_learning_rate_rises_stays_and_falls() -> None:
    def at(step: int, kind: str) -> float:
        return schedule(step, 100, kind=kind, warmup=10, decay_share=0.4, floor=0.1)  # type: ignore[arg-type]

    assert [at(s, "wsd") for s in (0, 9, 30, 60)] == pytest.approx([0.1, 1.0, 1.0, 1.0])
    assert [at(s, "wsd") for s in (80, 100)] == pytest.approx([0.55, 0.1])
    assert [at(s, "cosine") for s in (9, 10, 55, 100)] == pytest.approx([1.0, 1.0, 0.55, 0.1])
