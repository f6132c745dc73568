"""Practice and reading on the learner's page. No key and no worked step leaves before the learner has worked for it.

What a browser sends is words, never a level: how many hints were shown is in the store, how often one tried in the answers. Hints
that would give the result away are left out; a question whose solution was shown or told counts for nothing any more.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from duologue.kit.errors import Invalid, NotFound
from duologue.kit.text import Lang
from duologue.packs.education.course import Item
from duologue.packs.education.days import day_of
from duologue.packs.education.grading.grade import MATH
from duologue.packs.education.learners import repository
from duologue.packs.education.learners.classroom import Classroom, check_part, keep_answer
from duologue.packs.education.mastery.answers import LEAST
from duologue.packs.education.maths.grade import read_back
from duologue.packs.education.maths.text import Unreadable
from duologue.packs.education.pages.path import here
from duologue.packs.education.path.diagnosis import believe
from duologue.packs.education.problems import in_words
from duologue.packs.education.resources import Known, query_of, ratings_of, recommend, text_of
from duologue.packs.education.tutor.leak import find_leak
from duologue.packs.education.tutor.repository import Ladder, drop_ladder, get_ladder, save_ladder
from duologue.packs.education.tutor.tutor import LADDER, read_state
from duologue.packs.education.tutor.words import say
from duologue.sdk import PanelContext

TRIES = 3
"""Wrong answers of one's own, after all hints, before the worked steps are shown."""
MAX_CHARS = 4_000


def safe_hints(item: Item, lang: Lang) -> tuple[str, ...]:
    """An item's hints without those that give its result away; a plain one where none is left."""
    kept = tuple(h for h in item.hints if not find_leak(h, item.key, item.text, dict(item.options)))
    return kept or (say("hint_plain", lang),)


async def practice(context: PanelContext, skill: str = "") -> Any:
    """The next item: of the skill named, or of today's path; without its key, its hints and its steps."""
    room, today = await here(context)
    course = room.course(context.lang)
    steps = [s for s in room.path(context.person_id, context.lang, today).steps if s.items and (not skill or s.skill == skill)]
    answered = room.learner(context.person_id).answered
    wanted = [i for s in steps for i in s.items] + ([i.id for i in course.items_of(skill)] if skill else [])
    for item_id in sorted(dict.fromkeys(wanted), key=lambda i: i in answered):
        item = course.item(item_id)
        step, hints = next((s for s in steps if item_id in s.items), None), safe_hints(item, context.lang)
        ladder = await _ladder(context, item_id)
        return {"id": item.id, "text": item.text, "type": item.type, "options": dict(item.options), "form": item.form or "",
                "hints": len(hints), "given": list(hints[: ladder.hints]), "kind": step.kind if step else "practice",
                "skill": course.skill(item.skills[0]).name, "skill_id": item.skills[0],
                "why": step.why if step else ""}  # fmt: skip
    return None


async def how_read(context: PanelContext, item: str, text: str) -> Any:
    """How an answer in numbers or letters is read, before it is graded; a sentence where it is not."""
    room, _ = await here(context)
    asked = room.course(context.lang).item(item)
    if asked.type not in MATH or not text.strip():
        return {"reading": "", "problem": ""}
    try:
        found = await asyncio.to_thread(read_back, text[:2000], asked.key, asked.text)
    except Unreadable as error:
        return {"reading": "", "problem": in_words(error.message, context.lang)}
    return {"reading": found, "problem": ""}


async def hint(context: PanelContext, item: str) -> Any:
    """The next hint of an item. Raises NotFound after the last, Conflict for who does not take part."""
    room, _ = await here(context)
    hints, now = safe_hints(room.course(context.lang).item(item), context.lang), context.host.clock.now()
    async with context.host.write() as tx:
        await check_part(tx, context.workspace_id, context.person_id)
        ladder = await get_ladder(tx, context.workspace_id, context.person_id, item, now)
        number = ladder.hints + 1
        if number > len(hints):
            raise NotFound("There is no further hint.")
        await save_ladder(tx, replace(ladder, hints=number, at=now))
    return {"hint": hints[number - 1], "left": len(hints) - number}


async def _ladder(context: PanelContext, item: str) -> Ladder:
    async with context.host.read() as tx:
        return await get_ladder(tx, context.workspace_id, context.person_id, item, context.host.clock.now())


def _was_told(ladder: Ladder) -> bool:
    """Whether the tutor has said the result."""
    return read_state(ladder.talk).level >= len(LADDER) - 1


async def answer(context: PanelContext, item: str, text: str) -> Any:
    """Grade an answer and keep it; one that cannot be read counts for nothing.

    Worked steps come with a right answer, or after every hint and three wrong tries.
    """
    from duologue.packs.education.grading.grade import grade
    from duologue.packs.education.grading.words import says

    room, _ = await here(context)
    row, course = room.row(context.person_id), room.course(context.lang)
    asked = course.item(item)
    if not text.strip():
        raise Invalid("Write an answer first.")
    ladder = await _ladder(context, item)
    hints = ladder.hints
    had_all = hints >= len(safe_hints(asked, context.lang))
    wrong = sum(not r.correct for r in room.answers.get(context.person_id, ()) if r.item == item)
    found = await asyncio.to_thread(grade, asked, text[:MAX_CHARS], context.lang)
    if found.reason in (
        "unreadable",
        "undecided",
    ):  # what was not understood says nothing of what is known, and no teacher waits here
        left = max(1, TRIES - wrong)
        return {"correct": False, "is_read": False, "reading": "", "feedback": says("unread", context.lang), "confidence": 0.0,
                "counts": False, "tries_left": left}  # fmt: skip
    counts = not (had_all and wrong >= TRIES) and not _was_told(ladder)
    if counts:
        await keep_answer(context.host, row, item, text, found.is_correct, hints)
        if found.is_correct:  # the next time it is practised or reviewed, help is counted anew
            async with context.host.write() as tx:
                await drop_ladder(tx, context.workspace_id, context.person_id, item)
        context.host.refresh(context.workspace_id)
    is_told = found.is_correct or (had_all and wrong + 1 >= TRIES)
    left = 0 if is_told else max(1, TRIES - wrong - 1)
    return {"correct": found.is_correct, "is_read": True, "reading": found.reading, "feedback": found.feedback,
            "confidence": found.confidence, "counts": counts, "tries_left": left,
            **({"steps": list(asked.steps)} if is_told else {})}  # fmt: skip


async def reading(context: PanelContext, resource: str) -> Any:
    """A piece of reading. Raises NotFound, also for one that the teacher has blocked."""
    room, _ = await here(context)
    for one in room.course(context.lang).resources:
        if one.id == resource and room.choices.get(resource) != "block":
            return {"id": one.id, "title": one.title, "text": one.text, "minutes": one.minutes}
    raise NotFound("The course has no such reading.")


async def rate(context: PanelContext, resource: str, helped: bool) -> Any:
    """Say whether a piece of reading helped; it counts as read."""
    room, _ = await here(context)
    room.row(context.person_id)
    await reading(context, resource)
    async with context.host.write() as tx:
        await check_part(tx, context.workspace_id, context.person_id)
        await repository.add_read(tx, context.workspace_id, context.person_id, resource, helped)
    context.host.refresh(context.workspace_id)
    return {"read": resource}


async def recommended(context: PanelContext, skill: str = "", query: str = "", max_minutes: int = 0, max_level: int = 0,
                      form: str = "", licence: str = "", lang: str = "") -> Any:  # fmt: skip
    """Reading for a skill, a question in words, or the learner's own gaps, within limits, each with the reasons. Raises NotFound.

    `limits` says what can be limited here: what the course's reading has.
    """
    room, _ = await here(context)
    course = room.course(context.lang)
    texts = [text_of(r) for r in course.resources] + [query_of(course, skill, query[:300]) or " "]
    vectors = Known(dict(zip(texts, await context.host.encode_sentences(texts), strict=True)))
    found = recommend(room.learner(context.person_id), course, skill, query=query[:300], encode=vectors,
                      max_minutes=max_minutes, max_level=max_level, forms=(form,) if form else (), licence=licence, lang=lang,
                      choices=room.choices, ratings=ratings_of(room.reads), at=context.host.clock.now())  # fmt: skip
    limits = {"minutes": sorted({r.minutes for r in course.resources}), "levels": sorted({r.level for r in course.resources}),
              **{name: _kinds(getattr(r, field) for r in course.resources)
                 for name, field in (("forms", "form"), ("licences", "licence"), ("langs", "lang"))}}  # fmt: skip
    return {"reading": [{"id": r.resource.id, "title": r.resource.title, "minutes": r.resource.minutes, "why": list(r.why),
                         "is_pinned": r.is_pinned} for r in found], "limits": limits}  # fmt: skip


def _kinds(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


async def skill(context: PanelContext, skill: str) -> Any:
    """What is thought of one skill, on which answers it rests, in words. Raises NotFound."""
    room, _ = await here(context)
    return about_skill(room, context.person_id, skill, context)


def about_skill(room: Classroom, person_id: str, skill_id: str, context: PanelContext) -> dict[str, Any]:
    """One learner's mastery of a skill with its evidence, when a review is due, and the fitted model's words for it."""
    course, learner = room.course(context.lang), room.learner(person_id)
    named = course.skill(skill_id)
    mastery, due = room.tracer.mastery(person_id, skill_id), learner.reviews.due(skill_id)
    results = [r.correct for r in sorted(room.answers.get(person_id, ()), key=lambda r: r.at) if skill_id in r.skills]
    texts = {i.id: i.text for i in course.items}
    evidence = [{"text": texts.get(e.item, e.item), "correct": e.correct, "expected": e.expected} for e in mastery.evidence[-6:]]
    known = believe(learner, course, (skill_id,), context.host.clock.now())[skill_id]
    return {"id": skill_id, "name": named.name, "about": named.about, "known": round(known, 2), "chance": round(mastery.chance, 2),
            "low": round(mastery.low, 2), "high": round(mastery.high, 2), "answers": mastery.answers, "least": LEAST,
            "due": str(day_of(due)) if due else "", "evidence": evidence,
            "before": [course.skill(p).name for p in named.prerequisites],
            "words": room.explain(skill_id, results, context.lang) if results else ""}  # fmt: skip
