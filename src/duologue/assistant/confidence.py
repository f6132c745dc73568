"""How sure we may be that an expert would leave the answer as it is: a logistic function of a turn's signals.

Platt scaling: Platt, "Probabilistic outputs for support vector machines", 1999.
"""

import math
from collections.abc import Mapping

from duologue.assistant.model import Answer, Precedent
from duologue.assistant.quote import holds_what_is_asked
from duologue.assistant.retrieve import Found
from duologue.knowledge.synonyms import unite
from duologue.knowledge.terms import index_terms

INTERCEPT, SUPPORT = 0.55, 1.52
"""Fitted (logistic regression, C = 1) on the development half of the support pack's questions and its everyday ones, for quotes in
the reader's language; `support` enters as log-odds. How well the quote fits the question added nothing to it and stands in the
trace only. `assistant/evaluate.py` reports on the other half."""
GROUNDED, OTHER_LANGUAGE, STEERED, LOGPROB = 2.0, -0.8, -3.0, 0.4
"""Chosen by hand: there are no labelled answers of strong models yet. They count from a fully grounded answer in the same language,
from an engine that reports no probabilities."""
UNHEARD_OF = 0.5
"""The most for an answer from passages where a person had to answer the same sentence about something else ("my dog" for "my
bicycle"), and the answer does not speak of this; or where it speaks of the question before alone."""
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
        "exchanged": float(found is not None and any(_is_unheard_of(p, answer) for p in found.precedents)),
        "of_another": float(found is not None and bool(found.leaning) and _is_of_another(found, answer)),
    }


def estimate(answer: Answer, signals: Mapping[str, float]) -> float:
    """A probability, 0..1."""
    if not answer.body:
        return 0.0
    if answer.kind == "small_talk":
        return SMALL_TALK
    if answer.kind == "skill":
        return answer.fit if not signals["steered"] else min(answer.fit, 0.5)
    if answer.kind in ("tool", "action"):
        return TOLD_BY_TOOL * answer.grounded if not signals["steered"] else 0.5
    if answer.kind == "precedent":
        return _logistic(PRECEDENT_INTERCEPT + PRECEDENT_WEIGHT * signals["precedent"] + STEERED * signals["steered"])
    sure = _logistic(
        INTERCEPT
        + SUPPORT * _log_odds(signals["support"])
        + GROUNDED * (signals["grounded"] - 1)
        + OTHER_LANGUAGE * (1 - signals["same_lang"])
        + STEERED * signals["steered"]
        + LOGPROB * (signals["logprob"] - 0.5)
    )
    return min(sure, UNHEARD_OF) if signals["exchanged"] or signals["of_another"] else sure


def _is_unheard_of(precedent: Precedent, answer: Answer) -> bool:
    """Whether the answer does not speak of what is asked for in a corrected question's place, nor do its sources' headings."""
    if not precedent.exchanged or precedent.kind == "approve":
        return False
    said = "\n".join([answer.body, *(f"{c.title} {c.heading}" for c in answer.citations)]).casefold()
    wanted = index_terms(precedent.exchanged)
    return precedent.exchanged not in said and not (wanted and set(wanted) <= set(index_terms(said)))


def _is_of_another(found: Found, answer: Answer) -> bool:
    """Whether an answer to a question that leans on the one before says nothing of what this one adds ("is it in stock?").

    The search for both is as sure as the question before makes it. The answer is of this one if it says a word of it, holds an
    amount or a time where one is asked for, or quotes what this one finds alone.
    """
    if answer.kind not in ("quotes", "model") or not answer.citations:
        return False
    said = "\n".join([answer.body, *(f"{c.title} {c.heading}" for c in answer.citations)])
    own = {unite(term) for term in index_terms(found.leaning)}
    holds = holds_what_is_asked(found.leaning, said)
    if not own or holds or (holds is None and own & {unite(term) for term in index_terms(said)}):
        return False
    return not any(c.passage_id in found.alone for c in answer.citations)


def _log_odds(p: float) -> float:
    p = min(max(p, 0.005), 0.995)
    return math.log(p / (1 - p))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-max(min(x, 40.0), -40.0)))
