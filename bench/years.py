"""200 years drawn from the answers that the program gave in played ones: whether what is promised of autonomy holds.

`python -m bench.years FILE … [--seeds 200] [--json]`. FILEs are what `python -m bench.year --out FILE` kept. Every year has its own
policy, its own order and popularity of questions (`bench/policy.py`); the topic, confidence and rightness of each answer are
one of those that the program gave to that question when it stood as it stands here: nobody had taught it yet, or an expert had.
Where it never stood so, one of another question in that language that did. What was taught before the policy changed is given with
the confidence of what was taught, and is wrong. The code that grants and withdraws is the program's.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.policy import Matter, make_policy, read_questions, weigh
from bench.year import COMPLAINS, DELTA, DRIFTS, TASTE, Answer
from duologue.learning.autonomy import Rules
from duologue.learning.pool import Pool, rate_down, review
from duologue.learning.risk import Outcome
from duologue.learning.simulate import Phase, Year

CONVERSATIONS, FIXED = 5_000, 0.8
ALPHAS = (0.1, 0.05)
_KINDS = {"": "", "now": "taught", "before": "taught"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """An answer as the program gave it."""

    topic: str
    confidence: float | None
    is_right: bool


class Bank:
    """Answers of played years by question and by whether it had been taught."""

    def __init__(self, files: Sequence[Path], matters: Sequence[Matter]) -> None:
        self._own: defaultdict[tuple[int, str], list[Drawn]] = defaultdict(list)
        self._alike: defaultdict[tuple[str, str], list[Drawn]] = defaultdict(list)
        for path in files:
            head, *rows = path.read_text("utf-8").splitlines()
            policy = make_policy(matters, json.loads(head)["seed"], len(DRIFTS))
            for row in rows:
                answer = Answer(**json.loads(row))
                texts = policy[answer.matter].texts
                if answer.taught == "before" or (not answer.taught and texts[answer.phase] != texts[0]):
                    continue  # wrong by the change alone
                drawn = Drawn(answer.topic, answer.confidence, answer.is_right)
                self._own[answer.matter, _KINDS[answer.taught]].append(drawn)
                self._alike[answer.lang, _KINDS[answer.taught]].append(drawn)

    def draw(self, number: int, lang: str, taught: str, draw: random.Random) -> Drawn:
        """One of the answers to a question as it stands."""
        kind = _KINDS[taught]
        return draw.choice(self._own.get((number, kind)) or self._alike[lang, kind])


def play(seed: int, bank: Bank, matters: Sequence[Matter], rules: Rules, fixed: float | None = None) -> Year:
    """A year; with `fixed` a plain threshold decides, everything under it is reviewed and nothing else."""
    policy, weights, draw = make_policy(matters, seed, len(DRIFTS)), weigh(matters, seed), random.Random(f"years {seed}")
    taught: dict[int, str] = {}
    pool, year = Pool(), Year([])
    for t in range(CONVERSATIONS):
        phase = sum(t >= share * CONVERSATIONS for share in DRIFTS)
        if phase == len(year.phases):
            year.phases.append(Phase())
        (number,) = draw.choices(range(len(policy)), weights)
        matter = policy[number]
        text = matter.texts[phase]
        state = "" if number not in taught else "now" if taught[number] == text else "before"
        given = bank.draw(number, matter.lang, state, draw)
        is_right = given.is_right and (state == "now" or (state == "" and text == matter.texts[0]))
        would_change = not is_right or draw.random() < TASTE
        year.phases[phase].asked += 1
        if given.confidence is None:
            continue
        cell = (given.topic, matter.lang)
        is_sampled = pool.is_sampled(cell, rules, draw)
        threshold = fixed if fixed is not None else pool.threshold(cell, rules)
        is_sent = threshold is not None and given.confidence >= threshold
        year.phases[phase].sent[cell] += is_sent
        year.phases[phase].wrong[cell] += is_sent and would_change
        if fixed is None and is_sampled:
            pool = review(pool, cell, Outcome(given.confidence, would_change), rules)
        if fixed is None and is_sent and not is_right and draw.random() < COMPLAINS:
            pool = rate_down(pool, cell)
        is_reviewed = not is_sent or (fixed is None and is_sampled)
        year.reviews += is_reviewed
        if is_reviewed and would_change:
            taught[number] = text
    return year


def measure(files: Sequence[Path], seeds: int) -> Iterator[dict[str, Any]]:
    """Rows by promise and phase, the plain threshold as the baseline."""
    matters = read_questions()
    bank = Bank(files, matters)
    fixed = [play(seed, bank, matters, Rules(), FIXED) for seed in range(seeds)]
    for alpha in ALPHAS:
        earned = [play(seed, bank, matters, Rules(alpha, DELTA)) for seed in range(seeds)]
        note = f"α {alpha}, δ {DELTA}, {CONVERSATIONS} conversations; baseline: threshold {FIXED}"
        for phase in range(len(DRIFTS) + 1):
            sides = [[year.phases[phase] for year in years] for years in (earned, fixed)]
            figures = {
                "held": [sum(p.risk <= alpha for p in side) / seeds for side in sides],
                "risk": [sum(p.risk for p in side) / seeds for side in sides],
                "coverage": [sum(p.coverage for p in side) / seeds for side in sides],
            }
            for metric, (value, base) in figures.items():
                yield {
                    "task": f"years.phase{phase + 1}", "metric": metric, "value": value, "baseline": base, "n": seeds, "note": note
                }  # fmt: skip
        value, base = (sum(y.reviews for y in years) / (seeds * CONVERSATIONS) for years in (earned, fixed))
        yield {"task": "years", "metric": "reviewed", "value": value, "baseline": base, "n": seeds, "note": note}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    for row in measure(given.files, given.seeds):
        print(json.dumps(row, ensure_ascii=False) if given.json else row, flush=True)


if __name__ == "__main__":
    main()
