"""Drafts for essays: the traits as the signed essays to the same question suggest them, and what can be counted. Never a grade.

Knows how a submission becomes an essay; the models of `grading/essays.py` learn. No SQL.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from duologue.kit.text import sentences, words
from duologue.packs.education.grades.repository import Submission
from duologue.packs.education.grading.grade import Grade

ESSAYS = 10
"""Signed essays to a question from which the others get a draft of a score."""
ESSAY_CONFIDENCE = 0.5
"""What any draft of an essay is worth: there is no licensed set on which more could be shown."""
TRAITS = ("content", "structure", "vocabulary", "grammar")
"""What a teacher scores of an essay where its question names no traits of its own."""
_KEPT = 4
_models: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
"""A fit for each state of a question's signed essays, so that a class of thirty is fitted once, not thirty times."""


def traits_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """The traits of an essay's question; none where it has a rubric, whose criteria take their place, or is no essay."""
    if item.get("type") != "essay" or item.get("rubric"):
        return ()
    return tuple(str(t) for t in item.get("traits") or TRAITS)


def draft_essay(item: Mapping[str, Any], one: Submission, others: Sequence[Submission]) -> tuple[Grade, str]:
    """The draft, and why it waits: `no_grader` before there are ENOUGH signed essays, `essay` then."""
    signed = [o for o in others if (o.homework_id, o.item) == (one.homework_id, one.item) and o.signed and o.id != one.id]
    if len(signed) < ESSAYS:
        return Grade(0.0, 0.0, "ungraded", is_draft=True), "no_grader"
    from duologue.packs.education.grading.essays import Essay

    prompt = str(item.get("text", ""))
    found = {name: _share(score) for name, score in _model(prompt, signed).predict([Essay(prompt, one.text)])[0].items()}
    traits = {name: found[name] for name in traits_of(item) if name in found}
    return Grade(found.get("overall", 0.0), ESSAY_CONFIDENCE, "draft", is_draft=True, traits=traits), "essay"


def _model(prompt: str, signed: Sequence[Submission]) -> Any:
    from duologue.packs.education.grading.essays import Essay, EssayTraits

    key = tuple(sorted((o.id, str(o.signed.get("at"))) for o in signed))
    if key not in _models:
        scores = [{"overall": float(o.signed["score"]), **(o.signed.get("traits") or {})} for o in signed]
        _models[key] = EssayTraits().fit([Essay(prompt, o.text) for o in signed], scores)
        while len(_models) > _KEPT:
            _models.popitem(last=False)
    return _models[key]


def _share(score: float) -> float:
    return round(min(1.0, max(0.0, score)), 2)


def shown_traits(item: Mapping[str, Any], one: Submission) -> list[dict[str, Any]]:
    """The traits as a page shows them: the signed score, else the drafted one, else none."""
    drafted, signed = one.grade.get("traits") or {}, one.signed.get("traits") or {}
    return [{"id": name, "score": signed.get(name, drafted.get(name)), "is_draft": name not in signed} for name in traits_of(item)]


def count_up(text: str) -> dict[str, Any]:
    """What can be counted of an essay: words, sentences, paragraphs, words of a sentence, share of different words."""
    own, parts = words(text), sentences(text)
    n = max(len(own), 1)
    return {"words": len(own), "sentences": len(parts), "paragraphs": len([p for p in text.split("\n") if p.strip()]),
            "per_sentence": round(len(own) / max(len(parts), 1), 1), "different": round(len(set(own)) / n, 2)}  # fmt: skip
