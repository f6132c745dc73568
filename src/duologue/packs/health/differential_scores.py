"""How well the differential asks and ranks, on patients drawn from its own tables: an upper bound."""

import time
from collections.abc import Iterator

import numpy as np

from duologue.packs.health.differential import best_question, emergency_probability, load_knowledge, posterior

Figure = tuple[str, float, int, str]


def sample_figures(patients: int = 200, questions: int = 15, seed: int = 0) -> Iterator[Figure]:
    """Top-1 after 5, 10 and 15 questions from one random finding, emergency sensitivity at .1, milliseconds a question."""
    kb = load_knowledge()
    rng = np.random.default_rng(seed)
    prior = np.exp(kb.prior)
    right = dict.fromkeys((5, 10, questions), 0)
    emergencies: list[bool] = []
    asked, seconds = 0, 0.0
    for _ in range(patients):
        truth = int(rng.choice(len(prior), p=prior / prior.sum()))
        has = rng.random(len(kb.evidences)) < kb.p[truth]
        first = rng.choice(np.flatnonzero(has)) if has.any() else int(np.argmax(kb.p[truth]))
        known = {kb.evidences[int(first)]: True}
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
        yield f"top1_at_{number}", count / patients, patients, "patients drawn from the knowledge base: an upper bound"
    yield (
        "emergency_sensitivity",
        sum(emergencies) / max(1, len(emergencies)),
        len(emergencies),
        "probability of severity 1-2 over .1",
    )
    yield "ms_per_question", 1000 * seconds / max(1, asked), asked, ""
