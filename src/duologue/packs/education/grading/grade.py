"""One answer graded by what its item is, with how sure the grade is and why. Decides nothing for good: a teacher signs.

Knows which grader reads which type of item; the graders stand in modules of their own. An item is a mapping or an object with
the fields `type, key, text, form, options, rubric, reference, tests, points`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as part
from typing import Any

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang, normalise
from duologue.packs.education.grading.words import says
from duologue.packs.education.maths.grade import grade_math

SURE = 0.9
"""At and above this confidence a grade may wait for a signature in bulk; below, a person looks at it singly."""
MATH = ("number", "expression", "equation", "inequality", "interval", "point", "math", "numeric", "algebra")
TYPES = (*MATH, "choice", "choices", "ordering", "blanks", "fill", "program", "short")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One point of a rubric: whether it is met, how sure, and the learner's words that show it (empty where none do)."""

    id: str
    is_met: bool
    confidence: float
    evidence: str = ""
    points: float = 1.0


@dataclass(frozen=True, slots=True)
class Grade:
    """`score` in 0–1 with `confidence` in 0–1; `reading` shows how the answer was read; `feedback` is for the learner.

    `is_draft` marks grades that are never final without a person (essays, answers to questions without graded examples); `traits`
    are an essay's, 0–1 each.
    """

    score: float
    confidence: float
    reason: str
    reading: str = ""
    feedback: str = ""
    criteria: tuple[Criterion, ...] = ()
    is_draft: bool = False
    traits: Mapping[str, float] = part(default_factory=dict)

    @property
    def is_correct(self) -> bool:
        """Full marks."""
        return self.score >= 1.0

    @property
    def queue(self) -> str:
        """Where the grade waits: `bulk` for a signature together with others, `single` for a person's look."""
        return "bulk" if self.confidence >= SURE and not self.is_draft else "single"


def field(item: object, name: str, default: Any = None) -> Any:
    """A field of an item, be it a mapping or an object."""
    value = item.get(name, default) if isinstance(item, Mapping) else getattr(item, name, default)
    return default if value is None else value


def grade(item: object, answer: str, lang: Lang = "en", graded: Sequence[tuple[str, str]] = ()) -> Grade:
    """Grade an answer. `graded` holds (answer, label) pairs of the same question, for short answers.

    Raises Invalid for an item whose type is not known or that lacks what its type needs.
    """
    kind = str(field(item, "type", "math"))
    if not answer.strip():
        return Grade(0.0, 0.99, "empty", feedback=says("empty", lang))
    if kind in MATH:
        return _math(item, answer, lang)
    if kind in ("choice", "choices"):
        return _choice(item, answer, lang)
    if kind == "ordering":
        return _ordering(item, answer, lang)
    if kind in ("blanks", "fill"):
        return _blanks(item, answer, lang)
    if kind == "program":
        from duologue.packs.education.grading.programs import grade_program

        return grade_program(item, answer, lang)
    if kind == "short":
        from duologue.packs.education.grading.rubric import grade_short

        return grade_short(item, answer, lang, graded)
    raise Invalid(f"Items of type {kind!r} are not graded; use one of {', '.join(TYPES)}.")


def _key(item: object) -> str:
    key = field(item, "key", "")
    if not isinstance(key, str) or not key.strip():
        raise Invalid("The item has no key; write the right answer into its field `key`.")
    return key


def _math(item: object, answer: str, lang: Lang) -> Grade:
    found = grade_math(str(field(item, "text", "")), _key(item), answer, field(item, "form"))
    feedback = says(found.says if found.reason == "form" else found.reason, lang)
    if found.shown and not found.is_correct:
        feedback = f"{feedback} {says('read_as', lang, shown=found.shown)}"
    return Grade(1.0 if found.is_correct else 0.0, found.confidence, found.reason, found.shown, feedback)


_LETTERS = re.compile(r"\b[A-H]\b")


def _chosen(answer: str, options: Mapping[str, str]) -> frozenset[str]:
    """The letters that an answer names, or the option whose text it repeats."""
    plain = normalise(answer)
    by_text = [letter for letter, text in options.items() if normalise(text).casefold() == plain.casefold()]
    if len(by_text) == 1:
        return frozenset(by_text)
    bare = re.sub(
        r"^(?:answer|option|choose|i choose|the answer is|答案?|选项?|我选)\s*(?:is|是|：|:)?\s*", "", plain, flags=re.IGNORECASE
    )
    letters = re.fullmatch(r"\(?([A-Ha-h](?:[\s,、和与and&]*[A-Ha-h])*)\)?(?:[.。)、:：].*)?", bare.strip())
    if letters:
        return frozenset(re.sub(r"\band\b|[^A-Ha-h]", "", letters[1]).upper())
    return frozenset(_LETTERS.findall(plain))


def _choice(item: object, answer: str, lang: Lang) -> Grade:
    key = frozenset(re.findall(r"[A-H]", _key(item).upper()))
    chosen = _chosen(answer, dict(field(item, "options", {})))
    if not chosen:
        return Grade(0.0, 0.4, "unreadable", feedback=says("unreadable", lang))
    shown = ", ".join(sorted(chosen))
    if chosen == key:
        return Grade(1.0, 0.99, "equal", shown, says("equal", lang))
    part = max(0.0, (len(chosen & key) - len(chosen - key)) / len(key)) if len(key) > 1 else 0.0
    told = "choice" if not chosen & key else "some" if chosen < key else "too_many"
    return Grade(part, 0.99 if len(chosen) == 1 or len(key) > 1 else 0.6, "choice", shown, says(told, lang))


def _pieces(text: str) -> list[str]:
    return [piece.strip() for piece in re.split(r"\s*(?:[,;，；、]|<|＜|→|->|\bthen\b|\n)\s*", text) if piece.strip()]


def _alike(key: str, answer: str) -> bool:
    return normalise(key).casefold() == normalise(answer).casefold() or grade_math("", key, answer).is_correct


def _ordering(item: object, answer: str, lang: Lang) -> Grade:
    wanted, given = _pieces(_key(item)), _pieces(answer)
    shown = " < ".join(given)
    if len(given) != len(wanted):
        return Grade(0.0, 0.7, "order", shown, says("order", lang, n=0, of=len(wanted)))
    right = sum(_alike(a, b) for a, b in zip(wanted, given, strict=True))
    reason = "equal" if right == len(wanted) else "order"
    return Grade(1.0 if right == len(wanted) else 0.0, 0.98, reason, shown, says(reason, lang, n=right, of=len(wanted)))


def _blanks(item: object, answer: str, lang: Lang) -> Grade:
    """Several blanks, a line or a semicolon between them; each key may list alternatives with `|`."""
    raw = field(item, "key", "")
    wanted = [str(key) for key in raw] if isinstance(raw, Sequence) and not isinstance(raw, str) else str(raw).split(";")
    given = [piece.strip() for piece in re.split(r"[;；\n]", answer)] if len(wanted) > 1 else [answer.strip()]
    given += [""] * (len(wanted) - len(given))
    met = [any(_fits(option.strip(), piece) for option in key.split("|")) for key, piece in zip(wanted, given, strict=False)]
    criteria = tuple(
        Criterion(str(k + 1), ok, 0.97 if ok else 0.85, piece) for k, (ok, piece) in enumerate(zip(met, given, strict=False))
    )
    reason = "equal" if all(met) else "blanks"
    sure = min((c.confidence for c in criteria), default=0.5)
    return Grade(sum(met) / len(met), sure, reason, "; ".join(given), says(reason, lang, n=sum(met), of=len(met)), criteria)


def _fits(key: str, answer: str) -> bool:
    if not answer:
        return False
    if any(c.isdigit() for c in key):
        return _alike(key, answer)
    a, b = (re.sub(r"[\W_]+", "", normalise(text)).casefold() for text in (key, answer))
    if a == b:
        return True
    from rapidfuzz.distance import DamerauLevenshtein

    return len(a) >= 6 and a.isascii() and DamerauLevenshtein.distance(a, b) <= 1


def as_draft(found: Grade) -> Grade:
    """The same grade, kept for a person."""
    return replace(found, is_draft=True)
