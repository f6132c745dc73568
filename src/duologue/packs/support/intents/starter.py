"""The intents that the pack starts with, learned from a few examples in English and Chinese written for this project.

A desk's own examples replace or extend them; they are a beginning, not a benchmark.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from duologue.packs.support.encode import Encode
from duologue.packs.support.intents.classifier import IntentModel

EVALS = Path(__file__).parents[1] / "evals" / "sample"
_EXAMPLES = Path(__file__).parent / "starter_intents.jsonl"
_STRANGERS = Path(__file__).parent / "strangers.txt"


def starter_examples() -> tuple[list[str], list[str]]:
    """Texts and their intents, in order."""
    rows = [json.loads(line) for line in _EXAMPLES.read_text(encoding="utf-8").splitlines()]
    return [row["text"] for row in rows], [row["intent"] for row in rows]


def with_strangers(texts: Sequence[str], intents: Sequence[str]) -> tuple[list[str], list[str | None]]:
    """Examples with what people ask that no shop for outdoor gear answers, to learn what lies outside; a desk's examples as they
    are where most of the starter's are gone, for it may sell cat food."""
    starters = set(starter_examples()[0])
    if 2 * len(starters & set(texts)) <= len(starters):
        return list(texts), list(intents)
    strangers = _STRANGERS.read_text(encoding="utf-8").splitlines()
    return [*texts, *strangers], [*intents, *(None for _ in strangers)]


def starter_model(encode: Encode | None = None) -> IntentModel:
    """A model of the starter intents; about a second."""
    return IntentModel(encode).fit(*with_strangers(*starter_examples()))
