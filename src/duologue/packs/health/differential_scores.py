"""How well the differential asks and ranks: on patients drawn from its own tables (an upper bound), or on patients of a file."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue.kit.errors import Invalid
from duologue.packs.health.differential import best_question, emergency_probability, load_knowledge, posterior

Figure = tuple[str, float, int, str]
Patient = tuple[int, NDArray[np.bool_], int]
"""The condition's index, which evidences there are (E,), and the index of the one that the patient begins with."""


def sample_figures(patients: int = 200, questions: int = 15, seed: int = 0) -> Iterator[Figure]:
    """Figures on patients drawn from the knowledge base, each beginning with one random finding."""
    kb = load_knowledge()
    rng = np.random.default_rng(seed)
    prior = np.exp(kb.prior)
    drawn: list[Patient] = []
    for _ in range(patients):
        truth = int(rng.choice(len(prior), p=prior / prior.sum()))
        has = rng.random(len(kb.evidences)) < kb.p[truth]
        first = rng.choice(np.flatnonzero(has)) if has.any() else int(np.argmax(kb.p[truth]))
        drawn.append((truth, has, int(first)))
    return figures_of(drawn, "patients drawn from the knowledge base: an upper bound", questions)


def read_patients(rows: Sequence[Mapping[str, Any]]) -> list[Patient]:
    """Rows `{"pathology", "evidences": [code, …], "initial"?}` with DDXPlus's names and codes; the value after `_@_` is not used.

    Raises Invalid for a name or a code that the knowledge base does not have.
    """
    kb = load_knowledge()
    names = {n.lower(): i for i, n in enumerate(kb.names)}
    places = {e: j for j, e in enumerate(kb.evidences)}
    out: list[Patient] = []
    for number, row in enumerate(rows, 1):
        truth = names.get(str(row.get("pathology", "")).lower())
        codes = [str(e).split("_@_")[0] for e in row.get("evidences") or []]
        first = str(row.get("initial") or (codes or [""])[0]).split("_@_")[0]
        strange = [e for e in (*codes, first) if e not in places]
        if truth is None or strange:
            what = f"the evidence {strange[0]!r}" if strange else f"the condition {row.get('pathology')!r}"
            raise Invalid(f"Row {number}: DDXPlus does not have {what}; use the names and codes of its English release.")
        has = np.zeros(len(kb.evidences), dtype=bool)
        has[[places[e] for e in codes]] = True
        out.append((truth, has, places[first]))
    return out


def figures_of(patients: Iterable[Patient], note: str, questions: int = 15) -> Iterator[Figure]:
    """Top-1 after 5, 10 and 15 questions, emergency sensitivity at .1, milliseconds a question."""
    kb = load_knowledge()
    right = dict.fromkeys((5, 10, questions), 0)
    emergencies: list[bool] = []
    asked, seconds, n = 0, 0.0, 0
    for truth, has, first in patients:
        n += 1
        known = {kb.evidences[first]: True}
        for number in range(1, questions + 1):
            began = time.perf_counter()
            question = best_question(known, frozenset())
            seconds, asked = seconds + time.perf_counter() - began, asked + 1
            if question is not None:
                known[question] = bool(has[kb.index(question)])
            if number in right:
                right[number] += int(posterior(known).argmax() == truth)
        if kb.severity[truth] <= 2:
            emergencies.append(emergency_probability(known) > 0.1)
    for number, count in right.items():
        yield f"top1_at_{number}", count / max(1, n), n, note
    sensitivity = sum(emergencies) / max(1, len(emergencies))
    yield "emergency_sensitivity", sensitivity, len(emergencies), "probability of severity 1-2 over .1"
    yield "ms_per_question", 1000 * seconds / max(1, asked), asked, ""
