"""Hugging Face names and shapes: how a `config.json` and its tensors say what our network is, for four families, both ways.

`NAMES` maps our parameter names to theirs, `{}` standing for the layer. GPT-2 keeps its matrices transposed and query, key and
value in one; nothing else differs but names. A network that no family describes cannot be exported, and `name_family` says so.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from duologue.kit.errors import Invalid
from duologue.lm.nets.config import Config

_LLAMA = {
    "embed.weight": "model.embed_tokens.weight",
    "blocks.{}.attn_norm.weight": "model.layers.{}.input_layernorm.weight",
    "blocks.{}.attn.q": "model.layers.{}.self_attn.q_proj",
    "blocks.{}.attn.k": "model.layers.{}.self_attn.k_proj",
    "blocks.{}.attn.v": "model.layers.{}.self_attn.v_proj",
    "blocks.{}.attn.o": "model.layers.{}.self_attn.o_proj",
    "blocks.{}.attn.q_norm": "model.layers.{}.self_attn.q_norm",
    "blocks.{}.attn.k_norm": "model.layers.{}.self_attn.k_norm",
    "blocks.{}.ffn_norm.weight": "model.layers.{}.post_attention_layernorm.weight",
    "blocks.{}.ffn.gate": "model.layers.{}.mlp.gate_proj",
    "blocks.{}.ffn.up": "model.layers.{}.mlp.up_proj",
    "blocks.{}.ffn.down": "model.layers.{}.mlp.down_proj",
    "norm.weight": "model.norm.weight",
    "head.weight": "lm_head.weight",
}
_GPT2 = {
    "embed.weight": "transformer.wte.weight",
    "positions.weight": "transformer.wpe.weight",
    "blocks.{}.attn_norm": "transformer.h.{}.ln_1",
    "blocks.{}.attn.o": "transformer.h.{}.attn.c_proj",
    "blocks.{}.ffn_norm": "transformer.h.{}.ln_2",
    "blocks.{}.ffn.up": "transformer.h.{}.mlp.c_fc",
    "blocks.{}.ffn.down": "transformer.h.{}.mlp.c_proj",
    "norm": "transformer.ln_f",
    "head.weight": "lm_head.weight",
}
NAMES = {"llama": _LLAMA, "qwen2": _LLAMA, "qwen3": _LLAMA, "gpt2": _GPT2}
_CLASSES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM", "gpt2": "GPT2LMHeadModel"}


def name_family(c: Config) -> str:
    """The family that describes a network. Raises Invalid where there is none."""
    if (c.norm, c.positions, c.ffn, c.qk_norm, c.qkv_bias, c.out_bias, c.ffn_bias) == (
        "layer",
        "learned",
        "gelu",
        False,
        True,
        True,
        True,
    ):
        if c.n_kv_heads == c.n_heads and c.d_head * c.n_heads == c.d_model:
            return "gpt2"
    elif (c.norm, c.positions, c.ffn) == ("rms", "rotary", "swiglu"):
        if c.qk_norm and not c.ffn_bias and c.qkv_bias == c.out_bias:
            return "qwen3"
        if not c.qk_norm and c.qkv_bias and not c.out_bias and not c.ffn_bias:
            return "qwen2"
        if not c.qk_norm and c.qkv_bias == c.out_bias:
            return "llama"
    raise Invalid(
        "No Hugging Face family has these parts together (GPT-2, Llama, Qwen2, Qwen3); choose those of one of them to export."
    )


def to_hf_config(c: Config) -> dict[str, Any]:
    """The `config.json` of a network."""
    family = name_family(c)
    common = {
        "architectures": [_CLASSES[family]],
        "model_type": family,
        "vocab_size": c.vocab_size,
        "tie_word_embeddings": c.tie_embeddings,
    }
    if family == "gpt2":
        return common | {
            "n_embd": c.d_model,
            "n_layer": c.n_layers,
            "n_head": c.n_heads,
            "n_inner": c.d_ff,
            "n_positions": c.context,
            "layer_norm_epsilon": c.norm_eps,
            "activation_function": "gelu_new",
            "embd_pdrop": 0.0,
            "attn_pdrop": 0.0,
            "resid_pdrop": 0.0,
        }
    rope = {"rope_type": "default"} if c.rope_scaling is None else {"rope_type": "llama3", **c.rope_scaling}
    return common | {
        "hidden_size": c.d_model,
        "num_hidden_layers": c.n_layers,
        "num_attention_heads": c.n_heads,
        "num_key_value_heads": c.n_kv_heads,
        "head_dim": c.d_head,
        "intermediate_size": c.d_ff,
        "max_position_embeddings": c.context,
        "rms_norm_eps": c.norm_eps,
        "hidden_act": "silu",
        "rope_theta": c.rope_theta,
        "rope_parameters": {"rope_theta": c.rope_theta, **rope},
        "attention_bias": c.qkv_bias,
        "mlp_bias": c.ffn_bias,
        "attention_dropout": 0.0,
        "use_sliding_window": False,
    }


def from_hf_config(hf: Mapping[str, Any]) -> Config:
    """The network that a `config.json` describes. Raises Invalid for another family or a variant that we lack."""
    family = hf.get("model_type")
    if family not in NAMES:
        raise Invalid(f"This program reads {', '.join(sorted(NAMES))}; the checkpoint is of the family {family!r}.")
    try:
        return _from_gpt2(hf) if family == "gpt2" else _from_llama(hf, family)
    except KeyError as error:
        raise Invalid(f"The checkpoint's config.json lacks {error}.") from error


def _from_gpt2(hf: Mapping[str, Any]) -> Config:
    if hf.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        raise Invalid(f"GPT-2 with the activation {hf['activation_function']!r} is not among the networks that this program has.")
    d, heads = hf["n_embd"], hf["n_head"]
    return Config(
        vocab_size=hf["vocab_size"],
        d_model=d,
        n_layers=hf["n_layer"],
        n_heads=heads,
        n_kv_heads=heads,
        d_head=d // heads,
        d_ff=hf.get("n_inner") or 4 * d,
        context=hf["n_positions"],
        norm="layer",
        norm_eps=hf.get("layer_norm_epsilon", 1e-5),
        positions="learned",
        ffn="gelu",
        qk_norm=False,
        qkv_bias=True,
        out_bias=True,
        ffn_bias=True,
        tie_embeddings=hf.get("tie_word_embeddings", True),
    )


def _from_llama(hf: Mapping[str, Any], family: str) -> Config:
    if hf.get("use_sliding_window") or hf.get("hidden_act", "silu") != "silu":
        raise Invalid("Sliding windows and other activations than SiLU are not among the parts that this program has.")
    rope = {**(hf.get("rope_scaling") or {}), **(hf.get("rope_parameters") or {})}
    kind = rope.get("rope_type", rope.get("type", "default"))
    if kind not in ("default", "llama3"):
        raise Invalid(f"Positions stretched by {kind!r} are not among the parts that this program has (default, llama3).")
    stretch = ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings")
    heads, bias = hf["num_attention_heads"], bool(hf.get("attention_bias", False))
    return Config(
        vocab_size=hf["vocab_size"],
        d_model=hf["hidden_size"],
        n_layers=hf["num_hidden_layers"],
        n_heads=heads,
        n_kv_heads=hf.get("num_key_value_heads") or heads,
        d_head=hf.get("head_dim") or hf["hidden_size"] // heads,
        d_ff=hf["intermediate_size"],
        context=hf["max_position_embeddings"],
        norm_eps=hf.get("rms_norm_eps", 1e-6),
        rope_theta=float(rope.get("rope_theta", hf.get("rope_theta", 10_000.0))),
        rope_scaling={k: float(rope[k]) for k in stretch} if kind == "llama3" else None,
        qk_norm=family == "qwen3",
        qkv_bias=True if family == "qwen2" else bias,
        out_bias=False if family == "qwen2" else bias,
        ffn_bias=bool(hf.get("mlp_bias", False)),
        tie_embeddings=hf.get("tie_word_embeddings", False),
    )


def their_name(name: str, family: str) -> str:
    """Their name of one of our parameters."""
    parts = name.split(".")
    layer = parts[1] if parts[0] == "blocks" else ""
    key = ".".join(["blocks", "{}", *parts[2:]]) if layer else name
    names = NAMES[family]
    stem, _, end = key.rpartition(".")
    found = names.get(key) or (f"{names[stem]}.{end}" if stem in names else None)
    if found is None:
        raise Invalid(f"The family {family} has no tensor for {name}.")
    return found.replace("{}", layer)


def to_hf_tensors(state: Mapping[str, Tensor], family: str) -> dict[str, Tensor]:
    """Our parameters under their names and in their shapes."""
    out: dict[str, Tensor] = {}
    for name, value in state.items():
        if family == "gpt2" and ".attn." in name and ".o." not in name:
            continue
        transposed = family == "gpt2" and name.endswith(("attn.o.weight", "ffn.up.weight", "ffn.down.weight"))
        out[their_name(name, family)] = (value.T if transposed else value).contiguous()
    layers = {name.split(".")[1] for name in state if name.startswith("blocks.")} if family == "gpt2" else set()
    for layer in layers:
        for end in ("weight", "bias"):
            joined = torch.cat([state[f"blocks.{layer}.attn.{part}.{end}"] for part in "qkv"])
            out[f"transformer.h.{layer}.attn.c_attn.{end}"] = (joined.T if end == "weight" else joined).contiguous()
    return out


def from_hf_tensors(tensors: Mapping[str, Tensor], ours: Mapping[str, Tensor], family: str) -> dict[str, Tensor]:
    """Their tensors under our names; `ours` gives the names and shapes wanted. Raises Invalid for one missing or misshapen."""
    found = (
        {(k if k.startswith(("transformer.", "lm_head.")) else f"transformer.{k}"): v for k, v in tensors.items()}
        if family == "gpt2"
        else dict(tensors)
    )
    out = {}
    for name, wanted in ours.items():
        if family == "gpt2" and ".attn." in name and ".o." not in name:
            _, layer, _, part, end = name.split(".")
            joined = found.get(f"transformer.h.{layer}.attn.c_attn.{end}")
            value = joined.chunk(3, dim=-1)["qkv".index(part)] if joined is not None else None
            value = value.T if value is not None and end == "weight" else value
        else:
            value = found.get(their_name(name, family))
            if value is not None and family == "gpt2" and name.endswith(("attn.o.weight", "ffn.up.weight", "ffn.down.weight")):
                value = value.T
        if value is None or value.shape != wanted.shape:
            fault = "missing" if value is None else f"of the shape {tuple(value.shape)} instead of {tuple(wanted.shape)}"
            raise Invalid(f"The checkpoint's tensor for {name} is {fault}.")
        out[name] = value.to(wanted.dtype)
    return out
