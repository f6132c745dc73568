"""A whole course as an archive of its own files: `course.json` and `course.<lang>.json`, as the sample course has them."""

import json
from collections.abc import Mapping
from typing import Any

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang
from duologue.packs.education.course import Course
from duologue.packs.education.interchange.archive import pack, unpack


def write(courses: Mapping[Lang, Course], licence: str = "") -> bytes:
    """The archive of a course in its languages, which say the same in other words."""
    first = next(iter(courses.values()))
    data = {
        "id": first.id,
        "languages": list(courses),
        "licence": licence or next((r.licence for r in first.resources), ""),
        "skills": [{"id": s.id, "prerequisites": list(s.prerequisites)} for s in first.skills],
        "items": [
            {"id": i.id, "type": i.type, "skills": list(i.skills), "difficulty": i.difficulty, "key": i.key}
            | ({"form": i.form} if i.form else {})
            for i in first.items
        ],
        "resources": [
            {"id": r.id, "skill": r.skill, "level": r.level, "form": r.form, "minutes": r.minutes} for r in first.resources
        ],
    }
    files = {"course.json": _json(data)}
    for lang, course in courses.items():
        texts = {
            "title": course.title,
            "skills": {s.id: {"name": s.name, "about": s.about} for s in course.skills},
            "items": {
                i.id: {"text": i.text, "steps": list(i.steps), "hints": list(i.hints)}
                | ({"options": dict(i.options)} if i.options else {})
                for i in course.items
            },
            "resources": {r.id: {"title": r.title, "text": r.text} for r in course.resources},
        }
        files[f"course.{lang}.json"] = _json(texts)
    return pack(files)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def read(content: bytes) -> dict[str, Any]:
    """The files of a course's archive, parsed, by name without folders. Raises Invalid."""
    out = {}
    for name, data in unpack(content, (".json",)).items():
        try:
            out[name.rpartition("/")[2]] = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise Invalid(f"{name} is not valid JSON in UTF-8.") from error
    if "course.json" not in out:
        raise Invalid("The archive holds no course.json; it is no course.")
    return out
