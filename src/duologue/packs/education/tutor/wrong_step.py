"""The first wrong step of a learner's solution: sums checked exactly, numbers traced to their source, weighed by a small model.

Knows steps, problems and what a teacher asked; knows no items. The shipped weights were fitted on StepVerify (Daheim et al., EMNLP
2024, CC BY-SA 4.0). With a reference solution the results that it does not hold count too.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import sentences, words
from duologue.packs.education.maths.linear import solve_linear, value_of
from duologue.packs.education.maths.node import rational
from duologue.packs.education.maths.parse import parse
from duologue.packs.education.maths.text import Unreadable, plain_math

WEIGHTS = Path(__file__).parents[1] / "weights" / "wrong_step.json"
L2 = 0.005
_NUMBER = re.compile(r"(?<![\w.])\$?(\d[\d,]*(?:\.\d+)?|\.\d+)(?:/(\d+))?(%)?")
_EQUATION = re.compile(r"((?:[-+*/×÷x().$%\s]|\d[\d,]*(?:\.\d+)?){3,}?)=\s*\$?(-?\d[\d,]*(?:\.\d+)?(?:/\d+)?)")
_ALGEBRA = re.compile(
    r"(?:[\d.()\s+\-−*/×÷]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+=(?:[\d.()\s+\-−*/×÷]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+"
)
_STOP_WORDS = """
a an the is are was were of
to in on at and or for with that this it he she they his her their so then has have had i
"""
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum in a step: as written, what it should give, and whether it does."""

    text: str
    value: Fraction
    claimed: Fraction

    @property
    def is_right(self) -> bool:
        """Equal, or equal when rounded to the places shown."""
        return abs(self.value - self.claimed) <= max(Fraction(1), abs(self.claimed)) / 200


def split_steps(solution: str | Sequence[str]) -> list[str]:
    """The steps of a solution: a list as it is, lines of a text, or its sentences where it is one line."""
    if not isinstance(solution, str):
        return [str(step).strip() for step in solution if str(step).strip()]
    lines = [line.strip() for line in solution.splitlines() if line.strip()]
    return lines if len(lines) > 1 else sentences(solution)


def numbers_of(text: str) -> list[Fraction]:
    """The numbers of a text in order, thousands joined, percentages as they stand."""
    out = []
    for match in _NUMBER.finditer(text):
        top = Fraction(match[1].replace(",", "").rstrip(".") or "0")
        bottom = int(match[2]) if match[2] else 1
        out.append(top / bottom if bottom else top)
    return out


def check_sums(step: str) -> list[Sum]:
    """The sums `a op b = c` of a step that can be read, worked out exactly."""
    out = []
    for match in _EQUATION.finditer(step):
        left = re.sub(r"[$\s]+", " ", match[1]).replace("x", "*").strip(" .*/")
        if not re.search(r"\d\s*[-+*/×÷]\s*\(?\d", left):
            continue
        try:
            value = rational(parse(plain_math(left).text).node)
            claimed = rational(parse(plain_math(match[2]).text).node)
        except Unreadable:
            continue
        if value is not None and claimed is not None:
            out.append(Sum(f"{left} = {match[2]}", value, claimed))
    return out


def find_broken_line(problem: str, steps: Sequence[str]) -> int | None:
    """The first step whose equation has another solution than the one before it, or whose sum is false; None where all hold."""
    before = next((found for part in _lines(problem) if (found := solve_linear(part))), None)
    for place, step in enumerate(steps):
        if any(not one.is_right for one in check_sums(step)):
            return place
        for part in _lines(step):
            found = solve_linear(part)
            if found is None:
                continue
            if before is not None and found[0] == before[0] and found[1] != before[1]:
                return place
            before = before or found
    return None


def holds(problem: str, step: str) -> bool:
    """Whether a line can be checked and keeps the problem: an equation with its solution, a sum of its value; no copy of it."""
    if re.sub(r"\s", "", step) in re.sub(r"\s", "", problem):
        return False
    asked = next((found for part in _lines(problem) if (found := solve_linear(part))), None)
    mine = [found for part in _lines(step) if (found := solve_linear(part))]
    if asked is not None:
        return bool(mine) and all(found == asked for found in mine)
    runs, sums = ({value_of(run[0].strip()) for run in _SUM_RUN.finditer(text)} - {None} for text in (problem, step))
    return len(runs) == 1 and sums == runs


_SUM_RUN = re.compile(r"(?:(?<![\w)）])[-−]\s*)?\d[\d.()\s/]*(?:[-−+*×÷]\s*\(?\d[\d.()\s/]*)+")


def _lines(text: str) -> list[str]:
    return [m[0].strip() for m in _ALGEBRA.finditer(text)]


FEATURES = (
    "first", "place", "last", "alone", "wrong_sum", "has_sum", "numbers", "from_problem", "from_earlier", "from_nowhere",
    "repeats_problem",
    "length", "teacher_words", "teacher_numbers", "teacher_result", "teacher_quotes", "in_reference", "result_not_in_reference",
    "is_answer",
    "unused_before", "words_new", "divides", "multiplies", "adds", "subtracts", "percent", "teacher_best", "number_best",
    "reference_first",
)  # fmt: skip


def describe(problem: str, steps: Sequence[str], asked: str, reference: str = "") -> NDArray[np.float64]:
    """(steps, features): where each step's numbers come from, its sums, and how much of it the teacher's words take up."""
    given = set(numbers_of(problem))
    wanted = set(numbers_of(reference))
    theirs, their_numbers = _content(asked), set(numbers_of(asked))
    told = _content(problem)
    earlier: set[Fraction] = set()
    used: set[Fraction] = set()
    rows = []
    missed = False
    for place, step in enumerate(steps):
        own, mine = _content(step), numbers_of(step)
        sums = check_sums(step)
        result = sums[-1].claimed if sums else (mine[-1] if mine else None)
        nowhere = [n for n in mine if n not in given and n not in earlier and n != result]
        off = bool(reference) and result is not None and result not in wanted and result not in given
        rows.append(
            [
                place == 0, place / max(len(steps) - 1, 1), place == len(steps) - 1, len(steps) == 1,
                any(not s.is_right for s in sums), bool(sums), min(len(mine), 6), sum(n in given for n in mine),
                sum(n in earlier for n in mine),
                len(nowhere), len(own & told) / max(len(own), 1), min(len(words(step)), 60) / 20,
                len(own & theirs) / max(len(theirs), 1), len(set(mine) & their_numbers) / max(len(their_numbers), 1),
                result is not None and result in their_numbers, len(own & theirs - told) / max(len(theirs), 1),
                bool(reference) and result in wanted, off, not sums and len(mine) == 1 and len(own) < 4,
                len(given - used), len(own - told) / max(len(own), 1), "/" in step or "÷" in step, "*" in step or "×" in step,
                "+" in step, bool(re.search(r"\d\s*-\s*\d", step)), "%" in step or "percent" in step, 0.0, 0.0, off and not missed,
            ]
        )  # fmt: skip
        missed = missed or off
        earlier |= set(mine)
        used |= set(mine) & given
    out = np.array(rows, np.float64).reshape(len(steps), len(FEATURES))
    for source, target in (("teacher_words", "teacher_best"), ("teacher_numbers", "number_best")):
        column = out[:, FEATURES.index(source)]
        out[:, FEATURES.index(target)] = (column == column.max()) & (column > 0)
    return out


def _content(text: str) -> set[str]:
    return {word for word in words(text) if word not in _STOP and not word.replace(".", "").isdigit()}


class WrongStep:
    """Chances of each step to be the first wrong one; logistic regression over `describe`, normalised over a solution's steps."""

    def __init__(self) -> None:
        read = json.loads(WEIGHTS.read_text("utf-8")) if WEIGHTS.exists() else None
        self._mean = np.array(read["mean"] if read else np.zeros(len(FEATURES)))
        self._scale = np.array(read["scale"] if read else np.ones(len(FEATURES)))
        self._weights = np.array(read["weights"] if read else np.zeros(len(FEATURES)))

    def fit(self, rows: Sequence[tuple[str, Sequence[str], str, str]], wrong: Sequence[int]) -> "WrongStep":
        """Learn from (problem, steps, what the teacher asked, reference) and the index of the first wrong step.

        The choice among a solution's steps is a softmax over them (conditional logit, McFadden 1974), with an L2 penalty.
        """
        from scipy.optimize import minimize

        tables = [describe(*row) for row in rows]
        kept = [(t, k) for t, k in zip(tables, wrong, strict=True) if 0 <= k < len(t)]
        everything = np.vstack([t for t, _ in kept])
        self._mean, self._scale = everything.mean(axis=0), np.where(everything.std(axis=0) > 0, everything.std(axis=0), 1.0)
        scaled = [((t - self._mean) / self._scale, k) for t, k in kept]

        def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            total, slope = L2 * len(scaled) * float(w @ w), 2 * L2 * len(scaled) * w
            for x, k in scaled:
                score = x @ w
                p = np.exp(score - score.max())
                p /= p.sum()
                total -= float(np.log(max(p[k], 1e-12)))
                slope = slope - (x[k] - p @ x)
            return total, slope

        self._weights = np.asarray(minimize(loss, np.zeros(len(FEATURES)), jac=True, method="L-BFGS-B").x)
        return self

    def chances(self, problem: str, steps: Sequence[str], asked: str = "", reference: str = "") -> NDArray[np.float64]:
        """(steps,) that add up to 1; a solution without steps gives an empty array."""
        if not steps:
            return np.zeros(0)
        score = (describe(problem, steps, asked, reference) - self._mean) / self._scale @ self._weights
        p = np.exp(score - score.max())
        return np.asarray(p / p.sum())

    def save(self, path: Path = WEIGHTS) -> None:
        """Write the weights as JSON."""
        path.parent.mkdir(exist_ok=True)
        parts = {"mean": self._mean, "scale": self._scale, "weights": self._weights}
        rounded = {name: [round(float(v), 5) for v in values] for name, values in parts.items()}
        path.write_text(json.dumps({"features": list(FEATURES), **rounded}, indent=1), "utf-8")


def find_wrong_step(problem: str, solution: str | Sequence[str], asked: str = "", reference: str = "") -> int | None:
    """The index of the likeliest first wrong step; a broken equation before all. None where there are no steps."""
    steps = split_steps(solution)
    broken = find_broken_line(problem, steps)
    if broken is not None and solve_linear(steps[broken]) is not None:
        return broken
    chances = WrongStep().chances(problem, steps, asked, reference)
    return int(chances.argmax()) if len(chances) else None
