"""Sentence vectors by a bidirectional Transformer: every token sees every other, and a text's vector is the mean of its tokens'.

    h = network(ids), attention over all of the text;  v = mean_t h_t / |mean_t h_t|

The network is that of `lm/nets/transformer.py` with another mask, so a language model can be the start. It learns from pairs that
belong together: of all second texts of a batch the right one shall be nearest (InfoNCE, both ways).
Sources: Reimers & Gurevych 2019 (mean pooling); van den Oord et al. 2018, Henderson et al. 2017 (the loss).

Legend: B texts, T tokens, C d_model.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.checkpoint import check_folder, write_folder, write_json
from duologue.lm.nets.config import parse_config
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.dialect import read_json
from duologue.lm.text.tokenizer import TextTokenizer, load_tokenizer
from duologue.lm.training.optim import make_optimizers, schedule
from duologue.lm.training.recipe import doc

KIND = "duologue-encoder"


class SentenceEncoder(nn.Module):
    """Texts to unit vectors. `max_tokens` of a text are read."""

    def __init__(self, network: Transformer, tokenizer: TextTokenizer, max_tokens: int = 256) -> None:
        super().__init__()
        self.network, self.tokenizer = network, tokenizer
        self.max_tokens = min(max_tokens, network.config.context)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self.network.config.d_model

    def read(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Ids (B, T), filled with 0 on the right, and where text stands (B, T). An empty text is one beginning token."""
        begin = list(self.tokenizer.dialect.begin) or [0]
        rows = [[*begin, *ids][: self.max_tokens] for ids in self.tokenizer.encode_all(list(texts))]
        width = max(map(len, rows))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
        return ids, torch.arange(width) < torch.tensor([len(row) for row in rows])[:, None]

    def forward(self, ids: Tensor, is_text: Tensor) -> Tensor:
        """Unit vectors (B, C) of ids (B, T)."""
        hidden = self.network.hidden(ids, mask=is_text[:, None, None, :])  # (B, T, C): all may look at all that is text
        weight = is_text[..., None].to(hidden.dtype)
        return F.normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1)

    @torch.no_grad()
    def encode(self, texts: Sequence[str], rows: int = 64) -> NDArray[np.float32]:
        """Unit vectors (N, C) in the order of the texts; texts of like length are read together."""
        self.eval()
        found = np.zeros((len(texts), self.dim), np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for at in range(0, len(order), rows):
            some = order[at : at + rows]
            found[some] = self(*self.read([texts[i] for i in some])).float().numpy()
        return found

    def save(self, folder: Path, *, dtype: torch.dtype = torch.float32) -> None:
        """Write `config.json`, `model.safetensors`, `tokenizer.json` and checksums, whole or not at all."""

        def write(into: Path) -> None:
            config = {"model_type": KIND, "max_tokens": self.max_tokens, "network": self.network.config.to_dict()}
            write_json(into / "config.json", config)
            tensors = {n: p.detach().to(dtype).contiguous() for n, p in self.network.named_parameters()}
            save_file(tensors, into / "model.safetensors", {"format": "pt"})
            self.tokenizer.save(into / "tokenizer.json")

        write_folder(folder, write)


def load_encoder(folder: Path) -> SentenceEncoder:
    """An encoder that `save` wrote, in fp32. Raises Invalid for another folder."""
    config = read_json(folder / "config.json")
    if config.get("model_type") != KIND:
        raise Invalid(f"{folder} holds no sentence encoder of this program.")
    check_folder(folder)
    network = Transformer(parse_config(config["network"]))
    network.load_state_dict({n: t.float() for n, t in load_file(folder / "model.safetensors").items()})
    return SentenceEncoder(network, load_tokenizer(folder / "tokenizer.json"), int(config["max_tokens"])).eval()


@dataclass(frozen=True, kw_only=True)
class EncoderRecipe:
    """A run of contrastive training."""

    steps: int = doc("Optimizer steps.", default=1000)
    rows: int = doc("Pairs per step; each is the others' negative.", default=64)
    scale: float = doc("Likenesses are multiplied by this before the softmax (one over the temperature).", default=20.0)
    optimizer: Literal["muon", "adamw"] = doc("Muon for the blocks' matrices and AdamW for the rest, or AdamW.", default="muon")
    muon_lr: float = doc("Peak learning rate of Muon.", default=0.005)
    adam_lr: float = doc("Peak learning rate of AdamW.", default=0.002)
    weight_decay: float = doc("Cautious weight decay.", default=0.01)
    warmup_steps: int = doc("Steps of warm-up; then the rate falls along a cosine.", default=50)
    clip: float = doc("Longest gradient; 0 does not clip.", default=1.0)
    seed: int = doc("Seed of the order of pairs.", default=0)


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the loss in nats, and the share of first texts whose second one was nearest."""

    step: int
    loss: float
    accuracy: float
    lr: float


def contrast(a: Tensor, b: Tensor, scale: float, same: Tensor | None = None) -> tuple[Tensor, float]:
    """InfoNCE of pairs, both ways, and the accuracy. a, b (B, C) of unit length; `same` (B, B) marks what is no negative."""
    scores = scale * a @ b.T  # (B, B)
    if same is not None:
        scores = scores.masked_fill(same & ~torch.eye(len(a), dtype=torch.bool), float("-inf"))
    target = torch.arange(len(a))
    loss = (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
    return loss, float((scores.argmax(1) == target).float().mean())


def train_encoder(encoder: SentenceEncoder, pairs: Sequence[tuple[str, str]], recipe: EncoderRecipe) -> Iterator[Step]:
    """Learn from pairs in place, a value per step. Texts that are equal are no negatives of each other.

    Raises Invalid for fewer than two pairs, and on a loss that is no number.
    """
    if len(pairs) < 2:
        raise Invalid("An encoder learns by telling pairs apart: it needs at least two.")
    r = recipe
    optimizers = make_optimizers(
        encoder.network, muon_lr=r.muon_lr, adam_lr=r.adam_lr, weight_decay=r.weight_decay, use_muon=r.optimizer == "muon"
    )
    draws, order = np.random.default_rng(r.seed), np.zeros(0, np.int64)
    encoder.train()
    for step in range(r.steps):
        if len(order) < min(r.rows, len(pairs)):
            order = np.concatenate((order, draws.permutation(len(pairs))))
        chosen, order = [pairs[i] for i in dict.fromkeys(order[: r.rows].tolist())], order[r.rows :]
        first, second = (list(side) for side in zip(*chosen, strict=True))
        loss, accuracy = contrast(encoder(*encoder.read(first)), encoder(*encoder.read(second)), r.scale, _list_same(first, second))
        if not math.isfinite(float(loss.detach())):
            raise Invalid(f"The loss of step {step + 1} is {float(loss)}: nothing was changed. Lower the learning rate.")
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(encoder.parameters(), r.clip or math.inf)
        factor = schedule(step, r.steps, kind="cosine", warmup=r.warmup_steps, decay_share=1.0, floor=0.0)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["peak_lr"] * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        yield Step(step + 1, float(loss.detach()), accuracy, r.adam_lr * factor)
    encoder.eval()


def describe_recipe(recipe: EncoderRecipe) -> dict[str, Any]:
    """The recipe as JSON values, to be kept beside what it made."""
    return asdict(recipe)


def _list_same(first: Sequence[str], second: Sequence[str]) -> Tensor:
    """(B, B): True where the two texts of either side are equal."""
    kinds = [np.unique(np.asarray(side), return_inverse=True)[1] for side in (first, second)]
    return torch.from_numpy(np.logical_or.reduce([k[:, None] == k[None, :] for k in kinds]))
