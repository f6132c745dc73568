"""The tutor beside a practice question, as a command of the learner's page. Keeps in memory how far each has climbed.

What a browser sends is words, never a level: the state stays here, and after a restart the ladder begins anew.
"""

from collections import OrderedDict
from dataclasses import asdict
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.library.service import open_library
from duologue.packs.education.tutor.tutor import Tutor, TutorState
from duologue.sdk import PanelContext

MAX_KEPT, MAX_CHARS = 2_000, 4_000
_states: OrderedDict[tuple[str, str, str], TutorState] = OrderedDict()


async def tutor(context: PanelContext, item: str, text: str) -> Any:
    """The tutor's next move on a practice question, for a question in words or for lines of work. Raises NotFound, Invalid."""
    if not text.strip() or len(text) > MAX_CHARS:
        raise Invalid(f"Write to the tutor in 1 to {MAX_CHARS} characters.")
    async with context.host.read() as tx:
        course = (await open_library(tx, context.workspace_id)).course(context.lang)
    asked = course.item(item)
    others = [asdict(one) for one in course.items_of(asked.skills[0]) if one.id != item]
    key = (context.workspace_id, context.person_id, item)
    said = Tutor(asked, context.lang, others).reply(_states.pop(key, TutorState()), text)
    _states[key] = said.state
    while len(_states) > MAX_KEPT:
        _states.popitem(last=False)
    return {"text": said.text, "move": said.move, "level": said.state.level}
