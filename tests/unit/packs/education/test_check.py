"""A course that cannot be taught from is refused before a class takes it, with the place and the fault, in both languages."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from duologue.kit.errors import Invalid
from duologue.packs.education.course import SAMPLE, Course, CourseSkill, Item
from duologue.packs.education.library.check import check_course
from duologue.packs.education.library.service import read_course
from duologue.packs.education.problems import in_words

FILES: dict[str, Any] = {
    "course.json": {
        "id": "c",
        "skills": [{"id": "a", "prerequisites": []}, {"id": "b", "prerequisites": ["a"]}],
        "items": [{"id": "i", "type": "choice", "skills": ["a"], "key": "A", "difficulty": 2}],
        "resources": [{"id": "r", "skill": "a", "level": 1, "form": "note", "minutes": 5}],
    },
    "course.en.json": {
        "title": "T",
        "skills": {"a": {"name": "A", "about": ""}, "b": {"name": "B", "about": ""}},
        "items": {"i": {"text": "?", "steps": ["so"], "hints": [], "options": {"A": "1", "B": "2"}}},
        "resources": {"r": {"title": "R", "text": "words"}},
    },
}
Change = Callable[[dict[str, Any], dict[str, Any]], object]
WRONG: list[tuple[str, Change]] = [
    ("each entry with an id", lambda d, t: d["skills"].append({"id": 5, "prerequisites": []})),
    ("each entry with an id", lambda d, t: d.update(items={})),
    ("i stands twice among the items", lambda d, t: d["items"].append(dict(d["items"][0]))),
    ("prerequisites of the skill b", lambda d, t: d["skills"][1].update(prerequisites="a")),
    ("“hologram” is no kind", lambda d, t: d["items"][0].update(type="hologram")),
    ("its skills are no list", lambda d, t: d["items"][0].update(skills="a")),
    ("its difficulty is no number", lambda d, t: d["items"][0].update(difficulty="hard")),
    ("it has no key", lambda d, t: d["items"][0].update(key=" ")),
    ("a key that names one", lambda d, t: d["items"][0].update(key="C")),
    ("about a skill that the course does not have", lambda d, t: d["resources"][0].update(skill="z")),
    ("takes 1 to 600 minutes", lambda d, t: d["resources"][0].update(minutes="five")),
    ("takes 1 to 600 minutes", lambda d, t: d["resources"][0].update(minutes=-5)),
    ("names no form", lambda d, t: d["resources"][0].pop("form")),
    ("has no title", lambda d, t: t.pop("title")),
    ("has no items", lambda d, t: t.pop("items")),
    ("b has no name", lambda d, t: t["skills"].pop("b")),
    ("i has no text", lambda d, t: t["items"]["i"].update(text=None)),
    ("lists of texts", lambda d, t: t["items"]["i"].update(steps="so")),
    ("its options are texts", lambda d, t: t["items"]["i"].update(options={"A": 1, "B": "2"})),
]


@pytest.mark.parametrize(("fault", "change"), WRONG, ids=[f for f, _ in WRONG])
def test_a_course_that_would_break_the_pages_is_refused(fault: str, change: Change) -> None:
    files = deepcopy(FILES)
    check_course(files)
    assert read_course(files)["en"].items
    change(files["course.json"], files["course.en.json"])
    with pytest.raises(Invalid, match=fault) as error:
        check_course(files)
    assert in_words(error.value.message, "zh") != error.value.message


def test_the_sample_course_passes() -> None:
    check_course({p.name: json.loads(p.read_text("utf-8")) for p in SAMPLE.glob("course*.json")})


def test_the_course_in_the_documentation_can_be_taught_from() -> None:
    page = (Path(__file__).parents[4] / "docs/howto/interchange.md").read_text("utf-8")
    data, texts = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL))
    files = {"course.json": data, "course.en.json": texts}
    check_course(files)
    assert [s.name for s in read_course(files)["en"].skills] == ["Halves", "Quarters"]


def test_what_a_person_grades_is_homework_and_never_practice() -> None:
    items = [Item(k, k, ("a",), "?", "1") for k in ("number", "essay", "short", "program")]
    assert [i.id for i in Course("c", "C", "en", (CourseSkill("a", "A"),), tuple(items)).items_of("a")] == ["number"]
