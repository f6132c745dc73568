"""What is done with homework: set, handed in, drafted, checked and signed, appealed against, graded again. No SQL.

Nothing counts before a person signs. Many sure grades are signed together only after a check: some of them are shown, one with a
score that is wrong on purpose, and who does not find it signs nothing (automation bias).
"""

import ast
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from duologue.kit.errors import Conflict, Invalid, NotFound
from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.packs.education.course import sample_course
from duologue.packs.education.grades import repository
from duologue.packs.education.grades.repository import Appeal, Homework, Submission
from duologue.packs.education.grading.rubric import read_rubric
from duologue.packs.education.learners.classroom import check_part
from duologue.sdk import Host

MAX_ITEMS, MAX_CHARS = 40, 20_000
SAMPLE = 5
"""Grades shown in a check. The wrong one is among them, so that a signature says that they were read."""


def item_of(row: Homework, item_id: str, lang: Lang) -> dict[str, Any]:
    """An item with the teacher's changes, in a language. Raises NotFound."""
    own = next((dict(one) for one in row.items if one["id"] == item_id), None)
    if own is None:
        raise NotFound("This homework has no such question.")
    if own.get("text"):
        return own
    course = asdict(sample_course(lang).item(item_id))
    return course | {name: value for name, value in own.items() if value not in ("", None)}


def in_options(item: Mapping[str, Any], text: str) -> str:
    """An answer or a key as people read it: the options with their words where letters were chosen."""
    options = dict(item.get("options") or {})
    letters = [letter.strip() for letter in text.split(",")]
    return "; ".join(f"{one}. {options[one]}" for one in letters) if options and set(letters) <= set(options) else text


async def get_homework(host: Host, workspace_id: str, homework_id: str) -> Homework:
    """One piece of homework. Raises NotFound."""
    async with host.read() as tx:
        found = [row for row in await repository.list_homework(tx, workspace_id) if row.id == homework_id]
    if not found:
        raise NotFound("There is no such homework.")
    return found[0]


async def get_submission(host: Host, workspace_id: str, submission_id: str) -> Submission:
    """One answer. Raises NotFound."""
    async with host.read() as tx:
        found = await repository.find_submission(tx, workspace_id, submission_id)
    if found is None:
        raise NotFound("There is no such answer.")
    return found


async def assign(host: Host, workspace_id: str, title: str, due: str, items: Sequence[Mapping[str, Any]], by: str) -> Homework:
    """Set homework of course items (`{"id"}`) and own ones (with `text`, `type`, `key`). Raises Invalid."""
    _check_day(due)
    if not title.strip() or not 1 <= len(items) <= MAX_ITEMS:
        raise Invalid(f"Homework needs a title and 1 to {MAX_ITEMS} questions.")
    kept = []
    for number, one in enumerate(items):
        if str(one.get("text") or "").strip():
            kept.append(check_own({**one, "id": str(one.get("id") or f"own-{number + 1}"), "type": str(one.get("type") or "math")}))
        else:
            kept.append({"id": sample_course("en").item(str(one.get("id"))).id})
    if len({one["id"] for one in kept}) < len(kept):
        raise Invalid("Each question may stand in the homework only once.")
    row = Homework(new_id("hwk"), workspace_id, title.strip()[:200], due, kept, by, host.clock.now())
    async with host.write() as tx:
        await repository.save_homework(tx, row)
    return row


def _check_day(due: str) -> None:
    try:
        date.fromisoformat(due)
    except ValueError as error:
        raise Invalid("Write the day as year-month-day, such as 2026-12-18.") from error


async def change_due(host: Host, workspace_id: str, homework_id: str, due: str) -> Homework:
    """Another day by which it is to be handed in. Raises Invalid, NotFound."""
    _check_day(due)
    row = replace(await get_homework(host, workspace_id, homework_id), due=due)
    async with host.write() as tx:
        await repository.save_homework(tx, row)
    return row


async def take_back(host: Host, workspace_id: str, homework_id: str) -> None:
    """Take homework away that was set by mistake. Raises Conflict once somebody has handed something in, NotFound."""
    row = await get_homework(host, workspace_id, homework_id)
    async with host.write() as tx:
        if await repository.list_submissions(tx, workspace_id, homework_id=row.id, limit=1):
            raise Conflict("Somebody has handed something in already; change the day or the keys instead.")
        await repository.drop_homework(tx, workspace_id, row.id)


def check_own(one: dict[str, Any]) -> dict[str, Any]:
    """A teacher's own question, complete for its type. Raises Invalid with what it lacks."""
    read_rubric(one.get("rubric"))
    if one["type"] in ("choice", "choices"):
        options = {str(k): str(v).strip() for k, v in dict(one.get("options") or {}).items() if str(v).strip()}
        letters = set(re.findall(r"[A-H]", str(one.get("key", "")).upper()))
        if len(options) < 2 or not letters or not letters <= set(options):
            raise Invalid("A choice has at least two options, and its key names one of them or more by letter.")
        several = one["type"] == "choices" or len(letters) > 1  # the page offers boxes then, not one button of many
        return {**one, "type": "choices" if several else "choice", "options": options, "key": ", ".join(sorted(letters))}
    if one["type"] == "program":
        from duologue.packs.education.grading.programs import read_cases

        tests = one.get("tests") or str(one.get("key") or "")
        if not read_cases(tests)[0] or (isinstance(tests, str) and not is_python(tests)):
            raise Invalid("A program needs tests: Python asserts, one a line, such as assert double(4) == 8.")
        return {**one, "tests": tests, "key": ""}
    return one


def is_python(text: str) -> bool:
    """Whether a text is Python with something in it; nothing is run."""
    try:
        return bool(ast.parse(text).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


async def submit(host: Host, row: Homework, person_id: str, item_id: str, text: str, lang: Lang) -> Submission:
    """Hand an answer in, or another in its place while nobody has signed. Raises Conflict afterwards."""
    item_of(row, item_id, lang)
    if not text.strip() or len(text) > MAX_CHARS:
        raise Invalid(f"An answer has 1 to {MAX_CHARS} characters.")
    async with host.write() as tx:
        await check_part(tx, row.workspace_id, person_id)
        mine = await repository.list_submissions(tx, row.workspace_id, homework_id=row.id, person_id=person_id)
        before = next((one for one in mine if one.item == item_id), None)
        if before is not None and (before.signed or before.grade.get("was") is not None):
            raise Conflict("This answer has been graded; appeal if you do not agree.")
        known = before.id if before else new_id("sub")
        made = Submission(known, row.workspace_id, row.id, person_id, item_id, text, lang, "new", host.clock.now())
        await repository.save_submission(tx, made)
    return made


async def begin_check(host: Host, workspace_id: str, homework_id: str, seed: int | None = None) -> dict[str, Any]:
    """Some of the sure grades, by chance; of three and more, one has a score that is wrong on purpose. Raises Conflict for none."""
    async with host.read() as tx:
        sure = await repository.list_submissions(tx, workspace_id, homework_id=homework_id, states=("bulk",))
    if not sure:
        raise Conflict("No sure grade waits for a signature.")
    chance = random.Random(seed) if seed is not None else random.SystemRandom()
    shown = chance.sample(sure, min(SAMPLE, len(sure)))
    planted = chance.choice(shown).id if len(shown) >= 3 else ""
    body = {
        "ids": {one.id: one.at.isoformat() for one in sure},
        "shown": [one.id for one in shown],
        "planted": planted,
        "result": "",
    }
    check_id = new_id("chk")
    async with host.write() as tx:
        await repository.save_check(tx, workspace_id, check_id, body, host.clock.now())
    scores = {one.id: one.grade["score"] for one in shown}
    if planted:
        scores[planted] = 0.0 if scores[planted] >= 0.5 else 1.0
    return {"id": check_id, "n": len(sure), "shown": [(one, scores[one.id]) for one in shown]}


async def sign_bulk(host: Host, workspace_id: str, check_id: str, wrong: Sequence[str], by: str) -> dict[str, Any]:
    """Sign what the check was about. `wrong`: the shown grades that the teacher holds for wrong.

    Signs all only if the planted one, and no other, was named; a true grade named wrong goes to the single queue.
    Raises Conflict where the check is used up.
    """
    at = host.clock.now()
    async with host.write() as tx:
        body = await repository.find_check(tx, workspace_id, check_id)
        if body is None or body["result"]:
            raise Conflict("This check has been used; begin a new one.")
        named = set(wrong) & set(body["shown"])
        doubted = named - {body["planted"]}
        found = not body["planted"] or body["planted"] in named
        result = "doubted" if doubted else "signed" if found else "missed"
        signed = 0
        for submission_id, handed_in in body["ids"].items():
            one = await repository.find_submission(tx, workspace_id, submission_id)
            if one is None or one.state != "bulk" or one.at.isoformat() != handed_in:
                continue
            if submission_id in doubted:
                await repository.save_submission(tx, replace(one, state="single", grade=one.grade | {"why": "doubted"}))
            elif result == "signed":
                met = {c["id"]: c["is_met"] for c in one.grade.get("criteria") or ()}
                await repository.save_submission(tx, _signed(one, one.grade["score"], "", by, at.isoformat(), check_id, met))
                signed += 1
        await repository.save_check(tx, workspace_id, check_id, body | {"result": result, "by": by, "named": sorted(named)}, at)
    return {"result": result, "signed": signed, "doubted": len(doubted)}


def _signed(one: Submission, score: float, remark: str, by: str, at: str, check: str = "", met: Mapping[str, bool] | None = None
            ) -> Submission:  # fmt: skip
    signed = {"score": score, "remark": remark, "by": by, "at": at, "check": check}
    return replace(one, state="signed", signed=signed | ({"criteria": dict(met)} if met else {}))


async def sign_one(
    host: Host, workspace_id: str, submission_id: str, score: float, remark: str, by: str, met: Mapping[str, bool] | None = None,
    traits: Mapping[str, float] | None = None, seen_at: str = "",
) -> Submission:  # fmt: skip
    """A person's grade for one answer; `met` says which criteria of a rubric he holds for met, `traits` scores an essay's traits.

    `seen_at`: when the answer that he looked at was handed in. Raises Conflict where another stands in its place by now, Invalid
    for a score outside 0–1.
    """
    if not all(0 <= value <= 1 for value in (score, *(traits or {}).values())):
        raise Invalid("A score lies between 0 and 1.")
    async with host.write() as tx:
        one = await repository.find_submission(tx, workspace_id, submission_id)
        if one is None:
            raise NotFound("There is no such answer.")
        if seen_at and one.at.isoformat() != seen_at:
            raise Conflict("The learner has handed in another answer since; look at it first.")
        done = _signed(one, score, remark.strip()[:2000], by, host.clock.now().isoformat(), met=met)
        if traits:
            done = replace(done, signed=done.signed | {"traits": {name[:40]: float(value) for name, value in traits.items()}})
        await repository.save_submission(tx, done)
    return done


async def appeal(host: Host, workspace_id: str, person_id: str, submission_id: str, text: str) -> Appeal:
    """A learner does not agree with a signed grade; one appeal at a time. Raises Conflict, Invalid, NotFound."""
    one = await get_submission(host, workspace_id, submission_id)
    if one.person_id != person_id:
        raise NotFound("There is no such answer.")
    if one.state != "signed":
        raise Conflict("This grade is not signed yet; wait for your teacher.")
    if not text.strip():
        raise Invalid("Say why the grade should be another.")
    made = Appeal(new_id("apl"), workspace_id, one.id, person_id, text.strip()[:4000], host.clock.now())
    async with host.write() as tx:
        before = await repository.list_appeals(tx, workspace_id, person_id=person_id)
        if any(a.submission_id == one.id and not a.answer for a in before):
            raise Conflict("Your appeal waits for your teacher.")
        await repository.save_appeal(tx, made)
    return made


async def answer_appeal(
    host: Host, workspace_id: str, appeal_id: str, score: float, remark: str, by: str, met: Mapping[str, bool] | None = None
) -> Submission:
    """Decide an appeal with a score, the criteria held for met now, and a word to the learner.

    Raises Invalid without the word, NotFound, Conflict if decided.
    """
    if not remark.strip():
        raise Invalid("Tell the learner why.")
    async with host.read() as tx:
        found = [a for a in await repository.list_appeals(tx, workspace_id) if a.id == appeal_id]
    if not found:
        raise NotFound("There is no such appeal.")
    if found[0].answer:
        raise Conflict("This appeal has been decided.")
    before = await get_submission(host, workspace_id, found[0].submission_id)
    done = await sign_one(host, workspace_id, before.id, score, remark, by, met, before.signed.get("traits"))
    answer = {"was": before.signed.get("score"), "score": score, "remark": remark.strip()[:2000], "by": by}
    async with host.write() as tx:
        await repository.save_appeal(tx, replace(found[0], answer=answer))
    return done


async def change_key(
    host: Host, row: Homework, item_id: str, key: str, accept: Sequence[str], by: str, rubric: Sequence[Any] | None = None
) -> int:
    """Another key, more answers that are accepted, or another rubric: everybody's answers to it are graded again. How many.

    Grades that stay the same keep their signature; the others wait for a person, with the score that they had.
    """
    item = item_of(row, item_id, "en")
    if rubric is not None:
        points = read_rubric(rubric)
        if not points:
            raise Invalid("The question needs a rubric of at least one criterion.")
        change: dict[str, Any] = {"rubric": [asdict(p) | {"accept": list(p.accept)} for p in points]}
    elif key.strip() and item.get("type") == "program":
        change = {"tests": check_own({"type": "program", "tests": key})["tests"]}
    elif key.strip() and item.get("type") in ("choice", "choices"):
        change = {"key": check_own({**item, "key": key})["key"], "accept": []}
    elif key.strip():
        change = {"key": key.strip(), "accept": [a.strip() for a in accept if a.strip()]}
    else:
        raise Invalid("The question needs a key.")
    changed = [{**one, **change, "changed_by": by} if one["id"] == item_id else one for one in row.items]
    async with host.write() as tx:
        await repository.save_homework(tx, replace(row, items=changed))
        again = [one for one in await repository.list_submissions(tx, row.workspace_id, homework_id=row.id) if one.item == item_id]
        for one in again:
            was = one.signed.get("score", one.grade.get("was"))  # None where nobody has signed: nothing that was told changes then
            await repository.save_submission(tx, replace(one, state="new", grade=one.grade | {"was": was}))
    return len(again)
