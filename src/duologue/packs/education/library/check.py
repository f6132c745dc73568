"""Whether the files of a course can be taught from, before a class takes them: a class keeps its course once it has answers.

Says by name what is wrong and where. Prerequisites and missing texts are for the course itself to refuse (`course.py`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.grading.grade import MATH

KINDS = frozenset({*MATH, "choice", "choices", "ordering", "blanks", "fill", "short", "essay", "program"})


def check_course(files: Mapping[str, Any]) -> None:
    """Raises Invalid with the first fault of `course.json` and `course.<lang>.json`."""
    if fault := next(_faults(files), ""):
        raise Invalid(fault)


def _faults(files: Mapping[str, Any]) -> Iterator[str]:
    data = files.get("course.json")
    if not isinstance(data, Mapping) or not all(_are_entries(data.get(name)) for name in ("skills", "items", "resources")):
        yield "course.json holds lists named skills, items and resources, each entry with an id."
        return
    for name in ("skills", "items", "resources"):
        ids = [e["id"] for e in data[name]]
        for one in sorted({i for i in ids if ids.count(i) > 1} if len(set(ids)) < len(ids) else ()):
            yield f"The id {one} stands twice among the {name}."
    skills = {s["id"] for s in data["skills"]}
    for one in data["skills"]:
        if not _are_texts(one.get("prerequisites")):
            yield f"The prerequisites of the skill {one['id']} are no list of ids."
    for one in data["items"]:
        if wrong := _wrong_item(one):
            yield f"The question {one['id']}: {wrong}"
    for one in data["resources"]:
        if one.get("skill") not in skills:
            yield f"The reading {one['id']} is about a skill that the course does not have."
        elif not _is_number(one.get("level"), 1, 5) or not _is_number(one.get("minutes"), 1, 600):
            yield f"The reading {one['id']} has a level from 1 to 5 and takes 1 to 600 minutes."
        elif not isinstance(one.get("form"), str):
            yield f"The reading {one['id']} names no form, such as note or example."
    for lang in ("en", "zh"):
        if f"course.{lang}.json" in files:
            yield from _wrong_texts(data, files[f"course.{lang}.json"], f"course.{lang}.json")


def _wrong_item(one: Mapping[str, Any]) -> str:
    kind, key = one.get("type"), one.get("key", "")
    if kind not in KINDS:
        return f"“{str(kind)[:40]}” is no kind of question; use one of {', '.join(sorted(KINDS))}."
    if not _are_texts(one.get("skills")):
        return "its skills are no list of ids."
    if not _is_number(one.get("difficulty", 3), 1, 5):
        return "its difficulty is no number from 1 to 5."
    if not isinstance(key, str) or (not key.strip() and kind not in ("short", "essay", "program")):
        return "it has no key."
    return ""


def _wrong_texts(data: Mapping[str, Any], texts: Any, name: str) -> Iterator[str]:
    if not isinstance(texts, Mapping) or not isinstance(texts.get("title"), str):
        yield f"{name} has no title."
        return
    for kind, fields in (("skills", ("name", "about")), ("items", ("text",)), ("resources", ("title", "text"))):
        found = texts.get(kind)
        if not isinstance(found, Mapping):
            yield f"{name} has no {kind}."
            continue
        for one in data[kind]:
            said = found.get(one["id"])
            if (
                not isinstance(said, Mapping)
                or not all(isinstance(said.get(f), str) for f in fields)
                or not said[fields[0]].strip()
            ):
                yield f"{name}: {one['id']} has no {' or no '.join(fields)}."
            elif kind == "items" and (wrong := _wrong_words(one, said)):
                yield f"{name}: {one['id']}: {wrong}"


def _wrong_words(one: Mapping[str, Any], said: Mapping[str, Any]) -> str:
    if not all(_are_texts(said.get(f, [])) for f in ("steps", "hints")):
        return "its steps and hints are lists of texts."
    options = said.get("options") or one.get("options") or {}
    if not isinstance(options, Mapping) or not all(isinstance(v, str) and v.strip() for v in options.values()):
        return "its options are texts, each under its letter."
    if one["type"] in ("choice", "choices"):
        right = set(re.findall(r"[A-H]", str(one.get("key", "")).upper()))
        if len(options) < 2 or not right or right - set(options):
            return "a choice needs two options at least, and a key that names one of them."
    return ""


def _are_entries(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(e, Mapping) and isinstance(e.get("id"), str) and e["id"].strip() and len(e["id"]) <= 100 for e in value
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
