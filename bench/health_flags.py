"""Count what becomes of red flags and of look-alikes in the pack's own sets: escalated, asked about, left alone.

`python -m bench.health_flags e i …` counts the sets `vignettes-<name>-*` (a is the first), each language by itself, with Wilson's
and Clopper and Pearson's lower bounds at 95 %. `python -m bench.health_flags --talks` counts, for the sample clinic's patients and
for the scripted consultations, which ordinary talks are asked about by a rule or by the classifier alone. Nothing is tuned here.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.health.facts.dialogue import Spoken
from duologue.packs.health.interview.history import Interview
from duologue.packs.health.redflags.rules import red_flags
from duologue.packs.health.sample import answer, load_patients

EVALS = Path(__file__).parents[1] / "src/duologue/packs/health/evals"


def outcome(said: Spoken, lang: Lang) -> tuple[str, str]:
    """What becomes of a text or a talk (escalated, asked, alone), and the rule that came first."""
    alarms = red_flags(said, lang)
    raised = [a for a in alarms if a.state == "raised"]
    first = (raised or alarms or [None])[0]  # type: ignore[list-item]
    return "escalated" if raised else "asked" if alarms else "alone", first.rule if first else ""


def wilson_bound(hits: int, n: int, z: float = 1.959964) -> float:
    """The lower end of Wilson's interval (1927)."""
    p = hits / n
    return float((p + z * z / (2 * n) - z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5) / (1 + z * z / n))


def count(name: str, lang: Lang) -> None:
    """One set in one language."""
    from duologue.packs.health.evaluate import scores

    part = "" if name == "a" else f"-{name}"
    rows = [json.loads(line) for line in (EVALS / f"vignettes{part}-{lang}.jsonl").read_text("utf-8").splitlines()]
    told = [(row, outcome(row.get("turns") or row["text"], lang)[0]) for row in rows]
    flags = [o for row, o in told if row["red_flag"]]
    other = [o for row, o in told if not row["red_flag"]]
    found, must = len(flags) - flags.count("alone"), [o for row, o in told if row.get("must")]
    print(
        f"{name} {lang}: escalated or asked {found}/{len(flags)} = {found / len(flags):.3f} "
        f"(Wilson {wilson_bound(found, len(flags)):.3f}, "
        f"Clopper–Pearson {scores.lower_bound(found, len(flags)):.3f}); escalated {flags.count('escalated')}; "
        f"must-list missed {must.count('alone')} of {len(must)}\n"
        f"      look-alikes not escalated {(len(other) - other.count('escalated')) / len(other):.3f}, "
        f"neither escalated nor asked {other.count('alone')}/{len(other)} = {other.count('alone') / len(other):.3f}"
    )
    if "--misses" in sys.argv:
        print(*(f"  missed: {row.get('text') or row['turns']}" for row, o in told if row["red_flag"] and o == "alone"), sep="\n")


def talks() -> Iterator[tuple[str, Lang, Any]]:
    """Each with where it is from."""
    for line in (EVALS / "consultations.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield "consultations", row["lang"], row["dialogue"]
    for script in load_patients():
        interview = Interview(script["lang"])
        step = interview.hear(script["opening"])
        for _ in range(int(script["turns"]) - 1):
            if step.kind != "ask":
                break
            step = interview.hear(answer(script, step.text))
        yield "sample clinic", script["lang"], interview.turns


def count_talks() -> None:
    """How many talks would be asked about, and by whom."""
    tally: dict[str, dict[str, int]] = {}
    for where, lang, turns in talks():
        what, rule = outcome(turns, lang)
        name = f"{what} by {'the classifier' if rule == 'unnamed' else 'rules'}" if rule else what
        mine = tally.setdefault(f"{where}, {lang}", {})
        mine[name] = mine.get(name, 0) + 1
    for where, counts in tally.items():
        print(where, counts)


if __name__ == "__main__":
    for named in [a for a in sys.argv[1:] if not a.startswith("--")]:
        for language in ("en", "zh"):
            count(named, language)  # type: ignore[arg-type]
    if "--talks" in sys.argv:
        count_talks()
