"""How well the differential asks and ranks: on patients drawn from its own tables (an upper bound), or on patients of a file.

`spoken_figures` has the patients answer the knowledge base's own questions in words, which are read as in a consultation.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang
from duologue.packs.health.interview.differential import best_question, emergency_probability, load_knowledge, posterior
from duologue.packs.health.language.answers import read_answer

Figure = tuple[str, float, int, str]
Patient = tuple[int, NDArray[np.bool_], int]
"""The condition's index, which evidences there are (E,), and the index of the one that the patient begins with."""


def draw_patients(patients: int = 200, seed: int = 0) -> list[Patient]:
    """Patients drawn from the knowledge base, each beginning with one random finding."""
    kb = load_knowledge()
    rng = np.random.default_rng(seed)
    prior = np.exp(kb.prior)
    drawn: list[Patient] = []
    for _ in range(patients):
        truth = int(rng.choice(len(prior), p=prior / prior.sum()))
        has = rng.random(len(kb.evidences)) < kb.p[truth]
        first = rng.choice(np.flatnonzero(has)) if has.any() else int(np.argmax(kb.p[truth]))
        drawn.append((truth, has, int(first)))
    return drawn


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


SPOKEN: Mapping[Lang, Mapping[bool, tuple[str, ...]]] = {
    "en": {
        True: ("Yes.", "Yes, I do.", "yeah, quite a bit", "I have, since yesterday", "Yep, it comes and goes", "A little."),
        False: ("No.", "No, I don't.", "not really", "Nope, nothing like that", "I haven't noticed that, no", "never"),
    },
    "zh": {
        True: ("有。", "是的。", "嗯，挺明显的", "有，昨天开始的", "有一点", "对，时好时坏"),
        False: ("没有。", "不是。", "好像没有", "没有这种情况", "从来没有", "没注意到有"),
    },
}
"""What patients say for yes and no; the last two of the noes in each language are not plain."""


def spoken_figures(patients: Sequence[Patient], lang: Lang, note: str, questions: int = 15, seed: int = 0) -> Iterator[Figure]:
    """Top-1 and emergency sensitivity where each answer is said in words; and the share of answers that were read rightly."""
    kb, rng = load_knowledge(), np.random.default_rng(seed)
    right: list[bool] = []
    read: list[bool] = []
    emergencies: list[bool] = []
    for truth, has, first in patients:
        known, asked = {kb.evidences[first]: True}, {kb.evidences[first]}
        for _ in range(questions):
            question = best_question(known, frozenset(asked), lang)
            if question is None:
                break
            asked.add(question)
            present = bool(has[kb.index(question)])
            heard = {"yes": True, "no": False}.get(read_answer(str(rng.choice(SPOKEN[lang][present])), lang))
            read.append(heard is present)
            if heard is not None:
                known[question] = heard
        right.append(bool(posterior(known).argmax() == truth))
        if kb.severity[truth] <= 2:
            emergencies.append(emergency_probability(known) > 0.1)
    yield f"top1_spoken_{lang}", sum(right) / max(1, len(right)), len(right), note
    yield f"emergency_sensitivity_spoken_{lang}", sum(emergencies) / max(1, len(emergencies)), len(emergencies), note
    yield f"answers_read_{lang}", sum(read) / max(1, len(read)), len(read), "answers read as they were meant"
