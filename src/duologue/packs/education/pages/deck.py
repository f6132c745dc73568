"""A learner's reviews as an Anki deck: the practice questions that he has answered, with the day on which their skill is due.

Questions that still stand in homework which is not signed are left out, for a card shows its answer.
"""

import asyncio
from typing import Any

from duologue.kit.errors import NotFound
from duologue.packs.education.days import day_of
from duologue.packs.education.grades.repository import list_homework, list_submissions
from duologue.packs.education.interchange.anki import write_deck
from duologue.packs.education.pages.path import here
from duologue.sdk import Download, PanelContext


async def deck(context: PanelContext) -> Any:
    """The deck. Raises NotFound before the first answer."""
    room, _ = await here(context)
    async with context.host.read() as tx:
        rows = await list_homework(tx, context.workspace_id)
        mine = await list_submissions(tx, context.workspace_id, person_id=context.person_id)
    signed = {(one.homework_id, one.item) for one in mine if one.state == "signed"}
    open_items = {one["id"] for row in rows for one in row.items if (row.id, one["id"]) not in signed}
    answered = {row.item for row in room.answers.get(context.person_id, ())} - open_items
    course, reviews = room.course(context.lang), room.learner(context.person_id).reviews
    items = [i for i in course.items if i.id in answered and i.key]
    if not items:
        raise NotFound("There is nothing to review yet; practise first.")
    due = {s: day_of(day) for s in {i.skills[0] for i in items} if (day := reviews.due(s)) is not None}
    content = await asyncio.to_thread(write_deck, course.title, items, due, context.lang)
    return Download("my-reviews.apkg", "application/octet-stream", content)
