"""A learner's answer to an item, as every model of mastery reads it, and rows turned into answers. Knows no model.

Rows come from anywhere: an item may be missing, skills may be none, one or several, and the order may be a number or a date.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duologue.kit.errors import Invalid

NO_SKILL = "·"
"""What stands for the skill where a row names none, so that such rows still learn from each other."""
LEAST = 3
"""Answers to a skill below which a page says “too few” instead of how much is known: the 80 % interval is wider than 0.5 there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One row for one answer, whatever the number of skills. `order` sorts a user's answers; `at` is when, where it is known."""

    user: str
    item: str
    skills: tuple[str, ...]
    correct: bool
    order: float = 0.0
    at: datetime | None = None
    hints: int = 0

    @property
    def keys(self) -> tuple[str, ...]:
        """What the answer says something about: each skill, and the combination where there are several."""
        return keys_of(self.skills)


def keys_of(skills: Iterable[str]) -> tuple[str, ...]:
    """The skills without repetition, in a fixed order, and their combination where there are several."""
    names = tuple(sorted(set(skills)))
    if not names:
        return (NO_SKILL,)
    return names if len(names) == 1 else (*names, "+".join(names))


def read_answer(row: Mapping[str, Any], place: int = 0) -> Answer:
    """An answer from a row `{"user", "item", "skills", "correct", "order"}`; `place` in the file is the order where none is given.

    Raises Invalid where the user or the correctness cannot be read.
    """
    skills = row.get("skills", row.get("skill"))
    listed = [skills] if isinstance(skills, str | int | float) else list(skills or ())
    named = tuple(str(s) for s in listed if s is not None and str(s).strip())
    user, item = row.get("user"), row.get("item")
    if user is None or str(user) == "":
        raise Invalid("A row of answers names no user; give each row “user”.")
    order = row.get("order")
    try:
        correct = float(row["correct"])
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("A row of answers does not say whether it was correct; give each row “correct” as 0 or 1.") from error
    if not 0 <= correct <= 1:
        raise Invalid("A row of answers has a value of “correct” that is neither 0 nor 1.")
    name = "+".join(sorted(set(named))) if item is None or str(item) == "" else str(item)
    return Answer(str(user), name, named, correct >= 0.5, _order(order, place))


def by_user(answers: Iterable[Answer]) -> list[Answer]:
    """All answers, each user's together and in order; equal orders stay as they came."""
    return sorted(answers, key=lambda a: (a.user, a.order))


def _order(value: Any, place: int) -> float:
    for read in (float, lambda v: datetime.fromisoformat(v).timestamp()):
        with suppress(ValueError, TypeError):
            return float(read(value))
    return float(place)
