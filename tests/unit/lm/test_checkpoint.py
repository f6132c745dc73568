"""The folder of a model, and transformers as the judge of it: equal logits for four families, both ways."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import load_checkpoint, save_checkpoint
from duologue.lm.checkpoints.families import from_hf_config, name_family, to_hf_config
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.chat import render
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.writing.sampler import write_slowly

Make = Callable[..., Transformer]
STRETCHED = {
    "rope_type": "llama3", "rope_theta": 10_000.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}  # fmt: skip
SIZES = {
    "vocab_size": 60, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
}  # fmt: skip
THEIRS: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": (
        "GPT2",
        {"vocab_size": 60, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "bos_token_id": 1, "eos_token_id": 2},
    ),
    "llama2": ("Llama", {**SIZES, "num_key_value_heads": 4}),
    "llama3": ("Llama", {**SIZES, "rope_parameters": STRETCHED, "tie_word_embeddings": True}),
    "llama, biases": ("Llama", {**SIZES, "attention_bias": True, "mlp_bias": True}),
    "qwen2": ("Qwen2", {**SIZES, "tie_word_embeddings": True}),
    "qwen3": ("Qwen3", {**SIZES, "head_dim": 16}),
}
OURS: dict[str, dict[str, Any]] = {
    "gpt2": {"norm": "layer", "norm_eps": 1e-5, "positions": "learned", "ffn": "gelu", "n_kv_heads": 4, "qk_norm": False,
             "qkv_bias": True, "out_bias": True, "ffn_bias": True},
    "llama": {"qk_norm": False, "tie_embeddings": False},
    "qwen2": {"qk_norm": False, "qkv_bias": True},
    "qwen3": {"d_head": 16},
}  # fmt: skip


@pytest.fixture(scope="module")
def transformers() -> Any:
    found = pytest.importorskip("transformers", reason="the extra `oracles` (transformers) is not installed")
    found.logging.set_verbosity_error()
    found.logging.disable_progress_bar()
    return found


def lively(model: Any) -> Any:
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.empty_like(p).normal_(0, 0.25, generator=generator))
    return model.eval()


def some_ids(rows: int = 2, length: int = 40) -> torch.Tensor:
    return torch.randint(3, 60, (rows, length), generator=torch.Generator().manual_seed(2))


@pytest.mark.oracle
@pytest.mark.parametrize("kind", THEIRS)
def test_their_model_read_by_us_has_equal_logits(transformers: Any, kind: str, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    name, sizes = THEIRS[kind]
    ending = "LMHeadModel" if name == "GPT2" else "ForCausalLM"
    theirs = lively(getattr(transformers, name + ending)(getattr(transformers, name + "Config")(**sizes)))
    theirs.save_pretrained(tmp_path, max_shard_size="10KB")  # several files and an index
    tokenizer.save(tmp_path / "tokenizer.json")
    ours, _ = load_checkpoint(tmp_path)
    assert (theirs(some_ids()).logits - ours(some_ids())).abs().max() < 1e-4


@pytest.mark.oracle
@pytest.mark.parametrize("family", OURS)
def test_our_model_read_by_them_has_equal_logits_and_greedy_tokens(
    transformers: Any, family: str, make_model: Make, tokenizer: TextTokenizer, tmp_path: Path
) -> None:
    ours = make_model(**OURS[family])
    assert name_family(ours.config) == family
    save_checkpoint(tmp_path / "m", ours, tokenizer)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m")
    ids = some_ids()
    assert (theirs(ids).logits - ours(ids)).abs().max() < 1e-4
    written = theirs.generate(ids[:1, :8], attention_mask=torch.ones(1, 8), max_new_tokens=20, do_sample=False, eos_token_id=None)
    assert written[0, 8:].tolist() == write_slowly(ours, ids[0, :8].tolist(), 20)


@pytest.mark.oracle
def test_their_chat_template_gives_our_ids_and_our_mask(
    transformers: Any, make_model: Make, tokenizer: TextTokenizer, tmp_path: Path
) -> None:
    save_checkpoint(tmp_path / "m", make_model(), tokenizer)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "m")
    talk = [
        {"role": "system", "content": " 三十天内可以退货。 "},
        {"role": "user", "content": "Until when,\n  2024?"},
        {"role": "assistant", "content": "三十天内。"},
        {"role": "user", "content": "谢谢"},
        {"role": "assistant", "content": "You are welcome."},
    ]
    found = theirs.apply_chat_template(talk, return_dict=True, return_assistant_tokens_mask=True)
    assert (found["input_ids"], found["assistant_masks"]) == (render(tokenizer, talk).ids, render(tokenizer, talk).mask)
    opened = theirs.apply_chat_template(talk[:2], add_generation_prompt=True)["input_ids"]
    assert opened == render(tokenizer, talk[:2], for_reply=True).ids


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_saved_is_loaded(make_model: Make, tokenizer: TextTokenizer, tmp_path: Path, dtype: torch.dtype) -> None:
    model = make_model(tie_embeddings=False)
    for _ in range(2):  # over an older one too
        save_checkpoint(tmp_path / "m", model, tokenizer, dtype=dtype)
    loaded, words = load_checkpoint(tmp_path / "m")
    assert loaded.config == model.config
    for (name, one), two in zip(model.named_parameters(), loaded.parameters(), strict=True):
        assert torch.equal(one.to(dtype).float(), two), name
    assert words.encode("包裹 box") == tokenizer.encode("包裹 box")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m"]


def test_damage_and_strangers_are_explained(make_model: Make, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    with pytest.raises(Invalid, match=r"no config\.json"):
        load_checkpoint(folder)
    save_checkpoint(folder, make_model(), tokenizer)
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-4] + b"\0\0\1\1")
    with pytest.raises(Invalid, match="damaged"):
        load_checkpoint(folder)
    (folder / "checksums.json").unlink()
    weights.write_bytes(whole[:100])
    with pytest.raises(Invalid, match="cannot be read"):
        load_checkpoint(folder)
    with pytest.raises(Invalid, match="'mamba'"):
        from_hf_config({"model_type": "mamba"})
    with pytest.raises(Invalid, match="yarn"):
        from_hf_config({**SIZES, "model_type": "llama", "rope_scaling": {"type": "yarn"}})
    with pytest.raises(Invalid, match="lacks 'hidden_size'"):
        from_hf_config({"model_type": "llama", "num_attention_heads": 2, "vocab_size": 3})
    with pytest.raises(Invalid, match="No Hugging Face family"):
        to_hf_config(make_model(positions="sinusoidal").config)
