"""`duologue eval learning --task recall`: what remembering corrections gives by itself, what training gives, and both together.

The same scripted team as in `corrections.py`, over time: after so many corrections, how much would an expert still have to
change of the answers to the next questions? Remembering gives an earlier answer word by word where the questions are alike
enough, as the assistant does.
"""

import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from duologue.assistant.answer import SAME_QUESTION
from duologue.learning.compare import distance, write
from duologue.learning.corrections import make_corrections, read_texts
from duologue.learning.dataset import freeze
from duologue.learning.model import Candidate, Example
from duologue.learning.train import learn
from duologue.review.question import terms
from duologue.review.similarity import likeness

STEPS = (75, 150, 300)
NEXT = 60
"""Questions after the last correction, on which every point is measured."""


def rows() -> Iterator[dict[str, Any]]:
    """The three curves, a row per point."""
    from duologue.engine.local import find_embedded
    from duologue.lm.ask import Model

    champion = find_embedded()
    first = Model(champion)
    made = make_corrections(first, STEPS[-1] + NEXT)
    answers = [c for c in made if c.example.kind == "sft"]
    asked = [c.example for c in answers[-NEXT:]]
    own = [write(first, example) for example in asked]
    for count in (0, *STEPS):
        last = answers[count - 1].decided_at if count else answers[0].decided_at
        known = [c.example for c in answers[:count]]
        remembered = [recall(example, known) for example in asked]
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


def recall(example: Example, known: Sequence[Example]) -> str:
    """The answer to the most alike earlier question, where it is alike enough; empty otherwise."""
    lang, question = example.lineage["lang"], terms(example.prompt[-1]["content"])
    earlier = [(terms(e.prompt[-1]["content"]), e) for e in known if e.lineage["lang"] == lang]
    counts = Counter(term for found, _ in earlier for term in found)
    weights = {term: math.log((len(earlier) + 201) / (n + 1)) for term, n in counts.items()}
    scored = [(likeness(question, found, terms(e.chosen), weights), i) for i, (found, e) in enumerate(earlier)]
    best = max(scored, default=(0.0, -1))
    return earlier[best[1]][1].chosen if best[0] >= SAME_QUESTION else ""


def _train(champion: Path, candidates: Sequence[Candidate], asked: Sequence[Example]) -> list[str]:
    from duologue.lm.ask import Model

    dataset = freeze(candidates, held_out=0.2)
    texts = read_texts()
    with tempfile.TemporaryDirectory(prefix="duologue-recall-") as name:
        run = learn(dataset, champion, Path(name), replay=texts[: len(texts) // 2])
        model = Model(run.model)
        return [write(model, example) for example in asked]
