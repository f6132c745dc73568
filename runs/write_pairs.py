"""Preference pairs for the embedded model: what it wrote against what the passage says.

    python runs/write_pairs.py --data DIR --model DIR --out FILE [--count 400]

Asks the model questions like those of its lessons (new draws; questions of people from the training part, on short passages and on
whole ones) and keeps those that it answers wrongly: rejected = what it wrote, chosen = the sentence that answers, or that the text
does not say. Of the latter no more are kept than of those in which it wrongly said so: with four times as many the model said "not
in the text" to everything. One JSON object per line, as `duologue prefer` reads.
"""

import argparse
import json
import random
from pathlib import Path
from typing import Any

import grounded
import lessons
import torch
from evaluate_model import answer
from prepare_corpus import QA, Corpus, exchange, grounded_chat

from duologue.lm.chat import NOT_IN_TEXT
from duologue.lm.checkpoint import load_checkpoint

MOST_TOKENS = 360


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--count", type=int, default=400)
    given = options.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load_checkpoint(given.model)
    rng, corpus = random.Random(21), Corpus(given.data, set())
    sets = [corpus.questions(name) for name in QA]
    items = [item for some in sets for item in some]
    absent = [item for some in sets for item in exchange(some, rng)[: len(some) // 4]]
    made = [lessons.say(i.question, i.answer, system=i.passage) for i in grounded.make_items(21, given.count, absent=0.3)]
    talks = made + lessons.make_short(rng.sample(items, given.count), rng, absent=0.25)
    talks += [grounded_chat(i) for i in rng.sample(items + absent, given.count)]
    rng.shuffle(talks)
    rows: list[dict[str, Any]] = []
    for talk in talks:
        *prompt, right = talk
        if sum(len(tokenizer.encode(m["content"])) for m in talk) > MOST_TOKENS:
            continue
        text, _ = answer(model, tokenizer, prompt, 50)
        if text.strip() and text != right["content"]:
            rows.append({"prompt": prompt, "chosen": right["content"], "rejected": text})
        if len(rows) >= given.count:
            break
    most = sum(row["rejected"] in NOT_IN_TEXT.values() for row in rows)
    refusals = [row for row in rows if row["chosen"] in NOT_IN_TEXT.values()]
    kept = [row for row in rows if row not in refusals[most:]]
    given.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), "utf-8")
    print(f"{len(kept)} pairs of {len(talks)} questions")


if __name__ == "__main__":
    main()
