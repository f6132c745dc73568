"""Which learners need a person today, and why, in words. Knows answers and paths; decides nothing.

Who has not begun is no case of difficulty: it is said after a time of grace, and below everybody who is at work and stuck.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.education.course import Course
from duologue.packs.education.days import day_of
from duologue.packs.education.learners.classroom import Classroom
from duologue.packs.education.learners.repository import AnswerRow, LearnerRow
from duologue.packs.education.path.plan import Goal

WORDS: dict[str, dict[Lang, str]] = {
    "run": {"en": "{n} wrong answers in a row, the last on “{skill}”.", "zh": "连续答错 {n} 题，最近一题是“{skill}”。"},
    "hints": {"en": "Took every hint in {n} of the last ten answers.", "zh": "最近十题里有 {n} 题用完了全部提示。"},
    "away": {"en": "Has not practised for {n} days.", "zh": "已经 {n} 天没有练习。"},
    "never": {"en": "Joined on {day} and has not begun to practise.", "zh": "{day} 加入，还没有开始练习。"},
    "drop": {
        "en": "Right answers fell from {before:.0%} to {after:.0%} within two weeks.",
        "zh": "两周内正确率从 {before:.0%} 降到 {after:.0%}。",
    },
}  # fmt: skip
TODAY = 2
"""Urgency from which a learner needs a person today; a goal out of reach alone is a matter of the plan."""
GRACE_SHARE, GRACE_DAYS = 5, 5
"""Who has joined may begin within a fifth of the time to his goal, a day at least and five at most, days of rest not counted."""


async def who_needs_help(room: Classroom, lang: Lang, today: date, people: Collection[str] | None = None) -> list[dict[str, Any]]:
    """Learners who need a person, most urgent first, with the reasons in words; of `people` alone where they are named.

    `is_today` says whether it can wait: a goal out of reach alone is a matter of the plan. Others get their turn between learners.
    """
    course, found = room.course(lang), []
    for person_id, row in list(room.rows.items()):
        if (people is not None and person_id not in people) or person_id not in room.rows:
            continue
        answers = room.answers.get(person_id, [])
        reasons, urgency = (
            _reasons(answers, course, today) if answers else _not_begun(row, room.goal(person_id, today), today, lang)
        )
        outlook = room.outlook(person_id, lang, today)
        if room.over(person_id, today):
            reasons.append(outlook.warnings[0])
            urgency += 1
        if not outlook.is_enough and (row.goal or answers):  # nobody is behind on a goal that nobody has set
            reasons.append(outlook.warnings[-1])
            urgency += 1
        if reasons:
            found.append({"person_id": person_id, "name": row.name, "reasons": reasons, "urgency": urgency,
                          "is_today": urgency >= TODAY, "has_begun": bool(answers)})  # fmt: skip
        await asyncio.sleep(0)
    return sorted(found, key=lambda f: (not f["is_today"], not f["has_begun"], -f["urgency"], f["name"]))


def _not_begun(row: LearnerRow, goal: Goal, today: date, lang: Lang) -> tuple[list[str], int]:
    """Nothing within the time of grace: a new class would be a list of everybody."""
    joined = day_of(row.consented_at)
    span = (date.fromisoformat(row.goal["due"]) if row.goal else goal.due) - joined
    grace = min(GRACE_DAYS, max(1, span.days // GRACE_SHARE))
    waited = sum((joined + timedelta(days=k)).weekday() not in goal.rest_days for k in range(1, (today - joined).days + 1))
    return ([WORDS["never"][lang].format(day=joined)], TODAY) if waited > grace else ([], 0)


def _reasons(rows: Sequence[AnswerRow], course: Course, today: date) -> tuple[list[str], int]:
    out, urgency, words = [], 0, {name: text[course.lang] for name, text in WORDS.items()}
    ordered = sorted(rows, key=lambda r: r.at)
    last = ordered[-10:]
    run = next((k for k, r in enumerate(reversed(last)) if r.correct), len(last))
    if run >= 3:
        out.append(words["run"].format(n=run, skill=course.skill(last[-1].skills[0]).name))
        urgency += run
    if (hinted := sum(r.hints >= 3 for r in last)) >= 3:
        out.append(words["hints"].format(n=hinted))
        urgency += 2
    if (days := (today - day_of(last[-1].at)).days) >= 7:
        out.append(words["away"].format(n=days))
        urgency += 2
    late = [r.correct for r in ordered if (today - day_of(r.at)).days <= 7]
    before = [r.correct for r in ordered if 7 < (today - day_of(r.at)).days <= 14]
    if len(late) >= 10 and len(before) >= 10 and sum(before) / len(before) - sum(late) / len(late) >= 0.25:
        out.append(words["drop"].format(before=sum(before) / len(before), after=sum(late) / len(late)))
        urgency += 2
    return out, urgency
