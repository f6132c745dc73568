from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch

from duologue.lm.checkpoints.checkpoint import save_checkpoint
from duologue.lm.judging.look import attention_maps, draw_alignment, draw_attention, name_tokens
from duologue.lm.nets.seq2seq import Seq2Seq, Seq2SeqConfig
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer

Make = Callable[..., Transformer]


@pytest.mark.oracle
@pytest.mark.parametrize("fields", [{}, {"positions": "learned", "norm": "layer", "ffn": "gelu", "n_kv_heads": 4, "qk_norm": False,
                                         "qkv_bias": True, "out_bias": True, "ffn_bias": True}])  # fmt: skip
def test_maps_are_those_of_transformers(fields: dict[str, Any], make_model: Make, tokenizer: TextTokenizer, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="the extra `oracles` (transformers) is not installed")
    model = make_model(**fields)
    save_checkpoint(tmp_path / "m", model, tokenizer)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "m", attn_implementation="eager")
    ids = [5, 9, 31, 44, 2, 17]
    wanted = torch.stack(theirs(torch.tensor([ids]), output_attentions=True).attentions)[:, 0]
    found = attention_maps(model, ids)
    assert found.shape == (2, 4, 6, 6)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_map_is_drawn_with_its_tokens(make_model: Make, tokenizer: TextTokenizer) -> None:
    svg = draw_attention(make_model(vocab_size=tokenizer.vocab_size), tokenizer, "box 包裹", 1, 2)
    ElementTree.fromstring(svg)
    assert "layer 1, head 2" in svg
    assert name_tokens(tokenizer, [tokenizer.dialect.begin[0]]) == ["<|bos|>"]


def test_an_alignment_is_drawn() -> None:
    network = Seq2Seq(Seq2SeqConfig(source_vocab=9, target_vocab=9, d_embed=4, d_hidden=4, d_attention=4, bos=0))
    svg = draw_alignment(network, [1, 2, 3], [3, 2], ["c", "b"], ["a", "b", "c"])
    ElementTree.fromstring(svg)
    assert svg.count("<rect") == 7  # the ground and 2 x 3 weights
