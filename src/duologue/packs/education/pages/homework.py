"""The learner's homework: what is to do, how an answer is read before it is handed in, signed grades, appeals. No key leaves."""

import asyncio
from hashlib import sha256
from typing import Any

from duologue.packs.education.days import day_of
from duologue.packs.education.grades import repository
from duologue.packs.education.grades.drafts import criteria_of
from duologue.packs.education.grades.essay_drafts import shown_traits
from duologue.packs.education.grades.homework import appeal, get_homework, in_options, item_of, submit
from duologue.packs.education.grades.repository import Appeal, Homework, Submission
from duologue.packs.education.grading.grade import MATH
from duologue.packs.education.maths.grade import read_back
from duologue.packs.education.maths.text import Unreadable
from duologue.packs.education.pages.scan import read_file, scanning
from duologue.packs.education.pages.show import UNDECIDED
from duologue.packs.education.problems import in_words
from duologue.sdk import Panel, PanelContext

SHOWN = ("id", "text", "type", "options")
"""What of an item a learner sees; never key, accepted answers, hints or steps."""


async def homework(context: PanelContext) -> Any:
    """All homework with one's own answers; a score and a remark only where a teacher has signed. `tab` tells learners apart who use
    one browser after each other."""
    async with context.host.read() as tx:
        rows = await repository.list_homework(tx, context.workspace_id)
        mine = await repository.list_submissions(tx, context.workspace_id, person_id=context.person_id)
        appeals = await repository.list_appeals(tx, context.workspace_id, person_id=context.person_id)
    answers = {(one.homework_id, one.item): one for one in mine}
    asked = {a.submission_id: a for a in appeals}
    today = str(day_of(context.host.clock.now()))
    out = []
    for row in rows:
        items = []
        for own in row.items:
            item = item_of(row, own["id"], context.lang)
            one = answers.get((row.id, own["id"]))
            shown = {name: item.get(name) or ({} if name == "options" else "") for name in SHOWN}
            items.append(shown | {"answer": _answer(one, asked.get(one.id), item) if one else None})
        out.append({"id": row.id, "title": row.title, "due": row.due, "is_late": row.due < today, "items": items})
    return {"homework": out, "tab": sha256(context.person_id.encode()).hexdigest()[:12]}


def _answer(one: Submission, asked: Appeal | None, item: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"id": one.id, "text": one.text, "shown": in_options(item, one.text), "state": "handed_in",
                           "reading": one.grade.get("reading", "")}  # fmt: skip
    was = one.grade.get("was") if one.state != "signed" else None
    if was is not None or (one.signed and one.state != "signed"):  # was signed; the key or the rubric has been changed since
        out |= {"state": "again", "was": one.signed.get("score", was)}
    if one.state == "signed":
        # a sentence that says that the teacher will look says nothing once he has
        same = one.signed["score"] == one.grade.get("score") and one.grade.get("reason") not in UNDECIDED
        feedback = one.grade.get("feedback", "") if same else ""
        out |= {"criteria": criteria_of(item, one) if one.signed.get("criteria") else []}
        out |= {"traits": shown_traits(item, one) if one.signed.get("traits") else []}
        out |= {"state": "signed", "score": one.signed["score"], "remark": one.signed["remark"], "feedback": feedback,
                "by": one.signed["by"], "appeal": _appeal(asked)}  # fmt: skip
    return out


def _appeal(asked: Appeal | None) -> dict[str, Any] | None:
    return {"text": asked.text, "is_open": not asked.answer, "was": asked.answer.get("was")} if asked else None


async def how_read(context: PanelContext, homework_id: str, item: str, text: str) -> Any:
    """How an answer in numbers or letters would be read, before it is handed in; a sentence where it is not."""
    row: Homework = await get_homework(context.host, context.workspace_id, homework_id)
    asked = item_of(row, item, context.lang)
    if asked.get("type") not in MATH or not text.strip():
        return {"reading": "", "problem": ""}
    try:
        found = await asyncio.to_thread(read_back, text[:2000], str(asked.get("key", "")), str(asked.get("text", "")))
    except Unreadable as error:
        return {"reading": "", "problem": in_words(error.message, context.lang)}
    return {"reading": found, "problem": ""}


async def hand_in(context: PanelContext, homework_id: str, item: str, text: str) -> Any:
    """Hand an answer in, or another in its place while it is not signed."""
    row = await get_homework(context.host, context.workspace_id, homework_id)
    made = await submit(context.host, row, context.person_id, item, text, context.lang)
    context.host.refresh(context.workspace_id)
    return {"id": made.id}


async def object_to(context: PanelContext, submission_id: str, text: str) -> Any:
    """Appeal against a signed grade."""
    made = await appeal(context.host, context.workspace_id, context.person_id, submission_id, text)
    context.host.refresh(context.workspace_id)
    return {"id": made.id}


PANEL = Panel(
    "homework", {"en": "Homework", "zh": "作业"}, ("person",), "homework.js", place="chat", icon="note",
    queries={"homework": homework, "how_read": how_read, "scanning": scanning},
    commands={"hand_in": hand_in, "appeal": object_to, "read_file": read_file},
)  # fmt: skip
