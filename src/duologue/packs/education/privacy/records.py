"""Everything that the pack keeps of one learner, as one JSON document; and forgetting it. What a test of all tables holds it to."""

import json
from typing import Any

from duologue.kit.errors import NotFound
from duologue.kit.text import Lang
from duologue.packs.education.grades import repository as grades
from duologue.packs.education.learners import repository as learners
from duologue.packs.education.lti import repository as lti
from duologue.packs.education.path import repository as calendars
from duologue.packs.education.tutor import repository as ladders
from duologue.sdk import Download, Host, WriteTx

ABOUT: dict[str, dict[Lang, str]] = {
    "learner": {"en": "Name, language, class, day of consent, goal, the teacher's signature.",
                "zh": "姓名、语言、班级、同意的日期、目标、老师的签字。"},
    "answers": {"en": "Every answer in practice: question, what was written, whether right, hints, time.",
                "zh": "每次练习的回答：题目、写的内容、对错、提示次数、时间。"},
    "read": {"en": "Reading opened, and whether it helped.", "zh": "读过的材料，以及是否有帮助。"},
    "help": {"en": "Hints taken and the talk with the tutor, by question.", "zh": "每道题用过的提示和与辅导的对话进度。"},
    "calendar": {"en": "Coming events of the calendar last taken along.", "zh": "上次导出的日历中尚未到来的日程。"},
    "plan_edits": {"en": "What a teacher decided about the plan.", "zh": "老师对学习计划的调整。"},
    "platforms": {"en": "Accounts of learning platforms from which the learner came.", "zh": "学生进入时使用的学习平台账号。"},
    "grades_sent": {"en": "Grades sent to a learning platform.", "zh": "发送到学习平台的成绩。"},
    "homework": {"en": "Homework handed in, with the grades that are signed.", "zh": "交过的作业和已签字的成绩。"},
    "appeals": {"en": "Objections to grades, and the answers.", "zh": "对成绩的申诉和答复。"},
}  # fmt: skip
"""What each part of the file is, for a parent who reads it."""


async def collect(host: Host, workspace_id: str, person_id: str, *, unsigned: bool = False) -> dict[str, Any]:
    """All rows of a learner. Drafts of grades only where `unsigned`: a learner sees no score before a teacher has signed it.

    Raises NotFound where nothing is kept.
    """
    async with host.read() as tx:
        rows = await learners.list_learners(tx, workspace_id, person_id)
        answers = await learners.list_answers(tx, workspace_id, person_id=person_id)
        handed_in = await grades.list_submissions(tx, workspace_id, person_id=person_id)
        appeals = await grades.list_appeals(tx, workspace_id, person_id=person_id)
        reads = [r for r in await learners.list_reads(tx, workspace_id) if r[0] == person_id]
        platforms = await lti.list_users(tx, workspace_id, person_id=person_id)
        sent = await lti.list_scores(tx, workspace_id, person_id=person_id)
        helped = await ladders.list_ladders(tx, workspace_id, person_id)
        events = await calendars.list_entries(tx, workspace_id, person_id)
        edits = [e for e in await learners.list_edits(tx, workspace_id) if e[1] == person_id]
    if not rows:
        raise NotFound("Nothing is kept of this learner here.")
    shown = [_plain(one) | ({} if unsigned or one.state == "signed" else {"grade": {}}) for one in handed_in]
    return {
        "learner": _plain(rows[0]),
        "answers": [_plain(a) for a in answers],
        "read": [{"resource": r, "helped": h} for _, r, h in reads],
        "help": [_plain(one) for one in helped],
        "calendar": [{"begins": e.begins, "minutes": e.minutes, "summary": e.summary} for e in events],
        "plan_edits": [body for _, _, body in edits],
        "platforms": [_plain(one) for one in platforms],
        "grades_sent": [one.sent for one in sent if one.sent],
        "homework": shown,
        "appeals": [_plain(one) for one in appeals],
    }


async def to_download(
    host: Host, workspace_id: str, person_id: str, name: str, lang: Lang, *, unsigned: bool = False
) -> Download:  # fmt: skip
    """The same as a file, which says first in words what each part is."""
    kept = await collect(host, workspace_id, person_id, unsigned=unsigned)
    kept = {"about": {part: ABOUT[part][lang] for part in kept}} | kept
    return Download(name, "application/json", json.dumps(kept, ensure_ascii=False, indent=1, default=str).encode())


async def erase(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    """Forget a learner in all tables of the pack."""
    await learners.erase_person(tx, workspace_id, person_id)
    await grades.erase_person(tx, workspace_id, person_id)
    await lti.erase_person(tx, workspace_id, person_id)
    await ladders.erase_person(tx, workspace_id, person_id)
    await calendars.erase_person(tx, workspace_id, person_id)


def _plain(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__dataclass_fields__}
