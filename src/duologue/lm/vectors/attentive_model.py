"""Sentence vectors by attention: a small bidirectional Transformer read from files and run in numpy, without torch.

    x = rows[token] + position;  x = norm(x + attention(x));  x = norm(x + feed_forward(x)), L times;  v = mean_t x_t / |mean_t x_t|

With a static encoder beside it (`beside` in the configuration), a Chinese text's vector is joined from both. Chinese runs are cut
into words by a unigram model, all else into word pieces. Texts are laid end to end for the matrix products (`half_matrix.py`: int8
with a scale for each output), so nothing is padded; attention looks within its own text, texts of one length together. A folder may
hold vectors made beforehand, found again by a hash of their text; the latest that were computed are remembered. Knows no training
and no port.
Sources: Vaswani et al. 2017; Devlin et al. 2019 (norm after the sum, learned positions); Reimers & Gurevych 2019 (the mean).

Legend: N tokens of a chunk, T of one text, D dimensions, H heads, F width of the feed-forward, V tokens known.
"""

import copy
import hashlib
import itertools
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

from duologue.kit.text import Lang, detect_lang, normalise
from duologue.lm.vectors.half_matrix import HalfMatrix, gelu
from duologue.lm.vectors.static_model import StaticModel

EMBEDDED = Path(__file__).parents[1] / "weights" / "sentences"
"""Where the trained encoder that comes with the program lies."""
KIND = "attentive"
KNOWN = "known.safetensors"
MAX_TOKENS = 256
CHUNK = 512
"""Tokens that go through the network together: the widest layer of so many still lies in a processor's cache."""
ENGLISH_SHARE = 0.2
"""Of the static encoder in `mix`: the best for learning HWU64's intents from 5 and from 10 examples each (0.1 to 0.35 are near)."""
LONGEST = 4000
"""Characters of a text that are looked at."""
REMEMBERED = 20_000
"""Texts whose vectors are kept for the next time: 31 MB of them."""
_HAN = re.compile("([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+)")
_EPSILON = np.float32(1e-12)
PARTS = ("qkv", "out", "up", "down")
Floats = NDArray[np.float32]
Pieces = tuple[list[int], Floats]


class Cutter:
    """Texts to token numbers: word pieces first, then Chinese words, in one row of numbers.

    `pieces` holds [CLS], [SEP] and [UNK]; number 0 of `words` is its unknown and has no row.
    """

    def __init__(self, pieces: Tokenizer, words: Tokenizer) -> None:
        self.pieces, self.words = pieces, words
        numbers = pieces.get_vocab()
        self._first = len(numbers)
        self._begin, self._end, self._unknown = (numbers[mark] for mark in ("[CLS]", "[SEP]", "[UNK]"))

    def cut(self, texts: Sequence[str], limit: int = MAX_TOKENS) -> list[list[int]]:
        """Numbers of each text, with a mark at either end, at most `limit`; none for a text without words or signs."""
        runs = [_HAN.split(normalise(text[:LONGEST])) for text in texts]
        pieces = iter(self.pieces.encode_batch([run for row in runs for run in row[::2]], add_special_tokens=False))
        words = iter(self.words.encode_batch([run for row in runs for run in row[1::2]], add_special_tokens=False))
        out = []
        for row in runs:
            ids: list[int] = []
            for place, _ in enumerate(row):
                if place % 2:
                    ids += [self._first + i - 1 if i else self._unknown for i in next(words).ids]
                else:
                    ids += next(pieces).ids
            out.append([self._begin, *ids[: limit - 2], self._end] if ids else [])
        return out


class AttentiveModel:
    """The network. `rows` (V, D) int8, `scales` (V,); matrices as (in, out) int8 with their scales, all else float16."""

    def __init__(
        self,
        config: Mapping[str, Any],
        cutter: Cutter,
        tensors: Mapping[str, NDArray[Any]],
        known: Mapping[str, NDArray[Any]] | None = None,
        beside: StaticModel | None = None,
    ) -> None:
        self._dim, self._beside = int(config["dim"]), beside
        self._shares: Mapping[Lang, float] = {"en": 0.0, "zh": float(config.get("share", 0.0))}
        self._memory = Memory(REMEMBERED)
        self.name = str(config["name"]) + (f"+{beside.name}" if beside else "")
        self._layers, self._heads, self._cutter = int(config["layers"]), int(config["heads"]), cutter
        self._rows, self._scales = tensors["rows"], tensors["rows.scales"].astype(np.float32)
        self._weights = {name: tensors[name].astype(np.float32) for name in tensors if tensors[name].dtype == np.float16}
        self._matrices = {name: _matrix(name, tensors) for name in (f"{n}.{part}" for n in range(self._layers) for part in PARTS)}
        threadpool_limits(
            1, user_api="blas"
        )  # for good: two threads that wait for each other on a busy machine took eight times as long
        self._known = dict(zip(known["keys"].tolist(), known["vectors"], strict=True)) if known else {}

    @property
    def dim(self) -> int:
        """Length of a vector: D, and that of the encoder beside it."""
        return self._dim + (self._beside.dim if self._beside else 0)

    @classmethod
    def load(cls, folder: Path = EMBEDDED) -> "AttentiveModel":
        """Read `config.json`, `pieces.json`, `words.json` and `model.safetensors`. Raises FileNotFoundError."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        cutter = Cutter(*(Tokenizer.from_file(str(folder / name)) for name in ("pieces.json", "words.json")))
        known = load_file(folder / KNOWN) if (folder / KNOWN).exists() else None
        beside = StaticModel.load(folder / config["beside"]) if "beside" in config else None
        return cls(config, cutter, load_file(folder / "model.safetensors"), known, beside)

    def encode(self, texts: Sequence[str]) -> Floats:
        """Unit vectors, (n, D); zeros for a text without words or signs. What was made beforehand is not made again."""
        out = np.zeros((len(texts), self.dim), np.float32)
        for i, text in enumerate(texts) if self._known else ():
            if (vector := self._known.get(_key(text))) is not None:
                out[i] = vector.astype(np.float32) / np.linalg.norm(vector.astype(np.float32))
        missing = np.flatnonzero(~out.any(axis=1))
        out[missing] = self.compute([texts[i] for i in missing.tolist()])
        return out

    def compute(self, texts: Sequence[str]) -> Floats:
        """As `encode`, each from its text."""
        out = self._memory.recall(texts, self._dim)
        missing = np.flatnonzero(~out.any(axis=1)).tolist()
        ids = self._cutter.cut([texts[i] for i in missing])
        for chosen in _chunks([len(row) for row in ids]):
            out[[missing[i] for i in chosen]] = self._read([ids[i] for i in chosen])
        self._memory.keep([texts[i] for i in missing], out[missing])
        if self._beside is None:
            return out
        share = np.array([[self._shares[detect_lang(text)]] for text in texts], np.float32).reshape(-1, 1)
        joined = np.concatenate([np.sqrt(1 - share) * out, np.sqrt(share) * self._beside.encode(texts)], axis=1)
        lengths = np.linalg.norm(joined, axis=1, keepdims=True)
        return np.asarray(joined / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)

    def mix(self, share: float) -> "AttentiveModel":
        """The same network, of which the static encoder beside it has this share in English too. Without one it is itself."""
        if self._beside is None:
            return self
        other = copy.copy(self)
        other.name, other._known = f"{self.name}@{share:g}", {}
        other._shares = {**self._shares, "en": share}
        return other

    def is_known(self, text: str) -> bool:
        """Whether the vector of this very text was made beforehand."""
        return _key(text) in self._known

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """What lies behind the vectors: each text's piece numbers, and the last layer's unit vector of each, (T, D).

        Without the marks at either end; both are empty for a text without words or signs.
        """
        ids = self._cutter.cut(texts)
        out: list[Pieces] = [([], np.zeros((0, self._dim), np.float32)) for _ in texts]
        for chosen in _chunks([len(row) for row in ids]):
            x = self._states([ids[i] for i in chosen])
            ends = np.cumsum([len(ids[i]) for i in chosen])
            for i, end in zip(chosen, ends.tolist(), strict=True):
                own = x[end - len(ids[i]) + 1 : end - 1]
                out[i] = (ids[i][1:-1], own / np.linalg.norm(own, axis=1, keepdims=True))
        return out

    def _read(self, ids: Sequence[Sequence[int]]) -> Floats:
        """Vectors of texts whose lengths fall, (n, D)."""
        x = self._states(ids)
        ends = np.cumsum([len(row) for row in ids])
        means = np.add.reduceat(x, np.r_[0, ends[:-1]], axis=0)
        out: Floats = means / np.linalg.norm(means, axis=1, keepdims=True)
        return out

    def _states(self, ids: Sequence[Sequence[int]]) -> Floats:
        """The last layer of texts whose lengths fall, laid end to end, (N, D)."""
        flat = np.concatenate([np.asarray(row) for row in ids])
        places = np.concatenate([np.arange(len(row)) for row in ids])
        alike = [(length, len(list(rows))) for length, rows in itertools.groupby(len(row) for row in ids)]
        w = self._weights
        x = self._rows[flat] * self._scales[flat, None]  # (N, D)
        x += w["positions"][places]
        x = _norm(x, w["norm.weight"], w["norm.bias"])
        for n in range(self._layers):
            x = self._layer(x, alike, f"{n}.")
        return x

    def _layer(self, x: Floats, alike: Sequence[tuple[int, int]], at: str) -> Floats:
        """One layer; `alike` holds (T, count): so many texts of T tokens follow each other."""
        w, m = self._weights, self._matrices
        qkv = m[at + "qkv"].times(x)  # (N, 3 D)
        seen, start = np.empty_like(x), 0
        for length, count in alike:
            span = slice(start, start := start + length * count)
            shape = count, length, 3, self._heads, self._dim // self._heads
            q, k, v = qkv[span].reshape(shape).transpose(2, 0, 3, 1, 4)  # each (count, H, T, D / H)
            seen[span] = (_softmax(q @ k.swapaxes(2, 3)) @ v).transpose(0, 2, 1, 3).reshape(-1, self._dim)
        x = x + m[at + "out"].times(seen)
        x = _norm(x, w[at + "norm1.weight"], w[at + "norm1.bias"])
        wide = m[at + "up"].times(x)  # (N, F)
        x = x + m[at + "down"].times(gelu(wide))
        return _norm(x, w[at + "norm2.weight"], w[at + "norm2.bias"])


class Memory:
    """The vectors of the latest texts, the least lately asked for forgotten first. Several threads may use it."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._vectors: OrderedDict[int, Floats] = OrderedDict()

    def recall(self, texts: Sequence[str], dim: int) -> Floats:
        """(n, dim); zeros for what is not remembered."""
        out = np.zeros((len(texts), dim), np.float32)
        with self._lock:
            for i, key in enumerate(map(_key, texts)):
                if (vector := self._vectors.get(key)) is not None:
                    self._vectors.move_to_end(key)
                    out[i] = vector
        return out

    def keep(self, texts: Sequence[str], vectors: Floats) -> None:
        """Remember the vectors (n, dim) of texts (n)."""
        with self._lock:
            for key, vector in zip(map(_key, texts), vectors, strict=True):
                self._vectors[key] = vector.copy()
            while len(self._vectors) > self._most:
                self._vectors.popitem(last=False)


def pack(tensors: Mapping[str, Floats]) -> dict[str, NDArray[Any]]:
    """Matrices as int8 with a float16 scale for each of their outputs (`rows`: for each row), vectors as float16."""
    out: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 1 or name == "positions":
            out[name] = tensor.astype(np.float16)
            continue
        axis = 1 if name == "rows" else 0
        scales = (np.maximum(np.abs(tensor).max(axis=axis), 1e-6) / 127).astype(np.float16)
        spread = np.expand_dims(scales.astype(np.float32), axis)
        out[name] = np.ascontiguousarray(np.clip(np.rint(tensor / spread), -127, 127).astype(np.int8))
        out[f"{name}.scales"] = scales
    return out


def save(folder: Path, config: Mapping[str, Any], cutter: Cutter, tensors: Mapping[str, Floats]) -> None:
    """Write what `AttentiveModel.load` reads: `rows`, `positions`, `norm.*` and the tensors of each layer, all float32 here.

    The queries' part of `qkv` holds the factor 1 / sqrt(D / H) already. The name is made of the weights.
    `config` names `dim`, `layers`, `heads` and, where there is one, the folder `beside` of a static encoder and its `share` in
    Chinese texts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = pack(tensors)
    digest = hashlib.blake2b(b"".join(packed[name].tobytes() for name in sorted(packed)), digest_size=4).hexdigest()
    about = {**config, "name": f"{KIND}-{digest}", "kind": KIND, "vocabulary": len(packed["rows"])}
    save_file(packed, folder / "model.safetensors")
    cutter.pieces.save(str(folder / "pieces.json"), pretty=False)
    cutter.words.save(str(folder / "words.json"), pretty=False)
    (folder / "config.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def keep_known(folder: Path, texts: Sequence[str]) -> None:
    """Make the vectors of texts beforehand and write them beside the network of `folder`, in place of earlier ones."""
    chosen = list(dict.fromkeys(texts))
    vectors = AttentiveModel.load(folder).compute(chosen).astype(np.float16)
    save_file({"keys": np.array([_key(text) for text in chosen], np.uint64), "vectors": vectors}, folder / KNOWN)


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _matrix(name: str, tensors: Mapping[str, NDArray[Any]]) -> HalfMatrix:
    return HalfMatrix(tensors[f"{name}.weight"], tensors[f"{name}.weight.scales"], tensors[f"{name}.bias"])


def _chunks(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Which texts are read together: long ones first, at most CHUNK tokens; empty ones never."""
    held: list[int] = []
    size = 0
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if held and size + lengths[i] > CHUNK:
            yield held
            held, size = [], 0
        if lengths[i]:
            held.append(i)
            size += lengths[i]
    if held:
        yield held


def _norm(x: Floats, weight: Floats, bias: Floats) -> Floats:
    """Layer norm (Ba et al. 2016) over the last axis."""
    x = x - x.mean(axis=-1, keepdims=True)
    spread = np.einsum("nd,nd->n", x, x)[:, None] / np.float32(x.shape[-1])
    x /= np.sqrt(spread + _EPSILON)
    x *= weight
    x += bias
    return x


def _softmax(x: Floats) -> Floats:
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x
