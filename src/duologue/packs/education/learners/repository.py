"""All SQL about learners: who takes part, goals, answers, a teacher's edits and signature, what was read. Knows no model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Integer, String, Table, Text, delete, func, insert, select, update

from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

metadata = new_metadata()
learners = Table(
    "education_learner", metadata,
    Column("workspace_id", Id, primary_key=True), Column("person_id", Id, primary_key=True), 
    Column("name", Text), Column("lang", String(8)),
    Column("is_minor", Boolean), Column("consented_at", UtcTime), Column("goal", Json), Column("signed", Json),
    Column("class_name", String(40)),
)  # fmt: skip
answers = Table(
    "education_answer", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("person_id", Id), Column("item", String(200)),
    Column("skills", Json), Column("text", Text), Column("correct", Boolean), Column("hints", Integer), Column("at", UtcTime),
)  # fmt: skip
edits = Table(
    "education_edit", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("person_id", Id), Column("body", Json),
)  # fmt: skip
reads = Table(
    "education_read", metadata,
    Column("id", Id, primary_key=True), Column("workspace_id", Id), Column("person_id", Id), Column("resource", String(200)),
    Column("helped", Boolean),
)  # fmt: skip
choices = Table(
    "education_choice", metadata,
    Column("workspace_id", Id, primary_key=True), Column("resource", String(200), primary_key=True), Column("choice", String(10)),
    Column("by", Id),
)  # fmt: skip

PAGE = 1_000
"""Answers read at once, some 20 ms; others get their turn between two pages."""


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """Who takes part since when; `goal` and `signed` as JSON, empty where there is none; `class_name` empty before it is set."""

    workspace_id: str
    person_id: str
    name: str
    lang: Lang
    is_minor: bool
    consented_at: datetime
    goal: dict[str, Any] = field(default_factory=dict)
    signed: dict[str, Any] = field(default_factory=dict)
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer to one item."""

    id: str
    workspace_id: str
    person_id: str
    item: str
    skills: Sequence[str]
    text: str
    correct: bool
    hints: int
    at: datetime


async def save_learner(tx: WriteTx, row: LearnerRow) -> None:
    """Add a learner, or change one."""
    values = {name: getattr(row, name) for name in LearnerRow.__dataclass_fields__}
    here = (learners.c.workspace_id == row.workspace_id) & (learners.c.person_id == row.person_id)
    done = await tx.conn.execute(update(learners).where(here).values(**values))
    if not done.rowcount:
        await tx.conn.execute(insert(learners).values(**values))


async def list_learners(tx: Tx, workspace_id: str, person_id: str = "") -> list[LearnerRow]:
    """The learners of a class by name, or the one."""
    query = select(learners).where(learners.c.workspace_id == workspace_id).order_by(learners.c.name, learners.c.person_id)
    if person_id:
        query = query.where(learners.c.person_id == person_id)
    return [LearnerRow(**r) for r in (await tx.conn.execute(query)).mappings()]


async def add_answer(tx: WriteTx, row: AnswerRow) -> None:
    """Keep an answer."""
    values = {n: getattr(row, n) for n in AnswerRow.__dataclass_fields__} | {"skills": list(row.skills)}
    await tx.conn.execute(insert(answers).values(**values))


async def count_answers(tx: Tx, workspace_id: str) -> int:
    """How many answers a class has given."""
    return int((await tx.conn.execute(select(func.count()).where(answers.c.workspace_id == workspace_id))).scalar_one())


async def list_answers(tx: Tx, workspace_id: str, *, person_id: str = "", after: str = "") -> list[AnswerRow]:
    """Answers in the order in which they were kept, those of one learner, or those after an id."""
    query = select(answers).where(answers.c.workspace_id == workspace_id).order_by(answers.c.id).limit(PAGE)
    if person_id:
        query = query.where(answers.c.person_id == person_id)
    found: list[AnswerRow] = []
    while True:
        page = [AnswerRow(**r) for r in (await tx.conn.execute(query.where(answers.c.id > after))).mappings()]
        found += page
        if len(page) < PAGE:
            return found
        after = page[-1].id


async def add_edit(tx: WriteTx, workspace_id: str, person_id: str, body: dict[str, Any]) -> str:
    """Keep what a teacher decided; its id."""
    edit_id = new_id("edt")
    await tx.conn.execute(insert(edits).values(id=edit_id, workspace_id=workspace_id, person_id=person_id, body=body))
    return edit_id


async def drop_edit(tx: WriteTx, workspace_id: str, edit_id: str) -> None:
    """Take a decision back."""
    await tx.conn.execute(delete(edits).where(edits.c.workspace_id == workspace_id, edits.c.id == edit_id))


async def list_edits(tx: Tx, workspace_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(id, learner, decision) of a class, oldest first."""
    query = select(edits).where(edits.c.workspace_id == workspace_id).order_by(edits.c.id)
    return [(r["id"], r["person_id"], r["body"]) for r in (await tx.conn.execute(query)).mappings()]


async def add_read(tx: WriteTx, workspace_id: str, person_id: str, resource: str, helped: bool | None) -> None:
    """Keep that something was read, and whether it helped."""
    row = {"id": new_id("red"), "workspace_id": workspace_id, "person_id": person_id, "resource": resource, "helped": helped}
    await tx.conn.execute(insert(reads).values(**row))


async def list_reads(tx: Tx, workspace_id: str) -> list[tuple[str, str, bool | None]]:
    """(learner, resource, helped) of a class, oldest first."""
    query = select(reads).where(reads.c.workspace_id == workspace_id).order_by(reads.c.id)
    return [(r["person_id"], r["resource"], r["helped"]) for r in (await tx.conn.execute(query)).mappings()]


async def choose_resource(tx: WriteTx, workspace_id: str, resource: str, choice: str, by: str) -> None:
    """Pin or block a resource for the class; an empty choice undoes it."""
    await tx.conn.execute(delete(choices).where(choices.c.workspace_id == workspace_id, choices.c.resource == resource))
    if choice:
        await tx.conn.execute(insert(choices).values(workspace_id=workspace_id, resource=resource, choice=choice, by=by))


async def list_choices(tx: Tx, workspace_id: str) -> dict[str, str]:
    """The class's choice for each resource: pin or block."""
    query = select(choices).where(choices.c.workspace_id == workspace_id)
    return {r["resource"]: r["choice"] for r in (await tx.conn.execute(query)).mappings()}


async def erase_person(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget a learner wholly."""
    for table in (learners, answers, edits, reads):
        await tx.conn.execute(delete(table).where(table.c.workspace_id == workspace_id, table.c.person_id == person_id))
