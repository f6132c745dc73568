"""What a page shows of a path: its steps with their reasons, the graph, the calendar, what if, the goal. Plans nothing itself."""

from datetime import date, timedelta
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.course import Course
from duologue.packs.education.days import day_of
from duologue.packs.education.learners.classroom import Classroom, change, check_part, open_class
from duologue.packs.education.mastery.answers import LEAST
from duologue.packs.education.path.diagnosis import believe
from duologue.packs.education.path.frontier import KNOWN
from duologue.packs.education.path.plan import QUESTIONS, Goal, Path, what_if
from duologue.sdk import Download, PanelContext

MOST_MINUTES, LEAST_MINUTES, DAYS = 240, 5, 365


async def here(context: PanelContext) -> tuple[Classroom, date]:
    """The class, and which day it is."""
    room = await open_class(context.host, context.workspace_id)
    return room, day_of(context.host.clock.now())


async def path(context: PanelContext) -> Any:
    """The path as it stands after the last answer, with its graph."""
    room, today = await here(context)
    found = room.path(context.person_id, context.lang, today)
    return show_path(room, context.person_id, found, room.course(context.lang), context)


async def try_out(context: PanelContext, minutes_per_day: int = 0, due: str = "", known: str = "") -> Any:
    """What if: other minutes, another day, a skill that were known already. Nothing is kept. Raises Invalid, NotFound."""
    room, today = await here(context)
    course, goal = room.course(context.lang), room.goal(context.person_id, today)
    if known:
        course.skill(known)
    wanted = read_goal(goal.skills, due or str(goal.due), minutes_per_day or goal.minutes_per_day, goal.rest_days, today)
    edits = [edit for _, edit in room.edits.get(context.person_id, ())]
    learner = room.learner(context.person_id)
    out = {}
    for name, asked in (("now", goal), ("then", wanted)):
        found = what_if(learner, asked, course, today=today, edits=edits, known=[known] if known and name == "then" else [])
        out[name] = {"done_on": str(found.done_on or ""), "minutes": found.minutes, "days": len({s.day for s in found.steps}),
                     "steps": len(found.steps), "is_enough": found.is_enough, "goal": show_goal(asked)}  # fmt: skip
    return out


def show_path(room: Classroom, person_id: str, found: Path, course: Course, context: PanelContext) -> dict[str, Any]:
    """A path as a page draws it: steps, and the graph of what the goal needs in layers."""
    needed = course.needed_for(found.goal.skills)
    learner, tracer = room.learner(person_id), room.tracer
    known = believe(learner, course, needed, context.host.clock.now())
    depth: dict[str, int] = {}
    for skill in needed:
        depth[skill] = 1 + max((depth[p] for p in course.skill(skill).prerequisites), default=-1)
    nodes = [
        {"id": s, "name": course.skill(s).name, "layer": depth[s], "known": round(known[s], 2), "state": _state(s, known, course),
         "after": list(course.skill(s).prerequisites), "is_goal": s in found.goal.skills, "expected": found.expected[s],
         "is_few": tracer.mastery(person_id, s).answers < LEAST,
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
    asked = min(len(learner.answered), QUESTIONS)
    return {"steps": steps, "nodes": nodes, "goal": show_goal(found.goal), "done_on": str(found.done_on or ""),
            "warnings": list(found.warnings), "minutes": found.minutes, "today": str(day_of(context.host.clock.now())),
            "asked": asked, "to_ask": asked + sum(len(s.items) for s in found.steps if s.kind == "diagnose"),
            "signed": room.row(person_id).signed}  # fmt: skip


def _state(skill: str, known: dict[str, float], course: Course) -> str:
    if known[skill] >= KNOWN:
        return "known"
    return "ready" if all(known[p] >= KNOWN for p in course.skill(skill).prerequisites) else "later"


def show_goal(goal: Goal) -> dict[str, Any]:
    """A goal as JSON."""
    return {"skills": list(goal.skills), "due": str(goal.due), "minutes_per_day": goal.minutes_per_day,
            "rest_days": list(goal.rest_days)}  # fmt: skip


def read_goal(skills: tuple[str, ...], due: str, minutes_per_day: int, rest_days: tuple[int, ...], today: date) -> Goal:
    """A goal that makes sense. Raises Invalid for a day that is none, no time, or a week without a day to learn on."""
    try:
        day = date.fromisoformat(due)
    except ValueError as error:
        raise Invalid("Write the day as year-month-day, such as 2026-12-18.") from error
    if not today <= day <= today + timedelta(days=DAYS) or not LEAST_MINUTES <= minutes_per_day <= MOST_MINUTES:
        raise Invalid("A goal needs a day within a year from today, and 5 to 240 minutes a day.")
    if not set(rest_days) <= set(range(7)) or len(set(rest_days)) > 6:
        raise Invalid("Leave at least one day of the week to learn on; days are 0 (Monday) to 6.")
    return Goal(skills, day, minutes_per_day, tuple(sorted(set(rest_days))))


async def set_goal(
    context: PanelContext, skill: str, due: str, minutes_per_day: int = 20, rest_days: list[int] | None = None
) -> Any:
    """Set the goal; the teacher signs the plan anew. Raises Invalid, NotFound for an unknown skill."""
    room, today = await here(context)
    room.course(context.lang).skill(skill)
    days = (5, 6) if rest_days is None else tuple(rest_days)
    goal = show_goal(read_goal((skill,), due, minutes_per_day, days, today))
    await change(context.host, room.row(context.person_id), goal=goal)
    context.host.refresh(context.workspace_id)
    return {"goal": goal}


async def calendar(context: PanelContext) -> Download:
    """The path as iCalendar; what an earlier file had and the plan has no longer is called off. Keeps what it hands out."""
    from duologue.packs.education.path import repository
    from duologue.packs.education.path.calendar import list_events, to_ical

    room, today = await here(context)
    found, course = room.path(context.person_id, context.lang, today), room.course(context.lang)
    async with context.host.write() as tx:
        await check_part(tx, context.workspace_id, context.person_id)
        before = await repository.list_entries(tx, context.workspace_id, context.person_id)
        entries = list_events(found, course, context.person_id, today, before)
        await repository.save_entries(tx, context.workspace_id, context.person_id, entries)
    return Download("path.ics", "text/calendar", to_ical(entries, course.title, context.host.clock.now()))
