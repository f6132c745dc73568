"""What one turn of the health pack costs, in milliseconds, beside the clock's own cost. `python -m bench.health [--json]`.

What was read of earlier turns is forgotten before each round, so that every text counts as new.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from duologue.packs.health.facts.extract import extract_facts
from duologue.packs.health.facts.mentions import find_mentions
from duologue.packs.health.interview.differential import best_question
from duologue.packs.health.interview.history import Interview
from duologue.packs.health.redflags.rules import _assessed, red_flags

TALK = [
    {"role": "assistant", "text": "What brings you here?"},
    {"role": "person", "text": "I have had a cough for three weeks, some phlegm and a mild fever, and I feel tired."},
    {"role": "assistant", "text": "Do you have chest pain?"},
    {"role": "person", "text": "No, and my breathing is fine."},
]


def _times(call: Callable[[], object], rounds: int = 100) -> list[float]:
    call()
    out = []
    for _ in range(rounds):
        _assessed.cache_clear()
        find_mentions.cache_clear()
        began = time.perf_counter()
        call()
        out.append(1000 * (time.perf_counter() - began))
    return sorted(out)


def figures() -> Iterator[dict[str, Any]]:
    """Median and 95th percentile of each step."""

    def turn() -> object:
        interview = Interview("en")
        interview.start()
        return interview.hear(TALK[1]["text"])

    numbers = count()

    def suspicion() -> object:
        return red_flags(f"I have felt a bit off for {next(numbers)} days and my arm is heavy", "en")

    known = {"E_201": True, "E_91": True, "E_14": False}
    steps: list[tuple[str, Callable[[], object]]] = [
        ("nothing", lambda: None),
        ("red flags of a message, by meaning too", suspicion),
        ("red flags of a dialogue", lambda: red_flags(TALK, "en")),
        ("facts of a dialogue", lambda: extract_facts(TALK, "en")),
        ("next question", lambda: best_question(known, frozenset())),
        ("a turn of the interview", turn),
    ]
    for name, call in steps:
        times = _times(call)
        yield {"step": name, "median_ms": round(statistics.median(times), 3), "p95_ms": round(times[int(len(times) * 0.95)], 3)}


if __name__ == "__main__":
    for row in figures():
        print(
            json.dumps(row) if "--json" in sys.argv else f"{row['step']:<40}{row['median_ms']:>10} ms{row['p95_ms']:>10} ms (95 %)"
        )
