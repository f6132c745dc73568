"""A naive-Bayes differential over DDXPlus's open knowledge base, and which question tells most. For the clinician's eyes only.

Arrays: C conditions (49), E evidences (223). P(evidence | condition) = (p·n + .5)/(n + 1) with n the condition's count, clipped to
[1e-5, 1 - 1e-5]; the prior is the counts'. DDXPlus is synthetic: a demonstration, no proof of medicine. Knows no language but the
questions' own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from duologue.kit.text import Lang

Floats = NDArray[np.float64]
_KB = Path(__file__).parents[1] / "knowledge" / "ddxplus.json"
_LIMIT = 1e-5


@dataclass(frozen=True, slots=True)
class Ranked:
    """A condition with its probability and the evidence that speaks for and against it, strongest first (log-odds, nats)."""

    name: str
    name_zh: str
    icd10: str
    severity: int
    probability: float
    pro: tuple[tuple[str, float], ...]
    contra: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The knowledge base as arrays."""

    names: tuple[str, ...]
    names_zh: tuple[str, ...]
    icd10: tuple[str, ...]
    severity: Floats  # (C,) 1 gravest … 5
    prior: Floats  # (C,) log
    evidences: tuple[str, ...]
    parents: tuple[str, ...]
    questions: Mapping[str, tuple[str, str]]
    p: Floats  # (C, E)
    yes: Floats  # (C, E) log p
    no: Floats  # (C, E) log (1 - p)

    def index(self, evidence: str) -> int:
        return self.evidences.index(evidence)

    def question(self, evidence: str, lang: Lang) -> str:
        en, zh = self.questions[evidence]
        return en if lang == "en" else zh


@cache
def load_knowledge() -> Knowledge:
    """The shipped knowledge base."""
    data = json.loads(_KB.read_text("utf-8"))
    n = np.array([c["count"] for c in data["conditions"]], dtype=float)
    raw = np.zeros((len(n), len(data["evidences"])))
    for j, e in enumerate(data["evidences"]):
        for i, value in e["p"].items():
            raw[int(i), j] = value
    p = np.clip((raw * n[:, None] + 0.5) / (n[:, None] + 1), _LIMIT, 1 - _LIMIT)
    return Knowledge(
        tuple(c["name"] for c in data["conditions"]),
        tuple(c["zh"] for c in data["conditions"]),
        tuple(c["icd10"].upper() for c in data["conditions"]),
        np.array([c["severity"] for c in data["conditions"]], dtype=float),
        np.log(n / n.sum()),
        tuple(e["id"] for e in data["evidences"]),
        tuple(e["parent"] for e in data["evidences"]),
        {e["id"]: (e["en"], e["zh"]) for e in data["evidences"]},
        p,
        np.log(p),
        np.log1p(-p),
    )


def posterior(known: Mapping[str, bool]) -> Floats:
    """(C,) probabilities of the conditions given evidences present (true) and absent (false)."""
    kb = load_knowledge()
    score = kb.prior.copy()
    for evidence, present in known.items():
        score += (kb.yes if present else kb.no)[:, kb.index(evidence)]
    weights = np.exp(score - score.max())
    return np.asarray(weights / weights.sum())


def information_gain(belief: Floats) -> Floats:
    """(E,) mutual information between each evidence and the condition, nats; zero where the answer is sure anyway."""
    kb = load_knowledge()
    q = belief @ kb.p  # (E,) chance of a yes
    conditional = -(kb.p * kb.yes + (1 - kb.p) * kb.no)  # (C, E)
    return np.asarray(-(q * np.log(q) + (1 - q) * np.log1p(-q)) - belief @ conditional)


def best_question(known: Mapping[str, bool], asked: frozenset[str], lang: Lang = "en", *, in_talk: bool = False) -> str | None:
    """The evidence whose answer tells most, among those not asked, whose parent is not absent and that `lang` has words for.

    `in_talk`: a follow-up ("where is the pain?") only once its parent is known as present.
    """
    kb = load_knowledge()
    gain = information_gain(posterior(known))
    for j in np.argsort(-gain):
        evidence, parent = kb.evidences[int(j)], kb.parents[int(j)]
        if evidence in known or evidence in asked or not kb.question(evidence, lang):
            continue
        if parent and parent != evidence and not known.get(parent, not in_talk):
            continue
        return evidence if gain[j] > 1e-4 else None
    return None


def rank(known: Mapping[str, bool], top: int = 5, temperature: float = 1.0) -> list[Ranked]:
    """The likeliest conditions with the evidence for and against; a temperature above 1 flattens the overconfident posterior."""
    kb = load_knowledge()
    belief = posterior(known) ** (1 / temperature)
    belief /= belief.sum()
    mean_yes, mean_no = np.log(np.exp(kb.prior) @ kb.p), np.log(np.exp(kb.prior) @ (1 - kb.p))
    out = []
    for i in np.argsort(-belief)[:top]:
        weights = []
        for evidence, present in known.items():
            j = kb.index(evidence)
            weights.append((evidence, float((kb.yes[i, j] - mean_yes[j]) if present else (kb.no[i, j] - mean_no[j]))))
        pro = tuple(sorted((w for w in weights if w[1] > 0.05), key=lambda w: -w[1]))
        contra = tuple(sorted((w for w in weights if w[1] < -0.05), key=lambda w: w[1]))
        out.append(Ranked(kb.names[i], kb.names_zh[i], kb.icd10[i], int(kb.severity[i]), float(belief[i]), pro, contra))
    return out


def emergency_probability(known: Mapping[str, bool]) -> float:
    """The probability that the condition is of severity 1 or 2."""
    return float(posterior(known)[load_knowledge().severity <= 2].sum())
