"""A typed mathematical answer graded against a key: read, shown back, compared, its form checked. Never evaluates what was typed.

Each grade says how the answer was read and how sure it is; what cannot be read is left to a person.
"""

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from duologue.packs.education.maths.about import is_spelt, is_value, says_other
from duologue.packs.education.maths.compare import Comparison, compare
from duologue.packs.education.maths.form import (
    WITHIN,
    asked_figures,
    asked_forms,
    count_factors,
    has_figures,
    has_form,
    has_places,
    has_whole_factors,
    is_copied,
    is_unworked,
    requires_unit,
)
from duologue.packs.education.maths.habits import restate
from duologue.packs.education.maths.labels import read_labels, split_labels
from duologue.packs.education.maths.naming import names_other
from duologue.packs.education.maths.node import Node, rational
from duologue.packs.education.maths.read import Hints, Reading, read_answer, read_key
from duologue.packs.education.maths.spoken import agrees, is_loose, read_spoken
from duologue.packs.education.maths.text import MAX_CHARS, Unreadable
from duologue.packs.education.maths.undress import bare
from duologue.packs.education.maths.units import Unit, read_unit
from duologue.packs.education.maths.worker import MathWorker, shared_worker

DOUBTFUL = 0.8
"""Confidence of a right value under a name that nothing explains: below what is signed together, so that a person looks."""
_SAFE = re.compile(r"[\w\s+\-*/^=<>(){}\[\],.|\\&!:;%$√π∞≤≥±]*")


@dataclass(frozen=True, slots=True)
class MathGrade:
    """`is_correct` with `confidence` in 0–1 and a `reason`: equal, named (equal, but said of something else), unequal,
    form, places, figures, unit, copied, unworked, unreadable, undecided.

    `shown` is the answer as it was read, for the learner's eye; empty where it could not be read.
    """

    is_correct: bool
    confidence: float
    reason: str
    shown: str = ""
    says: str = ""


def read_back(answer: str, key: str = "", item: str = "") -> str:
    """How the answer is read, to be shown before it is graded. Raises Unreadable with a sentence for the learner."""
    answer = bare(answer)
    if not key:
        return read_answer(answer).shown
    if (spoken := read_spoken(answer, key, item)) is not None:
        if spoken[1] is None:
            raise Unreadable("This is not read as an answer to such a question.")
        return spoken[1].shown
    if (labels := read_labels(key)) and (parts := split_labels(answer, labels)):
        return "; ".join(f"{name}: {read_back(part, labels[name], item)}" for name, part in zip(labels, parts, strict=True))
    try:
        wanted, hints = read_key(key, item)
    except Unreadable:
        return read_answer(answer).shown
    return _read(answer, wanted, hints, item).shown


def _read(answer: str, wanted: Reading, hints: Hints, item: str) -> Reading:
    """As people write it, else letter by letter. Raises Unreadable."""
    is_number = wanted.node.op in ("num", "/", "neg", "mixed", "percent", "recurring")
    if names_other(answer, item, is_number=is_number):
        raise Unreadable("The answer names another quantity than the question asks for.")
    if (restated := restate(answer, wanted, hints, item)) != answer:
        try:
            found = read_answer(restated, hints)
        except Unreadable:
            return read_answer(answer, hints)
        return replace(found, plain=replace(found.plain, left_out=found.plain.left_out or "…"))
    return read_answer(answer, hints)


def grade_math(item: str, key: str, answer: str, form: str | None = None, worker: MathWorker | None = None) -> MathGrade:
    """Grade one answer. `form` names a form of `math_form.FORMS` instead of reading it from the item's words."""
    worker = worker or shared_worker()
    answer = bare(answer)
    before, rough, after = answer.replace("\\approx", "≈").partition("≈")
    if rough and any(c.isdigit() for c in before):  # 2/3 ≈ 0.67: either side may be what was asked for
        both = [grade_math(item, key, part, form, worker) for part in (before, after) if "≈" not in part]
        return max(both, key=lambda grade: grade.is_correct, default=MathGrade(False, 0.4, "unreadable"))
    if re.fullmatch(r".*\d!\s*", answer) and "!" not in key and len(answer) < MAX_CHARS:  # a factorial, or only an exclamation
        both = [_grade_written(item, key, part, form, worker) for part in (answer.strip(), answer.strip()[:-1])]
        best = max(both, key=lambda grade: grade.is_correct)
        return replace(best, confidence=min(best.confidence, 0.75))
    if (spoken := read_spoken(answer, key, item)) is not None:
        if (said := spoken[1]) is None:
            return MathGrade(False, 0.4, "unreadable", says="This is not read as an answer to such a question.")
        is_same = agrees(spoken[0], said, item)
        certain = DOUBTFUL if is_same and is_loose(spoken[0], said) else 0.85 if said.has_reason else 0.95
        return MathGrade(is_same, certain, "equal" if is_same else "unequal", said.shown)
    if (labels := read_labels(key)) and (parts := split_labels(answer, labels)):
        all_of = [grade_math(item, value, part, form, worker) for value, part in zip(labels.values(), parts, strict=True)]
        worst = min(all_of, key=lambda grade: (grade.is_correct, grade.confidence))
        shown = "; ".join(f"{name}: {one.shown}" for name, one in zip(labels, all_of, strict=True))
        return replace(worst, shown=shown if all(one.shown for one in all_of) else "")
    return _grade_written(item, key, answer, form, worker)


def _grade_written(item: str, key: str, answer: str, form: str | None, worker: MathWorker) -> MathGrade:
    """A key that is mathematics."""
    try:
        wanted, hints = read_key(key, item)
    except Unreadable:
        if re.sub(r"[\s.。]+", "", key).casefold() == re.sub(r"[\s.。]+", "", answer).casefold():
            return MathGrade(True, 0.9, "equal", answer, "the same characters as the key")
        return _by_library(key, answer, worker, "the key is not read here")
    try:
        given = _read(answer, wanted, hints, item)
        return _judge(item, key, answer, form, wanted, given, Comparison(worker))
    except Unreadable as error:
        if "\\" in answer and len(answer) <= MAX_CHARS:
            return _by_library(key, answer, worker, error.message)
        return MathGrade(False, 0.4, "unreadable", says=error.message)


def _by_library(key: str, answer: str, worker: MathWorker, says: str) -> MathGrade:
    """What our grammar does not read (matrices, integrals) goes to Math-Verify's LaTeX reader, and to a person."""
    if max(len(key), len(answer)) > 300 or not (_SAFE.fullmatch(key) and _SAFE.fullmatch(answer)) or "__" in key + answer:
        return MathGrade(False, 0.4, "unreadable", says=says)
    found = worker.verify(key.strip("$ "), answer.strip("$ "))
    return MathGrade(bool(found), 0.6 if found else 0.4, "equal" if found else "unreadable", answer if found else "", says)


def _judge(item: str, key: str, raw: str, form: str | None, wanted: Reading, given: Reading, c: Comparison) -> MathGrade:
    shown = given.shown
    near = WITHIN.fullmatch(form or "")
    forms, places = asked_forms(item, None if near else form)
    is_equal = compare(_with_asked_unit(wanted, given, item), given, item, _order(item, wanted), c)
    if not is_equal and not c.undecided:
        is_equal = _percent_meant(wanted, given, item, c)
    if not is_equal and near and _is_within(wanted, given, Fraction(near[1])):
        c.undecided, same = False, replace(given, node=wanted.node)  # near enough is equal; its unit is judged as ever
        is_equal = compare(_with_asked_unit(wanted, same, item), same, item, _order(item, wanted), c)
    if c.undecided and not is_equal:
        return MathGrade(False, 0.3, "undecided", shown, "The comparison took too long or is not defined.")
    certain = min(c.trust, 0.75 if given.is_ambiguous else 1.0, 0.9 if given.plain.left_out else 1.0)
    if not is_equal:
        if is_spelt(raw, wanted.node, given.node):
            return MathGrade(False, 0.4, "unreadable", says="There are words in the answer that are not read.")
        if given.is_ambiguous or given.plain.left_out:
            certain = min(certain, 0.8)
        return MathGrade(False, min(certain, 0.98), "unequal", shown)
    if wanted.units and not given.units and requires_unit(item):
        return MathGrade(False, 0.95, "unit", shown, "The unit is missing.")
    missing = next((name for name in forms if not has_form(given.node, name)), None)
    if "factorised" in forms and count_factors(given.node) < count_factors(wanted.node):
        missing = "factorised"
    if "factorised" in forms and has_whole_factors(wanted.node) and not has_whole_factors(given.node):
        missing = "factorised"
    if missing and has_form(wanted.node, missing):
        return MathGrade(False, 0.93, "form", shown, missing)
    if places is not None and has_places(wanted.node, places) and not has_places(given.node, places):
        return MathGrade(False, 0.9, "places", shown, str(places))
    figures = asked_figures(item)
    if figures and has_figures(wanted.node, figures) and not has_figures(given.node, figures):
        return MathGrade(False, 0.9, "figures", shown, str(figures))
    if is_copied(item, raw, key, given):
        return MathGrade(False, 0.85, "copied", shown)
    if is_unworked(item, raw, wanted.node, given.node):
        return MathGrade(False, 0.85, "unworked", shown)
    if certain > DOUBTFUL and is_value(wanted.node) and says_other(raw, item, key):
        return MathGrade(True, DOUBTFUL, "named", shown)
    return MathGrade(True, certain, "equal", shown)


def _is_within(wanted: Reading, given: Reading, tolerance: Fraction) -> bool:
    """Whether two numbers lie no further apart than the key allows, in the key's unit."""
    if wanted.units and given.units and wanted.units[0].factor != given.units[0].factor:
        return False
    node = given.node.parts[1] if given.node.op == "=" and given.node.parts[0].op == "sym" else given.node  # x = 3.05
    values = rational(wanted.node), rational(node)
    return values[0] is not None and values[1] is not None and abs(values[0] - values[1]) <= tolerance


def _percent_meant(wanted: Reading, given: Reading, item: str, c: Comparison) -> bool:
    """ "What percent …?" with key 35 takes 35 %, and with key 35 % takes 35."""
    if not re.search(r"(?:what|how many|which) percent|(?:what|which) is the percentage|百分之(?:几|多少)", item, re.IGNORECASE):
        return False
    a, b = wanted.node, given.node
    if (a.op == "percent") == (b.op == "percent"):
        return False
    plain = [node.parts[0] if node.op == "percent" else node for node in (a, b)]
    return all(node.op in ("num", "mixed", "/", "neg") for node in plain) and c.lower(0.85) and c.same(plain[0], plain[1])


_COUNTED = re.compile(
    r"\bhow many (?:more |extra |fewer |additional |whole |full )?((?:square |cubic )?[a-z]+)\b|\b(?:what|which) "
    r"(fraction)\b|(几分之几)"
    r"|(?:多少|几)(个(?!小时|星期|月|单位)|[只条本支张人名位头棵辆件页道题瓶杯次段层排盒"
    r"箱袋包组种串片根颗粒朵座把台匹艘架册幅圈步级])", re.IGNORECASE,
)  # fmt: skip
_ASKED = re.compile(
    r"\b(?:in|convert\b[^.?]*\b(?:to|into)) (?!an?\b|the\b)([a-z]+(?: per [a-z]+)?|[a-z]{1,2}[²³]?)\b"
    r"|(?:多少|几|换算成|换成|化成|化为)个?([\u4e00-\u9fff]{1,4}?)(?=[?？，。,（(]|$)",
    re.IGNORECASE,
)


def _with_asked_unit(wanted: Reading, given: Reading, item: str) -> Reading:
    """A key that is a bare number stands in the unit that the item asks for."""
    if wanted.units or not given.units:
        return wanted
    counted = _COUNTED.search(item)
    if counted and all(unit.dimension != (("count", 1),) for unit in given.units):
        noun = next(g for g in counted.groups() if g).strip()
        if units := read_unit(noun):
            return replace(wanted, units=tuple(units))
        if noun:
            return replace(wanted, units=(Unit(noun, Fraction(1), (("count", 1),)),))  # five jugs are not five litres
    for match in _ASKED.finditer(item):
        units = read_unit(match[1] or match[2])
        below = given.units[0].text.partition("/")[2]
        if (
            below
            and re.search(rf"每{below}|每小{below}|per {below}", item)
            and (rate := read_unit(f"{match[1] or match[2]}/{below}"))
        ):
            return replace(wanted, units=tuple(rate))  # 每小时 15 千米 where "how many km an hour" is asked
        measured = [unit for unit in (*units, *given.units) if unit.dimension != (("count", 1),)]
        if units and len(measured) == len(units) + len(given.units):
            return Reading(wanted.node, tuple(units), wanted.plain, wanted.is_ambiguous, wanted.says_and)
    return wanted


def _order(item: str, wanted: Reading) -> tuple[str, ...]:
    """The order of a point's variables: as in "(x, y)" in the item, else alphabetical."""
    match = re.search(r"\(\s*([a-z])\s*[,，]\s*([a-z])(?:\s*[,，]\s*([a-z]))?\s*\)", item)
    return tuple(g for g in match.groups() if g) if match else ()


__all__ = ["MathGrade", "Node", "grade_math", "read_back"]
