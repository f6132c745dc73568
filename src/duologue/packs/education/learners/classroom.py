"""A class as it stands: every learner's mastery, plan and needs, from the answers kept. Check, then do; no SQL, no page.

The tracer of a class lives in memory and takes in what is new; it is rebuilt from the rows when an answer is missing from it.
"""

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from duologue.kit.errors import Conflict, NotFound
from duologue.kit.ids import new_id
from duologue.kit.log import get_logger
from duologue.kit.text import Lang
from duologue.packs.education.course import Course
from duologue.packs.education.learners import repository
from duologue.packs.education.learners.repository import AnswerRow, LearnerRow
from duologue.packs.education.library.repository import get_mark
from duologue.packs.education.library.service import Library, open_library
from duologue.packs.education.mastery.answers import Answer
from duologue.packs.education.mastery.bkt import Skill, SkillModel, explain
from duologue.packs.education.mastery.learner import Learner
from duologue.packs.education.mastery.tracing import KnowledgeTracer
from duologue.packs.education.path.plan import Edit, Goal, Path, plan
from duologue.packs.education.path.words import warning
from duologue.sdk import Consents, Host, Tx

MINUTES, WEEKS = 20, 4
REFIT, GROWN = 500, 1.3
"""Answers of a class from which its tracer is fitted in a batch, and by how much they grow before the next fit of anything."""
ENOUGH = 60
"""Answers to a skill from which the class's own fit explains it; below, the set values do (pyBKT asks for 50 and more learners)."""

FEW = 200
"""New answers that are taken in where everybody waits, 0.15 ms each; more are replayed in a thread, in a class nobody sees yet."""
AT_ONCE = 5_000
"""Answers up to which a fit is waited for: about a second; 50,000 take nine on one core."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a learner's path says about its end."""

    is_enough: bool
    warnings: tuple[str, ...]


@dataclass(eq=False)
class Classroom:
    """One workspace's class. `learners` by person; `rows` of those who take part now."""

    workspace_id: str
    consents: Consents
    tracer: KnowledgeTracer = field(default_factory=KnowledgeTracer)
    learners: dict[str, Learner] = field(default_factory=dict)
    rows: dict[str, LearnerRow] = field(default_factory=dict)
    edits: dict[str, list[tuple[str, Edit]]] = field(default_factory=dict)
    answers: dict[str, list[AnswerRow]] = field(default_factory=lambda: defaultdict(list))
    reads: list[tuple[str, str, bool | None]] = field(default_factory=list)
    choices: dict[str, str] = field(default_factory=dict)
    by_skill: Counter[str] = field(default_factory=Counter)
    outlooks: dict[tuple[str, Lang], tuple[Any, "Outlook"]] = field(default_factory=dict)
    count: int = 0
    last: str = ""
    fitted: int = 0
    words: SkillModel | None = None
    library: Library = field(default_factory=Library)
    courses: dict[Lang, Course] = field(default_factory=dict)
    mark: tuple[Any, ...] = ()

    def learner(self, person_id: str) -> Learner:
        """One learner's state; a blank one for who has not answered yet."""
        return self.learners.setdefault(person_id, Learner(person_id, self.tracer))

    def classes(self) -> list[str]:
        """The names of the school's classes."""
        return sorted({r.class_name for r in self.rows.values() if r.class_name})

    def row(self, person_id: str) -> LearnerRow:
        """Who takes part. Raises NotFound."""
        if person_id not in self.rows:
            raise NotFound("This person does not take part in the class.")
        return self.rows[person_id]

    def goal(self, person_id: str, today: date) -> Goal:
        """The learner's goal, or the course's last skill in four weeks where none is set; one that is over is moved on."""
        kept = self.row(person_id).goal
        course = self.course("en")
        due = date.fromisoformat(kept["due"]) if kept else today + timedelta(weeks=WEEKS)
        if due < today:
            due = today + timedelta(weeks=WEEKS)
        skills = tuple(s for s in kept.get("skills", ()) if s in course.order) or (course.order[-1],)
        return Goal(skills, due, int(kept.get("minutes_per_day", MINUTES)), tuple(kept.get("rest_days", (5, 6))))

    def over(self, person_id: str, today: date) -> str:
        """The day of the learner's goal, where it is past; else nothing."""
        due = str(self.row(person_id).goal.get("due", ""))
        return due if due and date.fromisoformat(due) < today else ""

    def path(self, person_id: str, lang: Lang, today: date) -> Path:
        """The learner's path from here; says first where the goal's day is over."""
        edits = [edit for _, edit in self.edits.get(person_id, ())]
        course = self.course(lang)
        found = plan(self.learner(person_id), self.goal(person_id, today), course, today=today, edits=edits)
        if due := self.over(person_id, today):
            found = replace(found, warnings=(warning("over", course.lang, due=due), *found.warnings))
        return found

    def outlook(self, person_id: str, lang: Lang, today: date) -> Outlook:
        """What the learner's path says about its end; worked out again after an answer or a decision of his, a fit, another day.

        What others' answers say of how hard an item is waits for that: 300 paths at each look would take seconds.
        """
        row, edits = self.row(person_id), self.edits.get(person_id, ())
        now = (today, len(self.answers.get(person_id, ())), repr(row.goal), repr(edits), len(self.learner(person_id).read),
               self.fitted, self.mark)  # fmt: skip
        before, kept = self.outlooks.get((person_id, lang), (None, None))
        if kept is None or before != now:
            found = self.path(person_id, lang, today)
            kept = Outlook(found.is_enough, found.warnings)
            self.outlooks[person_id, lang] = now, kept
        return kept

    def course(self, lang: Lang) -> Course:
        """The class's course in a language, with the imported questions that fit it."""
        if lang not in self.courses:
            self.courses[lang] = self.library.course(lang)
        return self.courses[lang]

    def is_signed(self, person_id: str) -> bool:
        """Whether the teacher's signature still covers the learner's goal and every decision about the plan."""
        return bool(self.row(person_id).signed) and self.row(person_id).signed.get("digest") == self.digest(person_id)

    def digest(self, person_id: str) -> str:
        """What a signature covers."""
        covered = [self.row(person_id).goal, [repr(e) for _, e in self.edits.get(person_id, ())]]
        return hashlib.sha256(json.dumps(covered, sort_keys=True).encode()).hexdigest()

    def explain(self, skill: str, results: list[bool], lang: Lang) -> str:
        """What a learner's answers to a skill say, by the class's own fit where there is enough, in words."""
        model = self.words.of((skill,)) if self.words and self.by_skill[skill] >= ENOUGH else Skill()
        return explain(model, results, self.course(lang).skill(skill).name, lang)

    def needs_fit(self) -> bool:
        """Whether there are enough new answers for another batch fit."""
        return self.count >= max(ENOUGH, GROWN * self.fitted)

    async def fit(self) -> None:
        """Fit what explains each skill, and the tracer where there is enough, beside the old ones; then change over.

        Of learners who do not let their work be learnt from, the tracer takes their own state and nothing else. Answers that
        arrive meanwhile are in the new one too.
        """
        count, taken = self.count, {person_id: len(rows) for person_id, rows in self.answers.items()}
        learnt = [_answer(r) for person_id, rows in self.answers.items() if self._may_learn(person_id) for r in rows]
        self.words = await asyncio.to_thread(SkillModel().fit, learnt)
        if len(learnt) >= REFIT:
            others = [_answer(r) for person_id, rows in self.answers.items() if not self._may_learn(person_id) for r in rows]
            tracer = await asyncio.to_thread(_fit_tracer, learnt, others)
            late = [r for person_id, rows in self.answers.items() for r in rows[taken.get(person_id, 0) :]]
            for row in sorted(late, key=lambda r: (r.at, r.id)):
                tracer.observe(_answer(row), is_learnt_from=self._may_learn(row.person_id))
            self.tracer = tracer
            for learner in self.learners.values():
                learner.tracer = self.tracer
        self.fitted = count

    def change_consents(self, consents: Consents) -> "Classroom":
        """This class; one from the beginning where a learner's answers are no longer, or only now, to be learnt from."""
        if any(self._may_learn(person_id) != consents.allow(person_id) for person_id in self.answers):
            return Classroom(self.workspace_id, consents)
        self.consents = consents
        return self

    def _may_learn(self, person_id: str) -> bool:
        return self.consents.allow(person_id)

    def _take(self, row: AnswerRow) -> None:
        learner = self.learner(row.person_id)
        learner.observe(_answer(row), is_learnt_from=self._may_learn(row.person_id))
        self.answers[row.person_id].append(row)
        self.by_skill.update(row.skills)
        self.count += 1
        self.last = max(self.last, row.id)


def _fit_tracer(learnt: list[Answer], others: list[Answer]) -> KnowledgeTracer:
    tracer = KnowledgeTracer().fit(learnt)
    for answer in sorted(others, key=lambda a: a.order):
        tracer.observe(answer, is_learnt_from=False)
    return tracer


async def take_in(room: Classroom, new: list[AnswerRow]) -> Classroom:
    """The class with these answers; many are replayed in a thread, with those of before in a class of its own, for this one may be
    looked at meanwhile."""
    ordered = sorted(new, key=lambda r: (r.at, r.id))
    if len(ordered) > FEW:
        everything = sorted([*ordered, *_rows(room)], key=lambda r: (r.at, r.id))
        return await asyncio.to_thread(_replay, Classroom(room.workspace_id, room.consents), everything)
    return _replay(room, ordered)


def _replay(room: Classroom, rows: list[AnswerRow]) -> Classroom:
    for row in rows:
        room._take(row)
    return room


def _rows(room: Classroom) -> list[AnswerRow]:
    return [r for mine in room.answers.values() for r in mine]


def _answer(row: AnswerRow) -> Answer:
    return Answer(row.person_id, row.item, tuple(row.skills), row.correct, row.at.timestamp(), row.at, row.hints)


_open: WeakKeyDictionary[Host, dict[str, Classroom]] = WeakKeyDictionary()
_locks: WeakKeyDictionary[Host, dict[str, asyncio.Lock]] = WeakKeyDictionary()
_fits: WeakKeyDictionary[Classroom, asyncio.Task[None]] = WeakKeyDictionary()


async def open_class(host: Host, workspace_id: str) -> Classroom:
    """The class with everything that has been kept up to now; its tracer is fitted anew where the answers have grown enough.

    Classes do not wait for each other, nor for the fit of a large one: until it is ready the tracer of before answers.
    """
    async with _locks.setdefault(host, {}).setdefault(workspace_id, asyncio.Lock()):
        kept = _open.setdefault(host, {})
        consents = await host.consents(workspace_id)
        known = kept.get(workspace_id)
        room = Classroom(workspace_id, consents) if known is None else known.change_consents(consents)
        room = kept[workspace_id] = await _refresh(host, room)
        if room.needs_fit() and room not in _fits:
            if room.count <= AT_ONCE:
                await room.fit()
            else:
                _fits[room] = asyncio.create_task(room.fit())
                _fits[room].add_done_callback(lambda task: _fitted(room, task))
    return room


def _fitted(room: Classroom, task: asyncio.Task[None]) -> None:
    _fits.pop(room, None)
    if not task.cancelled() and (problem := task.exception()):
        room.fitted = room.count  # not again at once
        log.error("the class of %s could not be fitted: %r", room.workspace_id, problem)


async def _refresh(host: Host, room: Classroom) -> Classroom:
    workspace_id = room.workspace_id
    async with host.read() as tx:
        new = await repository.list_answers(tx, workspace_id, after=room.last)
        if await repository.count_answers(tx, workspace_id) != room.count + len(new):
            room, new = _catch_up(room, await repository.list_answers(tx, workspace_id))
    room = await take_in(room, new)
    async with host.read() as tx:
        room.rows = {r.person_id: r for r in await repository.list_learners(tx, workspace_id)}
        room.edits = defaultdict(list)
        for edit_id, person_id, body in await repository.list_edits(tx, workspace_id):
            room.edits[person_id].append((edit_id, read_edit(body)))
        room.reads = await repository.list_reads(tx, workspace_id)
        room.choices = await repository.list_choices(tx, workspace_id)
        if room.mark != (mark := await get_mark(tx, room.workspace_id)):
            room.library, room.courses, room.mark = await open_library(tx, room.workspace_id), {}, mark
    for person_id, resource, _ in room.reads:
        room.learner(person_id).read.add(resource)
    return room


def _catch_up(room: Classroom, rows: list[AnswerRow]) -> tuple[Classroom, list[AnswerRow]]:
    """What is new among all rows where ids do not tell; a class from the beginning where some of the answers are gone."""
    seen = {r.id for r in _rows(room)}
    new = [r for r in rows if r.id not in seen]
    return (room, new) if len(rows) - len(new) == len(seen) else (Classroom(room.workspace_id, room.consents), rows)


async def join(
    host: Host, workspace_id: str, person_id: str, name: str, lang: Lang, *, is_minor: bool = True, class_name: str = "",
    at: datetime | None = None,
) -> LearnerRow:  # fmt: skip
    """Take part, having consented that answers are kept; again changes nothing but name and language."""
    async with host.write() as tx:
        known = await repository.list_learners(tx, workspace_id, person_id)
        at = known[0].consented_at if known else at or host.clock.now()
        row = LearnerRow(workspace_id, person_id, name.strip()[:80] or "–", lang, is_minor, at, class_name=class_name)
        if known:
            row = replace(row, goal=known[0].goal, signed=known[0].signed, class_name=known[0].class_name)
        await repository.save_learner(tx, row)
    return row


async def check_part(tx: Tx, workspace_id: str, person_id: str) -> None:
    """Whether anything of this person may be kept, in the transaction that keeps it. Raises Conflict for who has not consented."""
    if not await repository.list_learners(tx, workspace_id, person_id):
        raise Conflict("Take part in the class first, on the page “My learning”.")


async def keep_answer(
    host: Host, row: LearnerRow, item_id: str, text: str, correct: bool, hints: int = 0, at: Any = None
) -> AnswerRow:
    """Keep a graded answer. Raises NotFound for an item that the course does not have, Conflict for who has left meanwhile."""
    async with host.read() as tx:
        item = (await open_library(tx, row.workspace_id)).course(row.lang).item(item_id)
    kept = AnswerRow(
        new_id("ans"), row.workspace_id, row.person_id, item.id, item.skills, text[:4000], correct, hints, at or host.clock.now()
    )
    async with host.write() as tx:
        await check_part(tx, row.workspace_id, row.person_id)
        await repository.add_answer(tx, kept)
    return kept


async def change(host: Host, row: LearnerRow, **values: Any) -> None:
    """Change a learner's goal or signature. A new goal has to be signed anew."""
    if "goal" in values:
        values.setdefault("signed", {})
    async with host.write() as tx:
        known = await repository.list_learners(tx, row.workspace_id, row.person_id)
        if not known:
            raise Conflict("This learner has left the class meanwhile.")
        body = {n: getattr(known[0], n) for n in LearnerRow.__dataclass_fields__} | values
        await repository.save_learner(tx, LearnerRow(**body))


def read_edit(body: dict[str, Any]) -> Edit:
    """An edit from its JSON."""
    day = date.fromisoformat(body["day"]) if body.get("day") else None
    return Edit(body["action"], body["skill"], body.get("kind"), day, int(body.get("minutes", 10)), body.get("by", ""))
