"""The path's policy in a simulator beside random, fixed order, weakest first, a hard gate and an oracle.

Simulator: a target with 8 to 40 ancestors; learning needs prerequisites; a budget of four exercises a concept. It tests the
code: how real learners learn, nobody has measured here. Knows no course texts.
"""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from duologue.kit.errors import Invalid
from duologue.packs.education.course import sample_course, sort_skills
from duologue.packs.education.evaluate.measure import Row, row
from duologue.packs.education.path.frontier import next_skill

RUNS, SEED = 500, 7
FEWEST, MOST = 8, 40
GATE = 0.85
Graph = dict[str, tuple[str, ...]]


@dataclass(slots=True)
class Here:
    """What a policy sees, and for the oracle what is true."""

    belief: dict[str, float]
    before: Graph
    goal: str
    left: int
    rng: np.random.Generator
    known: dict[str, bool]


def _random(here: Here) -> str:
    return str(here.rng.choice(list(here.belief)))


def _fixed(here: Here) -> str:
    return next((s for s, b in here.belief.items() if b < GATE), here.goal)


def _weakest(here: Here) -> str:
    return min(here.belief, key=here.belief.__getitem__)


def _gate(here: Here) -> str:
    ready = (s for s, b in here.belief.items() if b < GATE and all(here.belief[p] >= GATE for p in here.before[s]))
    return next(ready, _weakest(here))


def _oracle(here: Here) -> str:
    return next((s for s, k in here.known.items() if not k and all(here.known[p] for p in here.before[s])), here.goal)


def _path(here: Here) -> str:
    return next_skill(here.belief, here.before, (here.goal,), here.left)[0]


POLICIES: dict[str, Callable[[Here], str]] = {
    "random": _random, "fixed_order": _fixed, "weakest_first": _weakest, "hard_gate": _gate, "path": _path, "oracle": _oracle,
}  # fmt: skip


def measure(train: list[dict[str, Any]], test: list[dict[str, Any]], data_dir: Path | None) -> Iterator[Row]:
    """Normalised gain and share reaching the target, of the path beside the others, on each graph that there is."""
    for name, graph in _graphs(data_dir):
        targets = [s for s, needed in _ancestors(graph).items() if FEWEST <= len(needed) <= MOST]
        if not targets:
            continue
        scores = {policy: simulate(graph, targets, choose) for policy, choose in POLICIES.items()}
        base = scores["weakest_first"]
        what = f"{name}, {len(graph)} skills, {len(targets)} targets"
        yield row("path", "normalised_gain", scores["path"][0], base[0], RUNS, f"{what}; baseline: weakest first")
        yield row("path", "target_learnt", scores["path"][1], base[1], RUNS, f"{what}; baseline: weakest first")
        yield row("path", "steps_to_target", scores["path"][2], base[2], RUNS,
                  f"{what}; mean until it is known, the whole budget where it never is; baseline: weakest first")  # fmt: skip
        for policy, (gain, hit, _) in scores.items():
            if policy != "path":
                yield row("path", f"{policy}_gain", gain, scores["path"][0], RUNS, f"{what}; baseline: the path")
                yield row("path", f"{policy}_target", hit, scores["path"][1], RUNS, f"{what}; baseline: the path")


def simulate(graph: Graph, targets: list[str], choose: Callable[[Here], str], runs: int = RUNS) -> tuple[float, float, float]:
    """Mean normalised gain, share of runs in which the target is known at the end, mean exercises until it is."""
    rng = np.random.default_rng(SEED)
    above, order = _ancestors(graph), sort_skills(graph)
    gains, hits, steps = [], [], []
    for _ in range(runs):
        goal = targets[int(rng.integers(len(targets)))]
        needed = [s for s in order if s in above[goal] or s == goal]
        before = {s: tuple(p for p in graph[s] if p in needed) for s in needed}
        rate, budget = rng.uniform(0.15, 0.4), 4 * len(needed)
        known = dict[str, bool]()
        for place, skill in enumerate(needed):
            knows = rng.random() < 0.45 * (1 - place / len(needed))
            knows = knows and (all(known[p] for p in before[skill]) or rng.random() < 0.3)
            known[skill] = bool(knows)
        start, belief, reached = sum(known.values()), dict.fromkeys(needed, 0.4), budget
        for step in range(budget):
            skill = choose(Here(belief, before, goal, budget - step, rng, known))
            right = rng.random() < (0.9 if known[skill] else 0.2)
            yes, no = (0.9, 0.2) if right else (0.1, 0.8)
            b = belief[skill] * yes / (belief[skill] * yes + (1 - belief[skill]) * no)
            belief[skill] = b + (1 - b) * 0.15
            missing = sum(not known[p] for p in before[skill])
            if not known[skill] and rng.random() < rate * 0.25**missing:
                known[skill] = True
            if known[goal]:
                reached = min(reached, step + 1)
        gains.append((sum(known.values()) - start) / max(len(needed) - start, 1))
        hits.append(known[goal])
        steps.append(reached)
    return float(np.mean(gains)), float(np.mean(hits)), float(np.mean(steps))


def _ancestors(graph: Graph) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for skill in sort_skills(graph):
        found[skill] = set(graph[skill]).union(*(found[p] for p in graph[skill]))
    return found


def _graphs(data_dir: Path | None) -> Iterator[tuple[str, Graph]]:
    """`graph.json` (skill → prerequisites) or Junyi's exercise table in the folder; the sample course and a drawn graph without."""
    if data_dir is not None:
        for path in sorted(p for p in data_dir.iterdir() if p.name == "graph.json" or "exercise_table" in p.name.casefold()):
            yield path.name, _without_cycles(_read_graph(path))
        return
    yield "sample course", {s.id: s.prerequisites for s in sample_course("en").skills}
    yield "drawn graph", draw_graph()


def draw_graph(skills: int = 200, seed: int = 1) -> Graph:
    """A graph without cycles: up to three prerequisites, near ones, for each skill."""
    rng = np.random.default_rng(seed)
    graph: Graph = {}
    for i in range(skills):
        near = range(max(0, i - 15), i)
        count = min(len(near), int(rng.choice([0, 1, 1, 1, 2, 2, 3])))
        graph[str(i)] = tuple(str(p) for p in sorted(rng.choice(near, count, replace=False))) if count else ()
    return graph


def _read_graph(path: Path) -> Graph:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if path.name == "graph.json":
            return {str(s): tuple(map(str, p)) for s, p in json.loads(data).items()}
        table = csv.DictReader(data.decode("utf-8", errors="replace").splitlines())
        return {r["name"]: tuple(p.strip() for p in (r["prerequisites"] or "").split(",") if p.strip()) for r in table}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Invalid(f"{path.name} is no graph of skills: {error}.") from error


def _without_cycles(graph: Graph) -> Graph:
    """The graph without links to unknown skills, and without those links that close a circle, taken in the file's order."""
    out: Graph = dict.fromkeys(graph, ())
    for skill, links in graph.items():
        for link in links:
            if link in graph and not _leads(out, link, skill):
                out[skill] = (*out[skill], link)
    return out


def _leads(graph: Graph, start: str, end: str) -> bool:
    todo, seen = [start], set[str]()
    while todo:
        skill = todo.pop()
        if skill == end:
            return True
        if skill not in seen:
            seen.add(skill)
            todo += graph[skill]
    return False
