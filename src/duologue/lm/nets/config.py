"""What a decoder is made of: one frozen value per network, checked when it is made.

The fields are choices of parts, so that one network file serves GPT-2, Llama, Qwen2 and Qwen3; `lm/checkpoints/families.py` says
which family chooses what, and translates to and from the `config.json` of Hugging Face.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from duologue.kit.errors import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Shape and parts of a decoder-only Transformer. Raises Invalid for sizes that do not fit together."""

    vocab_size: int
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    d_head: int
    d_ff: int
    context: int
    norm: Literal["rms", "layer"] = "rms"
    norm_eps: float = 1e-6
    positions: Literal["rotary", "learned", "sinusoidal"] = "rotary"
    rope_theta: float = 10_000.0
    rope_scaling: Mapping[str, float] | None = None  # of Llama 3: factor, low_freq_factor, high_freq_factor, original context
    ffn: Literal["swiglu", "gelu", "relu"] = "swiglu"
    qk_norm: bool = True
    qkv_bias: bool = False
    out_bias: bool = False
    ffn_bias: bool = False
    tie_embeddings: bool = True

    def __post_init__(self) -> None:
        sizes = ("vocab_size", "d_model", "n_layers", "n_heads", "n_kv_heads", "d_head", "d_ff", "context")
        for name in sizes:
            if getattr(self, name) < 1:
                raise Invalid(f"The network's {name} must be at least 1.")
        if self.n_heads % self.n_kv_heads:
            raise Invalid(f"n_heads ({self.n_heads}) must be a multiple of n_kv_heads ({self.n_kv_heads}).")
        if self.positions == "rotary" and self.d_head % 2:
            raise Invalid("Rotary positions turn pairs of numbers: d_head must be even.")

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return asdict(self)


def parse_config(values: Mapping[str, Any]) -> Config:
    """A Config from JSON values. Raises Invalid and names an unknown or missing field."""
    known = {f.name for f in fields(Config)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise Invalid(f"The network has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    try:
        return Config(**values)
    except TypeError as error:
        raise Invalid(f"The network's description is incomplete: {error}.") from error
