"""The teacher's page: who knows what, who needs help today and why, how good the items are, plans to change and to sign."""

import asyncio
from datetime import date
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.days import day_of
from duologue.packs.education.grades import repository as grades
from duologue.packs.education.learners import repository
from duologue.packs.education.learners.classroom import change, open_class, read_edit
from duologue.packs.education.learners.items import LEAST as LEAST_ITEM
from duologue.packs.education.learners.items import item_quality
from duologue.packs.education.learners.needs import who_needs_help
from duologue.packs.education.mastery.answers import LEAST
from duologue.packs.education.pages.path import show_path
from duologue.packs.education.pages.practice import about_skill
from duologue.packs.education.path.diagnosis import believe
from duologue.packs.education.resources import ratings_of
from duologue.sdk import Panel, PanelContext, Role

STAFF: tuple[Role, ...] = ("owner", "admin", "expert", "viewer")


async def overview(context: PanelContext, group: str = "") -> Any:
    """The heat map, who needs help, items to look at, plans that wait for a signature: of one class, or of all. Items are judged by
    the answers of all."""
    room = await open_class(context.host, context.workspace_id)
    now = context.host.clock.now()
    course = room.course(context.lang)
    rows = []
    for person_id, row in list(room.rows.items()):
        if group and row.class_name != group:
            continue
        await asyncio.sleep(0)  # others get their turn: a school may have hundreds of learners
        learner = room.learner(person_id)
        known = believe(learner, course, course.order, now)
        seen = {s: room.tracer.mastery(person_id, s) for s in course.order}
        rows.append({"person_id": person_id, "name": row.name, "answers": len(room.answers.get(person_id, [])),
                     "known": [round(known[s], 2) for s in course.order], "seen": [seen[s].answers for s in course.order],
                     "is_signed": room.is_signed(person_id)})  # fmt: skip
    waiting = [{"person_id": r["person_id"], "name": r["name"]} for r in rows if not r["is_signed"]]
    ratings = ratings_of(room.reads)
    reading = [{"id": r.id, "title": r.title, "skill": course.skill(r.skill).name, "minutes": r.minutes,
                "choice": room.choices.get(r.id, ""), "helped": ratings.get(r.id, (0, 0))[0], "asked": ratings.get(r.id, (0, 0))[1]}
               for r in course.resources]  # fmt: skip
    async with context.host.read() as tx:
        handed_in = await grades.list_submissions(tx, context.workspace_id, states=("new", "bulk", "single"))
        open_appeals = [a for a in await grades.list_appeals(tx, context.workspace_id) if not a.answer]
    here = {str(r["person_id"]) for r in rows}
    handed_in = [one for one in handed_in if one.person_id in here]
    appeals = sum(a.person_id in here for a in open_appeals)
    states = {state: sum(one.state == state for one in handed_in) for state in ("new", "bulk", "single")}
    items, help_ = item_quality(room, context.lang), await who_needs_help(room, context.lang, day_of(now), here)
    return {"skills": [{"id": s, "name": course.skill(s).name} for s in course.order], "learners": rows, "to_sign": waiting,
            "groups": room.classes(),
            "least": LEAST, "queue": states | {"appeals": appeals}, "reading": reading, "least_item": LEAST_ITEM,
            "help": help_, "items": items[:10], "measured": len(items)}  # fmt: skip


async def learner(context: PanelContext, person_id: str) -> Any:
    """One learner's path, with what was decided about it."""
    room = await open_class(context.host, context.workspace_id)
    row = room.row(person_id)
    course = room.course(context.lang)
    found = room.path(person_id, context.lang, day_of(context.host.clock.now()))
    decided = [{"id": i, "action": e.action, "skill": e.skill, "name": course.skill(e.skill).name, "kind": e.kind or "",
                "day": str(e.day or ""), "by": e.by} for i, e in room.edits.get(person_id, ())]  # fmt: skip
    shown = show_path(room, person_id, found, course, context)
    return shown | {"name": row.name, "group": row.class_name, "edits": decided, "is_signed": room.is_signed(person_id)}


async def skill(context: PanelContext, person_id: str, skill: str) -> Any:
    """What is thought of one learner's mastery of one skill, and on which answers it rests."""
    room = await open_class(context.host, context.workspace_id)
    room.row(person_id)
    return about_skill(room, person_id, skill, context)


async def edit(context: PanelContext, person_id: str, action: str, skill: str, kind: str = "practice", day: str = "",
               minutes: int = 10) -> Any:  # fmt: skip
    """Lock, move, add or remove a step of a learner's path; every later plan obeys. Raises Invalid for what makes no sense."""
    context.check_role("expert")
    room = await open_class(context.host, context.workspace_id)
    room.row(person_id)
    room.course(context.lang).skill(skill)
    if action not in ("lock", "move", "add", "remove") or kind not in ("lesson", "practice", "review", "diagnose", ""):
        raise Invalid("A step can be locked, moved, added or removed; it is a lesson, practice or a review.")
    if action != "remove":
        try:
            is_past = date.fromisoformat(day) < day_of(context.host.clock.now())
        except ValueError as error:
            raise Invalid("Name the day as year-month-day, such as 2026-12-18.") from error
        if is_past or not 2 <= minutes <= 240:
            raise Invalid("The day must not be past, and a step takes 2 to 240 minutes.")
    body = {"action": action, "skill": skill, "kind": kind or None, "day": day, "minutes": minutes, "by": context.member_name}
    read_edit(body)
    async with context.host.write() as tx:
        edit_id = await repository.add_edit(tx, context.workspace_id, person_id, body)
    context.host.refresh(context.workspace_id)
    return {"id": edit_id}


async def undo(context: PanelContext, edit_id: str) -> Any:
    """Take a decision about a path back."""
    context.check_role("expert")
    async with context.host.write() as tx:
        await repository.drop_edit(tx, context.workspace_id, edit_id)
    context.host.refresh(context.workspace_id)
    return {"dropped": edit_id}


async def sign(context: PanelContext, person_id: str) -> Any:
    """Sign a learner's plan: its goal and the decisions about it. A new goal or decision has to be signed anew."""
    context.check_role("expert")
    room = await open_class(context.host, context.workspace_id)
    at = context.host.clock.now().isoformat()
    signed = {"by": context.member_name, "member_id": context.member_id, "at": at, "digest": room.digest(person_id)}
    await change(context.host, room.row(person_id), signed=signed)
    context.host.refresh(context.workspace_id)
    return {"signed": signed}


async def put_in_group(context: PanelContext, person_id: str, group: str) -> Any:
    """Put a learner into a class of the school; an empty name takes him out. Raises NotFound."""
    context.check_role("expert")
    room = await open_class(context.host, context.workspace_id)
    await change(context.host, room.row(person_id), class_name=group.strip()[:40])
    context.host.refresh(context.workspace_id)
    return {"group": group.strip()[:40]}


async def choose(context: PanelContext, resource: str, choice: str) -> Any:
    """Pin or block a piece of reading for the class; an empty choice undoes it."""
    context.check_role("expert")
    if choice not in ("pin", "block", ""):
        raise Invalid("A piece of reading can be pinned or blocked; an empty choice undoes it.")
    async with context.host.write() as tx:
        await repository.choose_resource(tx, context.workspace_id, resource, choice, context.member_id)
    context.host.refresh(context.workspace_id)
    return {"resource": resource, "choice": choice}


PANEL = Panel(
    "class", {"en": "Class", "zh": "班级"}, STAFF, "class.js", place="page", icon="people",
    queries={"overview": overview, "learner": learner, "skill": skill},
    commands={"edit": edit, "undo": undo, "sign": sign, "choose": choose, "put_in_group": put_in_group},
)  # fmt: skip
