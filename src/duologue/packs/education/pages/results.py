"""What a class has got in one piece of homework: who has handed in what, each score, what is signed; as a table and as a file.

A grade that was signed is looked at and changed here too. Knows no grader.
"""

import csv
import io
from typing import Any

from duologue.packs.education.days import day_of
from duologue.packs.education.grades import homework, repository
from duologue.packs.education.grades.repository import Homework, Submission
from duologue.packs.education.interchange.table import guard
from duologue.packs.education.learners.repository import LearnerRow, list_learners
from duologue.packs.education.pages.show import UNDECIDED, show_answer
from duologue.sdk import Download, PanelContext

HEAD = {"en": ("Name", "Class", "Handed in late", "Signed", "Sum"), "zh": ("姓名", "班级", "迟交", "已签字", "合计")}


async def results(context: PanelContext, homework_id: str) -> Any:
    """Every learner with a cell for each question; `score` is None where nobody has signed, the sum is of signed ones."""
    row, people, handed_in = await _read(context, homework_id)
    items = [{"id": one["id"], "text": homework.item_of(row, one["id"], context.lang)["text"]} for one in row.items]
    rows = []
    for person in people:
        mine = {one.item: one for one in handed_in if one.person_id == person.person_id}
        cells = [_cell(mine.get(item["id"])) for item in items]
        rows.append({"name": person.name, "group": person.class_name, "cells": cells, "is_late": _is_late(row, mine),
                     "signed": sum(c["score"] is not None for c in cells), "sum": _sum(mine)})  # fmt: skip
    return {"items": items, "rows": rows}


async def answer(context: PanelContext, submission_id: str) -> Any:
    """One answer as in the queue, with who signed it."""
    one = await homework.get_submission(context.host, context.workspace_id, submission_id)
    row = await homework.get_homework(context.host, context.workspace_id, one.homework_id)
    async with context.host.read() as tx:
        names = {p.person_id: p.name for p in await list_learners(tx, context.workspace_id)}
    score = one.signed.get("score", None if one.grade.get("reason") in UNDECIDED else one.grade.get("score"))
    shown = show_answer(row, one, score, names, context.lang)
    return shown | {
        "kind": "grade",
        "reason": "",
        "state": one.state,
        "by": one.signed.get("by", ""),
        "remark": one.signed.get("remark", ""),
    }


async def results_file(context: PanelContext, homework_id: str) -> Download:
    """The table as CSV, for a gradebook elsewhere: signed scores alone, from 0 to 1."""
    row, people, handed_in = await _read(context, homework_id)
    name, group, late, signed, total = HEAD[context.lang]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([name, group, *(str(n) for n in range(1, len(row.items) + 1)), signed, total, late])
    for person in people:
        mine = {one.item: one for one in handed_in if one.person_id == person.person_id}
        cells = [_cell(mine.get(one["id"])) for one in row.items]
        scores = ["" if c["score"] is None else f"{c['score']:g}" for c in cells]
        done = sum(c["score"] is not None for c in cells)
        marks = [f"{done}/{len(cells)}", f"{_sum(mine):g}", "x" if _is_late(row, mine) else ""]
        writer.writerow([guard(person.name), guard(person.class_name), *scores, *marks])
    return Download("grades.csv", "text/csv", out.getvalue().encode("utf-8-sig"))


async def _read(context: PanelContext, homework_id: str) -> tuple[Homework, list[LearnerRow], list[Submission]]:
    row = await homework.get_homework(context.host, context.workspace_id, homework_id)
    async with context.host.read() as tx:
        people = await list_learners(tx, context.workspace_id)
        return row, people, await repository.list_submissions(tx, context.workspace_id, homework_id=row.id)


def _cell(one: Submission | None) -> dict[str, Any]:
    if one is None:
        return {"id": "", "state": "none", "score": None}
    return {"id": one.id, "state": one.state, "score": one.signed["score"] if one.state == "signed" else None}


def _sum(mine: dict[str, Submission]) -> float:
    return round(sum(float(one.signed["score"]) for one in mine.values() if one.state == "signed"), 2)


def _is_late(row: Homework, mine: dict[str, Submission]) -> bool:
    return any(str(day_of(one.at)) > row.due for one in mine.values())
