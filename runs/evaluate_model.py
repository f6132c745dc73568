"""What the embedded model can do, measured on text that it never saw: `scorecard.json` for the model card.

    python runs/evaluate_model.py --model DIR --corpus DIR --out FILE [--limit 60] [--base DIR]
    python runs/evaluate_model.py --model DIR --items FILE [--limit 60]        # only the answers, to these questions

Bits per byte by source and language, of the model and of `--base` (before its fine-tuning), beside a trigram model counted on the
same shards; grounded answers beside "the sentence with most shared words", on the passages as they are and on short ones made of
them; how many of the sentences that it writes pass the program's own check against the passage; how often it stops and repeats
itself; samples.
"""

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import grounded
import lessons
import numpy as np
import torch

from duologue.assistant.ground import Grounds
from duologue.kit.text import sentences
from duologue.knowledge.model import Passage
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.judging.trigram import Trigram
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text import clean
from duologue.lm.text.chat import NOT_IN_TEXT, render
from duologue.lm.text.tokenizer import BOS, END, END_OF_TURN, TextTokenizer
from duologue.lm.training.data import Shard
from duologue.lm.writing.score import score_text

PROMPTS = [
    "Hello",
    "Who are you?",
    "I need to book a hotel in the east.",
    "What is the capital of France?",
    "你好",
    "你是谁？",
    "我最近压力很大，怎么办？",
    "北京在哪里？",
    "Rewrite this question without slips and corrections: When does the no where does the train stop?",
    "请改写这个问题，去掉口误：那个，寄到厦门要几天？",
]
EN_SHOP = "We answer e-mails within one working day. Tents can be returned unused for 45 days. Shoes are resoled in our workshop."
ZH_SHOP = "我们在一个工作日内回复邮件。帐篷未使用可以在45天内退货。鞋底由我们的工坊更换。"
SHOP = [
    (EN_SHOP, "How long can I return a tent?"),
    (EN_SHOP, "Do you sell bicycles?"),
    (ZH_SHOP, "帐篷多少天内可以退？"),
    (ZH_SHOP, "你们卖自行车吗？"),
]


@torch.no_grad()
def answer(model: Transformer, tokenizer: TextTokenizer, messages: list[dict[str, str]], max_tokens: int = 100) -> tuple[str, bool]:
    """Greedy answer, and whether it stopped by itself."""
    ids = render(tokenizer, messages, for_reply=True).ids[-(model.config.context - max_tokens) :]
    ends = {tokenizer.special(END_OF_TURN), tokenizer.special(END)}
    cache, written = model.new_cache(1), []
    logits = model.prefill(torch.tensor([ids]), cache)
    for _ in range(max_tokens):
        token = int(logits[0].argmax())
        if token in ends:
            return tokenizer.decode(written), True
        written.append(token)
        logits = model.step(torch.tensor([token]), cache)
    return tokenizer.decode(written), False


def is_looping(text: str) -> bool:
    """Whether some run of 12 characters stands in the text three times or more."""
    return max(Counter(text[i : i + 12] for i in range(max(0, len(text) - 11))).values(), default=0) >= 3


def f1(found: str, wanted: str, lang: str) -> float:
    """Overlap of words (English) or characters (Chinese)."""
    split = (lambda t: re.findall(r"\w+", t.casefold())) if lang == "en" else (lambda t: re.findall(r"\w", t))
    a, b = Counter(split(found)), Counter(split(wanted))
    shared = sum((a & b).values())
    return 2 * shared / max(1, sum(a.values()) + sum(b.values()))


def most_shared(passage: str, question: str, lang: str) -> str:
    """The sentence of the passage with most words (character pairs in Chinese) of the question."""
    pieces = (
        (lambda t: set(re.findall(r"\w+", t.casefold()))) if lang == "en" else (lambda t: {t[i : i + 2] for i in range(len(t) - 1)})
    )
    asked = pieces(question)
    return max(clean.split_sentences(passage) or [passage], key=lambda s: len(asked & pieces(s)))


def shorten(held_out: dict[str, Any]) -> dict[str, list[Any]]:
    """The held-out questions of people on short passages, a quarter of them without their answer."""
    rng, found = random.Random(3), {}
    for name in [n for n in held_out if "groundedqa" in n and held_out[n] and "span" in held_out[n][0]]:
        talks = lessons.make_short(held_out[name], rng, absent=0.25)
        lang = held_out[name][0]["lang"]
        keys = ("passage", "question", "answer")
        found[f"{name}, short"] = [dict(zip(keys, (m["content"] for m in t), strict=True)) | {"lang": lang} for t in talks]
    return found


def count_supported(passage: str, text: str, lang: str) -> tuple[int, int]:
    """How many sentences of an answer the program would let pass as supported by the passage, of how many."""
    grounds = Grounds([Passage("psg", "wsp", "doc", 0, "", "", passage, 0, len(passage), lang)])  # type: ignore[arg-type]
    said = sentences(text)
    return sum(grounds.check(s).holds for s in said), len(said)


def measure_bits(
    model: Any, tokenizer: TextTokenizer, trigram: Trigram, held_out: dict[str, Any], limit: int
) -> list[dict[str, Any]]:
    rows, bos = [], tokenizer.special(BOS)
    for name, items in held_out.items():
        texts = [i["text"] for i in items if "text" in i][:limit]
        if not texts or items[0]["lang"] == "en+zh":
            continue
        scores = [score_text(model, tokenizer, t) for t in texts]
        size = sum(s.num_bytes for s in scores) * np.log(2)
        counted = sum(trigram.logprobs([bos, *tokenizer.encode(t)])[1:].sum() for t in texts)
        rows.append(
            {
                "source": name,
                "lang": items[0]["lang"],
                "n": len(texts),
                "bytes": sum(s.num_bytes for s in scores),
                "bits_per_byte": -sum(s.logprob for s in scores) / size,
                "trigram": -float(counted) / size,
            }
        )
    return rows


def measure_answers(
    model: Any, tokenizer: TextTokenizer, held_out: dict[str, Any], limit: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rows, stops, loops, total = [], 0, 0, 0
    for name, items in held_out.items():
        groups: dict[str, list[Any]] = defaultdict(list)
        for item in items:
            if "passage" in item:
                groups[item["lang"]].append(item)
        for lang, some in groups.items():
            exact, overlap, shared, absent, absent_right, false_absent, passing, said = [], [], [], 0, 0, 0, 0, 0
            for item in some[:limit]:
                talk = [{"role": "system", "content": item["passage"]}, {"role": "user", "content": item["question"]}]
                text, has_stopped = answer(model, tokenizer, talk)
                if text not in NOT_IN_TEXT.values():
                    one = count_supported(item["passage"], text, lang)
                    passing, said = passing + one[0], said + one[1]
                stops, loops, total = stops + has_stopped, loops + is_looping(text), total + 1
                if item["answer"] in NOT_IN_TEXT.values():
                    absent, absent_right = absent + 1, absent_right + (text == item["answer"])
                else:
                    false_absent += text in NOT_IN_TEXT.values()
                    exact.append(text == item["answer"])
                    overlap.append(f1(text, item["answer"], lang))
                    shared.append(f1(most_shared(item["passage"], item["question"], lang), item["answer"], lang))
            rows.append(
                {
                    "source": name,
                    "lang": lang,
                    "n": len(exact),
                    "exact": float(np.mean(exact)),
                    "f1": float(np.mean(overlap)),
                    "f1_most_shared_words": float(np.mean(shared)),
                    "n_absent": absent,
                    "absent_right": absent_right / max(1, absent),
                    "false_absent": false_absent / max(1, len(exact)),
                    "supported": passing / max(1, said),
                    "n_sentences": said,
                }
            )
            print(rows[-1], flush=True)
    return rows, {"n": total, "stopped": stops / max(1, total), "looping": loops / max(1, total)}


def measure_nothing_given(model: Any, tokenizer: TextTokenizer, held_out: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """Held-out questions without their passage: how many are answered that it does not know, how many in circles or without end."""
    rows = []
    for lang in ("en", "zh"):
        asked = [i["question"] for items in held_out.values() for i in items if "passage" in i and i["lang"] == lang]
        said = [answer(model, tokenizer, [{"role": "user", "content": q}], 60) for q in asked[: 6 * limit + 40 : 6][:limit]]
        unknown = sum(text == grounded.UNKNOWN[lang] for text, _ in said)
        circles = sum(not stopped or is_looping(text) for text, stopped in said)
        rows.append({"lang": lang, "n": len(said), "unknown": unknown, "circles": circles})
    return rows


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--corpus", type=Path)
    options.add_argument("--out", type=Path)
    options.add_argument("--items", type=Path, help="questions to choose settings on, of `runs/write_pairs.py --development`")
    options.add_argument("--base", type=Path)
    options.add_argument("--limit", type=int, default=60)
    given = options.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load_checkpoint(given.model)
    if given.items:
        print(measure_answers(model, tokenizer, json.loads(given.items.read_text("utf-8")), given.limit)[1])
        return
    if not given.corpus or not given.out:
        options.error("give --corpus and --out, or --items")
    held_out = json.loads((given.corpus / "held_out.json").read_text("utf-8"))
    shards = [Shard(given.corpus / name) for name in ("text", "chat")]
    documents = (s.tokens[a:b] for s in shards for a, b in zip(s.offsets[:-1], s.offsets[1:], strict=True))
    trigram = Trigram(documents, tokenizer.vocab_size)
    bits = measure_bits(model, tokenizer, trigram, held_out, given.limit)
    if given.base:
        for row, before in zip(
            bits, measure_bits(load_checkpoint(given.base)[0], tokenizer, trigram, held_out, given.limit), strict=True
        ):
            row["base"] = before["bits_per_byte"]
    print(bits, flush=True)
    answers, habits = measure_answers(model, tokenizer, held_out | shorten(held_out), given.limit)
    nothing = measure_nothing_given(model, tokenizer, held_out, given.limit)
    samples = [{"prompt": p, "answer": answer(model, tokenizer, [{"role": "user", "content": p}], 60)[0]} for p in PROMPTS]
    for passage, question in SHOP:
        talk = [{"role": "system", "content": passage}, {"role": "user", "content": question}]
        samples.append({"passage": passage, "prompt": question, "answer": answer(model, tokenizer, talk)[0]})
    measured = {"bits_per_byte": bits, "answers": answers, "habits": habits, "nothing_given": nothing}
    card = {"parameters": model.num_parameters, **measured, "samples": samples}
    given.out.write_text(json.dumps(card, indent=1, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main()
