"""`duologue eval learning`:

whether what is promised of autonomy holds, over many simulated years, beside a plain fixed threshold.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from duologue.kit.errors import Invalid
from duologue.learning.autonomy import Rules
from duologue.learning.simulate import World, Year, simulate

SEEDS = 200
FIXED = 0.8
"""The plain threshold beside it: the program's default for workspaces without autonomy."""
ALPHAS = (0.1, 0.05, 0.03)
DELTA = 0.1
LEAST_SENT = 30
"""Answers that a topic and language must have sent in a phase to be counted by itself."""

Row = dict[str, Any]


def run(tasks: Sequence[str] = (), *, seeds: int = SEEDS) -> Iterator[Row]:
    """One row per figure. Raises Invalid for a task that is not known."""
    known = {"risk": _risk, "corrections": _corrections, "recall": _recall}
    unknown = sorted(set(tasks) - set(known))
    if unknown:
        raise Invalid(f"There is no task {unknown[0]}; the tasks are {', '.join(known)}.")
    for task in tasks or known:
        yield from known[task](seeds)


def _recall(seeds: int) -> Iterator[Row]:
    from duologue.learning.recall_curve import rows

    yield from rows()


def _corrections(seeds: int) -> Iterator[Row]:
    from duologue.learning.corrections import rows

    yield from rows()


def _risk(seeds: int) -> Iterator[Row]:
    everywhere = World(touched=1.0)
    for name, world, alphas in (("risk", World(), ALPHAS), ("risk.everywhere", everywhere, ALPHAS[:2])):
        for alpha in alphas:
            yield from _play(name, world, Rules(alpha, DELTA), seeds)
    for name, world in (("risk.each", World()), ("risk.each.everywhere", everywhere)):
        for alpha in ALPHAS[:2]:
            yield from _play(name, world, Rules(alpha, DELTA, each=True), seeds)


@lru_cache
def _play_fixed(world: World, seeds: int) -> list[Year]:
    return [simulate(seed, Rules(), world, fixed=FIXED) for seed in range(seeds)]


def _play(task: str, world: World, rules: Rules, seeds: int) -> Iterator[Row]:
    """Figures of one world by one promise, phase by phase."""
    alpha = rules.alpha
    earned, fixed = [simulate(seed, rules, world) for seed in range(seeds)], _play_fixed(world, seeds)
    note = (
        f"α {alpha}, δ {DELTA}, {world.conversations} conversations, drifts at {world.drifts} in {world.touched:.0%} of topics; "
        f"baseline: threshold {FIXED}"
    )
    for phase in range(len(world.drifts) + 1):
        name = f"{task}.phase{phase + 1}"
        yield _row(name, "held", _held(earned, phase, alpha), _held(fixed, phase, alpha), seeds, f"share of seeds; {note}")
        yield _row(name, "risk", _mean_risk(earned, phase), _mean_risk(fixed, phase), seeds, f"mean; {note}")
        yield _row(name, "coverage", _mean_coverage(earned, phase), _mean_coverage(fixed, phase), seeds, f"mean; {note}")
        yield _row(name, "silent", _silent(earned, phase), 0.0, seeds, f"share of seeds in which nothing left alone; {note}")
        mine, theirs = _cells(earned, phase, alpha), _cells(fixed, phase, alpha)
        what = f"share of (seed, topic, language) with {LEAST_SENT} or more sent; {note}"
        yield _row(name, "held_by_topic", mine[0], theirs[0], mine[1], what)
        mine, theirs = _rates(earned, phase, alpha), _rates(fixed, phase, alpha)
        what = f"the same by the probability of being changed, fewer than {LEAST_SENT} sent counted as {LEAST_SENT}; {note}"
        yield _row(name, "rate_held_by_topic", mine[0], theirs[0], mine[1], what)
    reviews = sum(year.reviews for year in earned) / (seeds * world.conversations)
    yield _row(task, "reviewed", reviews, sum(y.reviews for y in fixed) / (seeds * world.conversations), seeds, note)


def _held(years: Sequence[Year], phase: int, alpha: float) -> float:
    return sum(year.phases[phase].risk <= alpha for year in years) / len(years)


def _silent(years: Sequence[Year], phase: int) -> float:
    return sum(not year.phases[phase].sent.total() for year in years) / len(years)


def _mean_risk(years: Sequence[Year], phase: int) -> float:
    return sum(year.phases[phase].risk for year in years) / len(years)


def _mean_coverage(years: Sequence[Year], phase: int) -> float:
    return sum(year.phases[phase].coverage for year in years) / len(years)


def _cells(years: Sequence[Year], phase: int, alpha: float) -> tuple[float, int]:
    risks = [
        year.phases[phase].wrong[cell] / sent
        for year in years
        for cell, sent in year.phases[phase].sent.items()
        if sent >= LEAST_SENT
    ]
    return (sum(risk <= alpha for risk in risks) / len(risks) if risks else 1.0), len(risks)


def _rates(years: Sequence[Year], phase: int, alpha: float) -> tuple[float, int]:
    """The same by what only the simulator knows, in which no chance of few answers is."""
    phases = [year.phases[phase] for year in years]
    held = [p.rate[cell] <= alpha * max(sent, LEAST_SENT) for p in phases for cell, sent in p.sent.items() if sent]
    return (sum(held) / len(held) if held else 1.0), len(held)


def _row(task: str, metric: str, value: float, baseline: float | None, n: int, note: str) -> Row:
    return {"task": task, "metric": metric, "value": value, "baseline": baseline, "n": n, "note": note}
