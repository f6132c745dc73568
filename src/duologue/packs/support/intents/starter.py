"""The intents that the pack starts with, learned from a few examples in English and Chinese written for this project.

A desk's own examples replace or extend them; they are a beginning, not a benchmark.
"""

import json
from pathlib import Path

from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.classifier import IntentModel

EVALS = Path(__file__).parents[1] / "evals" / "sample"
_EXAMPLES = Path(__file__).parent / "starter_intents.jsonl"


def starter_examples() -> tuple[list[str], list[str]]:
    """Texts and their intents, in order."""
    rows = [json.loads(line) for line in _EXAMPLES.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], [row["intent"] for row in rows]


def starter_model(encode: Encode | None = None) -> IntentModel:
    """A model of the starter intents; about a second."""
    return IntentModel(encode).fit(*starter_examples())
