"""A site's own note: which headings stand in it and in which order, by language. Knows no storage and no facts.

Written as lines, one a heading: the sections that stand under it, a colon, its words ("cc, hpi: Subjective"). Every section stands
under exactly one heading, so that nothing that was said can be left out by a template.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from duologue.kit.errors import Invalid
from duologue.kit.text import Lang
from duologue.packs.health.record.note import section_titles

_MOST = 80


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and the sections of the note under it, in order."""

    title: str
    sections: tuple[str, ...]


Template = tuple[Heading, ...]


def default_template(lang: Lang) -> Template:
    """One heading for each section of a note."""
    return tuple(Heading(title, (section,)) for section, title in section_titles(lang).items())


def parse_template(text: str, lang: Lang) -> Template:
    """The headings of a written template; the default of an empty one. Raises Invalid with the line and what to do."""
    known = list(section_titles(lang))
    out: list[Heading] = []
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        names, colon, title = re.sub("：", ":", line, count=1).partition(":")
        sections = tuple(s.strip() for s in re.split("[,，、]", names) if s.strip())
        wrong = [s for s in sections if s not in known]
        twice = [s for s in sections if s in seen or sections.count(s) > 1]
        title = " ".join(title.split())
        if not colon or not sections or not title:
            raise Invalid(f'Line {number}: write sections, a colon and a heading, such as "hpi: {section_titles(lang)["hpi"]}".')
        if wrong:
            raise Invalid(f"Line {number}: there is no section {wrong[0]}; known are {', '.join(known)}.")
        if twice:
            raise Invalid(f"Line {number}: the section {twice[0]} stands twice; every section has one place.")
        if len(title) > _MOST or any(h.title == title for h in out):
            raise Invalid(f"Line {number}: give each heading its own words, at most {_MOST} characters.")
        seen |= set(sections)
        out.append(Heading(title, sections))
    left = [s for s in known if s not in seen]
    if out and left:
        raise Invalid(f"Give these sections a place too, so that nothing is lost: {', '.join(left)}.")
    return tuple(out) or default_template(lang)


def format_template(template: Template) -> str:
    """A template as it is written."""
    return "\n".join(f"{', '.join(h.sections)}: {h.title}" for h in template)


def to_json(template: Template) -> list[dict[str, Any]]:
    """A template as JSON."""
    return [{"title": h.title, "sections": list(h.sections)} for h in template]


def from_json(rows: Sequence[Mapping[str, Any]]) -> Template:
    """What `to_json` made."""
    return tuple(Heading(str(r["title"]), tuple(r["sections"])) for r in rows)
