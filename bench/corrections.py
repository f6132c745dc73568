"""How surely a corrected question is known again in other words, and told from one that only looks alike.

`python -m bench.corrections [--half report] [--json] [--pairs]`. Pairs of `packs/support/evals/corrections.jsonl`: the same matter
asked differently, and another matter in nearly the same words. `sent`: pairs whose likeness alone would send the answer at the
default threshold of 0.8; `repeated`: pairs whose answer would stand in a draft at least. By the words, and as the program combines
them with the encoder's cosine. Kind `stranger`: any two everyday questions that different articles answer.
"""

import argparse
import asyncio
import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from duologue.assistant.answer import SAME_QUESTION
from duologue.assistant.confidence import PRECEDENT_INTERCEPT, PRECEDENT_WEIGHT
from duologue.engine.attentive_encoder import AttentiveEncoder
from duologue.kit.text import detect_lang
from duologue.knowledge.synonyms import subjects
from duologue.packs import support
from duologue.review.question import Question
from duologue.review.similarity import combine, likeness

PAIRS = Path(support.__file__).parent / "evals" / "corrections.jsonl"
SENT = (math.log(0.8 / 0.2) - PRECEDENT_INTERCEPT) / PRECEDENT_WEIGHT


async def look(half: str) -> list[dict[str, Any]]:
    """A row for each pair: likeness by words, cosine, likeness as combined; no word is rarer than another here."""
    encoder, out = AttentiveEncoder(), []
    for row in map(json.loads, PAIRS.read_text("utf-8").splitlines()):
        lang = detect_lang(row["question"])
        known = Question.read(row["question"], lang)
        pairs = [(kind, text) for kind in ("same", "other") for text in row[kind] if row["half"] == half]
        for kind, asked in pairs:
            first, second = np.asarray(await encoder.encode([row["question"], asked]))
            question, cosine = Question.read(asked, lang), float(first @ second)
            by_words = likeness(question.terms, known.terms, subjects(row["answer"]), {})
            both = combine(question, known, row["answer"], by_words, cosine).score
            out.append(
                {
                    "lang": lang,
                    "pair": kind,
                    "known": row["question"],
                    "asked": asked,
                    "words": by_words,
                    "cosine": cosine,
                    "both": both,
                }
            )
    return out


async def look_at_strangers() -> list[dict[str, Any]]:
    """The same rows for everyday and short questions (of the short ones those to develop on), each beside all of other articles."""
    encoder, out = AttentiveEncoder(), []
    rows = [
        json.loads(line)
        for name in ("everyday", "short")
        for line in (PAIRS.parent / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    rows = [row for row in rows if row["kind"] != "short" or int(row["id"][-2:]) % 2 == 0]
    vectors = np.asarray(await encoder.encode([row["question"] for row in rows]))
    questions = [Question.read(row["question"], row["lang"]) for row in rows]
    for i, j in itertools.permutations(range(len(rows)), 2):
        if rows[i]["lang"] != rows[j]["lang"] or set(rows[i]["articles"]) & set(rows[j]["articles"]):
            continue
        asked, known, cosine = questions[i], questions[j], float(vectors[i] @ vectors[j])
        by_words = likeness(asked.terms, known.terms, (), {})
        both = combine(asked, known, "", by_words, cosine).score
        out.append(
            {"lang": asked.lang, "pair": "stranger", "known": known.text, "asked": asked.text, "words": by_words, "both": both}
        )
    return out


def sum_up(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows by language and kind of pair: n, how many would be sent and repeated by the words alone and by both."""
    out = []
    for lang in ("en", "zh"):
        for kind in ("same", "other", "stranger"):
            some = [p for p in pairs if (p["lang"], p["pair"]) == (lang, kind)]
            counts = {
                f"{verb} by {way}": sum(p[way] >= least for p in some)
                for way in ("words", "both")
                for verb, least in (("sent", SENT), ("repeated", SAME_QUESTION))
            }
            out.append({"lang": lang, "pair": kind, "n": len(some), **counts})
    return out


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("develop", "report"), default="report")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--pairs", action="store_true", help="each pair, not their sums")
    given = parser.parse_args()
    pairs = asyncio.run(look(given.half)) + ([] if given.pairs else asyncio.run(look_at_strangers()))
    for row in pairs if given.pairs else sum_up(pairs):
        shown = {name: round(value, 2) if isinstance(value, float) else value for name, value in row.items()}
        print(
            json.dumps(shown, ensure_ascii=False) if given.json else "  ".join(f"{name} {value}" for name, value in shown.items())
        )


if __name__ == "__main__":
    main()
