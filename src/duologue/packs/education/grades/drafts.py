"""Drafts of grades for what was handed in: by the key, by the rubric with signed answers beside it, essays from signed ones.

Nothing here counts: a draft waits for a person, alone or with other sure ones. A signature on an answer in words changes the
drafts of the answers that are like it at once. No SQL.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from duologue.kit.errors import Invalid
from duologue.packs.education.grades import repository
from duologue.packs.education.grades.essay_drafts import ESSAY_CONFIDENCE, draft_essay, traits_of
from duologue.packs.education.grades.homework import item_of
from duologue.packs.education.grades.repository import Homework, State, Submission
from duologue.packs.education.grading.alignment import COMMON, Alignment, KnownPieces
from duologue.packs.education.grading.grade import TYPES, Grade, grade
from duologue.packs.education.grading.rubric import Example, Point, grade_rubric, read_rubric, texts_of
from duologue.packs.education.grading.rubric_model import Opinion, ask_model
from duologue.sdk import Host

A_ROUND = 25
WORDS = ("short", "essay")
OPEN = ("draft", "unsure", "orders", "stuffed")
"""Why a grade by a rubric waits alone: the question has too few signed answers, this answer is not clear, or no honest one."""
ESSAY = ("no_grader", "essay")
"""Why an essay waits: no draft yet, or one from the signed essays."""


def rubric_of(item: Mapping[str, Any]) -> tuple[Point, ...]:
    """The criteria of an item in words; none for other items, and where there is neither rubric nor reference."""
    return read_rubric(item.get("rubric"), item.get("reference") or "") if item.get("type") in WORDS else ()


def criteria_of(item: Mapping[str, Any], one: Submission) -> list[dict[str, Any]]:
    """An answer's criteria as a page shows them: the text, whether it is met and by which words; as signed, else as drafted."""
    judged = {c["id"]: c for c in one.grade.get("criteria") or ()}
    signed = dict(one.signed.get("criteria") or {})
    out = []
    for point in rubric_of(item):
        found = judged.get(point.id, {})
        out.append({"id": point.id, "text": point.text, "points": point.points,
                    "is_met": signed.get(point.id, found.get("is_met", False)),
                    "evidence": found.get("evidence", ""), "confidence": found.get("confidence", 0.0)})  # fmt: skip
    return out


def examples_of(one: Submission, others: Sequence[Submission], points: Sequence[Point]) -> list[Example]:
    """Signed answers to the same question with the criteria that a person held for met; full marks and none say it of all."""
    out = []
    for other in others:
        if (other.homework_id, other.item) != (one.homework_id, one.item) or other.id == one.id or not other.signed:
            continue
        met = dict(other.signed.get("criteria") or {})
        if not met and other.signed["score"] in (0.0, 1.0):
            met = {p.id: other.signed["score"] == 1.0 for p in points}
        out.append(Example(other.text, met))
    return out


def draft(
    row: Homework,
    one: Submission,
    others: Sequence[Submission] = (),
    aligned: Alignment | None = None,
    second: Opinion | None = None,
) -> tuple[Grade, str]:
    """The draft of a grade, and why it waits for a person (`sure` where it does not). Types without a grader are left to people."""
    item = item_of(row, one.item, one.lang)
    if item.get("type") == "essay" and not item.get("rubric"):
        return draft_essay(item, one, others)
    if item.get("type") in WORDS:
        points = rubric_of(item)
        if not points:
            return Grade(0.0, 0.0, "ungraded", is_draft=True), "no_grader"
        found = grade_rubric(item, one.text, one.lang, examples_of(one, others, points), aligned, second)
        if item["type"] == "essay":
            return replace(found, is_draft=True, confidence=min(found.confidence, ESSAY_CONFIDENCE)), "draft"
        if found.reason in ("orders", "stuffed"):
            return found, found.reason
        return found, "sure" if found.queue == "bulk" else "draft" if found.is_draft else "unsure"
    if item.get("type") not in TYPES:
        return Grade(0.0, 0.0, "ungraded", is_draft=True), "no_grader"
    try:
        found = grade(item, one.text, one.lang)
        for key in [str(key) for key in item.get("accept", ()) if str(key).strip()]:
            if not found.is_correct:
                other = grade({**item, "key": key}, one.text, one.lang)
                found = other if other.is_correct else found
    except Invalid:
        return Grade(0.0, 0.0, "ungraded", is_draft=True), "no_key"
    if found.queue == "bulk":
        return found, "sure"
    if found.reason in ("unreadable", "undecided"):
        return found, "unreadable"
    return found, "named" if found.reason == "named" else "unsure"


async def grade_some(host: Host, workspace_id: str = "", limit: int = A_ROUND) -> tuple[int, int]:
    """Draft up to `limit` grades; (done now, left). Safe to call from two places at once: a draft never undoes a signature."""
    async with host.read() as tx:
        waiting = await repository.list_submissions(tx, workspace_id, states=("new",))
        rows = {row.id: row for ws in {one.workspace_id for one in waiting} for row in await repository.list_homework(tx, ws)}
        now = {(one.workspace_id, one.homework_id) for one in waiting[:limit]}
        signed = [one for ws, h in now for one in await repository.list_submissions(tx, ws, homework_id=h, states=("signed",))]
    done = 0
    for one in waiting[:limit]:
        done += await _draft_one(host, rows[one.homework_id], one, signed)
    for ws in sorted({one.workspace_id for one in waiting[:limit]}) if done else ():
        host.refresh(ws)
    return done, max(0, len(waiting) - done)


async def draft_again(host: Host, workspace_id: str, signed_now: Submission) -> int:
    """After a signature on an answer in words or an essay: draft anew what waits on the same question. How many."""
    async with host.read() as tx:
        rows = {row.id: row for row in await repository.list_homework(tx, workspace_id)}
        row = rows[signed_now.homework_id]
        item = item_of(row, signed_now.item, signed_now.lang)
        if not rubric_of(item) and not traits_of(item):
            return 0
        mine = await repository.list_submissions(tx, workspace_id, homework_id=row.id)
    signed = [one for one in mine if one.state == "signed"]
    open_ = [
        one
        for one in mine
        if one.item == signed_now.item and one.state == "single" and one.grade.get("why") in (ESSAY if traits_of(item) else OPEN)
    ]
    return sum([await _draft_one(host, row, one, signed) for one in open_])


async def _draft_one(host: Host, row: Homework, one: Submission, signed: Sequence[Submission]) -> int:
    consents = await host.consents(one.workspace_id)
    signed = [other for other in signed if consents.allow(other.person_id)]
    aligned, second = await _aligned(host, row, one), await _second(host, row, one, signed)
    found, why = await asyncio.to_thread(draft, row, one, signed, aligned, second)
    body = asdict(found) | {"criteria": [asdict(c) for c in found.criteria], "why": why}
    async with host.write() as tx:
        now = await repository.find_submission(tx, one.workspace_id, one.id)
        if now is None or (now.state, now.at, now.signed) != (one.state, one.at, one.signed):
            return 0
        state: State = "bulk" if why == "sure" else "single"
        kept: dict[str, Any] = {}
        if (was := one.grade.get("was")) is not None:  # graded again after a change of the key or the rubric
            body["was"] = was
            if abs(was - found.score) > 1e-9:
                state, body["why"] = "single", "key_changed"
            elif one.signed:
                state, kept = "signed", one.signed
        await repository.save_submission(tx, replace(now, state=state, grade=body, signed=kept))
    return 1


async def _second(host: Host, row: Homework, one: Submission, signed: Sequence[Submission]) -> Opinion:
    """What a strong model says of each criterion, where there is one and it may be asked."""
    item = item_of(row, one.item, one.lang)
    points = rubric_of(item)
    graded = examples_of(one, signed, points) if points else []
    return await ask_model(host, one.workspace_id, str(item["text"]), points, one.text, one.lang, graded) if points else {}


async def _aligned(host: Host, row: Homework, one: Submission) -> Alignment | None:
    """The criteria and the answer's clauses as the program's sentence encoder reads them; None where there is none."""
    item = item_of(row, one.item, one.lang)
    points = rubric_of(item)
    if not points:
        return None
    texts = [*COMMON, *texts_of(str(item.get("text", "")), points, one.text[:4000])]
    read = await host.read_pieces(texts)
    return Alignment(KnownPieces(dict(zip(texts, read, strict=True)))) if read is not None else None
