"""Writes the encoder with attention as it ships: MiniLM's layers, its most used pieces and the learned Chinese words, in 8 bits.

    python runs/attentive_write.py --data DIR --start DIR --rows FILE --out DIR [--pieces 20000]
    python runs/attentive_write.py --known PACK --out DIR

The first form writes the network. The second makes the vectors of a pack's sample passages and titles beforehand, so that a first
start needs not wait for them; run it again when the articles change.
"""

import argparse
import asyncio
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, models

from duologue.lm.vectors import static_pairs
from duologue.lm.vectors.attentive_model import MAX_TOKENS, Cutter, keep_known, save

ENGLISH = {
    "en_wiki_core2015": (3, 2500),
    "en_wikinews": (4, 1500),
    "en_dialog_sgd": (8, 3000),
    "en_dialog_topical_chat": (3, 3000),
    "en_groundedqa_squad_dev": (6, 800),
    "en_instruct_dolly_part": (1, 1000),
    "en_qa_medquad": (6, 800),
    "en_classic_books": (4, 8000),
    "en_wordset": (3, 1000),
    "en_children_stories": (2, 2000),
}
"""Sets in which pieces are counted: every how manieth document, and how many characters of it."""
_LATIN = re.compile("^(##)?[\u0000-\u024f]+$")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
NAMES = {"qkv.0": "qkv.weight", "qkv.1": "qkv.bias"} | {
    f"{name}.{n}": f"{name}.{part}" for name in ("out", "norm1", "up", "down", "norm2") for n, part in enumerate(("weight", "bias"))
}


def list_english(data: Path) -> Iterator[list[str]]:
    """Texts, set by set."""
    for name, (every, limit) in ENGLISH.items():
        rows = (row for n, row in enumerate(static_pairs.read_set(data, name)) if n % every == 0)
        yield [(r.get("text") or r.get("passage") or " ".join(m["content"] for m in r["messages"]))[:limit] for r in rows]
    for table in ("banking77/train.csv", "bitext_8k/train.csv"):
        yield [text for text, _ in static_pairs._table(data, table)]
    yield [text for text, _ in static_pairs._clinc(data)]
    yield [en for (en, _), _held in static_pairs._tatoeba(data)]


def choose_pieces(pieces: Tokenizer, texts: Iterator[list[str]], most: int) -> list[int]:
    """The numbers of the pieces that stay: marks, single characters in use, and the most frequent Latin ones."""
    counts: Counter[int] = Counter()
    for some in texts:
        for encoded in pieces.encode_batch(some, add_special_tokens=False):
            counts.update(encoded.ids)
    names = {i: name for name, i in pieces.get_vocab().items()}
    kept = {pieces.token_to_id(mark) for mark in ("[UNK]", "[CLS]", "[SEP]")}
    for i, name in names.items():
        single = name.removeprefix("##")
        if len(single) == 1 and (single.isascii() or (counts[i] and not _HAN.match(name))):
            kept.add(i)
    frequent = (i for i, _ in sorted(counts.items(), key=lambda item: -item[1]) if _LATIN.match(names[i]) and i not in kept)
    kept |= {i for i, _ in zip(frequent, range(most - len(kept)), strict=False)}
    return sorted(kept)


def cut_down(pieces: Tokenizer, kept: Sequence[int]) -> Tokenizer:
    """The tokenizer with the pieces that stay, numbered anew."""
    names = {i: name for name, i in pieces.get_vocab().items()}
    vocabulary = {names[i]: n for n, i in enumerate(kept)}
    form = json.loads(pieces.to_str()) | {"post_processor": None, "padding": None, "truncation": None}
    form["model"]["vocab"] = vocabulary
    added = [mark for mark in form["added_tokens"] if mark["content"] in vocabulary]
    form["added_tokens"] = [mark | {"id": vocabulary[mark["content"]]} for mark in added]
    return Tokenizer.from_str(json.dumps(form))


def list_tensors(rows: NDArray[np.float32], english: Sequence[int]) -> dict[str, NDArray[np.float32]]:
    """The network's tensors by the names of `attentive_model.save`."""
    from attentive_net import DIM, HEADS, Network

    network = Network(rows)
    found = {
        "rows": torch.cat([network.english[list(english)], network.chinese]),
        "positions": network.positions[:MAX_TOKENS],
        "norm.weight": network.first[0],
        "norm.bias": network.first[1],
    }
    for name, tensor in network.layers.named_parameters():
        layer, _, part = name.partition(".")
        tensor = tensor.clone()
        if part.startswith("qkv"):
            tensor[:DIM] *= (DIM / HEADS) ** -0.5
        found[f"{layer}.{NAMES[part]}"] = tensor.T.contiguous() if tensor.ndim == 2 else tensor
    return {name: tensor.numpy() for name, tensor in found.items()}


async def list_passages(knowledge: Path) -> list[str]:
    """What the search encodes of a pack's articles: each passage in its context, and each title."""
    from duologue.knowledge.service import KnowledgeService
    from duologue.store.database import Database
    from duologue.store.migrate import upgrade

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/known.db")
        await upgrade(database)
        service = KnowledgeService(database)
        await service.ingest_folder("wsp_known", knowledge)
        found = []
        for document in await service.list_documents("wsp_known"):
            passages = (await service.get_document("wsp_known", document.id)).passages
            found += [document.title, *(passage.context for passage in passages)]
        await database.aclose()
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path)
    options.add_argument("--start", type=Path, help="what attentive_start.py wrote")
    options.add_argument("--rows", type=Path, help="what attentive_train.py wrote")
    options.add_argument("--pieces", type=int, default=20_000)
    options.add_argument("--known", type=Path, help="a pack's folder of articles")
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    if given.known:
        keep_known(given.out, asyncio.run(list_passages(given.known)))
        return
    from attentive_net import DIM, HEADS, LAYERS, make_cutter

    torch.set_grad_enabled(False)
    cutter = make_cutter(given.start / "words.json")
    kept = choose_pieces(cutter.pieces, list_english(given.data), given.pieces)
    words = [("<unk>", -30.0), *((word, share) for word, share in json.loads((given.start / "words.json").read_text("utf-8")))]
    smaller = Cutter(cut_down(cutter.pieces, kept), Tokenizer(models.Unigram(words, unk_id=0)))
    config = {"dim": DIM, "layers": LAYERS, "heads": HEADS, "beside": "../encoder", "share": 0.5}
    save(given.out, config, smaller, list_tensors(np.load(given.rows), kept))


if __name__ == "__main__":
    main()
