"""The teacher's page of import and export: questions and courses in; questions, courses, decks, statements out. Knows no format."""

import asyncio
from collections.abc import Sequence
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.course import Item
from duologue.packs.education.grades import repository as grades
from duologue.packs.education.grades.homework import item_of
from duologue.packs.education.interchange import anki, course_files, xapi
from duologue.packs.education.interchange.formats import FORMATS, get_format, read
from duologue.packs.education.interchange.parcel import Note
from duologue.packs.education.learners import repository as learners
from duologue.packs.education.library import service as library
from duologue.packs.education.privacy.pseudonyms import get_secret
from duologue.sdk import Download, Host, Lang, Panel, PanelContext, Role, Upload

STAFF: tuple[Role, ...] = ("owner", "admin", "expert")
MOST_NOTES = 200


async def state(context: PanelContext) -> Any:
    """The formats, what the class has of its own, and its homework."""
    async with context.host.read() as tx:
        own = await library.open_library(tx, context.workspace_id)
        homework = await grades.list_homework(tx, context.workspace_id)
        people = await learners.list_learners(tx, context.workspace_id)
    base = own.base(context.lang)
    questions = [{"id": i.id, "text": i.text, "type": i.type, "is_practised": library.fits(i, base)} for i in own.questions]
    return {
        "formats": [{"name": f.name, "title": f.title} for f in FORMATS.values()],
        "course": {"title": base.title, "items": len(base.items), "skills": len(base.skills), "is_own": bool(own.courses)},
        "questions": questions,
        "homework": [{"id": h.id, "title": h.title, "n": len(h.items)} for h in homework],
        "learners": [{"person_id": p.person_id, "name": p.name} for p in people],
    }


async def _chosen(host: Host, workspace_id: str, what: str, lang: Lang) -> tuple[list[Item], str]:
    """The questions that are meant by `course`, `imported` or the id of homework, and how they are called."""
    async with host.read() as tx:
        own = await library.open_library(tx, workspace_id)
    if what == "course":
        return list(own.base(lang).items), own.base(lang).title
    if what == "imported":
        return list(own.questions), "Imported"
    async with host.read() as tx:
        row = next((h for h in await grades.list_homework(tx, workspace_id) if h.id == what), None)
    if row is None:
        raise Invalid("Choose what to export: course, imported or the id of homework.", field="what")
    bodies = [item_of(row, one["id"], lang) for one in row.items]
    return [
        library.item_of({k: v for k, v in b.items() if k in Item.__dataclass_fields__} | {"skills": b.get("skills", ())})
        for b in bodies
    ], row.title


async def write(host: Host, workspace_id: str, form: str, what: str, lang: Lang) -> tuple[Download, Sequence[Note]]:
    """A file of questions in a format, of the course in its own files (`files`), or as an Anki deck; and what it could not hold."""
    if form == "files":
        async with host.read() as tx:
            own = await library.open_library(tx, workspace_id)
        courses = own.courses or {"en": own.base("en"), "zh": own.base("zh")}
        return Download("course.zip", "application/zip", await asyncio.to_thread(course_files.write, courses)), ()
    items, title = await _chosen(host, workspace_id, what, lang)
    name = what if what in ("course", "imported") else "homework"
    if form == "anki":
        fitting = [i for i in items if i.key]
        content = await asyncio.to_thread(anki.write_deck, title, fitting, None, lang)
        left = [Note(i.id, "kind", {"format": "Anki", "kind": i.type}) for i in items if not i.key]
        return Download(f"{name}.apkg", "application/octet-stream", content), left
    found = get_format(form)
    written = await asyncio.to_thread(found.write, items, title)
    return Download(f"{name}{found.suffix}", found.media_type, written.content), written.notes


async def export(context: PanelContext, form: str, what: str = "course") -> Download:
    """The file. Raises Invalid for an unknown format or nothing chosen."""
    return (await write(context.host, context.workspace_id, form, what, context.lang))[0]


async def check(context: PanelContext, form: str, what: str = "course") -> Any:
    """What the file would hold and what it could not, by question, before it is fetched."""
    _, notes = await write(context.host, context.workspace_id, form, what, context.lang)
    return {"notes": [n.say(context.lang) for n in notes[:MOST_NOTES]], "more": max(0, len(notes) - MOST_NOTES)}


async def statements(host: Host, workspace_id: str, person_id: str, lang: Lang) -> list[dict[str, Any]]:
    """Answers and signed grades of the class, or of one learner, as xAPI statements."""
    secret = await get_secret(host, workspace_id)
    async with host.read() as tx:
        own = await library.open_library(tx, workspace_id)
        rows = await learners.list_answers(tx, workspace_id, person_id=person_id)
        handed_in = await grades.list_submissions(tx, workspace_id, person_id=person_id, states=("signed",))
        homework = await grades.list_homework(tx, workspace_id)
    settings = host.settings
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    maker = xapi.Statements(home, secret, lang)
    items = {(h.id, one["id"]): item_of(h, one["id"], lang) for h in homework for one in h.items}
    return [*maker.answered(rows, own.course(lang)), *maker.scored(handed_in, items)]


async def xapi_file(context: PanelContext, person_id: str = "") -> Download:
    """The class's or a learner's answers and signed grades as xAPI statements, under pseudonyms."""
    made = await statements(context.host, context.workspace_id, person_id, context.lang)
    return Download("statements.json", "application/json", xapi.to_bytes(made))


async def take_in(context: PanelContext, file: Upload, form: str = "") -> Any:
    """Take the questions of a file in. Says by question what was left out, and why."""
    parcel = await asyncio.to_thread(read, file.content, file.name, form)
    kept, notes = await library.take_in(context.host, context.workspace_id, parcel, context.member_name)
    context.host.refresh(context.workspace_id)
    return {"kept": len(kept), "notes": [n.say(context.lang) for n in notes[:MOST_NOTES]], "more": max(0, len(notes) - MOST_NOTES)}


async def take_course(context: PanelContext, file: Upload) -> Any:
    """Give the class the course of an archive. Raises Conflict once it has answers."""
    files = await asyncio.to_thread(course_files.read, file.content)
    await library.set_course(context.host, context.workspace_id, files, context.member_name)
    context.host.refresh(context.workspace_id)
    return {"kept": len(files["course.json"].get("items", ())), "notes": [], "more": 0}


async def drop(context: PanelContext, ids: list[str]) -> Any:
    """Delete imported questions."""
    gone = await library.drop(context.host, context.workspace_id, ids)
    context.host.refresh(context.workspace_id)
    return {"gone": gone}


async def drop_course(context: PanelContext) -> Any:
    """Take the class's own course away; the sample course is back."""
    await library.set_course(context.host, context.workspace_id, None, context.member_name)
    context.host.refresh(context.workspace_id)
    return {"gone": 1}


PANEL = Panel(
    "exchange", {"en": "Exchange", "zh": "导入导出"}, STAFF, "exchange.js", place="page", icon="book",
    queries={"state": state, "export": export, "check": check, "xapi": xapi_file},
    commands={"take_in": take_in, "take_course": take_course, "drop": drop, "drop_course": drop_course},
)  # fmt: skip
