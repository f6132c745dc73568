"""Sentence vectors by looking tokens up and averaging them: the model and its files, in numpy, without torch.

A text is cut into words, the words into byte-pair tokens; the vector is the mean of the tokens' rows, of unit length. A row's
own length is its weight in the mean. Rows are int8 with one scale each. Knows no training and no port.
The idea: Wieting et al., ICLR 2016 (averaged word vectors, trained on pairs); Minishlab, model2vec, 2024 (static sub-word tables).
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from duologue.kit.text import normalise

EMBEDDED = Path(__file__).parents[1] / "weights" / "encoder"
"""Where the trained encoder that comes with the program lies."""
MAX_TOKENS = 256
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PIECE = re.compile(f"[{_HAN}]+|(?:(?![{_HAN}])[^\\W_])+")


def pieces(text: str) -> list[str]:
    """Runs of Chinese characters, and other words and numbers marked at their start; no punctuation."""
    found = _PIECE.findall(normalise(text[:4000]).lower())
    return [piece if "\u3400" <= piece[0] <= "\ufaff" else f"▁{piece}" for piece in found]


class StaticModel:
    """A table of token vectors: `rows` (V, D) int8, `scales` (V,) float32."""

    def __init__(self, name: str, tokenizer: Tokenizer, rows: NDArray[np.int8], scales: NDArray[np.float32]) -> None:
        self.name = name
        self._tokenizer = tokenizer
        self.rows = rows
        self.scales = scales

    @property
    def dim(self) -> int:
        """Length of a vector, D."""
        return int(self.rows.shape[1])

    @classmethod
    def load(cls, folder: Path = EMBEDDED) -> "StaticModel":
        """Read `config.json`, `tokenizer.json` and `model.safetensors`. Raises FileNotFoundError."""
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tensors = load_file(folder / "model.safetensors")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(str(config["name"]), tokenizer, tensors["rows"], tensors["scales"].astype(np.float32))

    def save(self, folder: Path) -> None:
        """Write the three files."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({"rows": self.rows, "scales": self.scales.astype(np.float16)}, folder / "model.safetensors")
        self._tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        about = {"name": self.name, "kind": "static", "dim": self.dim, "vocabulary": len(self.rows)}
        (folder / "config.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    def tokenize(self, text: str) -> list[int]:
        """Token numbers of a text, at most MAX_TOKENS."""
        ids: list[int] = self._tokenizer.encode(pieces(text), is_pretokenized=True).ids[:MAX_TOKENS]
        return ids

    def tokenize_words(self, words: Sequence[str]) -> list[list[int]]:
        """Token numbers of words as `pieces` cuts and marks them."""
        return [e.ids for e in self._tokenizer.encode_batch([[word] for word in words], is_pretokenized=True)]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (n, D); zeros for a text without a known token."""
        out = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            ids = self.tokenize(text)
            if ids:
                out[row] = self.scales[ids] @ self.rows[ids].astype(np.float32)
        lengths = np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(out / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)


def quantise(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A float table (V, D) as int8 rows and their scales."""
    scales = np.maximum(np.abs(table).max(axis=1), 1e-8) / 127
    scales = scales.astype(np.float16).astype(np.float32)
    scales = np.maximum(scales, np.float32(6e-8))
    return np.clip(np.rint(table / scales[:, None]), -127, 127).astype(np.int8), scales
