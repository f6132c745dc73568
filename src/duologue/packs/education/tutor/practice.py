"""The tutor beside a practice question, as a command of the learner's page. How far each has climbed is kept in the store.

What a browser sends is words, never a level.
"""

from dataclasses import asdict, replace
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.learners.classroom import check_part
from duologue.packs.education.library.service import open_library
from duologue.packs.education.tutor.repository import get_ladder, save_ladder
from duologue.packs.education.tutor.tutor import Tutor, read_state
from duologue.packs.education.tutor.wording import say_in_own_words
from duologue.sdk import PanelContext

MAX_CHARS = 4_000


async def tutor(context: PanelContext, item: str, text: str) -> Any:
    """The tutor's next move on a practice question, for a question in words or for lines of work. Raises NotFound,
    Invalid, Conflict for who does not take part."""
    if not text.strip() or len(text) > MAX_CHARS:
        raise Invalid(f"Write to the tutor in 1 to {MAX_CHARS} characters.")
    host, now = context.host, context.host.clock.now()
    async with host.read() as tx:
        course = (await open_library(tx, context.workspace_id)).course(context.lang)
    asked = course.item(item)
    others = [asdict(one) for one in course.items_of(asked.skills[0]) if one.id != item]
    helper = Tutor(asked, context.lang, others)
    async with host.write() as tx:
        await check_part(tx, context.workspace_id, context.person_id)
        ladder = await get_ladder(tx, context.workspace_id, context.person_id, item, now)
        said = helper.reply(read_state(ladder.talk), text)
        await save_ladder(tx, replace(ladder, talk=said.state.to_json(), at=now))
    said = await say_in_own_words(host, context.workspace_id, helper, said, text)
    return {"text": said.text, "move": said.move, "level": said.state.level}
