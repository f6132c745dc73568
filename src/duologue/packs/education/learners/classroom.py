"""A class as it stands: every learner's mastery, plan and needs, from the answers kept. Check, then do; no SQL, no page.

The tracer of a class lives in memory and takes in what is new; it is rebuilt from the rows when an answer is missing from it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from duologue.kit.errors import Conflict, NotFound
from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.packs.education.answers import Answer
from duologue.packs.education.course import Course, sample_course
from duologue.packs.education.learner import Learner
from duologue.packs.education.learners import repository
from duologue.packs.education.learners.repository import AnswerRow, LearnerRow
from duologue.packs.education.path import Edit, Goal, Path, plan
from duologue.packs.education.tracing import KnowledgeTracer
from duologue.sdk import Host

MINUTES, WEEKS = 20, 4


@dataclass
class Classroom:
    """One workspace's class. `learners` by person; `rows` of those who take part now."""

    workspace_id: str
    tracer: KnowledgeTracer = field(default_factory=KnowledgeTracer)
    learners: dict[str, Learner] = field(default_factory=dict)
    rows: dict[str, LearnerRow] = field(default_factory=dict)
    edits: dict[str, list[tuple[str, Edit]]] = field(default_factory=dict)
    answers: dict[str, list[AnswerRow]] = field(default_factory=lambda: defaultdict(list))
    reads: list[tuple[str, str, bool | None]] = field(default_factory=list)
    choices: dict[str, str] = field(default_factory=dict)
    count: int = 0
    last: str = ""

    def learner(self, person_id: str) -> Learner:
        """One learner's state; a blank one for who has not answered yet."""
        return self.learners.setdefault(person_id, Learner(person_id, self.tracer))

    def row(self, person_id: str) -> LearnerRow:
        """Who takes part. Raises NotFound."""
        if person_id not in self.rows:
            raise NotFound("This person does not take part in the class.")
        return self.rows[person_id]

    def goal(self, person_id: str, today: date) -> Goal:
        """The learner's goal, or the course's last skill in four weeks where none is set; one that is over is moved on."""
        kept = self.row(person_id).goal
        course = sample_course("en")
        due = date.fromisoformat(kept["due"]) if kept else today + timedelta(weeks=WEEKS)
        if due < today:
            due = today + timedelta(weeks=WEEKS)
        skills = tuple(s for s in kept.get("skills", ()) if s in course.order) or (course.order[-1],)
        return Goal(skills, due, int(kept.get("minutes_per_day", MINUTES)), tuple(kept.get("rest_days", (5, 6))))

    def path(self, person_id: str, lang: Lang, today: date) -> Path:
        """The learner's path from here."""
        edits = [edit for _, edit in self.edits.get(person_id, ())]
        return plan(self.learner(person_id), self.goal(person_id, today), self.course(lang), today=today, edits=edits)

    def course(self, lang: Lang) -> Course:
        """The class's course in a language."""
        return sample_course(lang)

    def _take(self, row: AnswerRow) -> None:
        learner = self.learner(row.person_id)
        learner.observe(Answer(row.person_id, row.item, tuple(row.skills), row.correct, row.at.timestamp(), row.at, row.hints))
        self.answers[row.person_id].append(row)
        self.count += 1
        self.last = max(self.last, row.id)


_open: dict[tuple[int, str], Classroom] = {}


async def open_class(host: Host, workspace_id: str) -> Classroom:
    """The class with everything that has been kept up to now."""
    key = (id(host), workspace_id)
    room = _open.get(key) or Classroom(workspace_id)
    async with host.read() as tx:
        new = await repository.list_answers(tx, workspace_id, after=room.last)
        if await repository.count_answers(tx, workspace_id) != room.count + len(new):
            room, new = Classroom(workspace_id), await repository.list_answers(tx, workspace_id)
        room.rows = {r.person_id: r for r in await repository.list_learners(tx, workspace_id)}
        room.edits = defaultdict(list)
        for edit_id, person_id, body in await repository.list_edits(tx, workspace_id):
            room.edits[person_id].append((edit_id, read_edit(body)))
        room.reads = await repository.list_reads(tx, workspace_id)
        room.choices = await repository.list_choices(tx, workspace_id)
    for row in sorted(new, key=lambda r: (r.at, r.id)):
        room._take(row)
    for person_id, resource, _ in room.reads:
        room.learner(person_id).read.add(resource)
    _open[key] = room
    return room


async def join(host: Host, workspace_id: str, person_id: str, name: str, lang: Lang, *, is_minor: bool = True) -> LearnerRow:
    """Take part, having consented that answers are kept; again changes nothing but name and language."""
    async with host.write() as tx:
        known = await repository.list_learners(tx, workspace_id, person_id)
        at = known[0].consented_at if known else host.clock.now()
        row = LearnerRow(
            workspace_id,
            person_id,
            name.strip()[:80] or "–",
            lang,
            is_minor,
            at,
            *([known[0].goal, known[0].signed] if known else []),
        )
        await repository.save_learner(tx, row)
    return row


async def keep_answer(
    host: Host, row: LearnerRow, item_id: str, text: str, correct: bool, hints: int = 0, at: Any = None
) -> AnswerRow:
    """Keep a graded answer. Raises NotFound for an item that the course does not have."""
    item = sample_course(row.lang).item(item_id)
    kept = AnswerRow(
        new_id("ans"), row.workspace_id, row.person_id, item.id, item.skills, text[:4000], correct, hints, at or host.clock.now()
    )
    async with host.write() as tx:
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


def who_needs_help(room: Classroom, lang: Lang, today: date) -> list[dict[str, Any]]:
    """Learners who need a person today, most urgent first, each with the reasons in words."""
    course, found = room.course(lang), []
    for person_id, row in room.rows.items():
        reasons, urgency = _reasons(room.answers.get(person_id, []), course, today)
        path = room.path(person_id, lang, today)
        if not path.is_enough:
            reasons.append(path.warnings[-1])
            urgency += 1
        if reasons:
            found.append({"person_id": person_id, "name": row.name, "reasons": reasons, "urgency": urgency})
    return sorted(found, key=lambda f: (-f["urgency"], f["name"]))


WORDS: dict[str, dict[Lang, str]] = {
    "run": {"en": "{n} wrong answers in a row, the last on “{skill}”.", "zh": "连续答错 {n} 题，最近一题是“{skill}”。"},
    "hints": {"en": "Took every hint in {n} of the last ten answers.", "zh": "最近十题里有 {n} 题用完了全部提示。"},
    "away": {"en": "Has not practised for {n} days.", "zh": "已经 {n} 天没有练习。"},
    "never": {"en": "Has not begun.", "zh": "还没有开始。"},
}


def _reasons(rows: Sequence[AnswerRow], course: Course, today: date) -> tuple[list[str], int]:
    if not rows:
        return [WORDS["never"][course.lang]], 2
    out, urgency = [], 0
    last = sorted(rows, key=lambda r: r.at)[-10:]
    run = next((k for k, r in enumerate(reversed(last)) if r.correct), len(last))
    if run >= 3:
        out.append(WORDS["run"][course.lang].format(n=run, skill=course.skill(last[-1].skills[0]).name))
        urgency += run
    if (hinted := sum(r.hints >= 3 for r in last)) >= 3:
        out.append(WORDS["hints"][course.lang].format(n=hinted))
        urgency += 2
    if (days := (today - last[-1].at.date()).days) >= 7:
        out.append(WORDS["away"][course.lang].format(n=days))
        urgency += 2
    return out, urgency


def item_quality(room: Classroom, lang: Lang, least: int = 5) -> list[dict[str, Any]]:
    """Items with at least so many first answers: share right, discrimination (better half less weaker half), a remark."""
    skill_of = {p: sum(r.correct for r in rows) / len(rows) for p, rows in room.answers.items() if rows}
    first: dict[str, dict[str, bool]] = defaultdict(dict)
    for person_id, rows in room.answers.items():
        for r in rows:
            first[r.item].setdefault(person_id, r.correct)
    course, out = room.course(lang), []
    for item_id, results in first.items():
        if len(results) < least or item_id not in {i.id for i in course.items}:
            continue
        ranked = sorted(results, key=lambda p: skill_of[p])
        half = len(ranked) // 2
        weak, strong = ranked[:half], ranked[-half:]
        share = sum(results.values()) / len(results)
        apart = sum(results[p] for p in strong) / half - sum(results[p] for p in weak) / half
        remark = "inverted" if apart < 0 else "easy" if share > 0.95 else "hard" if share < 0.2 else "flat" if apart < 0.1 else ""
        out.append({"item": item_id, "text": course.item(item_id).text, "n": len(results), "share": round(share, 2),
                    "discrimination": round(apart, 2), "remark": remark})  # fmt: skip
    return sorted(out, key=lambda i: (not i["remark"], i["discrimination"]))
