"""How surely a corrected question is known again in other words, and told from one that only looks alike.

`python -m bench.corrections [--json]`. Pairs of `packs/support/evals/corrections.jsonl`: the same matter asked differently, and
another matter in nearly the same words. Likeness of words (`review/similarity.py`), alone and with the rows of an encoder, beside
the cosine of whole questions. `sent`: share of pairs whose likeness alone would send the answer at the default threshold of 0.8.
"""

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from duologue.assistant.confidence import PRECEDENT_INTERCEPT, PRECEDENT_WEIGHT
from duologue.engine.attentive_encoder import AttentiveEncoder
from duologue.engine.protocol import Encoder
from duologue.engine.static_encoder import StaticEncoder
from duologue.kit.text import detect_lang
from duologue.packs import support
from duologue.review.similarity import likeness, terms

PAIRS = Path(support.__file__).parent / "evals" / "corrections.jsonl"
SENT = (np.log(0.8 / 0.2) - PRECEDENT_INTERCEPT) / PRECEDENT_WEIGHT


async def likeness_of(question: str, answer: str, asked: str, encoder: Encoder | None) -> float:
    """Of the words of a new question and a corrected one, 0 to 1; no word is rarer than another here."""
    new, known, told = terms(asked), terms(question), terms(answer)
    vectors: Mapping[str, Any] = {}
    if encoder is not None:
        words = {term: word for side in (new, known, told) for term, word in side.items()}
        rows = await encoder.encode(list(words.values()))
        vectors = {term: np.asarray(row, np.float32) for term, row in zip(words, rows, strict=True)}
    return likeness(new, known, told, {}, vectors)


async def measure() -> list[dict[str, Any]]:
    """Rows by way, language and kind of pair: n, least, median and most likeness, the share sent."""
    encoders: dict[str, Encoder] = {"static": StaticEncoder(), "attentive": AttentiveEncoder()}
    pairs = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    found: dict[tuple[str, str, str], list[float]] = {}
    for row in pairs:
        lang = detect_lang(row["question"])
        for kind in ("same", "other"):
            for asked in row[kind]:
                answer = row["answer"] if kind == "same" else ""
                for way, encoder in {"words": None, **encoders}.items():
                    score = await likeness_of(row["question"], answer, asked, encoder)
                    found.setdefault((f"words, {way}" if encoder else way, lang, kind), []).append(score)
                for way, whole in encoders.items():
                    first, second = np.asarray(await whole.encode([row["question"], asked]))
                    found.setdefault((f"whole question, {way}", lang, kind), []).append(float(first @ second))
    return [
        {
            "way": way, "lang": lang, "pairs": kind, "n": len(scores), "least": round(min(scores), 2),
            "median": round(float(np.median(scores)), 2), "most": round(max(scores), 2),
            **({"sent": round(float(np.mean([s >= SENT for s in scores])), 2)} if way.startswith("words") else {}),
        }
        for (way, lang, kind), scores in sorted(found.items())
    ]  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    for row in asyncio.run(measure()):
        print(json.dumps(row) if as_json else "  ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
