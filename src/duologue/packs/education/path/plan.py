"""A learner's path to a goal: lessons, practice and reviews by prerequisite, mastery, forgetting and time, each with its reason.

The plan is made anew after each answer; what the teacher fixed, added or took away holds in every new one. Knows no table and no
page.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import prod
from typing import Literal

from duologue.kit.errors import Invalid
from duologue.packs.education.course import Course, Item, sample_course
from duologue.packs.education.days import day_of, noon_of
from duologue.packs.education.mastery.learner import Learner
from duologue.packs.education.mastery.reviews import ReviewBook
from duologue.packs.education.path.diagnosis import believe, pick_question
from duologue.packs.education.path.frontier import KNOWN, next_skill
from duologue.packs.education.path.words import reason, warning

StepKind = Literal["diagnose", "lesson", "practice", "review"]
LEARN = 0.15
"""Share of what is not known that an exercise is expected to teach; the mean of published BKT fits is near it."""
SLOWER = 0.25
"""What a missing prerequisite leaves of that; the simulator's figure, not a measured one."""
BLOCK, REVIEW_ITEMS, QUESTIONS = 5, 2, 8
LESSON_UNDER = 0.65
LONGEST_DAYS = 370


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be known, by when, with how many minutes a day; `rest_days` as date.weekday(), 0 is Monday."""

    skills: tuple[str, ...]
    due: date
    minutes_per_day: int = 20
    rest_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """What a teacher decided: `lock` and `move` hold a step on a day, `add` puts one there, `remove` keeps it out; `kind` None:
    all."""

    action: Literal["lock", "move", "add", "remove"]
    skill: str
    kind: StepKind | None = "practice"
    day: date | None = None
    minutes: int = 10
    by: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do on one day. `known`: chance before it that the skill is known; `is_fixed`: a teacher put it there."""

    id: str
    kind: StepKind
    skill: str
    day: date
    minutes: int
    items: tuple[str, ...] = ()
    resource: str = ""
    known: float = 0.0
    why: str = ""
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """The steps in order; `expected` is the chance that each needed skill is known at the end, `done_on` when all goals are."""

    goal: Goal
    steps: tuple[Step, ...]
    expected: dict[str, float]
    done_on: date | None
    warnings: tuple[str, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether the goals are expected to be reached in time."""
        return self.done_on is not None

    @property
    def minutes(self) -> int:
        """All its minutes."""
        return sum(s.minutes for s in self.steps)


def plan(
    learner: Learner, goal: Goal, course: Course | None = None, *, today: date | None = None, edits: Sequence[Edit] = ()
) -> Path:
    """The path from what the learner knows now. Raises Invalid for a goal in the past or without time, NotFound for unknown
    skills."""
    course = course or sample_course()
    start = today or day_of(datetime.now(UTC))
    if goal.due < start or goal.minutes_per_day < 5 or (goal.due - start).days > LONGEST_DAYS or len(set(goal.rest_days)) > 6:
        raise Invalid("A goal needs a day within a year from today, at least 5 minutes a day, and a day of the week to learn on.")
    for edit in edits:
        course.skill(edit.skill)
    return _Planner(learner, goal, course, start, edits).run()


def what_if(learner: Learner, goal: Goal, course: Course, *, today: date, edits: Sequence[Edit] = (), minutes_per_day: int | None
= None, due: date | None = None, known: Sequence[str] = ()) -> Path:  # fmt: skip
    """The path if there were more or fewer minutes, another day, or if some skills were known already; nothing is kept."""
    other = replace(goal, minutes_per_day=minutes_per_day or goal.minutes_per_day, due=due or goal.due)
    return plan(replace(learner, given=learner.given | dict.fromkeys(known, 0.95)), other, course, today=today, edits=edits)


@dataclass
class _Planner:
    learner: Learner
    goal: Goal
    course: Course
    day: date
    edits: Sequence[Edit]
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.needed = self.course.needed_for(self.goal.skills)
        self.before = {s: self.course.skill(s).prerequisites for s in self.needed}
        self.known = believe(self.learner, self.course, self.needed, noon_of(self.day))
        self.reviews = ReviewBook(dict(self.learner.reviews.cards))  # a card is never changed, another takes its place
        last = self.day + timedelta(days=LONGEST_DAYS)
        self.fixed = [e for e in self.edits if e.action != "remove" and e.day is not None and self.day <= e.day <= last]
        self.removed = {(e.skill, e.kind) for e in self.edits if e.action == "remove"}
        self.done: Counter[tuple[str, str]] = Counter()
        self.used: set[str] = set(self.learner.answered)
        self.read: set[str] = set(self.learner.read)

    def run(self) -> Path:
        done_on = self.day if self._is_reached() else None
        if len(self.learner.answered) < QUESTIONS and not self._is_out(self.needed[-1], "diagnose"):
            self._diagnose()
        while self.day <= self.goal.due:
            if self.day.weekday() not in self.goal.rest_days or any(e.day == self.day for e in self.fixed):
                self._fill_day()
            if done_on is None and self._is_reached():
                done_on = self.day
            self.day += timedelta(days=1)
        at_the_end = {s: round(self.known[s], 3) for s in self.needed}
        for edit in sorted((e for e in self.fixed if e.day is not None and e.day > self.goal.due), key=lambda e: str(e.day)):
            self.day = edit.day or self.day
            self._place(edit)
        if done_on is None:
            self.warnings.append(warning("not_enough", self.course.lang, due=str(self.goal.due)))
        return Path(self.goal, tuple(self.steps), at_the_end, done_on, tuple(self.warnings))

    def _is_reached(self) -> bool:
        return all(self.known[g] >= KNOWN for g in self.goal.skills)

    def _is_out(self, skill: str, kind: StepKind) -> bool:
        return (skill, kind) in self.removed or (skill, None) in self.removed

    def _diagnose(self) -> None:
        """What is left of the first questions; each answer changes which the next one is."""
        asked: list[Item] = []
        while len(asked) < QUESTIONS - len(self.learner.answered) and (
            question := pick_question(self.learner, self.course, self.needed, asked)
        ):
            asked.append(question)
        if asked:
            self._add("diagnose", asked[0].skills[0], tuple(i.id for i in asked), minutes=2 * len(asked), why="diagnose")

    def _fill_day(self) -> None:
        left = self.goal.minutes_per_day - sum(s.minutes for s in self.steps if s.day == self.day)
        for edit in [e for e in self.fixed if e.day == self.day]:
            self._place(edit)
            left -= edit.minutes
        for skill in self._due():
            if left < 4:
                break
            left -= self._review(skill)
        blocked: set[str] = set()
        while left >= 5:
            blocked |= {s for s in self.needed if self._waits(s)}
            if all(k >= KNOWN or s in blocked for s, k in self.known.items()):
                break
            skill, spent = self._work(blocked, left)
            left -= spent
            blocked.add(skill)

    def _waits(self, skill: str) -> bool:
        """Whether the teacher has set this skill's practice on a later day, or has taken it out."""
        later = any(e.skill == skill and e.kind == "practice" and e.day and e.day > self.day for e in self.fixed)
        return later or self._is_out(skill, "practice")

    def _work(self, blocked: set[str], left: int) -> tuple[str, int]:
        later = (self.day + timedelta(days=k) for k in range((self.goal.due - self.day).days))
        days = sum(day.weekday() not in self.goal.rest_days for day in later)
        exercises = (left + days * self.goal.minutes_per_day) // 2
        skill, why = next_skill(self.known, self.before, self.goal.skills, exercises, blocked)
        spent = self._lesson(skill, left, why)
        items = self._items(skill, (left - spent) // 2)
        if items:
            minutes = 2 * len(items)
            self._add("practice", skill, tuple(i.id for i in items), minutes=minutes, why=why)
            self._practised(skill, len(items))
            spent += minutes
        return skill, spent

    def _lesson(self, skill: str, left: int, why: str) -> int:
        if self.known[skill] >= LESSON_UNDER or self._is_out(skill, "lesson"):
            return 0
        for resource in self.course.resources:
            if resource.skill == skill and resource.id not in self.read and resource.minutes <= left:
                self.read.add(resource.id)
                self._add("lesson", skill, minutes=resource.minutes, resource=resource.id, why="lesson")
                self.known[skill] += (1 - self.known[skill]) * self._pace(skill)
                return resource.minutes
        return 0

    def _items(self, skill: str, most: int) -> list[Item]:
        wanted, known = 0, self.known[skill]
        while known < KNOWN + 0.02 and wanted < BLOCK:
            known += (1 - known) * self._pace(skill)
            wanted += 1
        own = self.course.items_of(skill)
        fresh = [i for i in own if i.id not in self.used] + [i for i in own if i.id in self.used]
        chosen = fresh[: min(wanted, most)]
        self.used.update(i.id for i in chosen)
        return chosen

    def _pace(self, skill: str) -> float:
        """How much of the rest an exercise is expected to teach: much less where prerequisites may be missing."""
        return LEARN * prod(k + SLOWER * (1 - k) for k in (self.known[p] for p in self.before[skill]))

    def _practised(self, skill: str, exercises: int) -> None:
        for _ in range(exercises):
            self.known[skill] += (1 - self.known[skill]) * self._pace(skill)
        self.reviews.observe(skill, True, noon_of(self.day))

    def _due(self) -> Iterator[str]:
        due = [
            (when, s) for s in self.needed if (when := self.reviews.due(s)) and day_of(when) <= self.day and self.known[s] >= 0.6
        ]
        yield from (s for _, s in sorted(due) if not self._is_out(s, "review") and self.course.items_of(s))

    def _review(self, skill: str) -> int:
        items = self.course.items_of(skill)[-REVIEW_ITEMS:]
        self._add("review", skill, tuple(i.id for i in items), minutes=4, why="review")
        self.reviews.observe(skill, True, noon_of(self.day))
        return 4

    def _place(self, edit: Edit) -> None:
        kind = edit.kind or "practice"
        missing = [p for p in self.before.get(edit.skill, ()) if self.known[p] < KNOWN]
        if missing and kind == "practice":
            names = (self.course.skill(s).name for s in (edit.skill, missing[0]))
            self.warnings.append(warning("too_early", self.course.lang, skill=next(names), missing=next(names), day=str(edit.day)))
        items = tuple(i.id for i in self.course.items_of(edit.skill)[: max(1, edit.minutes // 2)]) if kind != "lesson" else ()
        resource = next((r.id for r in self.course.resources if r.skill == edit.skill), "") if kind == "lesson" else ""
        self._add(kind, edit.skill, items, minutes=edit.minutes, resource=resource, why="teacher", is_fixed=True)
        if edit.skill in self.known and kind in ("practice", "review"):
            self._practised(edit.skill, len(items))

    def _add(self, kind: StepKind, skill: str, items: tuple[str, ...] = (), *, minutes: int, why: str, resource: str = "",
             is_fixed: bool = False) -> None:  # fmt: skip
        self.done[kind, skill] += 1
        step_id = f"{kind}.{skill}.{self.done[kind, skill]}"
        known = self.known.get(skill, 0.0)
        opens = next((s for s in self.needed if skill in self.before[s]), "")
        names = {"skill": skill, "goal": self.goal.skills[0], "opens": opens}
        words = reason(why, self.course.lang, known, is_few=self.learner.is_few(skill),
                       **{k: self.course.skill(s).name if s else "" for k, s in names.items()})  # fmt: skip
        self.steps.append(Step(step_id, kind, skill, self.day, minutes, items, resource, round(known, 3), words, is_fixed))
