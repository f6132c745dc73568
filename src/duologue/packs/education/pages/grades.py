"""The teacher's homework page: set it, one queue with the reason for each that waits, sign, decide appeals, change a key."""

from dataclasses import asdict
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.education.grades import drafts, homework, repository
from duologue.packs.education.grades.nearest import Like, find_like
from duologue.packs.education.grades.repository import Submission
from duologue.packs.education.learners.repository import list_learners
from duologue.packs.education.library import service as library
from duologue.packs.education.pages.results import answer, results, results_file
from duologue.packs.education.pages.show import UNDECIDED, key_of, show_answer
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
    "orders": {"en": "The answer speaks to the grader instead of the question.", "zh": "答案是在对评分者说话，没有回答题目。"},
    "stuffed": {"en": "The answer strings words together without a sentence.", "zh": "答案只是堆砌词语，不成句子。"},
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


MOST = 200
"""Single grades on a page at once, the least sure first; who signs them sees the next."""


async def queue(context: PanelContext, homework_id: str = "") -> Any:
    """What waits for a person: appeals, then single grades, the least sure first, of all homework or of one; and all homework with
    how much of it is sure, signed and so on."""
    host, ws = context.host, context.workspace_id
    async with host.read() as tx:
        rows = {row.id: row for row in await repository.list_homework(tx, ws)}
        counts = await repository.count_states(tx, ws)
        single = await repository.list_submissions(tx, ws, homework_id=homework_id, states=("single",))
        appeals = [a for a in await repository.list_appeals(tx, ws) if not a.answer]
        asked = [(a, one) for a in appeals if (one := await repository.find_submission(tx, ws, a.submission_id)) is not None]
        names = {row.person_id: row.name for row in await list_learners(tx, ws)}
        asked = [(a, one) for a, one in asked if one.homework_id == (homework_id or one.homework_id)]
        decided = {one.id for _, one in asked}
        single = sorted((s for s in single if s.id not in decided), key=lambda one: float(one.grade["confidence"]))
        first = single[:MOST]
        alike = {one.homework_id for one in first if one.grade.get("why") in ("no_grader", "draft")}
        signed = [s for h in sorted(alike) for s in await repository.list_submissions(tx, ws, homework_id=h, states=("signed",))]
    waiting = [
        show_answer(rows[one.homework_id], one, one.signed.get("score", one.grade.get("score")), names, context.lang)
        | {"kind": "appeal", "appeal_id": a.id, "reason": a.text}
        for a, one in asked
    ]
    for one in first:
        shown = show_answer(rows[one.homework_id], one, one.grade["score"], names, context.lang)
        shown |= {"kind": "grade", "reason": _why(one, context.lang)}
        if one.grade.get("reason") in UNDECIDED:
            shown["score"] = None  # nothing suggests one, and none is signed by a slip
        if (like := _like(one, signed)) is not None:
            shown |= {"score": like.score, "reason": LIKE[context.lang].format(p=round(100 * like.score), text=like.text[:200])}
        waiting.append(shown)
    counted = []
    for row in rows.values():
        states = {state: counts.get(row.id, {}).get(state, 0) for state in ("new", "bulk", "single", "signed")}
        items = [{"id": one["id"], "text": (item := homework.item_of(row, one["id"], context.lang))["text"],
                  "key": key_of(item), "type": item.get("type", ""), "accept": list(item.get("accept", ())),
                  "rubric": [asdict(p) | {"accept": list(p.accept)} for p in drafts.rubric_of(item)]}
                 for one in row.items]  # fmt: skip
        people = counts.get(row.id, {}).get("people", 0)
        counted.append({"id": row.id, "title": row.title, "due": row.due, "people": people, "items": items} | states)
    return {"waiting": waiting, "more": len(single) - len(first), "homework": counted, "class": len(names)}


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


async def change_due(context: PanelContext, homework_id: str, due: str) -> Any:
    """Another day by which it is to be handed in."""
    context.check_role("expert")
    row = await homework.change_due(context.host, context.workspace_id, homework_id, due)
    context.host.refresh(context.workspace_id)
    return {"due": row.due}


async def take_back(context: PanelContext, homework_id: str) -> Any:
    """Take homework away that nobody has handed in yet."""
    context.check_role("expert")
    await homework.take_back(context.host, context.workspace_id, homework_id)
    context.host.refresh(context.workspace_id)
    return {"taken": homework_id}


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
        # without what its learner will read, which would give the wrong one away
        "shown": [show_answer(row, one, score, names, context.lang) | {"feedback": ""} for one, score in found["shown"]],
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
    """Drafts are ready before the teacher looks; pages that are open see them come."""
    await drafts.grade_some(host)


GRADING = Chore("grade_homework", 5.0, grade_in_background)
PANEL = Panel(
    "grades", {"en": "Homework", "zh": "作业"}, STAFF, "grades.js", place="page", icon="check",
    queries={"queue": queue, "items": items, "results": results, "answer": answer, "results_file": results_file},
    commands={"assign": assign, "change_due": change_due, "take_back": take_back,
              "grade_some": grade_some, "begin_check": begin_check, "sign_bulk": sign_bulk, "sign_one": sign_one,
              "answer_appeal": answer_appeal, "change_key": change_key},
)  # fmt: skip
