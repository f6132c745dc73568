"""`duologue eval learning --task recall`: what remembering corrections gives by itself, what training gives, and both together.

The same scripted team as in `corrections.py`, over time: after so many corrections, how much would an expert still have to
change of the answers to the next questions? Remembering gives an earlier answer word by word where the questions are alike
enough, by words or by meaning, as the assistant does.
"""

import asyncio
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue.assistant.answer import SAME_QUESTION
from duologue.knowledge.synonyms import subjects
from duologue.learning.compare import distance, write
from duologue.learning.corrections import SHOP, make_corrections
from duologue.learning.dataset import freeze
from duologue.learning.model import Candidate, Example
from duologue.learning.ordinary import read_texts, split_texts
from duologue.learning.train import learn
from duologue.review.question import Question
from duologue.review.similarity import combine, likeness

STEPS = (75, 150, 300)
NEXT = 60
"""Questions after the last correction, on which every point is measured."""


Vectors = Mapping[str, NDArray[np.float32]]


def rows() -> Iterator[dict[str, Any]]:
    """The three curves, a row per point."""
    from duologue.engine.local import find_embedded
    from duologue.lm.writing.ask import Model

    champion = find_embedded()
    first = Model(champion)
    made = make_corrections(first, STEPS[-1] + NEXT)
    answers = [c for c in made if c.example.kind == "sft"]
    asked = [c.example for c in answers[-NEXT:]]
    own = [write(first, example) for example in asked]
    vectors = _encode([c.example for c in answers])
    for count in (0, *STEPS):
        last = answers[count - 1].decided_at if count else answers[0].decided_at
        known = [c.example for c in answers[:count]]
        remembered = [recall(example, known, vectors) for example in asked]
        trained = _train(champion, [c for c in made if count and c.decided_at <= last], asked) if count else own
        curves = {
            "recall": [r or o for r, o in zip(remembered, own, strict=True)],
            "training": trained,
            "both": [r or w for r, w in zip(remembered, trained, strict=True)],
        }
        for name, texts in curves.items():
            value = sum(distance(text, e.chosen) for text, e in zip(texts, asked, strict=True)) / len(asked)
            base = sum(distance(text, e.chosen) for text, e in zip(own, asked, strict=True)) / len(asked)
            note = f"after {count} corrections; remembered for {sum(map(bool, remembered))}; baseline: neither"
            yield {
                "task": f"recall.{name}",
                "metric": "edit_distance",
                "value": value,
                "baseline": base,
                "n": len(asked),
                "note": note,
            }


def recall(example: Example, known: Sequence[Example], vectors: Vectors | None = None) -> str:
    """The answer to the most alike earlier question, where it is alike enough; empty otherwise. `vectors` by question."""
    lang, asked = example.lineage["lang"], Question.read(_asked(example), example.lineage["lang"])
    earlier = [(Question.read(_asked(e), lang), e) for e in known if e.lineage["lang"] == lang]
    counts = Counter(term for question, _ in earlier for term in question.terms)
    weights = {term: math.log((len(earlier) + 201) / (n + 1)) for term, n in counts.items()}
    best, found = 0.0, ""
    for question, e in earlier:
        by_words = likeness(asked.terms, question.terms, subjects(e.chosen), weights)
        cosine = float(vectors[_asked(example)] @ vectors[_asked(e)]) if vectors else None
        score = combine(asked, question, e.chosen, by_words, cosine).score
        if score >= best:
            best, found = score, e.chosen
    return found if best >= SAME_QUESTION else ""


def _asked(example: Example) -> str:
    return example.prompt[-1]["content"]


def _encode(examples: Sequence[Example]) -> dict[str, NDArray[np.float32]]:
    from duologue.engine.attentive_encoder import AttentiveEncoder

    questions = sorted({_asked(e) for e in examples})
    found = asyncio.run(AttentiveEncoder().encode(questions))
    return {question: np.asarray(vector, np.float32) for question, vector in zip(questions, found, strict=True)}


def _train(champion: Path, candidates: Sequence[Candidate], asked: Sequence[Example]) -> list[str]:
    from duologue.lm.writing.ask import Model

    dataset = freeze(candidates, held_out=0.2)
    with tempfile.TemporaryDirectory(prefix="duologue-recall-") as name:
        run = learn(dataset, champion, Path(name), split_texts(read_texts([SHOP]), ()).replay)
        model = Model(run.model)
        return [write(model, example) for example in asked]
