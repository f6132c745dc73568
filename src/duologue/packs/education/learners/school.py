"""The sample school: two classes, seventeen learners who have worked for six weeks, some stuck, one away, one who has not begun.

Everything goes through the class's own functions. What each of them answers is drawn by a seed from an ability of his own.
"""

import math
import random
from datetime import timedelta

from duologue.kit.text import Lang
from duologue.packs.education.course import sample_course
from duologue.packs.education.days import day_of
from duologue.packs.education.grades.sample import add_homework
from duologue.packs.education.learners import repository
from duologue.packs.education.learners.classroom import change, join, open_class
from duologue.packs.education.learners.repository import AnswerRow
from duologue.packs.education.learners.talks import add_talks
from duologue.sdk import Host, Sample, SampleDesk

PUPILS: tuple[tuple[str, Lang, float, int, str], ...] = (
    ("Ada", "en", 1.4, 30, "7a"), ("Ben", "en", 0.2, 22, "7a"), ("Chloe", "en", 0.9, 26, "7a"), ("Dev", "en", -0.9, 20, "7a"),
    ("Elif", "en", 0.5, 24, "7a"), ("Farid", "en", -0.2, 9, "7a"), ("一诺", "zh", 1.1, 28, "7a"), ("浩然", "zh", -0.4, 18, "7a"),
    ("梓涵", "zh", 0.6, 25, "7a"), ("宇轩", "zh", -1.2, 16, "7a"), ("思远", "zh", 0.1, 21, "7a"), ("Grace", "en", 0.3, 0, "7a"),
    ("Hana", "en", 0.7, 18, "7b"), ("Ivo", "en", -0.6, 17, "7b"), ("Jun", "en", 0.0, 20, "7b"), ("佳怡", "zh", 0.8, 22, "7b"),
    ("子墨", "zh", -0.3, 19, "7b"),
)  # fmt: skip
"""Name, language, ability in log odds, days of practice in six weeks, class."""
SIGNED = ("Chloe", "Ben", "一诺", "佳怡")
"""Whose plans the teacher has signed."""
DAYS, A_DAY = 42, 5


async def prepare(desk: SampleDesk) -> None:
    """The teacher, the learners, what they answered, one signed plan and one decision about another."""
    desk_id = await desk.add_desk("Homework help", "copilot")
    await desk.add_member("expert", "Ms Okafor", lang="en")
    await desk.add_member("admin", "Mr Lindqvist")
    host, now, draw = desk.host, desk.host.clock.now(), random.Random(20)
    course = sample_course("en")
    async with host.read() as tx:
        there = {r.name for r in await repository.list_learners(tx, desk.workspace_id)}
    for name, lang, ability, days, class_name in PUPILS:
        if name in there:
            continue
        person_id, joined = await desk.start_person(name, lang), now - timedelta(days=DAYS)
        row = await join(host, desk.workspace_id, person_id, name, lang, class_name=class_name, at=joined)
        goal = draw.choice(("equation-two-step", "add-unlike", "equation-brackets"))
        plan = {"skills": [goal], "due": str(day_of(now + timedelta(days=28))), "minutes_per_day": 20, "rest_days": [5, 6]}
        await change(host, row, goal=plan)
        rows, seen = [], dict.fromkeys(course.order, 0)
        for k, day in enumerate(sorted(draw.sample(range(1, DAYS), days)) if days else ()):
            skill = course.order[min(k, len(course.order) - 1)]
            for number in range(A_DAY):
                item = course.items_of(skill)[number]
                z = ability + 0.35 * seen[skill] + 1.2 - 0.45 * item.difficulty
                correct = draw.random() < 1 / (1 + math.exp(-z))
                seen[skill] += 1
                hints = 0 if correct and draw.random() < 0.7 else draw.choice((1, 2, 3))
                at = now - timedelta(days=DAYS - day, minutes=60 - number)
                rows.append(AnswerRow(f"ans_{row.person_id[-24:]}_{k:03}{number}", desk.workspace_id, row.person_id, item.id,
                                      item.skills,
                                      item.key if correct else "?", correct, hints, at))  # fmt: skip
        async with host.write() as tx:
            for one in rows:
                await repository.add_answer(tx, one)
            if name == "Ada":
                body = {"action": "add", "skill": "compare", "kind": "review", "day": str(day_of(now + timedelta(days=2))),
                        "minutes": 6, "by": "Ms Okafor"}  # fmt: skip
                await repository.add_edit(tx, desk.workspace_id, row.person_id, body)
    await _sign(host, desk.workspace_id)
    await add_talks(desk, desk_id)
    await add_homework(host, desk.workspace_id, "Ms Okafor", str(day_of(now + timedelta(days=3))))


async def _sign(host: Host, workspace_id: str) -> None:
    room = await open_class(host, workspace_id)
    for row in [r for r in room.rows.values() if r.name in SIGNED and not r.signed]:
        at = host.clock.now().isoformat()
        await change(host, row, signed={"by": "Ms Okafor", "at": at, "digest": room.digest(row.person_id)})


SCHOOL = Sample("school", "Riverside School", "en", prepare)
