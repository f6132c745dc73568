"""A model as a GGUF file, as llama.cpp, Ollama and LM Studio load it: GPT-2, Llama, Qwen2 and Qwen3, with their tokenizers.

Written by the `gguf` package of llama.cpp's authors (extra `gguf`). Knows names and shapes on their side; nothing is computed here.
llama.cpp cuts text by one of the patterns that it has built in. For GPT-2, Qwen and Llama 3 that is the model's own; our own
tokenizers cut differently (runs of Han, digits by two), so there texts are read a little differently, token ids exactly alike.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from duologue.kit.errors import Invalid, SetupError
from duologue.lm.checkpoints.checkpoint import OWN, describe, load_checkpoint
from duologue.lm.checkpoints.lora import load_lora, merge_lora
from duologue.lm.nets.config import Config
from duologue.lm.nets.transformer import Transformer, rotary_frequencies
from duologue.lm.text.tokenizer import END, TextTokenizer

KINDS = {"fp32": "F32", "fp16": "F16", "bf16": "BF16", "q8_0": "Q8_0", "q4_0": "Q4_0"}
NAMES = {
    **{"attn.q": "attn_q", "attn.k": "attn_k", "attn.v": "attn_v", "attn.o": "attn_output"},
    **{"attn.q_norm": "attn_q_norm", "attn.k_norm": "attn_k_norm", "attn_norm": "attn_norm", "ffn_norm": "ffn_norm"},
    **{"ffn.gate": "ffn_gate", "ffn.up": "ffn_up", "ffn.down": "ffn_down"},
}
OUTER = {"embed": "token_embd", "positions": "position_embd", "norm": "output_norm", "head": "output"}
_WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = {
    rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|{_WORDS}|\p{{N}}{_REST}": "qwen2",
    rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|{_WORDS}|\p{{N}}{{1,3}}{_REST}": "llama-bpe",
}
"""How a tokenizer cuts text before merging, and llama.cpp's name for it."""
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # llama.cpp's kinds of tokens


def export_gguf(folder: Path, to: Path, *, dtype: str = "", adapter: Path | None = None) -> dict[str, Any]:
    """Write a model to one file, whole or not at all; the facts about it as JSON values. `dtype` is one of KINDS, fp16 where empty.

    `cuts_text_alike` says whether llama.cpp reads text into the same tokens. Raises Invalid for a network or a tokenizer that
    llama.cpp lacks, SetupError without the package.
    """
    try:
        import gguf
    except ImportError as error:
        raise SetupError("GGUF files are written by the package gguf: pip install 'duologue[gguf]'.") from error
    if (dtype or "fp16") not in KINDS:
        raise Invalid(f"The precision of a GGUF file is one of {', '.join(KINDS)}; {dtype!r} is not.")
    model, tokenizer = load_checkpoint(folder)
    if adapter is not None:
        load_lora(adapter, model)
        merge_lora(model)
    family = describe(model.config)[1]
    if family == OWN or (model.config.out_bias or model.config.ffn_bias) != (family == "gpt2"):
        raise Invalid("llama.cpp knows no network of these parts; it reads GPT-2, Llama, Qwen2 and Qwen3.")
    draft = to.with_name(f".{to.name}.part")
    draft.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(draft, family)
    _write_shape(writer, model.config, folder.name, family)
    pattern = _write_words(writer, tokenizer, model.config.vocab_size)
    kind = gguf.GGMLQuantizationType[KINDS[dtype or "fp16"]]
    for name, array in _tensors(model, family):
        is_small = array.ndim == 1 or name.startswith(("position_embd", "rope_freqs"))
        as_kind = gguf.GGMLQuantizationType.F32 if is_small else kind
        try:
            writer.add_tensor(name, gguf.quants.quantize(array, as_kind), raw_dtype=as_kind)
        except gguf.quants.QuantError as error:
            raise Invalid(f"{name} does not fit the blocks of {dtype}: {error}; choose fp16.") from error
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(draft, to)
    return {
        "model": str(to),
        "family": family,
        "parameters": model.num_parameters,
        "context": model.config.context,
        "vocab_size": model.config.vocab_size,
        "dtype": dtype or "fp16",
        "bytes": to.stat().st_size,
        "pattern": pattern or "gpt-2",
        "cuts_text_alike": bool(pattern),
    }


def _write_shape(writer: Any, c: Config, name: str, family: str) -> None:
    writer.add_name(name)
    writer.add_context_length(c.context)
    writer.add_embedding_length(c.d_model)
    writer.add_block_count(c.n_layers)
    writer.add_feed_forward_length(c.d_ff)
    writer.add_head_count(c.n_heads)
    writer.add_vocab_size(c.vocab_size)
    if family == "gpt2":
        writer.add_layer_norm_eps(c.norm_eps)
        return
    writer.add_head_count_kv(c.n_kv_heads)
    writer.add_key_length(c.d_head)
    writer.add_value_length(c.d_head)
    writer.add_layer_norm_rms_eps(c.norm_eps)
    writer.add_rope_freq_base(c.rope_theta)
    writer.add_rope_dimension_count(c.d_head)


def _write_words(writer: Any, tokenizer: TextTokenizer, size: int) -> str:
    """The vocabulary; llama.cpp's name of the model's own pattern, empty where it has none. Raises Invalid for another kind."""
    written = json.loads(tokenizer.inner.to_str())
    words = written["model"]
    if words.get("type") != "BPE" or words.get("byte_fallback"):
        raise Invalid("Only byte-level BPE is written here; llama.cpp's own convert_hf_to_gguf.py takes the exported folder.")
    pattern = _find_pattern(written.get("pre_tokenizer") or {})
    tokens, kinds = [f"[unused{i}]" for i in range(size)], [UNUSED] * size
    for token, i in words["vocab"].items():
        tokens[i], kinds[i] = token, NORMAL
    for added in written["added_tokens"]:
        tokens[added["id"]], kinds[added["id"]] = added["content"], CONTROL if added["special"] else USER_DEFINED
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pattern or "gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in words["merges"]])
    dialect = tokenizer.dialect
    if dialect.begin:
        writer.add_bos_token_id(dialect.begin[0])
    writer.add_add_bos_token(bool(dialect.begin))
    if dialect.ends:
        writer.add_eos_token_id(tokenizer.special(END) if tokenizer.is_ours else dialect.ends[-1])
        writer.add_eot_token_id(dialect.ends[0])
    template = _template(tokenizer)
    if template:
        writer.add_chat_template(template)
    return pattern


def _template(tokenizer: TextTokenizer) -> str | None:
    if not tokenizer.is_ours:
        return tokenizer.dialect.chat_template
    from duologue.lm.text.chat import CHAT_TEMPLATE

    return CHAT_TEMPLATE.replace("{% generation %}", "").replace("{% endgeneration %}", "")  # llama.cpp knows no such block


def _find_pattern(pre: dict[str, Any]) -> str:
    parts = pre.get("pretokenizers", [pre])
    for part in parts:
        regex = (part.get("pattern") or {}).get("Regex", "")
        if regex in PATTERNS:
            return PATTERNS[regex]
    is_gpt2 = len(parts) == 1 and parts[0].get("type") == "ByteLevel" and parts[0].get("use_regex", True)
    return "gpt-2" if is_gpt2 and not parts[0].get("add_prefix_space") else ""


def _tensors(model: Transformer, family: str) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Their names and arrays of all weights."""
    c, named = model.config, {n: p.detach().float() for n, p in model.named_parameters()}
    if family == "gpt2":  # query, key and value are one
        for layer in range(c.n_layers):
            for kind in ("weight", "bias"):
                three = [named.pop(f"blocks.{layer}.attn.{x}.{kind}") for x in "qkv"]
                yield f"blk.{layer}.attn_qkv.{kind}", torch.cat(three).numpy()
    for name, tensor in named.items():
        if not name.startswith("blocks."):
            outer, _, part = name.partition(".")
            yield f"{OUTER[outer]}.{part}", tensor.numpy()
            continue
        _, number, rest = name.split(".", 2)
        inner, _, part = rest.rpartition(".")
        if family == "llama" and inner in ("attn.q", "attn.k"):
            tensor = _pair_up(tensor, c.n_heads if inner == "attn.q" else c.n_kv_heads)
        yield f"blk.{number}.{NAMES[inner]}.{part}", tensor.numpy()
    if c.rope_scaling is not None:  # how much longer each wavelength is than without
        stretched = rotary_frequencies(replace(c, rope_scaling=None)) / rotary_frequencies(c)
        yield "rope_freqs.weight", stretched.float().numpy()


def _pair_up(weight: Tensor, heads: int) -> Tensor:
    """llama.cpp turns neighbouring numbers of a Llama's heads as pairs, Hugging Face the two halves."""
    return weight.view(heads, 2, -1, *weight.shape[1:]).transpose(1, 2).reshape(weight.shape).contiguous()
