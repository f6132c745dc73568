"""The learner's own page: path, practice, progress, what is kept of him. No key and no worked step leaves before an answer does."""

from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.days import day_of
from duologue.packs.education.learners.classroom import join
from duologue.packs.education.pages.deck import deck
from duologue.packs.education.pages.path import calendar, here, path, set_goal, show_goal, try_out
from duologue.packs.education.pages.practice import about_skill, answer, hint, how_read, practice, rate, reading, recommended, skill
from duologue.packs.education.privacy import records
from duologue.packs.education.privacy.leave import get_leave
from duologue.packs.education.tutor.practice import tutor
from duologue.sdk import Download, Panel, PanelContext


async def me(context: PanelContext) -> Any:
    """Whether the person takes part, the goal, and whether what he writes may leave this machine."""
    room, today = await here(context)
    course, leave = room.course(context.lang), await get_leave(context.host, context.workspace_id)
    out: dict[str, Any] = {"title": course.title, "skills": [{"id": s.id, "name": s.name} for s in course.skills], "joined": False,
                           "may_leave": leave.is_allowed}  # fmt: skip
    if row := room.rows.get(context.person_id):
        goal = room.goal(context.person_id, today)
        out |= {"joined": True, "name": row.name, "is_minor": row.is_minor, "goal": show_goal(goal), "has_goal": bool(row.goal),
                "signed": row.signed if room.is_signed(context.person_id) else {}}  # fmt: skip
    return out


async def progress(context: PanelContext) -> Any:
    """Answers and share right by day, and what is thought of each skill in words."""
    room, _ = await here(context)
    rows = sorted(room.answers.get(context.person_id, []), key=lambda r: r.at)
    days: dict[str, list[bool]] = {}
    for r in rows:
        days.setdefault(str(day_of(r.at)), []).append(r.correct)
    practised = dict.fromkeys(r.skills[0] for r in rows)
    skills = [about_skill(room, context.person_id, one, context) for one in practised]
    return {"days": [{"day": d, "n": len(v), "right": sum(v)} for d, v in days.items()], "skills": skills}


async def export(context: PanelContext) -> Download:
    """Everything that is kept of the learner, as JSON."""
    return await records.to_download(context.host, context.workspace_id, context.person_id, "my-learning.json", context.lang)


async def take_part(context: PanelContext, name: str, consent: bool, is_minor: bool = True) -> Any:
    """Join the class. Raises Invalid without consent."""
    if not consent:
        raise Invalid("Nothing is kept without consent; tick the box to take part.")
    await join(context.host, context.workspace_id, context.person_id, name, context.lang, is_minor=is_minor)
    context.host.refresh(context.workspace_id)
    return {"joined": True}


async def leave(context: PanelContext) -> Any:
    """Leave the class: everything that is kept of the learner is deleted."""
    async with context.host.write() as tx:
        await records.erase(tx, context.workspace_id, context.person_id)
    context.host.refresh(context.workspace_id)
    return {"left": True}


PANEL = Panel(
    "learning", {"en": "My learning", "zh": "我的学习"}, ("person",), "learning.js", place="chat", icon="book",
    queries={"me": me, "path": path, "try_out": try_out, "practice": practice, "how_read": how_read, "progress": progress,
             "skill": skill, "calendar": calendar, "deck": deck, "export": export, "reading": reading, "recommended": recommended},
    commands={"take_part": take_part, "set_goal": set_goal, "hint": hint, "answer": answer, "tutor": tutor, "rate": rate,
              "leave": leave},
)  # fmt: skip
