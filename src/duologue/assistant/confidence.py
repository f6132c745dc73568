"""How sure we may be that an expert would leave the answer as it is: a logistic function of a turn's signals.

Knows signals, no texts. Platt scaling: Platt, "Probabilistic outputs for support vector machines", 1999. The weights were fitted on
half of the support pack's questions and measured on the other half; `docs/explanation/turn.md` has the figures.
"""

import math
from collections.abc import Mapping

from duologue.assistant.model import Answer
from duologue.assistant.retrieve import Found

INTERCEPT = -3.6
WEIGHTS: Mapping[str, float] = {"support": 2.6, "fit": 2.4, "grounded": 1.4, "same_lang": 0.6, "logprob": 0.4, "steered": -3.0}
TOLD_BY_TOOL, SMALL_TALK = 0.93, 0.97
"""A tool's own words are not guessed; what may be wrong is which tool was meant."""
PRECEDENT_INTERCEPT, PRECEDENT_WEIGHT = -6.0, 10.0
"""Likeness 0.70 gives 0.73, 0.75 gives 0.82, 0.90 gives 0.95."""


def gather(answer: Answer, found: Found | None, logprob: float | None, is_steered: bool) -> dict[str, float]:
    """The signals of a turn, each 0..1."""
    hits = found.result.hits if found else ()
    best = max((p.score for p in found.precedents), default=0.0) if found else 0.0
    return {
        "support": found.result.support if found else 0.0,
        "fit": min(1.0, answer.fit),
        "grounded": answer.grounded,
        "precedent": best,
        "same_lang": float(any(h.passage.lang == answer.lang for h in hits[:1])),
        "logprob": math.exp(logprob) if logprob is not None else 0.5,
        "steered": float(is_steered),
    }


def estimate(answer: Answer, signals: Mapping[str, float]) -> float:
    """A probability, 0..1."""
    if answer.kind == "none":
        return 0.0
    if answer.kind == "small_talk":
        return SMALL_TALK
    if answer.kind in ("tool", "action"):
        return TOLD_BY_TOOL if not signals["steered"] else 0.5
    weighed = _logistic(INTERCEPT + sum(WEIGHTS[name] * signals.get(name, 0.0) for name in WEIGHTS))
    if answer.kind != "precedent":
        return weighed
    by_likeness = _logistic(PRECEDENT_INTERCEPT + PRECEDENT_WEIGHT * signals["precedent"] + WEIGHTS["steered"] * signals["steered"])
    return by_likeness


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(min(x, 40.0), -40.0)))
