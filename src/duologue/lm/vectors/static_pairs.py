"""Pairs of texts that mean the same or answer each other, from the data folder, for training the static encoder.

Knows the forms of the data (one JSON object per line, see the folder's own INDEX.md) and which sets may be trained on and shipped.
By a hash of their names an eighth of the articles with questions and a twentieth of everything else is held out: it is only
measured on.
"""

import csv
import gzip
import json
import lzma
import random
import re
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO, cast

HELD_OUT_OF = 20
ARTICLES_HELD_OUT_OF = 8
PASSAGE_CHARS = {"en": 700, "zh": 260}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of one kind. Where `labels` are given, two pairs with the same label must not meet in a batch."""

    name: str
    pairs: list[tuple[str, str]]
    weight: float
    labels: list[str] | None = None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Questions, each with the index of the passage that holds its answer."""

    name: str
    questions: list[str]
    passages: list[str]
    gold: list[int]


def is_held_out(name: str, out_of: int = HELD_OUT_OF) -> bool:
    """Whether an article, dialogue or sentence of this name is kept for measuring."""
    return zlib.crc32(name.encode()) % out_of == 0


def read_lines(path: Path) -> TextIO:
    """A text file, packed by xz or gzip or not at all, found by its plain name."""
    for candidate in (path, path.with_name(path.name + ".gz"), path.with_name(path.name + ".xz")):
        if candidate.exists():
            openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".xz": lzma.open}
            return cast(TextIO, openers.get(candidate.suffix, open)(candidate, "rt", encoding="utf-8"))
    raise FileNotFoundError(path)


def read_set(data: Path, name: str) -> Iterator[dict[str, Any]]:
    """The rows of a set under `<data>/lm`."""
    with read_lines(data / "lm" / name / f"{name}.jsonl") as lines:
        for line in lines:
            yield json.loads(line)


def list_texts(data: Path) -> Iterator[str]:
    """Text for the vocabulary: both encyclopedias, and the sides of all pairs."""
    for name, keep in (("en_wiki_core2015", 8), ("zh_wiki_2023slice", 5)):
        for n, row in enumerate(read_set(data, name)):
            if n % keep == 0:
                yield row["text"][:4000]
    for found in list_pairs(data):
        for one in found.pairs[:12_000]:
            yield "\n".join(one)


DOCUMENTS = {
    "en_wiki_core2015": (1, 3000),
    "en_wikinews": (1, 3000),
    "en_classic_books": (1, 12_000),
    "en_wordset": (1, 4000),
    "en_factbook": (2, 1500),
    "en_children_stories": (1, 5000),
    "zh_wiki_2023slice": (1, 1600),
    "zh_laws": (3, 2000),
    "zh_howtocook": (1, 4000),
    "zh_user_questions_plexpt": (1, 500),
    "en_dialog_sgd": (1, 4000),
    "en_dialog_topical_chat": (1, 4000),
    "zh_dialog_smile": (2, 4000),
    "en_instruct_dolly_part": (1, 4000),
    "en_qa_medquad": (2, 4000),
    "zh_dialog_kdconv": (1, 4000),
    "bi_dialog_woz": (1, 4000),
    "zh_instruct_oasst1": (1, 4000),
    "zh_instruct_hikariming": (1, 4000),
    "zh_instruct_better_ruozhiba": (1, 4000),
}
"""Sets whose running text is counted: every how manieth document, and how many characters of it."""


def list_documents(data: Path) -> Iterator[str]:
    """Running text in parts of at most 3,900 characters, for counting which words stand near each other."""
    for name, (every, limit) in DOCUMENTS.items():
        for n, row in enumerate(read_set(data, name)):
            if n % every == 0:
                text = row["text"] if "text" in row else "\n".join(m["content"] for m in row["messages"])
                yield from (text[at : at + 3900] for at in range(0, min(len(text), limit), 3900))


def list_translations(data: Path) -> Iterator[tuple[str, str]]:
    """Texts with their translation, of what is trained on."""
    yield from (pair for pair, held in _tatoeba(data) if not held)
    yield from _cedict(data)
    yield from (pair for pair, held in _woz(data) if not held)


def list_pairs(data: Path) -> Iterator[Pairs]:
    """Every kind of pair. The weight is the share of the batches, before normalising."""
    rng = random.Random(0)
    yield Pairs("tatoeba", [p for p, held in _tatoeba(data) if not held], 3.0)
    yield Pairs("cedict", list(_cedict(data)), 2.0)
    yield Pairs("woz en–zh", [p for p, held in _woz(data) if not held], 1.5)
    for lang, name, weight in (("en", "en_wiki_core2015", 1.5), ("zh", "zh_wiki_2023slice", 1.5)):
        leads, sections, neighbours = _wiki(data, name, lang, rng)
        yield Pairs(f"{name} title–lead", leads, weight)
        yield Pairs(f"{name} heading–paragraph", sections, weight)
        yield Pairs(f"{name} paragraph–paragraph", neighbours, 1.0)
    for name, weight in (("en_groundedqa_squad_dev", 3.0), ("zh_groundedqa_drcd", 3.0), ("zh_groundedqa_cmrc2018", 1.0)):
        kept = (r for r in read_set(data, name) if r["answer"] and not is_held_out(_article(r), ARTICLES_HELD_OUT_OF))
        yield Pairs(name, [(r["question"], _around(r)) for r in kept], weight)
    yield Pairs("tatoeba, same translation", list(_same_translation(data)), 1.5)
    yield Pairs("cedict, same word", list(_synonyms(data)), 1.5)
    for lang, name, weight in (
        ("en", "en_wiki_core2015", 1.0),
        ("zh", "zh_wiki_2023slice", 1.0),
        ("en", "en_classic_books", 1.0),
        ("en", "en_children_stories", 0.3),
        ("en", "en_wikinews", 0.5),
        ("zh", "zh_howtocook", 0.1),
    ):
        yield Pairs(f"{name} sentence–context", list(_contexts(data, name, lang, rng)), weight)
    yield Pairs("disfl-qa", list(_disfluent(data)), 0.5)
    yield Pairs("wikinews", _titles(data, "en_wikinews", "en"), 1.0)
    yield Pairs("wordset", list(_wordset(data)), 1.0)
    for name, lang, weight in (
        ("en_qa_medquad", "en", 1.0),
        ("en_instruct_dolly_part", "en", 1.0),
        ("zh_instruct_oasst1", "zh", 0.1),
        ("zh_instruct_hikariming", "zh", 0.05),
        ("en_dialog_sgd", "en", 0.7),
        ("zh_dialog_kdconv", "zh", 0.2),
        ("en_dialog_topical_chat", "en", 0.3),
    ):
        yield Pairs(name, list(_turns(data, name, lang)), weight)
    yield _labelled("zh questions by topic", _topics(data), 1.0, rng)
    yield _labelled("banking77", _table(data, "banking77/train.csv"), 1.0, rng)
    yield _labelled("clinc150", _clinc(data), 1.0, rng)
    yield _labelled("bitext_8k", _table(data, "bitext_8k/train.csv"), 1.0, rng)


def list_held_out(data: Path) -> Iterator[HeldOut]:
    """What is measured on: questions of held-out articles against all passages of those, sentences against their translations."""
    for name in ("en_groundedqa_squad_dev", "zh_groundedqa_drcd", "zh_groundedqa_cmrc2018"):
        rows = [r for r in read_set(data, name) if r["answer"] and is_held_out(_article(r), ARTICLES_HELD_OUT_OF)]
        passages = list(dict.fromkeys(r["passage"] for r in rows))
        place = {passage: i for i, passage in enumerate(passages)}
        yield HeldOut(name, [r["question"] for r in rows], passages, [place[r["passage"]] for r in rows])
    for name, found in (("tatoeba", _tatoeba(data)), ("woz en–zh", _woz(data))):
        by_zh = {zh: en for (en, zh), held in found if held and len(en) > 20}
        kept = list({en: zh for zh, en in by_zh.items()}.items())[:2000]
        yield HeldOut(f"{name} zh→en", [zh for _, zh in kept], [en for en, _ in kept], list(range(len(kept))))


def _article(row: dict[str, Any]) -> str:
    source = str(row["source"])
    return source if len(source.split()) > 1 and source.startswith("squad") else str(row["passage"])[:40]


def _around(row: dict[str, Any]) -> str:
    """The part of a passage around its answer, of the length of our own passages."""
    passage, limit = str(row["passage"]), PASSAGE_CHARS[row["lang"]]
    at = max(passage.find(row["answer"]), 0)
    start = max(0, min(at - limit // 2, len(passage) - limit))
    return passage[start : start + limit]


def _tatoeba(data: Path) -> Iterator[tuple[tuple[str, str], bool]]:
    for row in read_set(data, "bi_tatoeba_cmn_eng"):
        en, zh = row["text"].split("\n", 1)
        yield (en, zh), is_held_out(en)


_GLOSS = re.compile(r"^(\S+) \[[^\]]*\] (.+)$")


def _cedict(data: Path) -> Iterator[tuple[str, str]]:
    for row in read_set(data, "bi_cedict"):
        if match := _GLOSS.match(row["text"].split("\n")[0]):
            gloss = re.sub(r"\[[^\]]*\]|\([^)]*\)", "", match.group(2))
            for sense in gloss.split(";")[:3]:
                if sense := sense.strip():
                    yield sense, match.group(1)


def _woz(data: Path) -> Iterator[tuple[tuple[str, str], bool]]:
    """The same dialogues in both languages, turn by turn (one side is a machine translation)."""
    sides: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for row in read_set(data, "bi_dialog_woz"):
        corpus, part, number = row["source"].split()
        sides[f"{corpus.split('_')[0]} {part} {number}"][row["lang"]] = [m["content"] for m in row["messages"]]
    for name, both in sides.items():
        if len(both) == 2 and len(both["en"]) == len(both["zh"]):
            yield from (((en, zh), is_held_out(name)) for en, zh in zip(both["en"], both["zh"], strict=True))


def _wiki(data: Path, name: str, lang: str, rng: random.Random) -> tuple[list[tuple[str, str]], ...]:
    leads: list[tuple[str, str]] = []
    sections: list[tuple[str, str]] = []
    neighbours: list[tuple[str, str]] = []
    limit = PASSAGE_CHARS[lang]
    for row in read_set(data, name):
        title, *lines = row["text"].split("\n")
        if is_held_out(title):
            continue
        heading, paragraphs = "", []
        for line in lines[:60]:
            if len(line) < 60 and line.endswith((".", "。")) and line.count(" ") < 6:
                heading = line.rstrip(".。")
            elif len(line) > limit // 6:
                paragraphs.append(line[:limit])
                if heading:
                    sections.append((f"{title} {heading}", line[:limit]))
                    heading = ""
        if paragraphs:
            leads.append((title, paragraphs[0]))
        for _ in range(min(len(paragraphs) // 2, 3)):
            one, other = rng.sample(paragraphs, 2)
            neighbours.append((one, other))
    return leads, sections, neighbours


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"“])|(?<=[。！？])")


def _contexts(data: Path, name: str, lang: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """A sentence and what stands around it, mostly without it (the inverse cloze task: Lee, Chang and Toutanova, ACL 2019)."""
    limit, shortest = PASSAGE_CHARS[lang], {"en": 30, "zh": 10}[lang]
    for row in read_set(data, name):
        text = row["text"]
        if is_held_out(text.split("\n", 1)[0]):
            continue
        sentences = [s.strip() for s in _SENTENCE_END.split(text[:20_000].replace("\n", " ")) if s.strip()]
        for _ in range(min(4, len(sentences) // 5) if name != "en_classic_books" else len(sentences) // 5):
            at = rng.randrange(len(sentences))
            around = sentences[max(0, at - 2) : at + 3]
            if shortest <= len(sentences[at]) <= limit // 2 and len(around) > 2:
                if rng.random() < 0.9:
                    around.remove(sentences[at])
                yield sentences[at], (" " if lang == "en" else "").join(around)[:limit]


def _same_translation(data: Path) -> Iterator[tuple[str, str]]:
    """Two sentences that have one and the same translation."""
    for side in (0, 1):
        groups: dict[str, list[str]] = defaultdict(list)
        for pair, held in _tatoeba(data):
            if not held:
                groups[pair[side]].append(pair[1 - side])
        for group in groups.values():
            yield from ((one, other) for one, other in pairwise(group) if one != other)


def _synonyms(data: Path) -> Iterator[tuple[str, str]]:
    """Two glosses of one Chinese word, and two Chinese words with one gloss."""
    words: dict[str, list[str]] = defaultdict(list)
    glosses: dict[str, list[str]] = defaultdict(list)
    for gloss, word in _cedict(data):
        words[word].append(gloss)
        glosses[gloss].append(word)
    for group in (*words.values(), *glosses.values()):
        if len(group) <= 12:
            yield from ((one, other) for one, other in pairwise(dict.fromkeys(group)))


def _disfluent(data: Path) -> Iterator[tuple[str, str]]:
    for row in read_set(data, "en_groundedqa_disflqa"):
        said, meant = (m["content"] for m in row["messages"])
        yield said.split(":", 1)[-1].strip(), meant


def _titles(data: Path, name: str, lang: str) -> list[tuple[str, str]]:
    rows = (row["text"].split("\n", 1) for row in read_set(data, name))
    return [(row[0], row[1][: PASSAGE_CHARS[lang]]) for row in rows if len(row) == 2]


_SENSE = re.compile(r"^(.+?) \((?:noun|verb|adjective|adverb)[^)]*\): (.+?)(?: Example: (.+))?$")


def _wordset(data: Path) -> Iterator[tuple[str, str]]:
    for row in read_set(data, "en_wordset"):
        for line in row["text"].split("\n")[:3]:
            if match := _SENSE.match(line):
                yield match.group(1), match.group(2)


def _turns(data: Path, name: str, lang: str) -> Iterator[tuple[str, str]]:
    for n, row in enumerate(read_set(data, name)):
        messages = row["messages"][:8]
        for one, other in zip(messages[::2], messages[1::2], strict=False):
            if n < 16_000 and len(one["content"]) > 8 and len(other["content"]) > 8:
                yield one["content"][: PASSAGE_CHARS[lang]], other["content"][: PASSAGE_CHARS[lang]]


def _topics(data: Path) -> Iterator[tuple[str, str]]:
    return ((row["text"], row["topic"]) for row in read_set(data, "zh_user_questions_plexpt") if row.get("topic"))


def _table(data: Path, name: str) -> Iterator[tuple[str, str]]:
    with read_lines(data / "support" / name) as lines:
        for row in list(csv.reader(lines))[1:]:
            yield row[0], row[1]


def _clinc(data: Path) -> Iterator[tuple[str, str]]:
    with read_lines(data / "support" / "clinc150_oos" / "data_full.json") as lines:
        yield from ((text, label) for text, label in json.load(lines)["train"])


def _labelled(name: str, rows: Iterable[tuple[str, str]], weight: float, rng: random.Random) -> Pairs:
    """Two texts of the same label are a pair."""
    groups: dict[str, list[str]] = defaultdict(list)
    for text, label in rows:
        groups[label].append(text)
    pairs: list[tuple[str, str]] = []
    labels: list[str] = []
    for label, texts in groups.items():
        rng.shuffle(texts)
        for one, other in pairwise(texts):
            pairs.append((one, other))
            labels.append(label)
    return Pairs(name, pairs, weight, labels)
