"""Preference pairs for the embedded model: what it wrote against what the passage says, as often to say that it is absent as not.

    python runs/write_pairs.py --data DIR --model DIR --out FILE [--count 1000] [--development FILE]

Asks the model questions like those of its lessons, new draws and questions of people from the training part, half of them without
an answer in their passage. For each of these: chosen = that the text does not say, rejected = what it wrote (where it said so, the
sentence with most words of the question). For each of the others: chosen = the sentence that answers, rejected = that the text does
not say, whatever it wrote; and where it wrote a wrong sentence a second pair rejects that. So the fixed sentence is chosen and
rejected equally often, and the model can't gain by saying it always or never: it has to look whether the answer is there.

`--development FILE` writes other questions of the same kinds too, as `runs/evaluate_model.py --items` reads, to choose settings on.
One JSON object per line, as `duologue prefer` reads.
"""

import argparse
import json
import random
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import grounded
import lessons
import torch
from evaluate_model import most_shared
from prepare_corpus import QA, Corpus, exchange, grounded_chat

from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text import clean
from duologue.lm.text.chat import NOT_IN_TEXT, render
from duologue.lm.text.tokenizer import END, END_OF_TURN, TextTokenizer
from duologue.lm.writing.decode import Decoding, write

MOST_TOKENS, ROWS, SEED = 300, 32, 21
SHARES = {"templates": 0.25, "look-ups": 0.35, "short": 0.3, "long": 0.1}
Talks = dict[str, list[list[dict[str, str]]]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--count", type=int, default=1000)
    options.add_argument("--development", type=Path)
    given = options.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load_checkpoint(given.model)
    corpus, rng = Corpus(given.data, set()), random.Random(SEED)
    items = [corpus.questions(name) for name in QA]
    if given.development:
        held = draw([[i for i in some if is_for_choosing(i)] for some in items], tokenizer, SEED + 1, 200)
        given.development.write_text(json.dumps(to_items(held), ensure_ascii=False), "utf-8")
    talks = draw([[i for i in some if not is_for_choosing(i)] for some in items], tokenizer, SEED, given.count)
    rows, counts = make_pairs([t for some in talks.values() for t in some], model, tokenizer)
    rng.shuffle(rows)
    given.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    print(f"{len(rows)} pairs;", dict(counts))


def is_for_choosing(item: dict[str, str]) -> bool:
    """Whether an item's passage belongs to the tenth of the training part that settings are chosen on."""
    return clean.is_held_out("choose " + item["passage"], 0.1)


def draw(items: list[list[dict[str, str]]], tokenizer: TextTokenizer, seed: int, count: int) -> Talks:
    """`count` questions with their right answers by kind, half of them unanswerable; look-ups in sentences of the same passages."""
    rng, flat = random.Random(seed), [item for some in items for item in some]
    number = {kind: int(count * share) for kind, share in SHARES.items()}
    absent = [item for some in items for item in exchange(some, rng)]
    absent = rng.sample(absent, min(len(absent), number["long"]))
    sentences: dict[str, set[str]] = {"en": set(), "zh": set()}
    for item in flat:
        low, high = (40, 150) if item["lang"] == "en" else (12, 50)
        sentences[item["lang"]] |= {s for s in clean.split_sentences(item["passage"]) if low <= len(s) <= high}
    ordered = {lang: sorted(some) for lang, some in sentences.items()}
    made: Talks = {
        "templates": [lessons.say(i.question, i.answer, system=i.passage) for i in grounded.make_items(seed, count, absent=0.5)],
        "look-ups": [grounded_chat(asdict(i)) for i in grounded.make_lookups(ordered, seed, count, absent=0.5)],
        "short": lessons.make_short(rng.sample(flat, min(len(flat), count)), rng, absent=0.5),
        "long": [grounded_chat(i) for i in [*rng.sample(flat, len(absent)), *absent]],
    }
    for kind, some in made.items():
        some = [talk for talk in some if len(render(tokenizer, talk).ids) <= MOST_TOKENS]
        rng.shuffle(some)
        made[kind] = some[: number[kind]]
    return made


def to_items(talks: Talks) -> dict[str, list[dict[str, str]]]:
    """As `evaluate_model.measure_answers` reads them."""
    return {
        kind: [
            dict(zip(("passage", "question", "answer"), (m["content"] for m in talk), strict=True)) | {"lang": lang_of(talk)}
            for talk in some
        ]
        for kind, some in talks.items()
    }


def lang_of(talk: list[dict[str, str]]) -> str:
    """en or zh, by the passage."""
    return "zh" if any("一" <= c <= "龥" for c in talk[0]["content"]) else "en"


def make_pairs(
    talks: list[list[dict[str, str]]], model: Transformer, tokenizer: TextTokenizer
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """The pairs of these questions, and how many there are of each sort."""
    decoding = Decoding(max_new_tokens=60, ends=(tokenizer.special(END_OF_TURN), tokenizer.special(END)))
    asked = [(render(tokenizer, talk[:-1], for_reply=True).ids, talk) for talk in talks]
    asked.sort(key=lambda one: len(one[0]))  # so that a batch holds little padding
    rows, counts = list[dict[str, Any]](), Counter[str]()

    def add(sort: str, prompt: list[dict[str, str]], chosen: str, rejected: str) -> None:
        if rejected.strip() and rejected.strip() != chosen.strip():
            rows.append({"prompt": prompt, "chosen": chosen, "rejected": rejected})
            counts[sort] += 1

    for at in range(0, len(asked), ROWS):
        written = write(model, [ids for ids, _ in asked[at : at + ROWS]], decoding)
        for (_, talk), (one, *_) in zip(asked[at : at + ROWS], written, strict=True):
            *prompt, right = talk
            text, lang, wanted = tokenizer.decode(list(one.ids)), lang_of(talk), right["content"]
            absent = NOT_IN_TEXT[lang]
            if wanted in NOT_IN_TEXT.values():
                is_right = text in NOT_IN_TEXT.values()
                other = most_shared(prompt[0]["content"], prompt[1]["content"], lang) if is_right else text
                add("absent, said so" if is_right else "absent, wrote a sentence", prompt, wanted, other)
            else:
                add("there, said absent" if text == absent else "there", prompt, wanted, absent)
                if text != absent:
                    add("there, wrote another sentence", prompt, wanted, text)
    return rows, counts


if __name__ == "__main__":
    main()
