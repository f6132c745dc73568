"""All SQL about homework: what was set, handed in, graded, checked, signed, appealed against. Knows no grader."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, String, Table, Text, delete, func, insert, select, update

from duologue.kit.text import Lang
from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

State = Literal["new", "bulk", "single", "signed"]
"""Handed in; sure and waiting for a signature with others; waiting for a person's look; signed."""
metadata = new_metadata()
homework = Table(
    "education_homework", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("title", Text), Column("due", String(10)),
    Column("items", Json), Column("by", Id), Column("at", UtcTime),
)  # fmt: skip
submissions = Table(
    "education_submission", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("homework_id", Id), Column("person_id", Id),
    Column("item", String(200)), Column("text", Text), Column("lang", String(8)), Column("state", String(10)),
    Column("grade", Json), Column("signed", Json), Column("at", UtcTime),
)  # fmt: skip
checks = Table(
    "education_check", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("body", Json), Column("at", UtcTime),
)  # fmt: skip
appeals = Table(
    "education_appeal", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("submission_id", Id), Column("person_id", Id),
    Column("text", Text), Column("answer", Json), Column("at", UtcTime),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Homework:
    """Questions of a course, or a teacher's own: mappings with an `id`, and what differs from the course."""

    id: str
    workspace_id: str
    title: str
    due: str
    items: Sequence[dict[str, Any]]
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Submission:
    """One learner's answer to one item. `grade`: the draft as JSON; `signed`: score, remark and by whom, empty before."""

    id: str
    workspace_id: str
    homework_id: str
    person_id: str
    item: str
    text: str
    lang: Lang
    state: State
    at: datetime
    grade: dict[str, Any] = field(default_factory=dict)
    signed: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Appeal:
    """Why a learner does not agree; `answer` is empty until a teacher has decided."""

    id: str
    workspace_id: str
    submission_id: str
    person_id: str
    text: str
    at: datetime
    answer: dict[str, Any] = field(default_factory=dict)


async def save_homework(tx: WriteTx, row: Homework) -> None:
    """Add homework, or change its items."""
    values = {n: getattr(row, n) for n in Homework.__dataclass_fields__} | {"items": list(row.items)}
    done = await tx.conn.execute(update(homework).where(homework.c.id == row.id).values(**values))
    if not done.rowcount:
        await tx.conn.execute(insert(homework).values(**values))


async def list_homework(tx: Tx, workspace_id: str) -> list[Homework]:
    """The latest first."""
    query = select(homework).where(homework.c.workspace_id == workspace_id).order_by(homework.c.id.desc())
    return [Homework(**r) for r in (await tx.conn.execute(query)).mappings()]


async def drop_homework(tx: WriteTx, workspace_id: str, homework_id: str) -> None:
    """Take homework away; what was handed in stays."""
    await tx.conn.execute(delete(homework).where(homework.c.workspace_id == workspace_id, homework.c.id == homework_id))


async def save_submission(tx: WriteTx, row: Submission) -> None:
    """Add an answer, or change one."""
    values = {n: getattr(row, n) for n in Submission.__dataclass_fields__}
    done = await tx.conn.execute(update(submissions).where(submissions.c.id == row.id).values(**values))
    if not done.rowcount:
        await tx.conn.execute(insert(submissions).values(**values))


async def list_submissions(
    tx: Tx, workspace_id: str = "", *, homework_id: str = "", person_id: str = "", states: Sequence[State] = (), limit: int = 5000
) -> list[Submission]:
    """Answers in the order in which they were handed in; of all workspaces where none is named."""
    query = select(submissions).order_by(submissions.c.id).limit(limit)
    for column, value in (("workspace_id", workspace_id), ("homework_id", homework_id), ("person_id", person_id)):
        if value:
            query = query.where(submissions.c[column] == value)
    if states:
        query = query.where(submissions.c.state.in_(states))
    return [Submission(**r) for r in (await tx.conn.execute(query)).mappings()]


async def count_states(tx: Tx, workspace_id: str) -> dict[str, dict[str, int]]:
    """How many answers of each homework are in each state, and of how many `people`; the database counts."""
    mine = submissions.c.workspace_id == workspace_id
    out: dict[str, dict[str, int]] = {}
    by_state = select(submissions.c.homework_id, submissions.c.state, func.count()).where(mine)
    for homework_id, state, n in await tx.conn.execute(by_state.group_by(submissions.c.homework_id, submissions.c.state)):
        out.setdefault(homework_id, {})[state] = n
    by_people = select(submissions.c.homework_id, func.count(submissions.c.person_id.distinct())).where(mine)
    for homework_id, n in await tx.conn.execute(by_people.group_by(submissions.c.homework_id)):
        out[homework_id]["people"] = n
    return out


async def find_submission(tx: Tx, workspace_id: str, submission_id: str) -> Submission | None:
    """One answer of the class."""
    query = select(submissions).where(submissions.c.workspace_id == workspace_id, submissions.c.id == submission_id)
    row = (await tx.conn.execute(query)).mappings().first()
    return Submission(**row) if row else None


async def save_check(tx: WriteTx, workspace_id: str, check_id: str, body: dict[str, Any], at: datetime) -> None:
    """Keep a check, or what came of it."""
    done = await tx.conn.execute(
        update(checks).where(checks.c.id == check_id, checks.c.workspace_id == workspace_id).values(body=body)
    )
    if not done.rowcount:
        await tx.conn.execute(insert(checks).values(id=check_id, workspace_id=workspace_id, body=body, at=at))


async def find_check(tx: Tx, workspace_id: str, check_id: str) -> dict[str, Any] | None:
    """What a check is about, and what came of it."""
    query = select(checks.c.body).where(checks.c.workspace_id == workspace_id, checks.c.id == check_id)
    return (await tx.conn.execute(query)).scalar_one_or_none()


async def save_appeal(tx: WriteTx, row: Appeal) -> None:
    """Add an appeal, or its answer."""
    values = {n: getattr(row, n) for n in Appeal.__dataclass_fields__}
    done = await tx.conn.execute(update(appeals).where(appeals.c.id == row.id).values(**values))
    if not done.rowcount:
        await tx.conn.execute(insert(appeals).values(**values))


async def list_appeals(tx: Tx, workspace_id: str, *, person_id: str = "") -> list[Appeal]:
    """The oldest first."""
    query = select(appeals).where(appeals.c.workspace_id == workspace_id).order_by(appeals.c.id)
    if person_id:
        query = query.where(appeals.c.person_id == person_id)
    return [Appeal(**r) for r in (await tx.conn.execute(query)).mappings()]


async def erase_person(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget what a learner handed in, and the appeals."""
    for table in (submissions, appeals):
        await tx.conn.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.person_id == person_id))
