"""The learner's own page: path, practice, progress, what is kept of him. No key and no worked step leaves before an answer does."""

import asyncio
from datetime import date, timedelta
from typing import Any

from duologue.kit.errors import Invalid, NotFound
from duologue.packs.education.bkt import Skill, explain
from duologue.packs.education.course import Course
from duologue.packs.education.diagnosis import believe
from duologue.packs.education.learners import repository
from duologue.packs.education.learners.classroom import Classroom, change, join, keep_answer, open_class
from duologue.packs.education.path import Path, what_if
from duologue.packs.education.practice_tutor import tutor
from duologue.packs.education.privacy import records
from duologue.sdk import Download, Panel, PanelContext


async def _here(context: PanelContext) -> tuple[Classroom, date]:
    room = await open_class(context.host, context.workspace_id)
    return room, context.host.clock.now().date()


async def me(context: PanelContext) -> Any:
    """Whether the person takes part, and the goal."""
    room, today = await _here(context)
    course = room.course(context.lang)
    out: dict[str, Any] = {"title": course.title, "skills": [{"id": s.id, "name": s.name} for s in course.skills], "joined": False}
    if row := room.rows.get(context.person_id):
        goal = room.goal(context.person_id, today)
        out |= {"joined": True, "name": row.name, "is_minor": row.is_minor, "goal": _goal(goal), "signed": row.signed}
    return out


async def path(context: PanelContext, minutes_per_day: int = 0) -> Any:
    """The path with its graph; with minutes, as it would be then."""
    room, today = await _here(context)
    found = room.path(context.person_id, context.lang, today)
    if minutes_per_day:
        edits = [edit for _, edit in room.edits.get(context.person_id, ())]
        goal = room.goal(context.person_id, today)
        found = what_if(room.learner(context.person_id), goal, room.course(context.lang), today=today, edits=edits,
                        minutes_per_day=max(5, min(240, minutes_per_day)))  # fmt: skip
    return show_path(room, context.person_id, found, room.course(context.lang), context)


def show_path(room: Classroom, person_id: str, found: Path, course: Course, context: PanelContext) -> dict[str, Any]:
    """A path as a page draws it: steps, and the graph of what the goal needs in layers."""
    needed = course.needed_for(found.goal.skills)
    known = believe(room.learner(person_id), course, needed, context.host.clock.now())
    depth: dict[str, int] = {}
    for skill in needed:
        depth[skill] = 1 + max((depth[p] for p in course.skill(skill).prerequisites), default=-1)
    tracer = room.tracer
    nodes = [
        {"id": s, "name": course.skill(s).name, "layer": depth[s], "known": round(known[s], 2),
         "after": list(course.skill(s).prerequisites),
         "width": round(tracer.mastery(person_id, s).uncertainty, 2), "answers": tracer.mastery(person_id, s).answers}
        for s in needed
    ]  # fmt: skip
    titles = {r.id: r.title for r in course.resources}
    steps = [
        {"id": s.id, "kind": s.kind, "skill": s.skill, "name": course.skill(s.skill).name, "day": str(s.day), "minutes": s.minutes,
         "items": list(s.items), "resource": s.resource, "title": titles.get(s.resource, ""), "why": s.why, "is_fixed": s.is_fixed,
         "known": s.known}
        for s in found.steps
    ]  # fmt: skip
    return {"steps": steps, "nodes": nodes, "goal": _goal(found.goal), "done_on": str(found.done_on or ""), 
            "warnings": list(found.warnings),
            "minutes": found.minutes, "today": str(context.host.clock.now().date()),
            "signed": room.row(person_id).signed}  # fmt: skip


async def practice(context: PanelContext, skill: str = "") -> Any:
    """The next item: of the skill named, or of today's path; without its key, its hints and its steps."""
    room, today = await _here(context)
    course = room.course(context.lang)
    steps = [s for s in room.path(context.person_id, context.lang, today).steps if s.items and (not skill or s.skill == skill)]
    answered = room.learner(context.person_id).answered
    wanted = (
        [i for s in steps for i in s.items] + [i.id for i in course.items_of(skill)]
        if skill
        else [i for s in steps for i in s.items]
    )
    for item_id in sorted(dict.fromkeys(wanted), key=lambda i: i in answered):
        item = course.item(item_id)
        why = next((s.why for s in steps if item_id in s.items), "")
        return {"id": item.id, "text": item.text, "type": item.type, "options": dict(item.options), "hints": len(item.hints),
                "form": item.form or "", "skill": course.skill(item.skills[0]).name, "why": why}  # fmt: skip
    return None


async def hint(context: PanelContext, item: str, number: int) -> Any:
    """A hint of an item, the first is 1."""
    hints = (await _here(context))[0].course(context.lang).item(item).hints
    if not 1 <= number <= len(hints):
        raise NotFound("There is no further hint.")
    return {"hint": hints[number - 1]}


async def progress(context: PanelContext) -> Any:
    """Answers and share right by day, and what is thought of each skill in words."""
    room, _ = await _here(context)
    course = room.course(context.lang)
    rows = sorted(room.answers.get(context.person_id, []), key=lambda r: r.at)
    days: dict[str, list[bool]] = {}
    results: dict[str, list[bool]] = {}
    for r in rows:
        days.setdefault(str(r.at.date()), []).append(r.correct)
        results.setdefault(r.skills[0], []).append(r.correct)
    skills = []
    for skill, right in results.items():
        m = room.tracer.mastery(context.person_id, skill)
        due = room.learner(context.person_id).reviews.due(skill)
        skills.append({"id": skill, "name": course.skill(skill).name, "chance": round(m.chance, 2), "low": round(m.low, 2),
                       "high": round(m.high, 2), "answers": m.answers, "due": str(due.date()) if due else "",
                       "words": explain(Skill(), right, course.skill(skill).name, context.lang)})  # fmt: skip
    return {"days": [{"day": d, "n": len(v), "right": sum(v)} for d, v in days.items()], "skills": skills}


async def calendar(context: PanelContext) -> Download:
    """The path as iCalendar."""
    from duologue.packs.education.calendar import to_ical

    room, today = await _here(context)
    found = room.path(context.person_id, context.lang, today)
    now = context.host.clock.now()
    return Download("path.ics", "text/calendar", to_ical(found, room.course(context.lang), context.person_id, now))


async def export(context: PanelContext) -> Download:
    """Everything that is kept of the learner, as JSON."""
    return await records.to_download(context.host, context.workspace_id, context.person_id, "my-learning.json")


async def take_part(context: PanelContext, name: str, consent: bool, is_minor: bool = True) -> Any:
    """Join the class. Raises Invalid without consent."""
    if not consent:
        raise Invalid("Nothing is kept without consent; tick the box to take part.")
    await join(context.host, context.workspace_id, context.person_id, name, context.lang, is_minor=is_minor)
    context.host.refresh(context.workspace_id)
    return {"joined": True}


async def set_goal(context: PanelContext, skill: str, due: str, minutes_per_day: int = 20) -> Any:
    """Set the goal. Raises Invalid for a day that is none, NotFound for an unknown skill."""
    room, today = await _here(context)
    room.course(context.lang).skill(skill)
    try:
        day = date.fromisoformat(due)
    except ValueError as error:
        raise Invalid("Write the day as year-month-day, such as 2026-12-18.") from error
    if not today <= day <= today + timedelta(days=365) or not 5 <= minutes_per_day <= 240:
        raise Invalid("A goal needs a day within a year from today, and 5 to 240 minutes a day.")
    goal = {"skills": [skill], "due": due, "minutes_per_day": minutes_per_day, "rest_days": [5, 6]}
    await change(context.host, room.row(context.person_id), goal=goal)
    context.host.refresh(context.workspace_id)
    return {"goal": goal}


async def answer(context: PanelContext, item: str, text: str, hints: int = 0) -> Any:
    """Grade an answer and keep it; only now the worked steps are shown."""
    from duologue.packs.education.grading import grade

    room, _ = await _here(context)
    row, course = room.row(context.person_id), room.course(context.lang)
    asked = course.item(item)
    found = await asyncio.to_thread(grade, asked, text[:4000], context.lang)
    await keep_answer(context.host, row, item, text, found.is_correct, max(0, min(hints, len(asked.hints))))
    context.host.refresh(context.workspace_id)
    shown = {"steps": list(asked.steps)} if found.is_correct or hints >= len(asked.hints) else {}
    return {
        "correct": found.is_correct,
        "reading": found.reading,
        "feedback": found.feedback,
        "confidence": found.confidence,
        **shown,
    }


async def reading(context: PanelContext, resource: str) -> Any:
    """A piece of reading."""
    room, _ = await _here(context)
    for one in room.course(context.lang).resources:
        if one.id == resource:
            return {"id": one.id, "title": one.title, "text": one.text, "minutes": one.minutes}
    raise NotFound("The course has no such reading.")


async def rate(context: PanelContext, resource: str, helped: bool) -> Any:
    """Say whether a piece of reading helped; it counts as read."""
    room, _ = await _here(context)
    room.row(context.person_id)
    await reading(context, resource)
    async with context.host.write() as tx:
        await repository.add_read(tx, context.workspace_id, context.person_id, resource, helped)
    context.host.refresh(context.workspace_id)
    return {"read": resource}


async def leave(context: PanelContext) -> Any:
    """Leave the class: everything that is kept of the learner is deleted."""
    async with context.host.write() as tx:
        await records.erase(tx, context.workspace_id, context.person_id)
    context.host.refresh(context.workspace_id)
    return {"left": True}


def _goal(goal: Any) -> dict[str, Any]:
    return {
        "skills": list(goal.skills),
        "due": str(goal.due),
        "minutes_per_day": goal.minutes_per_day,
        "rest_days": list(goal.rest_days),
    }


PANEL = Panel(
    "learning", {"en": "My learning", "zh": "我的学习"}, ("person",), "learning.js", place="chat", icon="book",
    queries={"me": me, "path": path, "practice": practice, "hint": hint, "progress": progress, "calendar": calendar,
             "export": export,
             "reading": reading},
    commands={"take_part": take_part, "set_goal": set_goal, "answer": answer, "tutor": tutor, "rate": rate, "leave": leave},
)  # fmt: skip
