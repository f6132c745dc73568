"""One answer as a teacher reads it, wherever it stands: in the queue, in a check, among a class's results. Decides nothing."""

from typing import Any

from duologue.kit.text import Lang
from duologue.packs.education.days import day_of
from duologue.packs.education.grades import drafts, homework
from duologue.packs.education.grades.essay_drafts import count_up, shown_traits
from duologue.packs.education.grades.repository import Homework, Submission
from duologue.packs.education.grading.grade import MATH

UNDECIDED = ("unreadable", "undecided", "ungraded")
"""Reasons of a draft that suggests no score and says that the teacher will look."""


def show_answer(row: Homework, one: Submission, score: float | None, names: dict[str, str], lang: Lang) -> dict[str, Any]:
    """An answer with its key, how it was read, what speaks for which criterion, and what its learner will read."""
    item = homework.item_of(row, one.item, lang)
    kind = item.get("type", "")
    return {"id": one.id, "at": one.at.isoformat(), "name": names.get(one.person_id, "–"), "title": row.title,
            "question": item["text"], "is_late": str(day_of(one.at)) > row.due,
            "criteria": drafts.criteria_of(item, one), "traits": shown_traits(item, one),
            "counted": count_up(one.text) if kind == "essay" else None,
            "key": homework.in_options(item, key_of(item)),
            "type": kind, "answer": homework.in_options(item, one.text),
            "reading": one.grade.get("reading", "") if kind in MATH else "", "feedback": one.grade.get("feedback", ""),
            "score": score,
            "confidence": one.grade.get("confidence", 0.0)}  # fmt: skip


def key_of(item: dict[str, Any]) -> str:
    """The key as a teacher reads it; of a program its tests."""
    tests = item.get("tests", "") if item.get("type") == "program" else ""
    return tests if isinstance(tests, str) and tests else str(tests or item.get("key", ""))
