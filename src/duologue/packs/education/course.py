"""A course in one language: skills with prerequisites, items tagged with skills, reading. Knows no learner.

Read from a folder with `course.json` (what does not depend on the language) and `course.<lang>.json` (names and texts).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid, NotFound
from duologue.kit.text import Lang

SAMPLE = Path(__file__).with_name("sample")
FOR_PEOPLE = ("short", "essay", "program")
"""Kinds of question whose grade waits for a person or needs tests: homework, never practice, which is graded at once."""


@dataclass(frozen=True, slots=True)
class CourseSkill:
    """What is to be learned, and what should be known before."""

    id: str
    name: str
    prerequisites: tuple[str, ...] = ()
    about: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An exercise. `type`, `key`, `form` and `options` are what a grader reads; hints climb, steps end with the answer."""

    id: str
    type: str
    skills: tuple[str, ...]
    text: str
    key: str = ""
    difficulty: float = 3
    form: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """Something to read, watch or do. `level` 1 (first steps) to 5; `form` such as note, example, activity."""

    id: str
    skill: str
    title: str
    text: str = ""
    level: int = 1
    form: str = "note"
    minutes: int = 10
    lang: str = "en"
    licence: str = ""
    url: str = ""


@dataclass(frozen=True)
class Course:
    """Everything that a plan is made of. Raises Invalid for unknown prerequisites or skills, and for a cycle, which it names."""

    id: str
    title: str
    lang: Lang
    skills: tuple[CourseSkill, ...]
    items: tuple[Item, ...] = ()
    resources: tuple[Resource, ...] = ()

    def __post_init__(self) -> None:
        known = {s.id for s in self.skills}
        for skill in self.skills:
            if unknown := set(skill.prerequisites) - known:
                raise Invalid(f"The skill {skill.id} builds on {min(unknown)}, which the course does not have.")
        for tagged in self.items:
            if unknown := set(tagged.skills) - known:
                raise Invalid(f"The item {tagged.id} practises {min(unknown)}, which the course does not have.")
        _ = self.order

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All skills, each after its prerequisites."""
        return sort_skills({s.id: s.prerequisites for s in self.skills})

    @cached_property
    def _skills(self) -> dict[str, CourseSkill]:
        return {s.id: s for s in self.skills}

    @cached_property
    def _items(self) -> dict[str, Item]:
        return {i.id: i for i in self.items}

    def skill(self, skill_id: str) -> CourseSkill:
        """One skill. Raises NotFound."""
        if skill_id not in self._skills:
            raise NotFound(f"The course has no skill {skill_id}.")
        return self._skills[skill_id]

    def item(self, item_id: str) -> Item:
        """One item. Raises NotFound."""
        if item_id not in self._items:
            raise NotFound(f"The course has no item {item_id}.")
        return self._items[item_id]

    def items_of(self, skill_id: str) -> list[Item]:
        """Items that practise the skill first and are graded at once, easiest first."""
        return list(self._items_of.get(skill_id, ()))

    @cached_property
    def _items_of(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in sorted((i for i in self.items if i.skills and i.type not in FOR_PEOPLE), key=lambda i: (i.difficulty, i.id)):
            found.setdefault(item.skills[0], []).append(item)
        return found

    def needed_for(self, goals: Sequence[str]) -> tuple[str, ...]:
        """The goals and all that they build on, in order."""
        wanted: set[str] = set()
        for goal in goals:
            wanted |= self.below(goal)
        return tuple(s for s in self.order if s in wanted)

    def below(self, skill_id: str) -> frozenset[str]:
        """A skill and all that it builds on. Raises NotFound."""
        return self._below[self.skill(skill_id).id]

    @cached_property
    def _below(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for skill in self.order:
            found[skill] = frozenset((skill,)).union(*(found[p] for p in self.skill(skill).prerequisites))
        return found


def sort_skills(prerequisites: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Skills after their prerequisites, otherwise as they came. Raises Invalid naming a cycle."""
    try:
        sorter = TopologicalSorter({s: tuple(p) for s, p in prerequisites.items()})
        ranked = {s: i for i, s in enumerate(sorter.static_order())}
    except CycleError as error:
        raise Invalid(f"These skills build on each other in a circle: {' → '.join(error.args[1])}; take one link away.") from error
    return tuple(sorted(ranked, key=ranked.__getitem__))


def load_course(folder: Path, lang: Lang) -> Course:
    """The course of a folder. Raises NotFound for a missing file, Invalid for what does not fit together."""
    return course_from(_read(folder / "course.json"), _read(folder / f"course.{lang}.json"), lang)


def course_from(data: Mapping[str, Any], texts: Mapping[str, Any], lang: Lang) -> Course:
    """The course of two parsed files. Raises Invalid naming what is missing."""
    try:
        words = texts["skills"]
        skills = tuple(
            CourseSkill(s["id"], words[s["id"]]["name"], tuple(s["prerequisites"]), words[s["id"]]["about"]) for s in data["skills"]
        )
        items = tuple(_item(i, texts["items"][i["id"]]) for i in data["items"])
        resources = tuple(
            Resource(r["id"], r["skill"], texts["resources"][r["id"]]["title"], texts["resources"][r["id"]]["text"], r["level"],
                     r["form"], r["minutes"], lang, data.get("licence", ""))
            for r in data["resources"]
        )  # fmt: skip
        return Course(data["id"], texts["title"], lang, skills, items, resources)
    except KeyError as error:
        raise Invalid(f"The course's files do not fit together: {error.args[0]} is missing in one of them.") from error


@cache
def sample_course(lang: Lang = "en") -> Course:
    """The course on fractions and linear equations that comes with the pack."""
    return load_course(SAMPLE, lang)


def _item(data: Mapping[str, Any], texts: Mapping[str, Any]) -> Item:
    return Item(data["id"], data["type"], tuple(data["skills"]), texts["text"], data.get("key", ""), data.get("difficulty", 3),
                data.get("form"), texts.get("options") or data.get("options") or {}, tuple(texts.get("steps", ())),
                tuple(texts.get("hints", ())))  # fmt: skip


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise NotFound(f"There is no {path.name} in the course's folder.")
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except ValueError as error:
        raise Invalid(f"{path.name} is not valid JSON: {error}.") from error
