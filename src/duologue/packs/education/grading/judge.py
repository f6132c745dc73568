"""The trained judge of an answer in words: whether it says what one of several ways says, as a chance.

Logistic regression over the words' numbers (`rubric.describe`) and the pieces' (`alignment`), fitted on SemEval-2013 task 7
(Dzikovska et al. 2013, CC BY-SA 3.0) without three modules of SciEntsBank and nine questions of Beetle, on which it is measured:
`runs/short_answer.py`, figures in `docs/howto/evaluate-education.md`. Chinese answers go through the same weights, for the
encoder puts both languages into one space, with their odds drawn in. Knows no rubric and no learner.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import exp
from pathlib import Path

from duologue.kit.text import Lang
from duologue.packs.education.grading.alignment import NUMBERS, Alignment

WEIGHTS = Path(__file__).parents[1] / "weights" / "short_answer.json"
WORDS = ("new", "all", "letters", "whole", "not", "unknowing", "short")
"""Of what `describe` says, what the judge weighs; the way with the most of the first three is looked at."""

CHINESE = 0.4
"""How much the log odds of a Chinese answer count: least log loss on 80 own answers (`evals/short-zh/chosen.jsonl`)."""


@cache
def weights() -> Mapping[str, float]:
    """Log odds by number; `one` is added."""
    found: dict[str, float] = json.loads(WEIGHTS.read_text("utf-8"))["weights"]
    return found


def numbers(described: Sequence[Mapping[str, float]], aligned: Sequence[float]) -> list[float]:
    """WORDS of the best way, then NUMBERS."""
    best = max(described, key=lambda one: one["new"] + one["all"] + one["letters"])
    return [*(best[name] for name in WORDS), *aligned]


def judge(
    question: str,
    ways: Sequence[str],
    clause: str,
    aligned: Alignment,
    describe: Callable[[str], Mapping[str, float]],
    lang: Lang = "en",
) -> float:
    """The chance (0..1) that a clause says what the ways say. `describe(way)` gives the words' numbers, `lang` is the clause's."""
    found = numbers([describe(way) for way in ways], aligned.align(question, ways, clause))
    w = weights()
    odds = w["one"] + sum(w[name] * value for name, value in zip((*WORDS, *NUMBERS), found, strict=True))
    odds *= CHINESE if lang == "zh" else 1.0
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))
