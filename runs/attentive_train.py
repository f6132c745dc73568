"""Teaches Chinese to MiniLM's network: a Chinese text shall lie where MiniLM puts its English.

    python runs/attentive_train.py --data DIR --start DIR --out FILE [--init FILE] [--steps 500 | --minutes 20] [--lr 0.003]

The layers are frozen, so English stays as it is; only the rows of the Chinese words learn (Artetxe, Ruder and Yogatama, ACL 2020).
Two kinds of step: translations, against the teacher's vectors of the English (Reimers and Gurevych, EMNLP 2020), by cosine and by
contrast with 2,000 other sentences; and Chinese questions or headings with the sentence or passage that belongs to them, by
contrast within the batch. Layers and teacher run in bfloat16.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from attentive_net import Network, make_cutter
from torch import Tensor

from duologue.lm.vectors import static_pairs

SCALE = 20.0
OTHERS = 2000
SAME = 0.97
"""A sentence nearer than this to the right one is no negative."""
KINDS = {"tatoeba": 0.33, "woz": 0.33, "cedict": 0.02, "sentences": 0.16, "passages": 0.16}
CONTRASTED = ("sentences", "passages")
TOKENS = {True: 2400, False: 1200}
"""Of a batch's Chinese, where it is contrasted within itself or not."""
SECTIONS = 8000
LONGEST = 160
_END = re.compile("(?<=[。！？；])")
Ids = list[int]


def list_pairs(data: Path, words: set[str]) -> dict[str, list[tuple[str, str]]]:
    """Chinese text first; second its English, or of the kinds in CONTRASTED the Chinese that belongs to it."""
    rng = random.Random(0)
    turns = list({zh: en for (en, zh), held in static_pairs._woz(data) if not held and len(zh) > 3}.items())
    rng.shuffle(turns)
    sentences, passages = [], []
    for name in ("zh_groundedqa_drcd", "zh_groundedqa_cmrc2018"):
        for row in static_pairs.read_set(data, name):
            article = static_pairs._article(row)
            if row["answer"] and not static_pairs.is_held_out(article, static_pairs.ARTICLES_HELD_OUT_OF):
                sentences.append((row["question"], find_sentence(row["passage"], row["answer"])))
                passages.append((row["question"], static_pairs._around(row)))
    _, sections, _ = static_pairs._wiki(data, "zh_wiki_2023slice", "zh", rng)
    passages += rng.sample(sections, SECTIONS)
    return {
        "tatoeba": [(zh, en) for (en, zh), held in static_pairs._tatoeba(data) if not held],
        "woz": turns[:20_000],
        "cedict": [(zh, en) for en, zh in static_pairs._cedict(data) if zh in words and len(en) < 60],
        "sentences": sentences,
        "passages": passages,
    }


def find_sentence(passage: str, answer: str) -> str:
    """The sentence of a passage that holds the answer, with the next one where it is short."""
    at, start = max(passage.find(answer), 0), 0
    parts = _END.split(passage)
    for n, part in enumerate(parts):
        if start <= at < start + len(part):
            return (part if len(part) > 24 else "".join(parts[n : n + 2]))[:90]
        start += len(part)
    return passage[:80]


def draw(pairs: Sequence[tuple[Ids, Ids]], tokens: int, rng: random.Random, both: bool) -> Iterator[list[int]]:
    """Indices of batches of like length for ever, each of about `tokens` (of the first text, or of both)."""
    size = [len(a) + (len(b) if both else 0) for a, b in pairs]
    while True:
        order = list(range(len(pairs)))
        rng.shuffle(order)
        batches: list[list[int]] = []
        for start in range(0, len(order), 4096):
            batch: list[int] = []
            for i in sorted(order[start : start + 4096], key=size.__getitem__):
                if batch and (len(batch) + 1) * size[i] > tokens:
                    batches.append(batch)
                    batch = []
                batch.append(i)
            batches.append(batch)
        rng.shuffle(batches)
        yield from (batch for batch in batches if len(batch) > 3)


class Teacher:
    """MiniLM's vectors of English texts, each made once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[tuple[int, ...], Tensor] = {}

    def __call__(self, ids: Sequence[Ids]) -> Tensor:
        missing = [key for key in dict.fromkeys(map(tuple, ids)) if key not in self._known]
        if missing:
            with torch.no_grad():
                self._known |= dict(zip(missing, self._network([list(key) for key in missing]), strict=True))
        return torch.stack([self._known[tuple(row)] for row in ids])

    def draw(self, count: int, rng: random.Random) -> Tensor:
        """Vectors of other texts, of those made so far."""
        return torch.stack(rng.sample(list(self._known.values()), min(count, len(self._known))))


def loss_of_translations(found: Tensor, wanted: Tensor, others: Tensor) -> Tensor:
    """Distance by angle, and the right one among others."""
    kept = torch.cat([wanted, others])
    scores = SCALE * found @ kept.T
    same = wanted @ kept.T > SAME
    right = torch.arange(len(found))
    same[right, right] = False
    return F.cross_entropy(scores.masked_fill(same, -1e4), right) + 5 * (1 - (found * wanted).sum(1).mean())


def loss_of_pairs(asked: Tensor, answers: Tensor) -> Tensor:
    """InfoNCE both ways within the batch."""
    scores, right = SCALE * asked @ answers.T, torch.arange(len(asked))
    return (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--start", type=Path, required=True, help="what attentive_start.py wrote")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--init", type=Path, help="rows to go on from")
    options.add_argument("--steps", type=int, default=500)
    options.add_argument("--minutes", type=float, default=0.0, help="in place of steps")
    options.add_argument("--lr", type=float, default=0.003)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(given.seed)
    rng = random.Random(given.seed)
    cutter = make_cutter(given.start / "words.json")
    network = Network(np.load(given.init or given.start / "rows.npy"))
    for parameter in network.layers.parameters():
        parameter.data, parameter.requires_grad = parameter.data.bfloat16(), False
    teacher = Teacher(network)  # of English alone, which the Chinese rows do not touch
    pairs: dict[str, list[tuple[Ids, Ids]]] = {}
    for kind, texts in list_pairs(given.data, {w for w, _ in json.loads((given.start / "words.json").read_text("utf-8"))}).items():
        sides = (cutter.cut([pair[side] for pair in texts], LONGEST) for side in (0, 1))
        pairs[kind] = [(a, b) for a, b in zip(*sides, strict=True) if a and b]
    batches = {kind: draw(some, TOKENS[kind in CONTRASTED], rng, kind in CONTRASTED) for kind, some in pairs.items()}
    optimizer: Any = torch.optim.AdamW([network.chinese], betas=(0.9, 0.99), weight_decay=0.0)
    started, mean = time.perf_counter(), dict.fromkeys(KINDS, 0.0)
    for step in count():
        past = (time.perf_counter() - started) / 60 / given.minutes if given.minutes else step / given.steps
        if past >= 1:
            break
        (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
        first, second = zip(*(pairs[kind][i] for i in next(batches[kind])), strict=True)
        if kind in CONTRASTED:
            loss = loss_of_pairs(network(first), network(second))
        else:
            wanted = teacher(second)
            loss = loss_of_translations(network(first), wanted, teacher.draw(OTHERS, rng))
        for group in optimizer.param_groups:
            group["lr"] = given.lr * min(1, (step + 1) / 30) * max(0.02, 1 - past)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([network.chinese], 1.0)
        optimizer.step()
        mean[kind] = 0.95 * mean[kind] + 0.05 * loss.item() if mean[kind] else loss.item()
        if (step + 1) % 50 == 0:
            figures = {
                "step": step + 1,
                "seconds": round(time.perf_counter() - started),
                **{k: round(v, 3) for k, v in mean.items()},
            }
            print(json.dumps(figures), flush=True)
            np.save(given.out, network.chinese.detach().numpy())
    np.save(given.out, network.chinese.detach().numpy())


if __name__ == "__main__":
    main()
