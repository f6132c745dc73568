"""Short answers by a rubric: for each criterion whether it is met, how sure that is, and the learner's own words that show it.

A criterion is compared with each clause of the answer: words by stem and spelling, pieces of characters (Chinese too) and negation;
by the trained judge too, where a sentence encoder has read the texts. The weights are fitted on SemEval-2013 task 7
(Dzikovska et al. 2013, CC BY-SA 3.0), each reference answer taken as a criterion. Signed answers to the same question that are
alike weigh in, criterion by criterion. Knows no table and no model; without enough signed answers every grade is a draft.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import exp
from typing import Any

from rapidfuzz.distance import JaroWinkler

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang, detect_lang, normalise
from duologue.packs.education.grading.alignment import Alignment
from duologue.packs.education.grading.grade import Criterion, Grade
from duologue.packs.education.grading.grade import field as item_field
from duologue.packs.education.grading.judge import judge
from duologue.packs.education.grading.overlap import content, negations, stems, unknowing
from duologue.packs.education.grading.words import says

ENOUGH, NEAR, ALIKE = 6, 3, 0.35
"""Signed answers from which a question counts as known; how many of the nearest are asked; likeness (0..1) from which they are."""
RIGHT = ("correct", "right", "true", "1", "正确")
MOST_CRITERIA, MOST_CHARS = 12, 600
WEIGHTS = {"one": -2.03, "new": 0.71, "all": 0.59, "letters": 1.93, "whole": 0.96, "not": -0.48, "unknowing": -1.54, "short": -0.06}
"""Log odds for each number of `describe`, fitted on 2,500 answers; AUC 0.80 on unseen questions."""
SECOND = 1.4
"""Log odds that a second opinion (a model's, with a quotation) adds or takes: a factor of 4, a judgement."""


@dataclass(frozen=True, slots=True)
class Point:
    """One criterion: what is to be said, other ways to say it, what it is worth."""

    id: str
    text: str
    points: float = 1.0
    accept: tuple[str, ...] = ()

    @property
    def ways(self) -> tuple[str, ...]:
        """All the ways to say it."""
        return (self.text, *self.accept)


@dataclass(frozen=True, slots=True)
class Example:
    """A signed answer to the same question: which criteria a person held for met."""

    text: str
    met: Mapping[str, bool] = field(default_factory=dict)


def read_rubric(value: object, reference: object = "") -> tuple[Point, ...]:
    """A rubric from JSON: texts or `{"id", "text", "points", "accept"}`; without one the reference is the one criterion.

    Raises Invalid for what is none.
    """
    rows = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    if not rows:
        ways = (
            [str(r) for r in reference] if isinstance(reference, Sequence) and not isinstance(reference, str) else [str(reference)]
        )
        ways = [w.strip() for w in ways if w.strip()]
        return (Point("1", ways[0][:MOST_CHARS], 1.0, tuple(ways[1:])),) if ways else ()
    if len(rows) > MOST_CRITERIA:
        raise Invalid(f"A rubric has at most {MOST_CRITERIA} criteria.")
    out = []
    for number, row in enumerate(rows, 1):
        one: Mapping[str, Any] = row if isinstance(row, Mapping) else {"text": row}
        text = str(one.get("text") or "").strip()
        try:
            points = float(one.get("points") or 1)
        except (TypeError, ValueError) as error:
            raise Invalid("The points of a criterion are a number.") from error
        if not text or not 0 < points <= 100:
            raise Invalid("Each criterion of a rubric has a text and points above 0, at most 100.")
        accept = one.get("accept") or ()
        other = tuple(str(a).strip()[:MOST_CHARS] for a in ([accept] if isinstance(accept, str) else accept) if str(a).strip())
        out.append(Point(str(one.get("id") or number), text[:MOST_CHARS], points, other))
    if len({p.id for p in out}) < len(out):
        raise Invalid("Each criterion of a rubric has a name of its own.")
    return tuple(out)


def split_clauses(text: str) -> list[str]:
    """The answer's own words cut at sentence ends and commas; a short answer is one clause. Every clause is a quotation."""
    parts = [p.strip() for p in re.split(r"(?<=[.!?;])\s+|[。！？；，\n]|,\s+|\s+(?=because\b|but\b|so that\b|therefore\b)", text)]
    clauses = [p for p in parts if p]
    whole = text.strip()
    return [whole] if len(clauses) < 2 else [*clauses, *(f for f in [whole] if len(whole) <= 300)]


def _pieces(text: str) -> set[str]:
    plain = re.sub(r"\W+", " ", normalise(text).casefold()).strip()
    return {plain[k : k + n] for n in (2, 3) for k in range(len(plain) - n + 1)}


def _share(wanted: Sequence[str], said: set[str]) -> float:
    """Share of the wanted stems that are said, spelling slips forgiven."""
    if not wanted:
        return 0.0
    return sum(w in said or (len(w) > 4 and any(JaroWinkler.similarity(w, s) > 0.92 for s in said)) for w in wanted) / len(wanted)


def describe(way: str, question: str, clause: str, whole: str) -> dict[str, float]:
    """What speaks for a criterion's way being said in a clause: numbers about 0 to 1."""
    asked, wanted, said = set(stems(question)), list(dict.fromkeys(content(way))), set(stems(clause))
    new = [w for w in wanted if w not in asked]
    a, b = _pieces(way), _pieces(clause)
    out = {
        "one": 1.0,
        "new": _share(new or wanted, said),
        "all": _share(wanted, said),
        "letters": 2 * len(a & b) / max(1, len(a) + len(b)),
        "whole": _share(new or wanted, set(stems(whole))),
        "not": float((negations(way) > 0) != (negations(clause) > 0)),
        "unknowing": float(unknowing(whole)),
        "short": float(len(content(whole)) <= 1),
    }
    return out


def chance_of(numbers: Mapping[str, float]) -> float:
    """The chance (0..1) that the criterion is met."""
    return 1 / (1 + exp(-sum(WEIGHTS[k] * v for k, v in numbers.items())))


def texts_of(question: str, points: Sequence[Point], answer: str) -> list[str]:
    """What is to be read for an `Alignment`."""
    return list(dict.fromkeys([question, *(w for p in points for w in p.ways), *split_clauses(answer)]))


def grade_rubric(
    item: object,
    answer: str,
    lang: Lang = "en",
    signed: Sequence[Example] = (),
    aligned: Alignment | None = None,
    second: Mapping[str, tuple[bool, str]] | None = None,
) -> Grade:
    """A grade for an answer in words, criterion by criterion. Raises Invalid for an item without rubric and reference.

    `signed`: graded answers to the same question. A draft unless ENOUGH of them are there. `aligned` has read `texts_of`: with it
    answers are looked at by the trained judge, without it by their words alone.
    """
    points = read_rubric(item_field(item, "rubric", ()), item_field(item, "reference", "") or item_field(item, "key", ""))
    if not points:
        raise Invalid("The question has neither a rubric nor a reference answer.")
    question = str(item_field(item, "text", ""))
    if not answer.strip():
        return Grade(0.0, 0.99, "empty", feedback=says("empty", lang))
    near = _nearest(answer, signed)
    criteria = tuple(_judge(p, question, answer, near, aligned, (second or {}).get(p.id)) for p in points)
    met = sum(c.points for c in criteria if c.is_met)
    total = sum(p.points for p in points)
    sure = min(c.confidence for c in criteria)
    reason = "orders" if _gives_orders(answer) else "stuffed" if _is_stuffed(answer) else "rubric"
    if reason != "rubric":
        sure = min(sure, 0.5)
    said = says("rubric", lang, n=sum(c.is_met for c in criteria), of=len(criteria))
    known = sum(len(s.met) > 0 for s in signed) >= ENOUGH
    return Grade(met / total, sure, reason, "", said, criteria, is_draft=not known)


def grade_short(item: object, answer: str, lang: Lang = "en", graded: Sequence[tuple[str, str]] = ()) -> Grade:
    """As `grade_rubric`, with graded (answer, label) pairs: `correct` stands for every criterion, another label for none."""
    points = read_rubric(item_field(item, "rubric", ()), item_field(item, "reference", "") or item_field(item, "key", ""))
    examples = [Example(text, {p.id: label.strip().lower() in RIGHT for p in points}) for text, label in graded]
    return grade_rubric(item, answer, lang, examples)


def _judge(point: Point, question: str, answer: str, near: Sequence[tuple[float, Example]], aligned: Alignment | None,
           second: tuple[bool, str] | None) -> Criterion:  # fmt: skip
    best, quote, lang = 0.0, "", detect_lang(answer)
    for clause in split_clauses(answer[:4000]):
        if aligned is not None:
            chance = judge(question, point.ways, clause, aligned, partial(_describe_for, question, clause, answer), lang)
        else:
            chance = max(chance_of(describe(way, question, clause, answer)) for way in point.ways)
        if chance > best + (0.02 if clause == answer.strip() else 0.0):  # the whole only where it says clearly more
            best, quote = chance, clause
    if second is not None:
        opinion, words = second
        odds = best / max(1e-9, 1 - best) * exp(SECOND if opinion else -SECOND)
        best, quote = odds / (1 + odds), words or quote
    voted = [(w, e.met[point.id]) for w, e in near if point.id in e.met]
    if voted:
        weight = sum(w for w, _ in voted)
        vote = sum(w * met for w, met in voted) / weight
        trust = min(0.9, max(w for w, _ in voted))
        best = (1 - trust) * best + trust * (0.03 + 0.94 * vote)
    is_met = best >= 0.5
    return Criterion(point.id, is_met, round(max(best, 1 - best), 3), quote if is_met else "", point.points)


def _describe_for(question: str, clause: str, whole: str, way: str) -> dict[str, float]:
    return describe(way, question, clause, whole)


def _nearest(answer: str, signed: Sequence[Example]) -> list[tuple[float, Example]]:
    """The signed answers that are most alike: share of stems and pieces in common (Dice), 1 for the same words."""
    mine, own = set(stems(answer)), _pieces(answer)

    def alike(other: Example) -> float:
        theirs, pieces = set(stems(other.text)), _pieces(other.text)
        return (len(mine & theirs) / max(1, len(mine) + len(theirs))) + len(own & pieces) / max(1, len(own) + len(pieces))

    ranked = sorted(((alike(e), e) for e in signed if e.met), key=lambda pair: -pair[0])
    return [(w, e) for w, e in ranked[:NEAR] if w >= ALIKE]


def _is_stuffed(answer: str) -> bool:
    """Words strung together without a sentence: hardly anything but content."""
    said = stems(answer)
    return len(said) >= 6 and answer.isascii() and len(content(answer)) / len(said) > 0.9


def _gives_orders(answer: str) -> bool:
    """Words meant for the grader."""
    return bool(
        re.search(
            r"\b(?:full marks|ignore (?:the|all|any|previous)|grade this|rubric|as an ai)\b|满分|忽略|评分标准",
            answer,
            re.IGNORECASE,
        )
    )
