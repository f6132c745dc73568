"""All SQL about imported questions and a class's own course. Knows no format."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, String, Table, Text, delete, func, insert, select, update

from duologue.sdk import Id, Json, Tx, UtcTime, WriteTx, new_metadata

metadata = new_metadata()
questions = Table(
    "education_question", metadata,
    Column("workspace_id", Id, primary_key=True), Column("id", String(120), primary_key=True), Column("body", Json),
    Column("by", Text), Column("at", UtcTime),
)  # fmt: skip
courses = Table(
    "education_course", metadata,
    Column("workspace_id", Id, primary_key=True), Column("body", Json), Column("by", Text), Column("at", UtcTime),
)  # fmt: skip


async def save_question(tx: WriteTx, workspace_id: str, question_id: str, body: dict[str, Any], by: str, at: datetime) -> None:
    """Add a question, or put another in its place."""
    here = (questions.c.workspace_id == workspace_id) & (questions.c.id == question_id)
    done = await tx.conn.execute(update(questions).where(here).values(body=body, by=by, at=at))
    if not done.rowcount:
        await tx.conn.execute(insert(questions).values(workspace_id=workspace_id, id=question_id, body=body, by=by, at=at))


async def list_questions(tx: Tx, workspace_id: str) -> list[dict[str, Any]]:
    """The questions' bodies, by id."""
    query = select(questions.c.body).where(questions.c.workspace_id == workspace_id).order_by(questions.c.id)
    return list((await tx.conn.execute(query)).scalars())


async def get_mark(tx: Tx, workspace_id: str) -> tuple[Any, ...]:
    """What is another value once a question or the course is another."""
    of = questions.c.workspace_id == workspace_id
    found = (await tx.conn.execute(select(func.count(), func.max(questions.c.at)).where(of))).one()
    course = (await tx.conn.execute(select(courses.c.at).where(courses.c.workspace_id == workspace_id))).scalar_one_or_none()
    return (*found, course)


async def drop_question(tx: WriteTx, workspace_id: str, question_id: str) -> bool:
    """Delete a question; whether there was one."""
    done = await tx.conn.execute(delete(questions).where(questions.c.workspace_id == workspace_id, questions.c.id == question_id))
    return bool(done.rowcount)


async def save_course(tx: WriteTx, workspace_id: str, body: dict[str, Any] | None, by: str, at: datetime) -> None:
    """Give the class a course of its own; None takes it away."""
    await tx.conn.execute(delete(courses).where(courses.c.workspace_id == workspace_id))
    if body is not None:
        await tx.conn.execute(insert(courses).values(workspace_id=workspace_id, body=body, by=by, at=at))


async def find_course(tx: Tx, workspace_id: str) -> dict[str, Any] | None:
    """The files of the class's own course, by name."""
    body = (await tx.conn.execute(select(courses.c.body).where(courses.c.workspace_id == workspace_id))).scalar_one_or_none()
    return dict(body) if body else None
