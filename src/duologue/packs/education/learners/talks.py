"""What some learners of the sample school have asked in the chat, so that drafts wait at the teacher's desk. Knows no answer."""

from duologue.kit.text import Lang
from duologue.packs.education.learners import repository
from duologue.sdk import SampleDesk

TALKS: dict[str, tuple[str, ...]] = {
    "Ben": ("I am stuck on 7x + 2 = 37.",),
    "Elif": ("Why do I flip the second fraction when I divide?",),
    "Jun": ("My grade is wrong, I wrote the same as Ada.",),
    "子墨": ("我卡住了：解方程 2x = 10。",),
    "佳怡": ("什么是公分母？",),
}
"""By the learner's name what he writes: stuck on an equation, a question on the material, an appeal."""


async def add_talks(desk: SampleDesk, desk_id: str) -> None:
    """Each conversation once; one that a crash cut short stays as it is."""
    host, ws = desk.host, desk.workspace_id
    async with host.read() as tx:
        people: dict[str, tuple[str, Lang]] = {r.name: (r.person_id, r.lang) for r in await repository.list_learners(tx, ws)}
    for name, said in TALKS.items():
        person_id, lang = people[name]
        if await host.list_conversations(ws, person_id=person_id):
            continue
        conversation = await host.start(ws, person_id, desk_id, lang)
        for text in said:
            await desk.say(conversation.id, person_id, text)
