"""How well encoders find in the sample shop's knowledge, on the development half of its questions: for choosing, not for reporting.

    python runs/evaluate_questions.py [--encoder DIR …] [--minilm] [--share S]

One row per encoder, channel and kind of question, and with each encoder but the first what it wins and loses against the first: in
how many questions the right passage comes among the first five where it did not, and the other way round, and the difference of
nDCG@10 with its 95 % interval (percentile bootstrap over the questions: Efron and Tibshirani, 1993).
"""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from evaluate_encoder import SHIPPED, load, load_minilm

from duologue.knowledge import evaluate
from duologue.knowledge.evaluate import Answered
from duologue.knowledge.fuse import DENSE_SHARE
from duologue.knowledge.service import KnowledgeService
from duologue.store.database import Database
from duologue.store.migrate import upgrade

SHOP = Path("src/duologue/packs/support")
Found = dict[str, list[Answered]]


class Encoder:
    """A function from texts to vectors as an encoder of the knowledge service. No text is read twice."""

    def __init__(self, name: str, encode: Callable[[Sequence[str]], Any], dim: int) -> None:
        self.name, self.dim, self._encode = name, dim, encode
        self._known: dict[str, list[float]] = {}

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        if missing := [text for text in dict.fromkeys(texts) if text not in self._known]:
            self._known |= dict(zip(missing, self._encode(missing).tolist(), strict=True))
        return [self._known[text] for text in texts]


async def find(encoder: Encoder, share: float) -> Found:
    """What each channel finds for the development questions that have an answer."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/questions.db")
        await upgrade(database)
        service = KnowledgeService(database, encoder)
        await service.ingest_folder(evaluate.WORKSPACE, SHOP / "knowledge")
        asked = evaluate.read_questions(sorted(SHOP.glob("evals/questions*.jsonl")), "development")
        asked = [q for q in asked if q.articles]
        channels = evaluate.CHANNELS | {"hybrid": share}
        found = {name: await evaluate.answer(service, asked, dense_share=share) for name, share in channels.items()}
        await database.aclose()
    return found


def compare(first: Sequence[Answered], other: Sequence[Answered]) -> dict[str, Any]:
    """Questions won and lost at five, and the mean difference of nDCG@10 with its interval."""
    won = sum(0 < o.rank <= 5 and not 0 < f.rank <= 5 for f, o in zip(first, other, strict=True))
    lost = sum(0 < f.rank <= 5 and not 0 < o.rank <= 5 for f, o in zip(first, other, strict=True))
    gains = np.array([evaluate.ndcg([o]) - evaluate.ndcg([f]) for f, o in zip(first, other, strict=True)])
    rng = np.random.default_rng(0)
    means = gains[rng.integers(0, len(gains), (5000, len(gains)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"won": won, "lost": lost, "ndcg_gain": round(float(gains.mean()), 3), "from": round(low, 3), "to": round(high, 3)}


def print_rows(name: str, found: Found, first: Found | None) -> None:
    """One object per line."""
    asked = [a.question for a in found["hybrid"]]
    for channel in ("hybrid", "dense") if first else evaluate.CHANNELS:
        for group, belongs in evaluate.list_groups(asked):
            chosen = [a for a in found[channel] if belongs(a.question)]
            row: dict[str, Any] = {"encoder": name, "channel": channel, "group": group, "n": len(chosen)}
            row |= {"recall@5": round(evaluate.recall(chosen), 3), "ndcg@10": round(evaluate.ndcg(chosen), 3)}
            if first:
                row |= compare([a for a in first[channel] if belongs(a.question)], chosen)
            print(json.dumps(row), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--encoder", type=Path, nargs="*", default=SHIPPED, help="folders, the one to compare with first")
    options.add_argument("--minilm", action="store_true")
    options.add_argument("--share", type=float, default=DENSE_SHARE, help="of the dense half in the hybrid")
    given = options.parse_args()
    first: Found | None = None
    models = [(folder.name, load(folder)) for folder in given.encoder]
    encoders = [Encoder(name, model.encode, model.dim) for name, model in models]
    if given.minilm:
        encoders.append(Encoder("all-MiniLM-L6-v2", load_minilm(), 384))
    for encoder in encoders:
        found = asyncio.run(find(encoder, given.share))
        print_rows(encoder.name, found, first)
        first = first or found


if __name__ == "__main__":
    main()
