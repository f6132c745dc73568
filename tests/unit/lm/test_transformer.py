from collections.abc import Callable

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.nets.config import Config, parse_config
from duologue.lm.nets.transformer import Transformer, attend, causal_mask, document_mask, rotate, sinusoids

Make = Callable[..., Transformer]
KINDS = {
    "rotary, grouped": {},
    "rotary, one head for keys": {"n_kv_heads": 1},
    "learned": {"positions": "learned", "norm": "layer", "ffn": "gelu", "n_kv_heads": 4, "qk_norm": False},
    "sinusoidal": {"positions": "sinusoidal", "ffn": "relu", "qkv_bias": True, "out_bias": True, "tie_embeddings": False},
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def model(request: pytest.FixtureRequest, make_model: Make) -> Transformer:
    return make_model(**request.param)


def ids_of(model: Transformer, *shape: int) -> torch.Tensor:
    return torch.randint(0, model.config.vocab_size, shape, generator=torch.Generator().manual_seed(1))


def test_the_readable_attention_equals_the_fused_one_gradients_too(model: Transformer) -> None:
    ids, document = ids_of(model, 3, 12), torch.tensor([[0] * 5 + [1] * 4 + [-1] * 3] * 3)
    for mask in (None, document_mask(document)):
        found = []
        for is_explicit in (False, True):
            for block in model.blocks:
                block.attn.is_explicit = is_explicit
            model.zero_grad()
            logits = model(ids, mask=mask)
            logits.square().mean().backward()
            found.append([logits, *(p.grad.clone() for p in model.parameters())])
        for fused, explicit in zip(*found, strict=True):
            torch.testing.assert_close(fused, explicit, rtol=1e-4, atol=1e-5)


def test_with_a_cache_equals_without(model: Transformer) -> None:
    ids = ids_of(model, 3, 14)
    wanted = model(ids)
    cache = model.new_cache(3, 20)
    found = [model.prefill(ids[:, :5], cache), model.prefill(ids[:, 5:9], cache)]
    found += [model.step(ids[:, t], cache) for t in range(9, 14)]
    torch.testing.assert_close(torch.stack(found, 1), wanted[:, [4, 8, 9, 10, 11, 12, 13]], rtol=1e-4, atol=1e-4)


def test_rows_padded_on_the_left_equal_single_rows(model: Transformer) -> None:
    ids, pad = ids_of(model, 3, 10), torch.tensor([0, 3, 7])
    cache = model.new_cache(3, 20)
    first, second = model.prefill(ids, cache, pad), model.step(ids[:, 0], cache)
    for row in range(3):
        alone = model(torch.cat((ids[row, pad[row] :], ids[row, :1]))[None])[0]
        torch.testing.assert_close(torch.stack((first[row], second[row])), alone[-2:], rtol=1e-4, atol=1e-4)


def test_a_reordered_cache_goes_on_from_the_chosen_rows(model: Transformer) -> None:
    ids = ids_of(model, 2, 8)
    cache = model.new_cache(2, 20)
    model.prefill(ids, cache)
    cache.reorder(torch.tensor([1, 1, 0]))
    found = model.step(ids[[0, 1, 1], 0], cache)
    for row, (source, token) in enumerate([(1, ids[0, 0]), (1, ids[1, 0]), (0, ids[1, 0])]):
        wanted = model(torch.cat((ids[source], token[None]))[None])[0, -1]
        torch.testing.assert_close(found[row], wanted, rtol=1e-4, atol=1e-4)


def test_packed_documents_equal_separate_ones(model: Transformer) -> None:
    a, b = ids_of(model, 1, 7), ids_of(model, 1, 5) + 1
    document = torch.tensor([[0] * 7 + [1] * 5])
    positions = torch.tensor([[*range(7), *range(5)]])
    packed = model(torch.cat((a, b), 1) % 60, positions, document_mask(document))
    torch.testing.assert_close(packed, torch.cat((model(a), model(b % 60)), 1), rtol=1e-4, atol=1e-4)


def test_no_token_sees_what_comes_after_it(model: Transformer) -> None:
    ids = ids_of(model, 1, 10)
    changed = ids.clone()
    changed[0, 6] = (changed[0, 6] + 1) % 60
    before, after = model(ids), model(changed)
    assert torch.equal(before[0, :6], after[0, :6])
    assert not torch.allclose(before[0, 6:], after[0, 6:])


def test_attention_is_the_equation_of_the_paper() -> None:
    q = torch.tensor([[[[1.0, 0.0]]]])
    k = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])
    v = torch.tensor([[[[1.0], [0.0]]]])
    weight = torch.tensor(2**-0.5).exp() / (torch.tensor(2**-0.5).exp() + 1)
    torch.testing.assert_close(attend(q, k, v, None), weight.view(1, 1, 1, 1))
    assert attend(q, k, v, torch.tensor([True, False])).item() == 1.0


def test_masks() -> None:
    assert causal_mask(2, 3, torch.device("cpu")).tolist() == [[True, True, False], [True, True, True]]
    assert document_mask(torch.tensor([[0, 0, 1]]))[0, 0].tolist() == [
        [True, False, False],
        [True, True, False],
        [False, False, True],
    ]


def test_rotation_keeps_lengths_and_depends_on_distance_only() -> None:
    q, k = torch.randn(2, 1, 1, 1, 8, generator=torch.Generator().manual_seed(0))
    turns = torch.tensor([1.0, 0.5, 0.1, 0.01])

    def at(x: torch.Tensor, position: int) -> torch.Tensor:
        return rotate(x, (position * turns).cos(), (position * turns).sin())

    assert at(q, 7).norm().item() == pytest.approx(q.norm().item(), rel=1e-5)
    assert (at(q, 9) * at(k, 4)).sum().item() == pytest.approx((at(q, 105) * at(k, 100)).sum().item(), abs=1e-4)


def test_sinusoids_are_those_of_the_paper() -> None:
    found = sinusoids(torch.tensor([[3]]), 4)[0, 0]
    angles = torch.tensor([3.0, 3 / 100.0])
    torch.testing.assert_close(found, torch.stack((angles.sin(), angles.cos()), 1).flatten())


def test_a_text_past_the_context_is_refused(model: Transformer) -> None:
    with pytest.raises(Invalid, match="65 tokens"):
        model(ids_of(model, 1, 65))
    cache = model.new_cache(1, 4)
    with pytest.raises(Invalid, match=r"\(4\)"):
        model.prefill(ids_of(model, 1, 5), cache)


def test_configurations_that_do_not_fit_are_explained() -> None:
    sizes = dict.fromkeys(("vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_head", "d_ff", "context"), 4)
    with pytest.raises(Invalid, match="multiple"):
        parse_config({**sizes, "n_kv_heads": 3})
    with pytest.raises(Invalid, match="colour"):
        parse_config({**sizes, "colour": 3})
    with pytest.raises(Invalid, match="context"):
        parse_config({k: v for k, v in sizes.items() if k != "context"})
    with pytest.raises(Invalid, match="even"):
        parse_config({**sizes, "d_head": 3})
    assert parse_config(Config(**sizes).to_dict()) == Config(**sizes)
