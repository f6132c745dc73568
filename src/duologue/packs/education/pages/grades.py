"""The teacher's homework page: set it, one queue with the reason for each that waits, sign, decide appeals, change a key."""

from dataclasses import asdict
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.education.grades import drafts, homework, repository
from duologue.packs.education.grades.essay_drafts import count_up, shown_traits
from duologue.packs.education.grades.nearest import Like, find_like
from duologue.packs.education.grades.repository import Homework, Submission
from duologue.packs.education.learners.repository import list_learners
from duologue.packs.education.library import service as library
from duologue.sdk import Chore, Host, Panel, PanelContext, Role

STAFF: tuple[Role, ...] = ("owner", "admin", "expert", "viewer")
WHY: dict[str, dict[Lang, str]] = {
    "no_grader": {"en": "Questions of this kind are graded by people.", "zh": "这类题由老师评分。"},
    "no_key": {"en": "The question has no key.", "zh": "这道题没有答案。"},
    "unreadable": {"en": "The answer could not be read with certainty.", "zh": "无法确定地读懂答案。"},
    "unsure": {"en": "The draft is not sure enough.", "zh": "评分草稿不够有把握。"},
    "named": {
        "en": "The value is right, but the answer names something else than the question asks for.",
        "zh": "数值正确，但答案说的可能是题目没有问的量（名称不符）。",
    },
    "doubted": {"en": "A teacher held the draft for wrong.", "zh": "老师认为草稿有误。"},
    "key_changed": {"en": "The key or the rubric was changed, and with it the score.", "zh": "答案或评分要点修改后得分变了。"},
    "draft": {
        "en": "A draft by the rubric; too few signed answers to this question yet.",
        "zh": "按评分要点起草；这道题签过的答案还太少。",
    },
    "essay": {
        "en": "A draft from the signed essays; essays are always read by people.",
        "zh": "参考已签的作文起草；作文总由老师评。",
    },
    "sure": {"en": "Sure.", "zh": "有把握。"},
}

IMPORTED: dict[Lang, str] = {"en": "Imported questions", "zh": "导入的题目"}
LIKE: dict[Lang, str] = {
    "en": "Suggested by an answer like it that got {p} %: “{text}”",
    "zh": "参考一个得 {p}% 的相近答案：“{text}”",
}


SAME = 0.9
"""Likeness from which a signed answer says what another does."""


async def queue(context: PanelContext) -> Any:
    """All that waits for a person: appeals, then single grades, the least sure first; homework with what is sure and signed."""
    host, ws = context.host, context.workspace_id
    async with host.read() as tx:
        rows = {row.id: row for row in await repository.list_homework(tx, ws)}
        handed_in = await repository.list_submissions(tx, ws)
        appeals = [a for a in await repository.list_appeals(tx, ws) if not a.answer]
        names = {row.person_id: row.name for row in await list_learners(tx, ws)}
    by_id = {one.id: one for one in handed_in}
    signed = [one for one in handed_in if one.state == "signed"]
    waiting = []
    for one in sorted((one for one in handed_in if one.state == "single"), key=lambda one: float(one.grade["confidence"])):
        shown = _shown(rows[one.homework_id], one, one.grade["score"], names, context.lang)
        shown |= {"kind": "grade", "reason": _why(one, context.lang)}
        if (like := _like(one, signed)) is not None:
            shown |= {"score": like.score, "reason": LIKE[context.lang].format(p=round(100 * like.score), text=like.text[:200])}
        waiting.append(shown)
    first = [
        _shown(rows[by_id[a.submission_id].homework_id], by_id[a.submission_id], by_id[a.submission_id].signed.get("score", 0.0),
               names, context.lang) | {"kind": "appeal", "appeal_id": a.id, "reason": a.text}
        for a in appeals if a.submission_id in by_id
    ]  # fmt: skip
    counted = []
    for row in rows.values():
        mine = [one for one in handed_in if one.homework_id == row.id]
        states = {state: sum(one.state == state for one in mine) for state in ("new", "bulk", "single", "signed")}
        items = [{"id": one["id"], "text": (item := homework.item_of(row, one["id"], context.lang))["text"],
                  "key": _key(item), "type": item.get("type", ""), "accept": list(item.get("accept", ())),
                  "rubric": [asdict(p) | {"accept": list(p.accept)} for p in drafts.rubric_of(item)]}
                 for one in row.items]  # fmt: skip
        people = len({one.person_id for one in mine})
        counted.append({"id": row.id, "title": row.title, "due": row.due, "people": people, "items": items} | states)
    return {"waiting": first + waiting, "homework": counted, "class": len(names)}


def _like(one: Submission, signed: list[Submission]) -> Like | None:
    """A signed answer that is alike, for who has no draft; beside a draft only one that says nearly the same and was signed as a
    whole, for those signed by criteria have spoken in the draft."""
    if one.grade.get("why") == "no_grader":
        return find_like(one, signed)
    like = find_like(one, [s for s in signed if not s.signed.get("criteria")]) if one.grade.get("why") == "draft" else None
    return like if like and like.likeness >= SAME else None


def _why(one: Submission, lang: Lang) -> str:
    words = WHY.get(str(one.grade.get("why")), WHY["unsure"])[lang]
    was = one.grade.get("was")
    return f"{words} ({was:g} → {one.grade['score']:g})" if one.grade.get("why") == "key_changed" and was is not None else words


def _shown(row: Homework, one: Submission, score: float, names: dict[str, str], lang: Lang) -> dict[str, Any]:
    item = homework.item_of(row, one.item, lang)
    return {"id": one.id, "at": one.at.isoformat(), "name": names.get(one.person_id, "–"), "title": row.title,
            "question": item["text"],
            "criteria": drafts.criteria_of(item, one), "traits": shown_traits(item, one),
            "counted": count_up(one.text) if item.get("type") == "essay" else None,
            "key": _option(item, _key(item)),
            "type": item.get("type", ""), "answer": _option(item, one.text), "reading": one.grade.get("reading", ""),
            "score": score,
            "confidence": one.grade.get("confidence", 0.0)}  # fmt: skip


def _key(item: dict[str, Any]) -> str:
    """The key as a teacher reads it; of a program its tests."""
    tests = item.get("tests", "") if item.get("type") == "program" else ""
    return tests if isinstance(tests, str) and tests else str(tests or item.get("key", ""))


def _option(item: dict[str, Any], text: str) -> str:
    """The options with their words where letters were chosen."""
    options = dict(item.get("options") or {})
    letters = [letter.strip() for letter in text.split(",")]
    return "; ".join(f"{one}. {options[one]}" for one in letters) if options and set(letters) <= set(options) else text


async def items(context: PanelContext) -> Any:
    """The course's questions by skill, to choose homework from."""
    async with context.host.read() as tx:
        own = await library.open_library(tx, context.workspace_id)
    course = own.base(context.lang)
    skills = [{"id": s.id, "name": s.name, "items": [{"id": i.id, "text": i.text} for i in course.items_of(s.id)]}
              for s in course.skills]  # fmt: skip
    imported = [{"id": i.id, "text": i.text} for i in own.questions]
    return {"skills": [*skills, *([{"id": "", "name": IMPORTED[context.lang], "items": imported}] if imported else [])]}


async def assign(context: PanelContext, title: str, due: str, items: list[dict[str, Any]]) -> Any:
    """Set homework."""
    context.check_role("expert")
    written = await library.expand(context.host, context.workspace_id, items, context.lang)
    made = await homework.assign(context.host, context.workspace_id, title, due, written, context.member_name)
    context.host.refresh(context.workspace_id)
    return {"id": made.id}


async def grade_some(context: PanelContext) -> Any:
    """Draft the next grades of the class; how many now, and how many are left."""
    context.check_role("expert")
    done, left = await drafts.grade_some(context.host, context.workspace_id)
    context.host.refresh(context.workspace_id)
    return {"done": done, "left": left}


async def begin_check(context: PanelContext, homework_id: str) -> Any:
    """Grades to read before the sure ones are signed together; one may be wrong on purpose."""
    context.check_role("expert")
    row = await homework.get_homework(context.host, context.workspace_id, homework_id)
    found = await homework.begin_check(context.host, context.workspace_id, homework_id)
    async with context.host.read() as tx:
        names = {one.person_id: one.name for one in await list_learners(tx, context.workspace_id)}
    return {
        "id": found["id"],
        "n": found["n"],
        "shown": [_shown(row, one, score, names, context.lang) for one, score in found["shown"]],
    }


async def sign_bulk(context: PanelContext, check_id: str, wrong: list[str]) -> Any:
    """Sign together what the check was about, if the wrong one was found."""
    context.check_role("expert")
    done = await homework.sign_bulk(context.host, context.workspace_id, check_id, wrong, context.member_name)
    context.host.refresh(context.workspace_id)
    return done


async def sign_one(context: PanelContext, submission_id: str, score: float, remark: str = "", met: dict[str, bool] | None = None,
                   traits: dict[str, float] | None = None, seen_at: str = "") -> Any:  # fmt: skip
    """Sign one grade, as drafted or another; `met` says which criteria are, `traits` an essay's. Others like it are drafted again.

    `seen_at` is the answer's `at`. Raises Conflict where the learner has handed in another since.
    """
    context.check_role("expert")
    done = await homework.sign_one(
        context.host, context.workspace_id, submission_id, score, remark, context.member_name, met, traits, seen_at
    )
    await drafts.draft_again(context.host, context.workspace_id, done)
    context.host.refresh(context.workspace_id)
    return {"id": done.id, "score": score}


async def answer_appeal(context: PanelContext, appeal_id: str, score: float, remark: str,
                        met: dict[str, bool] | None = None) -> Any:  # fmt: skip
    """Decide an appeal; `met` as in `sign_one`."""
    context.check_role("expert")
    done = await homework.answer_appeal(context.host, context.workspace_id, appeal_id, score, remark, context.member_name, met)
    await drafts.draft_again(context.host, context.workspace_id, done)
    context.host.refresh(context.workspace_id)
    return {"id": done.id, "score": score}


async def change_key(context: PanelContext, homework_id: str, item: str, key: str = "", accept: list[str] | None = None,
                     rubric: list[dict[str, Any]] | None = None) -> Any:  # fmt: skip
    """Another key, more that is accepted, or another rubric; all answers to the question are graded again."""
    context.check_role("expert")
    row = await homework.get_homework(context.host, context.workspace_id, homework_id)
    again = await homework.change_key(context.host, row, item, key, accept or (), context.member_name, rubric)
    context.host.refresh(context.workspace_id)
    return {"again": again}


async def grade_in_background(host: Host) -> None:
    """Drafts are ready before the teacher looks."""
    await drafts.grade_some(host)


GRADING = Chore("grade_homework", 5.0, grade_in_background)
PANEL = Panel(
    "grades", {"en": "Homework", "zh": "作业"}, STAFF, "grades.js", place="page", icon="check",
    queries={"queue": queue, "items": items},
    commands={"assign": assign, "grade_some": grade_some, "begin_check": begin_check, "sign_bulk": sign_bulk, "sign_one": sign_one,
              "answer_appeal": answer_appeal, "change_key": change_key},
)  # fmt: skip
