"""Prepare the corpus of the embedded model: clean, hold out, tokenize, write shards.

    python runs/prepare_corpus.py --data DIR --out DIR [--tokenizer FILE] [--vocab 8192] [--scale 1.0] [--without-synthetic]

`--data` (or DUOLOGUE_LM_DATA) is a folder of open data sets, one folder each with `<name>/<name>.jsonl.xz`; the model card
names the sets, their authors and licences. Writes `tokenizer.json`, the shards `text`, `chat` and `sft`, `held_out.json` and
`counts.json`. Documents are held out by a hash of their text, question answering by the passage's; `--without-synthetic` leaves
out the sets that another model wrote.
"""

import argparse
import hashlib
import json
import lzma
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import grounded
import lessons

from duologue.lm.text import clean
from duologue.lm.text.chat import NOT_IN_TEXT, render_within
from duologue.lm.text.tokenizer import BOS, END, TextTokenizer, load_tokenizer, train_tokenizer
from duologue.lm.training.data import write_shard

SEED = 7
LENGTH, SHORT = 512, 256
MODEL_WRITTEN = {"zh_dialog_smile", "zh_user_questions_plexpt", "zh_instruct_better_ruozhiba", "zh_instruct_hikariming"}
Messages = list[dict[str, str]]

# name: (thousand tokens, longest text in characters); what is read as plain text in the first stage
TEXT = {
    "en_wiki_core2015": (1700, 1500),
    "en_classic_books": (700, 2500),
    "en_wikinews": (550, 1500),
    "en_children_stories": (330, 4000),
    "en_wordset": (200, 400),
    "en_factbook": (250, 800),
    "bi_tatoeba_cmn_eng": (430, 400),
    "bi_cedict": (150, 200),
    "zh_wiki_2023slice": (2400, 900),
    "zh_laws": (250, 900),
    "zh_poetry": (80, 200),
    "zh_user_questions_plexpt": (350, 300),
    "zh_howtocook": (150, 900),
    "zh_xiehouyu": (50, 100),
}
# name: thousand tokens in the text stage; conversations, learnt as a whole
CHAT = {
    "en_dialog_sgd": 350,
    "bi_dialog_woz": 250,
    "en_dialog_topical_chat": 200,
    "zh_dialog_smile": 700,
    "zh_dialog_kdconv": 100,
    "en_dialog_mathdial": 60,
    "bi_dialog_chatterbot": 20,
    "en_instruct_rasbt": 20,
    "en_instruct_dolly_part": 150,
    "zh_instruct_better_ruozhiba": 60,
    "zh_instruct_hikariming": 40,
    "zh_instruct_oasst1": 60,
    "en_groundedqa_disflqa": 100,
    "en_qa_medquad": 150,
}
# kind of lesson: (thousand tokens in the chat stage, learnt as a whole; in fine-tuning, learnt on the assistant's side)
PRACTICE = {
    "short questions": (450, 750),
    "long questions": (250, 600),
    "templates": (250, 350),
    "several": (120, 250),
    "look-ups": (250, 350),
    "leads": (350, 400),
    "chat": (700, 350),
    "instructions": (150, 0),
    "repeats": (60, 80),
    "rewriting": (60, 120),
    "openings": (30, 120),
    "nothing given": (0, 120),
    "small talk": (40, 100),
    "intake": (60, 120),
    "tutoring": (40, 80),
    "translations": (80, 60),
    "text": (250, 700),
}
INSTRUCTIONS = ("en_instruct_rasbt", "en_instruct_dolly_part", "zh_instruct_hikariming", "zh_instruct_oasst1")
LEADS = {"en": "en_wiki_core2015", "zh": "zh_wiki_2023slice"}
QA = {"en_groundedqa_squad_dev": 450, "zh_groundedqa_drcd": 450, "zh_groundedqa_cmrc2018": 200}
MADE_TEXT = 300


def read(data: Path, name: str) -> Iterator[dict[str, Any]]:
    with lzma.open(data / name / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class Corpus:
    """Reads the sets once, drops what the rules drop, and keeps what is held out apart."""

    def __init__(self, data: Path, without: set[str]) -> None:
        self.data, self.without, self.counts = data, without, Counter[str]()
        self.held_out: dict[str, list[Any]] = {}
        self._seen: set[int] = set()

    def _is_new(self, name: str, text: str) -> bool:
        mark = clean.get_fingerprint(text)
        if mark in self._seen:
            self.counts[f"{name}: duplicate"] += 1
            return False
        self._seen.add(mark)
        return True

    def _keep(self, name: str, key: str, share: float, value: Any) -> bool:
        if clean.is_held_out(key, share):
            self.held_out.setdefault(name, []).append(value)
            return False
        self.counts[f"{name}: kept"] += 1
        return True

    def texts(self, name: str, max_chars: int) -> list[str]:
        kept = []
        for row in [] if name in self.without else read(self.data, name):
            text = clean.to_plain(row["text"])
            if (
                max_chars >= 800
                and (len(text) < 200 or clean.is_mostly_short_lines(text))
                and name not in ("zh_howtocook", "en_children_stories")
            ):
                self.counts[f"{name}: short or list"] += 1
            elif self._is_new(name, text):
                text = clean.cut_at_sentence(text, max_chars)
                if self._keep(name, row["text"], 0.005, {"text": text, "lang": row["lang"]}):
                    kept.append(text)
        return kept

    def chats(self, name: str) -> list[Messages]:
        kept = []
        for row in [] if name in self.without else read(self.data, name):
            if name == "en_dialog_topical_chat" and not any(r in ("Good", "Excellent") for r in _ratings(row)):
                self.counts[f"{name}: low rating"] += 1
                continue
            messages = [{"role": m["role"], "content": clean.mask_private(clean.to_plain(m["content"]))} for m in row["messages"]]
            joined = "\n".join(m["content"] for m in messages)
            if any(n in joined for n in ("Open Assistant", "OpenAI", "ChatGPT", "http", "机器人")) or not all(
                m["content"] for m in messages
            ):
                self.counts[f"{name}: names another assistant, a link or nothing"] += 1
            elif self._is_new(name, joined) and self._keep(name, joined, 0.005, {"messages": messages, "lang": row["lang"]}):
                kept.append(messages)
        return kept

    def questions(self, name: str) -> list[dict[str, str]]:
        kept = []
        for row in read(self.data, name):
            item = quote(
                clean.to_plain(row["passage"]), clean.to_plain(row["question"]), clean.to_plain(row["answer"]), row["lang"]
            )
            if item is None:
                self.counts[f"{name}: no sentence holds the answer"] += 1
            elif self._keep(name, row["passage"], 0.05, item):
                kept.append(item)
        return kept


def _ratings(row: dict[str, Any]) -> list[str]:
    found = row.get("ratings") or row.get("rating") or ["Good"]
    return [str(v) for v in (found.values() if isinstance(found, dict) else found if isinstance(found, list) else [found])]


def quote(passage: str, question: str, answer: str, lang: str) -> dict[str, str] | None:
    """The item with the sentence that holds the answer as its answer, and a window of the passage round it."""
    sentences = clean.split_sentences(passage)
    where = next((i for i, s in enumerate(sentences) if answer and answer in s), None)
    if answer and (where is None or len(sentences[where]) > (260 if lang == "en" else 110)):
        return None
    limit, first = (900, 300)[lang == "zh"], where or 0
    start = end = first
    while True:  # grow the window by turns to both sides
        options = [(s, e) for s, e in ((start - 1, end), (start, end + 1)) if s >= 0 and e < len(sentences)]
        options = [(s, e) for s, e in options if sum(map(len, sentences[s : e + 1])) <= limit]
        if not options:
            break
        start, end = options[(end - start) % len(options)]
    window = sentences[start : end + 1]
    return {
        "passage": (" " if lang == "en" else "").join(window),
        "question": question,
        "span": answer,
        "lang": lang,
        "answer": sentences[where] if where is not None else NOT_IN_TEXT[lang],
    }


def exchange(items: list[dict[str, str]], rng: random.Random) -> list[dict[str, str]]:
    """Questions put to another passage that holds neither the answer nor half of the question's character pairs."""
    made = []
    for item in items:
        other = rng.choice(items)["passage"]
        pairs = {item["question"][i : i + 2] for i in range(len(item["question"]) - 1)}
        if item["span"] and item["span"] not in other and sum(p in other for p in pairs) * 2 < len(pairs):
            made.append({**item, "passage": other, "answer": NOT_IN_TEXT[item["lang"]], "span": ""})
    return made


def grounded_chat(item: dict[str, str]) -> Messages:
    return [
        {"role": "system", "content": item["passage"]},
        {"role": "user", "content": item["question"]},
        {"role": "assistant", "content": item["answer"]},
    ]


def take(
    pool: list[Any], k_tokens: int, scale: float, encode: Callable[[Any], list[tuple[list[int], list[int] | None]]], passes: int = 4
) -> list[Any]:
    """Encoded items of a shuffled pool until the budget is full, at most `passes` times through it."""
    docs, total = [], 0
    for _ in range(passes if pool else 0):
        for item in pool:
            if total >= k_tokens * 1000 * scale:
                return docs
            for doc in encode(item):
                docs.append(doc)
                total += len(doc[0])
    return docs


def split_for_lookups(texts: dict[str, list[str]]) -> dict[str, list[str]]:
    """Sentences of middle length by language: from the encyclopedias' leads and from the sentence pairs."""
    pairs = [t.splitlines() for t in texts["bi_tatoeba_cmn_eng"]]
    wiki = {lang: [s for t in texts[name] for s in clean.split_sentences(t)[1:4]] for lang, name in LEADS.items()}
    return {
        "en": [s for s in wiki["en"] if 40 <= len(s) <= 150] + [p[0] for p in pairs if len(p[0]) >= 18],
        "zh": [s for s in wiki["zh"] if 12 <= len(s) <= 50] + [p[1] for p in pairs if len(p) == 2 and len(p[1]) >= 7],
    }


def practise(
    texts: dict[str, list[str]],
    chats: dict[str, list[Messages]],
    questions: dict[str, list[dict[str, str]]],
    sentences: dict[str, list[str]],
    spoken: list[Messages],
    templates: list[dict[str, str]],
) -> dict[str, dict[str, list[Any]]]:
    """The lessons of the chat stage and of fine-tuning by kind, each with draws of its own."""
    found: dict[str, dict[str, list[Any]]] = {}
    flat = [item for items in questions.values() for item in items]
    asked = [(i["question"], i["lang"]) for i in [*templates[:3_000], *flat[:2_000]]]
    titles = [(t.partition("\n")[0], lang) for lang, name in LEADS.items() for t in texts[name][-2_000:]]
    talks = [m for name, pool in chats.items() if name.startswith(("en_dialog", "zh_dialog", "bi_dialog")) for m in cap(name, pool)]
    for number, stage in enumerate(("chat", "sft")):
        rng, seed = random.Random(f"practice-{stage}"), SEED + 10 + number
        some: dict[str, list[Any]] = {
            "short questions": lessons.make_short(flat, rng, absent=0.12),
            "long questions": [grounded_chat(i) for i in flat if i["answer"] not in NOT_IN_TEXT.values() or rng.random() < 0.2],
            "templates": [grounded_chat(asdict(i)) for i in grounded.make_items(seed, 12_000, absent=0.12)],
            "several": lessons.make_several(seed, 4_000),
            "look-ups": [grounded_chat(asdict(i)) for i in grounded.make_lookups(sentences, seed, 7_000, absent=0.12)],
            "leads": [m for lang, name in LEADS.items() for m in lessons.make_from_leads(texts[name], lang, rng)],
            "chat": list(talks),
            "instructions": [m for name in INSTRUCTIONS for m in chats[name]],
            "repeats": grounded.make_repeats(sentences, seed, 3_000),
            "rewriting": [*chats["en_groundedqa_disflqa"], *spoken],
            "openings": grounded.make_openings(asked, seed),
            "nothing given": grounded.make_unknown(
                [(i["question"], i["lang"]) for i in [*templates[3_000:5_000], *flat[::4]]]
                + [(rng.choice(lessons.DEFINE[lang]).format(title), lang) for title, lang in titles if len(title) <= 40],
                seed,
            ),
            "small talk": [messages for messages, _ in grounded.make_small_talk(seed, 3_000)],
            "intake": lessons.make_intake(seed, 1_600),
            "tutoring": lessons.make_tutoring(seed, 1_600),
            "translations": lessons.make_translations(texts["bi_tatoeba_cmn_eng"], rng),
            "text": [t for name, pool in texts.items() for t in rng.sample(pool, min(len(pool), TEXT[name][0] // 2))],
        }
        for pool in some.values():
            rng.shuffle(pool)
        found[stage] = some
    return found


def cap(name: str, pool: list[Messages]) -> list[Messages]:
    """At most so many conversations of a set, so that none sets the tone alone; without robots of other names."""
    most = {"zh_dialog_smile": 2_500, "en_dialog_sgd": 3_000, "bi_dialog_woz": 2_500, "en_dialog_topical_chat": 1_500}.get(
        name, 1_000
    )
    return [m for m in pool if name != "bi_dialog_chatterbot" or not lessons.has_robot(m)][-most:]


def rewriting(rng: random.Random, question: str) -> Messages:
    said = "请改写这个问题，去掉口误：" + grounded.make_disfluent(rng, question)
    return [{"role": "user", "content": said}, {"role": "assistant", "content": question}]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=os.environ.get("DUOLOGUE_LM_DATA"))
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--tokenizer", type=Path)
    options.add_argument("--vocab", type=int, default=8192)
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--without-synthetic", action="store_true")
    given = options.parse_args()
    if not given.data or not Path(given.data).is_dir():
        options.error("give the folder of the data sets with --data or DUOLOGUE_LM_DATA")
    rng = random.Random(SEED)
    corpus = Corpus(Path(given.data), MODEL_WRITTEN if given.without_synthetic else set())
    given.out.mkdir(parents=True, exist_ok=True)

    texts = {name: corpus.texts(name, chars) for name, (_, chars) in TEXT.items()}
    chats = {name: corpus.chats(name) for name in CHAT}
    questions = {name: corpus.questions(name) for name in QA}
    for pool in (*texts.values(), *chats.values(), *questions.values()):
        rng.shuffle(pool)
    made = grounded.make_items(SEED, 40_000)
    print("read", sum(map(len, texts.values())), "texts", sum(map(len, chats.values())), "conversations", flush=True)

    tokenizer = load_tokenizer(given.tokenizer) if given.tokenizer else learn(texts, chats, given.vocab, rng)
    tokenizer.save(given.out / "tokenizer.json")
    print("tokenizer", tokenizer.vocab_size, flush=True)

    bos, end = tokenizer.special(BOS), tokenizer.special(END)

    def as_text(text: str) -> list[Any]:
        return [([bos, *tokenizer.encode(text), end], None)]

    def as_chat(messages: Messages) -> list[Any]:
        rendered = render_within(tokenizer, messages, LENGTH + 1)
        return [(rendered.ids, None)] if rendered else []

    def as_short_chat(messages: Messages) -> list[Any]:
        rendered = render_within(tokenizer, messages, SHORT + 1)
        return [(rendered.ids, None)] if rendered else []

    def as_lesson(messages: Messages, limit: int = SHORT) -> list[Any]:
        rendered = render_within(tokenizer, messages, limit + 1)
        return [(rendered.ids, rendered.mask)] if rendered else []

    def as_long_lesson(messages: Messages) -> list[Any]:
        return as_lesson(messages, LENGTH)

    qa = {
        name: items + (exchange(items, rng)[: len(items) // 4] if name.startswith("zh") else [])
        for name, items in questions.items()
    }
    for items in qa.values():
        rng.shuffle(items)
    sentences = split_for_lookups(texts)
    templates = [{"passage": i.passage, "question": i.question, "answer": i.answer, "lang": i.lang} for i in made]

    stages: dict[str, list[Any]] = {"text": [], "chat": [], "sft": []}
    for name, pool in texts.items():
        stages["text"] += take(pool, TEXT[name][0], given.scale, as_text)
    for name, pool in chats.items():
        half = len(pool) // 2
        stages["text"] += take(pool[:half], CHAT[name], given.scale, as_chat)
    for name, items in qa.items():
        cut = len(items) // 2
        stages["text"] += take(items[:cut], QA[name], given.scale, lambda i: as_chat(grounded_chat(i)), passes=1)
    stages["text"] += take(templates[:10_000], MADE_TEXT, given.scale, lambda i: as_chat(grounded_chat(i)), passes=1)
    spoken = [rewriting(rng, q["question"]) for q in questions["zh_groundedqa_drcd"]]

    practice = practise(texts, chats, questions, sentences, spoken, templates[10_000:])
    for stage, encode, column in (("chat", as_short_chat, 1), ("sft", as_lesson, 2)):
        for name, pool in practice[stage].items():
            form = as_text if name == "text" else as_long_lesson if name == "long questions" and stage == "sft" else encode
            stages[stage] += take(pool, PRACTICE[name][column - 1], given.scale, form, passes=2)
            print(stage, name, len(pool), sum(len(d[0]) for d in stages[stage]), flush=True)

    for stage, docs in stages.items():
        rng.shuffle(docs)
        corpus.counts[f"stage {stage}: tokens"] = write_shard(given.out / stage, docs)
        corpus.counts[f"stage {stage}: documents"] = len(docs)
        print(stage, len(docs), corpus.counts[f"stage {stage}: tokens"], flush=True)
    corpus.held_out["made"] = [
        {"passage": i.passage, "question": i.question, "answer": i.answer, "lang": i.lang}
        for i in grounded.make_items(SEED + 1, 400)
    ]
    unseen = {name: [i["text"] for i in items] for name, items in corpus.held_out.items() if items and "text" in items[0]}
    corpus.held_out["lookup"] = [asdict(i) for i in grounded.make_lookups(split_for_lookups(unseen), SEED + 1, 300)]
    watch = {
        lang: [i["text"] for n in names for i in corpus.held_out.get(n, [])][:150:6]
        for lang, names in {"en": ("en_wiki_core2015", "en_wikinews"), "zh": ("zh_wiki_2023slice",)}.items()
    }
    (given.out / "watch.json").write_text(json.dumps(watch, ensure_ascii=False), "utf-8")
    for name in ("zh_groundedqa_drcd", "zh_groundedqa_cmrc2018"):
        corpus.held_out[name] += exchange(corpus.held_out[name], rng)[: len(corpus.held_out[name]) // 4]
    (given.out / "held_out.json").write_text(json.dumps(corpus.held_out, ensure_ascii=False), "utf-8")
    (given.out / "counts.json").write_text(json.dumps(dict(sorted(corpus.counts.items())), indent=1, ensure_ascii=False), "utf-8")
    digest = hashlib.sha256((given.out / "text.tokens").read_bytes()).hexdigest()
    print("sha256 of text.tokens", digest)


def learn(texts: dict[str, list[str]], chats: dict[str, list[Messages]], vocab: int, rng: random.Random) -> TextTokenizer:
    """A tokenizer from equal bytes of English and Chinese, 8 MB each, from the sets in the proportions of the mixture."""
    sample: list[str] = []
    for lang in ("en", "zh"):
        weights = {n: TEXT[n][0] for n in texts if n.startswith(lang)} | {n: CHAT[n] for n in chats if n.startswith(lang)}
        for name, weight in weights.items():
            pool = texts.get(name) or ["\n".join(m["content"] for m in c) for c in chats.get(name, [])]
            room = 8_000_000 * weight / sum(weights.values())
            for text in pool:
                if room <= 0:
                    break
                sample.append(text)
                room -= len(text.encode())
    rng.shuffle(sample)
    return train_tokenizer(sample, vocab, show_progress=False)


if __name__ == "__main__":
    main()
