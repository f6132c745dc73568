"""Adapters, with PEFT as the judge of their files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import save_checkpoint
from duologue.lm.checkpoints.lora import add_lora, find_adapters, load_lora, merge_lora, save_lora, without_lora
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer

Make = Callable[..., Transformer]
IDS = torch.tensor([[4, 8, 15, 16, 23, 42]])


def with_adapters(model: Transformer, targets: tuple[str, ...] = ("q", "v", "down")) -> Transformer:
    add_lora(model, rank=3, alpha=6.0, targets=targets)
    generator = torch.Generator().manual_seed(9)
    for _, adapter in find_adapters(model).values():
        adapter.b.data.normal_(0, 0.3, generator=generator)
    return model


def test_a_new_adapter_changes_nothing_and_only_it_learns(make_model: Make) -> None:
    model = make_model()
    before = model(IDS)
    add_lora(model, rank=2, alpha=4.0)
    assert torch.equal(model(IDS), before)
    model(IDS).square().mean().backward()
    learning = {n for n, p in model.named_parameters() if p.grad is not None}
    assert len(find_adapters(model)) == 14
    assert learning == {n for n, _ in model.named_parameters() if ".lora." in n}


def test_switched_off_it_is_the_model_and_merged_it_is_itself(make_model: Make) -> None:
    plain = make_model()(IDS)
    model = with_adapters(make_model())
    changed = model(IDS)
    assert (changed - plain).abs().max() > 0.01
    with without_lora(model):
        assert torch.equal(model(IDS), plain)
    assert torch.equal(model(IDS), changed)
    merge_lora(model)
    assert not find_adapters(model)
    torch.testing.assert_close(model(IDS), changed, rtol=1e-4, atol=1e-4)
    assert all(p.requires_grad for p in model.parameters())


def test_saved_adapters_are_loaded(make_model: Make, tmp_path: Path) -> None:
    model = with_adapters(make_model())
    save_lora(tmp_path / "adapter", model)
    other = make_model()
    load_lora(tmp_path / "adapter", other)
    torch.testing.assert_close(other(IDS), model(IDS))


@pytest.fixture(scope="module")
def peft() -> Any:
    pytest.importorskip("transformers", reason="the extra `oracles` (transformers) is not installed").logging.set_verbosity_error()
    return pytest.importorskip("peft", reason="the extra `oracles` (peft) is not installed")


@pytest.mark.oracle
def test_peft_reads_our_adapters(peft: Any, make_model: Make, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    import transformers

    save_checkpoint(tmp_path / "m", make_model(), tokenizer)
    ours = with_adapters(make_model())
    save_lora(tmp_path / "adapter", ours, base=str(tmp_path / "m"))
    theirs = peft.PeftModel.from_pretrained(transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m"), tmp_path / "adapter")
    assert (theirs(IDS).logits - ours(IDS)).abs().max() < 1e-4


@pytest.mark.oracle
def test_we_read_adapters_of_peft(peft: Any, make_model: Make, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    import transformers

    save_checkpoint(tmp_path / "m", make_model(), tokenizer)
    base = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    config = peft.LoraConfig(
        r=4, lora_alpha=12, target_modules=["k_proj", "up_proj"], init_lora_weights=False, task_type="CAUSAL_LM"
    )
    theirs = peft.get_peft_model(base, config)
    theirs.save_pretrained(tmp_path / "adapter")
    ours = make_model()
    load_lora(tmp_path / "adapter", ours)
    assert (theirs(IDS).logits - ours(IDS)).abs().max() < 1e-4


def test_what_cannot_be_is_explained(make_model: Make, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no part named colour"):
        add_lora(make_model(), 2, 2.0, ["colour"])
    with pytest.raises(Invalid, match="rank"):
        add_lora(make_model(), 0, 2.0)
    with pytest.raises(Invalid, match="no adapters"):
        save_lora(tmp_path / "x", make_model())
    with pytest.raises(Invalid, match="cannot be read"):
        load_lora(tmp_path / "x", make_model())
    save_lora(tmp_path / "a", with_adapters(make_model(n_layers=3)))
    with pytest.raises(Invalid, match="not of this model"):
        load_lora(tmp_path / "a", make_model())
