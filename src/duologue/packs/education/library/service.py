"""Imported questions and a class's own course: taken in, listed, put beside the course's, dropped. No SQL, no format.

A class keeps its course once it has answers: what is known of a skill means nothing in another course.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from duologue.kit.errors import Conflict, Invalid, NotFound
from duologue.kit.text import Lang, detect_lang
from duologue.packs.education.course import FOR_PEOPLE, Course, Item, course_from, sample_course
from duologue.packs.education.interchange.parcel import MAX_ITEMS, Note, Parcel, order_of
from duologue.packs.education.learners.repository import count_answers, list_edits
from duologue.packs.education.library import repository
from duologue.packs.education.library.check import check_course
from duologue.sdk import Host, Tx

MAX_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Library:
    """What a class has of its own: questions, and its course by language (empty: the sample course)."""

    questions: tuple[Item, ...] = ()
    courses: Mapping[Lang, Course] | None = None

    def base(self, lang: Lang) -> Course:
        """The class's course without imported questions; in the other language where it has but one."""
        if not self.courses:
            return sample_course(lang)
        return self.courses.get(lang) or next(iter(self.courses.values()))

    def course(self, lang: Lang) -> Course:
        """The course with the imported questions in that language which practise one of its skills."""
        course = self.base(lang)
        fitting = [i for i in self.questions if fits(i, course) and detect_lang(i.text, lang) == lang]
        return replace(course, items=(*course.items, *(_known(i, course) for i in fitting))) if fitting else course

    def find(self, item_id: str) -> Item | None:
        """An imported question."""
        return next((i for i in self.questions if i.id == item_id), None)


def fits(item: Item, course: Course) -> bool:
    """Whether a learner's practice can use the question: it practises a skill of the course and can be graded."""
    return bool(_known(item, course).skills) and item.type not in FOR_PEOPLE


def _known(item: Item, course: Course) -> Item:
    return replace(item, skills=tuple(s for s in item.skills if s in course.order))


async def open_library(tx: Tx, workspace_id: str) -> Library:
    """What the class has of its own."""
    questions = tuple(item_of(body) for body in await repository.list_questions(tx, workspace_id))
    files = await repository.find_course(tx, workspace_id)
    return Library(questions, read_course(files) if files else None)


def item_of(body: Mapping[str, Any]) -> Item:
    """A question from what was kept of it."""
    lists = {name: tuple(body.get(name, ())) for name in ("skills", "steps", "hints")}
    return Item(**(dict(body) | lists))


def read_course(files: Mapping[str, Any]) -> dict[Lang, Course]:
    """A course of `course.json` and `course.<lang>.json`. Raises Invalid for what does not fit together."""
    data = files.get("course.json")
    langs: tuple[Lang, ...] = ("en", "zh")
    if not isinstance(data, dict):
        raise Invalid("The course has no course.json.")
    try:
        found: dict[Lang, Course] = {
            lang: course_from(data, files[f"course.{lang}.json"], lang) for lang in langs if f"course.{lang}.json" in files
        }
    except (TypeError, AttributeError, ValueError) as error:
        raise Invalid("A file of the course does not have the shape that the documentation shows.") from error
    if not found:
        raise Invalid("The course has neither course.en.json nor course.zh.json.")
    for course in found.values():
        if not course.skills or len(course.items) > MAX_ITEMS or len(course.skills) > 1_000:
            raise Invalid(f"A course has 1 to 1000 skills and at most {MAX_ITEMS} questions.")
    return found


async def take_in(host: Host, workspace_id: str, parcel: Parcel, by: str) -> tuple[list[Item], list[Note]]:
    """Keep the questions of a parcel; one that the course or the class has already, word for word, is not kept twice.

    Raises Conflict where the class would have too many.
    """
    notes = list(parcel.notes)
    now = host.clock.now()
    kept = []
    async with host.write() as tx:
        library = await open_library(tx, workspace_id)
        known = {i.id: i for lang in ("zh", "en") for i in library.base(lang).items} | {i.id: i for i in library.questions}
        if len(library.questions) + len(parcel.items) > MAX_KEPT:
            raise Conflict(f"A class keeps at most {MAX_KEPT} imported questions; delete some first.")
        bases = [library.base("en"), library.base("zh")]
        for item in parcel.items:
            if any(_same(item, other) for other in (known.get(item.id), *(_find(b, item.id) for b in bases)) if other):
                notes.append(Note(item.id, "there"))
                continue
            free = next(i for i in (item.id, *(f"{item.id}-{k}" for k in range(2, MAX_KEPT + 2))) if i not in known)
            if free != item.id:
                notes.append(Note(item.id, "again", {"id": free}))
            if not fits(item, bases[0]) and not fits(item, bases[1]):
                notes.append(Note(free, "skill"))
            known[free] = kept_item = replace(item, id=free)
            await repository.save_question(tx, workspace_id, free, asdict(kept_item), by, now)
            kept.append(kept_item)
    return kept, notes


def _find(course: Course, item_id: str) -> Item | None:
    return next((i for i in course.items if i.id == item_id), None)


def _same(a: Item, b: Item) -> bool:
    keys = [order_of(i) if i.type == "ordering" else [i.key] for i in (a, b)]
    return (a.text, keys[0], dict(a.options)) == (b.text, keys[1], dict(b.options))


async def set_course(host: Host, workspace_id: str, files: Mapping[str, Any] | None, by: str) -> None:
    """Give the class a course of its own, or with None the sample course again. Raises Conflict where it has answers, Invalid."""
    if files is not None:
        check_course(files)
        read_course(files)
    async with host.write() as tx:
        if await count_answers(tx, workspace_id) or await list_edits(tx, workspace_id):
            raise Conflict("This class has answers or plans already and keeps its course; import it into a new workspace.")
        await repository.save_course(tx, workspace_id, dict(files) if files is not None else None, by, host.clock.now())


async def drop(host: Host, workspace_id: str, ids: Sequence[str]) -> int:
    """Delete imported questions; homework that was set with them keeps its copy. Raises NotFound where none was there."""
    async with host.write() as tx:
        gone = sum([await repository.drop_question(tx, workspace_id, one) for one in ids])
    if not gone:
        raise NotFound("There is no such question.")
    return gone


async def expand(host: Host, workspace_id: str, given: Sequence[Mapping[str, Any]], lang: Lang) -> list[dict[str, Any]]:
    """Homework's questions; those that the sample course does not have are written out, so that they stay as they were set."""
    sample = {i.id for i in sample_course("en").items}
    async with host.read() as tx:
        library = await open_library(tx, workspace_id)
    own = {i.id: i for i in (*(library.base(lang).items if library.courses else ()), *library.questions)}
    out = []
    for one in given:
        item = own.get(str(one.get("id"))) if not str(one.get("text") or "").strip() else None
        if item is None or (item.id in sample and not library.courses):
            out.append(dict(one))
        else:
            out.append(
                {k: v for k, v in asdict(item).items() if k in ("id", "text", "type", "key", "options", "form", "skills") and v}
            )
    return out
