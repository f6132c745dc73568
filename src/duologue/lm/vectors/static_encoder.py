"""Training of the static sentence encoder on pairs, by contrast within the batch. Needs torch; what it makes does not.

Loss: InfoNCE in both directions over the pairs of a batch (Henderson et al., "Efficient natural language response suggestion",
2017; van den Oord et al., 2018). Texts that are equal, or share a label, are no negatives of each other. A batch holds pairs of
one kind, so that negatives are not told apart by language or form alone.
Shapes: B pairs in a batch, V tokens, D dimensions.
"""

import json
import math
import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, tee
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, trainers
from torch.nn import functional as F

from duologue.lm.vectors import static_counts, static_pairs
from duologue.lm.vectors.static_model import MAX_TOKENS, StaticModel, pieces, quantise
from duologue.lm.vectors.static_pairs import HeldOut

SCALE_RATE = 1e-3
WARM_UP = 200
"""Steps."""
ACROSS = 3.0
"""How much a token beside one of its translation counts against one beside its neighbour."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is chosen for a training. It lasts `steps`, or `minutes` where steps is 0; the learning rate falls to zero along it.

    With `beside`, the folder of an earlier encoder, the table is first trained alone for `first_steps`, then set beside the
    earlier one's (twice the dimensions), and both are trained together. Of sets with long texts `longest_sets` pairs are drawn.
    """

    vocabulary: int = 40_000
    dim: int = 256
    batch: int = 512
    learning_rate: float = 0.003
    minutes: float = 22.0
    steps: int = 0
    threads: int = 1
    seed: int = 0
    scale: float = 20.0
    drop: float = 0.15
    slips: float = 0.15
    longest_sets: int = 20_000
    first_steps: int = 1500
    beside: str = ""


@dataclass(slots=True)
class Encoded:
    """Pairs of a kind as tokens: text i of a side is `tokens[side][starts[side][i]:starts[side][i + 1]]`."""

    name: str
    weight: float
    tokens: tuple[NDArray[np.int32], NDArray[np.int32]]
    starts: tuple[NDArray[np.int64], NDArray[np.int64]]
    keys: tuple[NDArray[np.int64], NDArray[np.int64]]
    labels: NDArray[np.int64] | None

    def __len__(self) -> int:
        return len(self.starts[0]) - 1


def train_tokenizer(texts: Iterator[str], vocabulary: int) -> Tokenizer:
    """Byte-pair merges over the words of `pieces`; a character outside the vocabulary is dropped."""
    tokenizer = Tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, min_frequency=5, limit_alphabet=6_000, show_progress=False)
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(pieces(text))
    kept = (word for word, n in counts.items() for _ in range(min(n, 2_000)))
    tokenizer.train_from_iterator(kept, trainer)
    return tokenizer


def slip(text: str, rng: random.Random) -> str:
    """The text with a slip of the finger in one of its longer words: a letter doubled, left out or swapped with the next."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) > 3 and word.isascii() and word.isalpha()]
    if long:
        i = rng.choice(long)
        word, at = words[i], rng.randrange(1, len(words[i]) - 1)
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        words[i] = rng.choice([word[:at] + word[at:][:1] + word[at:], word[:at] + word[at + 1 :], swapped])
    return " ".join(words)


def encode_pairs(tokenizer: Tokenizer, found: static_pairs.Pairs, slips: float, seed: int) -> Encoded:
    """The tokens of all pairs of a kind; pairs with an empty side are left out. A share `slips` of first sides gets a slip."""
    rng = random.Random(seed)
    sides: tuple[list[list[int]], list[list[int]]] = ([], [])
    keys: tuple[list[int], list[int]] = ([], [])
    labels: list[int] = []
    for start in range(0, len(found.pairs), 4096):
        part = [(slip(a, rng) if rng.random() < slips else a, b) for a, b in found.pairs[start : start + 4096]]
        both = [tokenizer.encode_batch([pieces(pair[side]) for pair in part], is_pretokenized=True) for side in (0, 1)]
        for i, (one, other) in enumerate(zip(*both, strict=True)):
            if one.ids and other.ids and one.ids != other.ids:
                for side, ids, text in ((0, one.ids, part[i][0]), (1, other.ids, part[i][1])):
                    sides[side].append(ids[:MAX_TOKENS])
                    keys[side].append(zlib.crc32(text.encode()))
                if found.labels is not None:
                    labels.append(zlib.crc32(found.labels[start + i].encode()))
    flat = [np.fromiter((t for ids in side for t in ids), np.int32) for side in sides]
    starts = [np.cumsum([0, *map(len, side)], dtype=np.int64) for side in sides]
    key_arrays = [np.asarray(side, np.int64) for side in keys]
    marked = np.asarray(labels, np.int64) if found.labels is not None else None
    return Encoded(found.name, found.weight, (flat[0], flat[1]), (starts[0], starts[1]), (key_arrays[0], key_arrays[1]), marked)


def initial_table(
    tokenizer: Tokenizer,
    dim: int,
    texts: Iterable[str],
    translations: Iterable[tuple[str, str]],
    sets: Sequence[Encoded],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Vectors from which tokens stand near each other in the texts and across translations; a frequent token starts short."""
    size = tokenizer.get_vocab_size()
    seen = np.ones(size)

    def documents() -> Iterator[list[int]]:
        for ids in tokenize_all(tokenizer, texts):
            np.add.at(seen, ids, 1)
            yield ids

    near = static_counts.count_near(documents(), size, rng)
    ones, others = tee(translations)
    sides = (tokenize_all(tokenizer, (pair[i] for pair in part)) for i, part in enumerate((ones, others)))
    across = static_counts.count_across(((a[:64], b[:64]) for a, b in zip(*sides, strict=True) if a and b), size)
    vectors = static_counts.factorise(near + ACROSS * across, dim, rng)
    for encoded in sets:
        for tokens in encoded.tokens:
            seen += np.bincount(tokens, minlength=size)
    return static_counts.weigh(vectors, seen, rng)


def tokenize_all(tokenizer: Tokenizer, texts: Iterable[str]) -> Iterator[list[int]]:
    """The tokens of each text, two thousand texts at a time."""
    waiting = iter(texts)
    while part := list(islice(waiting, 2000)):
        yield from (e.ids for e in tokenizer.encode_batch([pieces(text) for text in part], is_pretokenized=True))


def thin(found: static_pairs.Pairs, most: int, rng: random.Random) -> static_pairs.Pairs:
    """At most so many pairs of a set without labels whose pairs have 150 characters and more: long ones cost, and tell alike."""
    long = sum(len(a) + len(b) for a, b in found.pairs[:200]) > 150 * min(200, len(found.pairs))
    if found.labels is not None or not long or len(found.pairs) <= most:
        return found
    return replace(found, pairs=rng.sample(found.pairs, most))


def widen(table: NDArray[np.float32], tokenizer: Tokenizer, earlier: StaticModel, texts: Sequence[str]) -> NDArray[np.float32]:
    """The earlier encoder's rows beside the table's, (V, D) -> (V, D' + D): a token has the sum of what it was cut into before.

    Both halves get the same say in the vectors of the texts; the median row is of length 2.
    """
    size = len(table)
    words = [tokenizer.id_to_token(i) or "" for i in range(size)]
    others = np.zeros((size, earlier.dim), np.float32)
    for i, ids in enumerate(earlier.tokenize_words(words)):
        others[i] = earlier.scales[ids] @ earlier.rows[ids].astype(np.float32)
    told = list(tokenize_all(tokenizer, texts))

    def say(half: NDArray[np.float32]) -> float:
        return float(np.mean([np.linalg.norm(half[some].sum(axis=0)) / math.sqrt(len(some)) for some in told if some]))

    both = np.concatenate([others / say(others), table / say(table)], axis=1)
    lengths = np.linalg.norm(both, axis=1)
    out: NDArray[np.float32] = (both * (2 / np.median(lengths[lengths > 0]))).astype(np.float32)
    return out


def gather(
    one: Encoded, side: int, chosen: NDArray[np.int64], rng: np.random.Generator, drop: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens of the chosen texts in one row, and where each text starts in it; of long texts a share `drop` is left out."""
    starts, tokens = one.starts[side], one.tokens[side]
    parts = []
    for i in chosen:
        part = tokens[starts[i] : starts[i + 1]]
        if drop and len(part) > 4:
            part = part[rng.random(len(part)) >= drop]
        parts.append(part if len(part) else tokens[starts[i] : starts[i + 1]])
    offsets = np.cumsum([0, *map(len, parts[:-1])])
    return torch.from_numpy(np.concatenate(parts).astype(np.int64)), torch.from_numpy(offsets)


def contrast(a: torch.Tensor, b: torch.Tensor, scale: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """The loss of B pairs: a, b (B, D) of unit length; `same` (B, B) marks what is no negative."""
    scores = (a @ b.T) * scale
    scores = scores.masked_fill(same, float("-inf"))
    target = torch.arange(len(a))
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def list_same(one: Encoded, chosen: NDArray[np.int64]) -> torch.Tensor:
    """Which of B x B combinations are equal texts or share a label, (B, B), False on the diagonal."""
    same = np.zeros((len(chosen), len(chosen)), bool)
    groups = [one.keys[0][chosen], one.keys[1][chosen]] + ([one.labels[chosen]] if one.labels is not None else [])
    for group in groups:
        same |= group[:, None] == group[None, :]
    np.fill_diagonal(same, False)
    return torch.from_numpy(same)


class LazyAdam:
    """Adam over the rows (V, D) of a table that a batch touches, as in torch's SparseAdam; the others wait as they are."""

    def __init__(self, table: torch.Tensor, betas: tuple[float, float] = (0.9, 0.98)) -> None:
        self.table, self.betas, self.count = table, betas, 0
        self.mean, self.square = torch.zeros_like(table), torch.zeros_like(table)

    @torch.no_grad()
    def step(self, rows: torch.Tensor, gradient: torch.Tensor, learning_rate: float) -> None:
        """Move the rows against their gradient (R, D)."""
        self.count += 1
        (b1, b2), t = self.betas, self.count
        mean = self.mean[rows].lerp_(gradient, 1 - b1)
        square = self.square[rows].mul_(b2).addcmul_(gradient, gradient, value=1 - b2)
        self.mean[rows], self.square[rows] = mean, square
        step = (mean / (1 - b1**t)) / ((square / (1 - b2**t)).sqrt_() + 1e-8)
        self.table[rows] -= learning_rate * step


def train(
    table: NDArray[np.float32], sets: Sequence[Encoded], recipe: Recipe, report: Callable[[dict[str, float]], None]
) -> NDArray[np.float32]:
    """Fit the table (V, D) to the pairs, as long as the recipe says."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    rng = np.random.default_rng(recipe.seed)
    rows = LazyAdam(torch.from_numpy(table))
    scale = torch.nn.Parameter(torch.tensor(math.log(recipe.scale)))
    tuner = torch.optim.Adam([scale], lr=SCALE_RATE)
    shares = np.asarray([one.weight for one in sets]) / sum(one.weight for one in sets)
    began, step, losses = time.monotonic(), 0, []

    def progress() -> float:
        return step / recipe.steps if recipe.steps else (time.monotonic() - began) / (60 * recipe.minutes)

    while (done := progress()) < 1:
        one = sets[rng.choice(len(sets), p=shares)]
        chosen = rng.integers(0, len(one), min(recipe.batch, len(one)))
        (one_ids, one_starts), (other_ids, other_starts) = (gather(one, side, chosen, rng, recipe.drop) for side in (0, 1))
        used, places = torch.unique(torch.cat([one_ids, other_ids]), return_inverse=True)
        vectors = rows.table[used].requires_grad_()
        sides = [
            F.normalize(F.embedding_bag(part, vectors, starts, mode="mean"), dim=1)
            for part, starts in ((places[: len(one_ids)], one_starts), (places[len(one_ids) :], other_starts))
        ]
        loss = contrast(sides[0], sides[1], scale.exp().clamp(max=100.0), list_same(one, chosen))
        factor = min(1.0, (step + 1) / WARM_UP) * (1 - done)
        tuner.param_groups[0]["lr"] = SCALE_RATE * factor
        tuner.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        assert vectors.grad is not None
        rows.step(used, vectors.grad, recipe.learning_rate * factor)
        tuner.step()
        step += 1
        losses.append(loss.item())
        if step % 100 == 0:
            mean = float(np.mean(losses[-100:]))
            report({"step": step, "done": round(done, 3), "loss": round(mean, 4), "scale": round(scale.exp().item(), 2)})
    fitted: NDArray[np.float32] = rows.table.numpy()
    return fitted


def measure(encode: Callable[[Sequence[str]], NDArray[np.float32]], held_out: HeldOut) -> dict[str, float]:
    """Recall at 1 and 5 and the mean reciprocal rank (at 10) of the right passage among all of the set; of equals it comes last."""
    scores = encode(held_out.questions) @ encode(held_out.passages).T  # (questions, passages)
    right = scores[np.arange(len(held_out.gold)), held_out.gold]
    ranks = (scores >= right[:, None]).sum(axis=1)
    return {
        "recall@1": float((ranks <= 1).mean()),
        "recall@5": float((ranks <= 5).mean()),
        "mrr@10": float(np.where(ranks <= 10, 1 / ranks, 0).mean()),
    }


def main(data: Path, out: Path, recipe: Recipe, log: Callable[[str], None] = print) -> None:
    """Vocabulary, pairs, training, measuring, files; prints one JSON object per line."""

    def tell(**values: object) -> None:
        log(json.dumps(values, ensure_ascii=False))

    began = time.monotonic()
    tokenizer = train_tokenizer(static_pairs.list_texts(data), recipe.vocabulary)
    tell(event="tokenizer", size=tokenizer.get_vocab_size(), seconds=round(time.monotonic() - began))
    drawn = random.Random(recipe.seed)
    pairs = (thin(found, recipe.longest_sets, drawn) for found in static_pairs.list_pairs(data))
    sets = [encode_pairs(tokenizer, found, recipe.slips, recipe.seed) for found in pairs]
    tell(event="pairs", sizes={one.name: len(one) for one in sets}, seconds=round(time.monotonic() - began))
    table = initial_table(
        tokenizer,
        recipe.dim,
        static_pairs.list_documents(data),
        static_pairs.list_translations(data),
        sets,
        np.random.default_rng(recipe.seed),
    )
    tell(event="counted", seconds=round(time.monotonic() - began))
    if recipe.beside:
        table = train(table, sets, replace(recipe, steps=recipe.first_steps), lambda values: tell(**values))
        table = widen(
            table,
            tokenizer,
            StaticModel.load(Path(recipe.beside)),
            [en for en, _ in islice(static_pairs.list_translations(data), 500)],
        )
    table = train(table, sets, recipe, lambda values: tell(**values))
    rows, scales = quantise(table)
    model = StaticModel(f"static-{zlib.crc32(rows.tobytes()):08x}", tokenizer, rows, scales)
    model.save(out)
    for held_out in static_pairs.list_held_out(data):
        figures = measure(model.encode, held_out)
        tell(event="held out", set=held_out.name, n=len(held_out.questions), passages=len(held_out.passages), **figures)
    tell(event="done", seconds=round(time.monotonic() - began))


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description="Train the static sentence encoder.")
    parser.add_argument("--data", type=Path, required=True, help="data folder with lm/ and support/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the encoder's files")
    for field, default in ((name, getattr(Recipe(), name)) for name in Recipe.__slots__):
        parser.add_argument(f"--{field.replace('_', '-')}", type=type(default), default=default)
    options = vars(parser.parse_args())
    main(options.pop("data"), options.pop("out"), Recipe(**options))
