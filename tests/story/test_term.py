"""A term of a class, played through the program's own doors by a clock that moves: ten weeks, five learners, one teacher.

What each learner knows is drawn by a seed and grows with practice; the class's pages see answers alone and have to find it out.
"""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.kit.clock import FrozenClock
from duologue.kit.text import Lang
from duologue.packs.education.course import Course, sample_course
from duologue.packs.education.grades.homework import begin_check
from tests.platforms import Browser, House, add_house, open_for_test

LEARNING, HOMEWORK = "/api/chat/packs/education/learning", "/api/chat/packs/education/homework"
CLASS, GRADES = "/api/packs/education/class", "/api/packs/education/grades"
MONDAY = datetime(2026, 9, 7, 8, tzinfo=UTC)
WEEKS, A_WEEK = 10, 4
GOAL = "add-unlike"
RUBRIC = [{"text": "Both are the same part of the whole."}, {"text": "Top and bottom are multiplied by the same number."}]
HOMEWORK_ITEMS = [
    {"id": "simplify-1"}, {"id": "equivalent-fractions-1"}, {"id": "compare-1"}, {"id": "number-line-1"},
    {"id": "why", "text": "Why are 1/2 and 2/4 equal?", "type": "short", "rubric": RUBRIC},
]  # fmt: skip


class Pupil:
    """A learner of the test: works through what the page asks, right by a chance that practice raises."""

    def __init__(self, name: str, lang: Lang, talent: float, browser: Browser, seed: int) -> None:
        self.name, self.lang, self.talent, self.browser = name, lang, talent, browser
        self.draw, self.known = random.Random(seed), dict.fromkeys(sample_course(lang).order, talent * 0.5)
        self.answers = 0

    async def work(self, course: Course) -> None:
        asked = await self.browser.get(f"{LEARNING}/practice")
        assert not {"key", "steps"} & set(asked)
        skill = asked["skill_id"]
        is_right = self.draw.random() < 0.15 + 0.8 * self.known[skill]
        item = course.item(asked["id"])
        text = item.key if is_right else next((o for o in item.options if o != item.key), "987654")
        said = await self.browser.post(f"{LEARNING}/answer", {"item": asked["id"], "text": text})
        assert said["correct"] is is_right
        self.known[skill] += (1 - self.known[skill]) * self.talent * 0.4
        self.answers += 1


@pytest.mark.slow
async def test_a_term_of_a_class(tmp_path: Path) -> None:
    clock = FrozenClock(MONDAY)
    async with open_for_test(tmp_path / "p", engine="none", clock=clock) as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Homework", mode="copilot", pack="education")
        await Term(house, clock).play()


class Term:
    """The weeks one by one; what must hold is asserted where it happens."""

    def __init__(self, house: House, clock: FrozenClock) -> None:
        self.house, self.clock = house, clock
        self.pupils: list[Pupil] = []

    async def play(self) -> None:
        await self.join()
        first = {p.name: await p.browser.get(f"{LEARNING}/path") for p in self.pupils}
        for week in range(WEEKS):
            teacher = await self.house.member("expert")
            if week == 1:
                await self.sign_plans(teacher)
            if week == 4:
                await self.homework(teacher)
            for day in range(2):
                for pupil in self.pupils:
                    if pupil.name == "Ivo" and week >= 6:
                        continue  # stays away from the seventh week on
                    for _ in range(A_WEEK // 2):
                        await pupil.work(sample_course(pupil.lang))
                        self.clock.advance(60)
                self.clock.advance(86_400 * (3 if day == 0 else 4) - 600)
        await self.look_back(await self.house.member("expert"), first)

    async def join(self) -> None:
        for k, (name, lang, talent) in enumerate(
            (("Ada", "en", 0.9), ("Ben", "en", 0.5), ("小雨", "zh", 0.75), ("Ivo", "en", 0.6), ("Noa", "en", 0.02))
        ):
            browser = await self.house.person(lang)
            await browser.post(f"{LEARNING}/take_part", {"name": name, "consent": True})
            goal = {"skill": GOAL, "due": str(MONDAY.date() + timedelta(weeks=WEEKS + 1)), "minutes_per_day": 15}
            await browser.post(f"{LEARNING}/set_goal", goal)
            self.pupils.append(Pupil(name, "zh" if lang == "zh" else "en", talent, browser, 10 + k))

    async def sign_plans(self, teacher: Browser) -> None:
        seen = await teacher.get(f"{CLASS}/overview")
        assert len(seen["to_sign"]) == len(self.pupils)
        ids = {r["name"]: r["person_id"] for r in seen["learners"]}
        for person_id in ids.values():
            await teacher.post(f"{CLASS}/sign", {"person_id": person_id})
        day = str(self.clock.now().date() + timedelta(days=3))
        edit = {"person_id": ids["Ben"], "action": "add", "skill": "compare", "kind": "practice", "day": day, "minutes": 8}
        await teacher.post(f"{CLASS}/edit", edit)
        assert [one["name"] for one in (await teacher.get(f"{CLASS}/overview"))["to_sign"]] == ["Ben"]
        ben = next(p for p in self.pupils if p.name == "Ben")
        assert [s["day"] for s in (await ben.browser.get(f"{LEARNING}/path"))["steps"] if s["is_fixed"]] == [day]

    async def homework(self, teacher: Browser) -> None:
        made = await teacher.post(
            f"{GRADES}/assign", {"title": "Half-term", "due": str(self.clock.now().date()), "items": HOMEWORK_ITEMS}
        )
        for pupil in self.pupils:
            for one in HOMEWORK_ITEMS:
                key = (
                    "they are the same part of the whole"
                    if one["id"] == "why"
                    else sample_course(pupil.lang).item(str(one["id"])).key
                )
                text = key if pupil.draw.random() < 0.2 + pupil.talent else "?!"
                await pupil.browser.post(f"{HOMEWORK}/hand_in", {"homework_id": made["id"], "item": one["id"], "text": text})
        while (await teacher.post(f"{GRADES}/grade_some", {}))["left"]:
            pass
        for one in (await teacher.get(f"{GRADES}/queue"))["waiting"]:
            met = {c["id"]: c["is_met"] for c in one["criteria"]} or None
            await teacher.post(f"{GRADES}/sign_one", {"submission_id": one["id"], "score": one["score"], "met": met})
        host, ws = self.house.platform.hosts["education"], self.house.workspace.id
        check = await begin_check(host, ws, made["id"], seed=1)
        (planted,) = [one.id for one, score in check["shown"] if score != one.grade["score"]]
        done = await teacher.post(f"{GRADES}/sign_bulk", {"check_id": check["id"], "wrong": [planted]})
        assert done["result"] == "signed"
        ada = self.pupils[0]
        (row,) = (await ada.browser.get(f"{HOMEWORK}/homework"))["homework"]
        assert all(i["answer"]["state"] == "signed" for i in row["items"])
        await ada.browser.post(
            f"{HOMEWORK}/appeal", {"submission_id": row["items"][0]["answer"]["id"], "text": "Look again, please."}
        )
        waiting = (await teacher.get(f"{GRADES}/queue"))["waiting"]
        assert [w["kind"] for w in waiting] == ["appeal"]
        await teacher.post(f"{GRADES}/answer_appeal", {"appeal_id": waiting[0]["appeal_id"], "score": 1, "remark": "Yes."})

    async def look_back(self, teacher: Browser, first: dict[str, Any]) -> None:
        seen = await teacher.get(f"{CLASS}/overview")
        rows = {r["name"]: r for r in seen["learners"]}
        assert {n: r["answers"] for n, r in rows.items()} == {p.name: p.answers for p in self.pupils}

        def known(name: str) -> float:
            cells = [k for k, n in zip(rows[name]["known"], rows[name]["seen"], strict=True) if n >= seen["least"]]
            return sum(cells) / len(cells)

        assert known("Ada") > known("Noa") + 0.2
        help_today = {h["name"]: " ".join(h["reasons"]) for h in seen["help"] if h["is_today"]}
        assert "wrong answers in a row" in help_today["Noa"]
        assert "Has not practised for" in help_today["Ivo"]
        assert "Ada" not in help_today
        path = await self.pupils[0].browser.get(f"{LEARNING}/path")
        before, after = ({n["id"]: n["known"] for n in p["nodes"]} for p in (first["Ada"], path))
        assert sum(after.values()) > sum(before.values())
        assert path["asked"] == path["to_ask"]
        assert all(date.fromisoformat(s["day"]) >= self.clock.now().date() for s in path["steps"])
        progress = await self.pupils[2].browser.get(f"{LEARNING}/progress")
        assert len(progress["days"]) == 2 * WEEKS
        assert any("已掌握的可能" in s["words"] for s in progress["skills"])
        assert any(s["due"] for s in progress["skills"])
        calendar = await self.pupils[0].browser.call("GET", f"{LEARNING}/calendar")
        assert b"BEGIN:VCALENDAR" in calendar.content
        await self.pupils[3].browser.post(f"{LEARNING}/leave", {})
        assert "Ivo" not in str((await teacher.get(f"{CLASS}/overview"))["learners"])
