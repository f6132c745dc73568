"""A class at work, through the program's own doors: consent, a path, graded answers, the teacher's decisions, leaving."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.bootstrap.pack_samples import prepare_pack_samples
from duologue.packs.education.course import sample_course
from duologue.packs.education.learners.classroom import AT_ONCE, Classroom, keep_answer, open_class
from duologue.packs.education.learners.items import item_quality
from duologue.packs.education.learners.needs import who_needs_help
from duologue.packs.education.learners.repository import AnswerRow, add_answer
from duologue.packs.education.learners.school import PUPILS
from duologue.sdk import Host
from tests.platforms import Browser, House, add_house, open_for_test

LEARNING, CLASS = "/api/chat/packs/education/learning", "/api/packs/education/class"


@pytest_asyncio.fixture
async def school(tmp_path: Path) -> AsyncIterator[House]:
    """A school without any model."""
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Homework", mode="copilot", pack="education")
        yield house


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_a_learner_joins_practises_and_leaves_and_the_teacher_sees_it(school: House, lang: str) -> None:
    pupil = await school.person(lang=lang)
    assert (await pupil.get(f"{LEARNING}/me"))["joined"] is False
    await pupil.post(f"{LEARNING}/take_part", {"name": "Ada", "consent": True})
    asked = await pupil.get(f"{LEARNING}/practice")
    assert asked["text"]
    assert not {"key", "steps", "answer"} & set(asked)
    item = sample_course("zh" if lang == "zh" else "en").item(asked["id"])
    unread = await pupil.post(f"{LEARNING}/answer", {"item": item.id, "text": "?!"})
    assert (unread["is_read"], unread["counts"], unread["tries_left"]) == (False, False, 3)
    assert ("我没能读懂" in unread["feedback"]) == (lang == "zh")
    assert (await pupil.get(f"{LEARNING}/progress"))["days"] == []
    wrong = await pupil.post(f"{LEARNING}/answer", {"item": item.id, "text": "987654"})
    assert not wrong["correct"]
    assert "steps" not in wrong
    assert (await pupil.post(f"{LEARNING}/answer", {"item": item.id, "text": item.key}))["correct"]
    path = await pupil.get(f"{LEARNING}/path")
    assert path["steps"]
    assert all(s["why"] for s in path["steps"])
    seen = await _teach(await school.member("owner"))
    assert seen["name"] == "Ada"
    await pupil.post(f"{LEARNING}/leave", {})
    assert (await (await school.member("owner")).get(f"{CLASS}/overview"))["learners"] == []


async def test_hints_are_counted_here_and_steps_come_only_after_hints_and_tries(school: House) -> None:
    pupil = await school.person()
    await pupil.post(f"{LEARNING}/take_part", {"name": "Bo", "consent": True})
    asked = await pupil.get(f"{LEARNING}/practice")
    body = {"item": asked["id"], "text": "987654"}
    for left in (2, 1, 1):
        said = await pupil.post(f"{LEARNING}/answer", body)
        assert (said["tries_left"], "steps" in said) == (left, False)
    for _ in range(asked["hints"]):
        assert (await pupil.post(f"{LEARNING}/hint", {"item": asked["id"]}))["hint"]
    assert (await pupil.call("POST", f"{LEARNING}/hint", {"item": asked["id"]})).status_code == 404
    told = await pupil.post(f"{LEARNING}/answer", body)
    assert told["steps"]
    assert not told["counts"]
    key = {"item": asked["id"], "text": sample_course("en").item(asked["id"]).key}
    assert (await pupil.post(f"{LEARNING}/answer", key))["counts"] is False
    assert sum(d["n"] for d in (await pupil.get(f"{LEARNING}/progress"))["days"]) == 3


async def test_a_goal_is_set_tried_out_and_refused_where_it_makes_no_sense(school: House) -> None:
    pupil = await school.person()
    await pupil.post(f"{LEARNING}/take_part", {"name": "Cy", "consent": True})
    today = school.platform.hosts["education"].clock.now().date()
    body = {"skill": "compare", "due": str(today + timedelta(days=20)), "minutes_per_day": 15, "rest_days": [2]}
    await pupil.post(f"{LEARNING}/set_goal", body)
    path = await pupil.get(f"{LEARNING}/path")
    assert path["goal"]["skills"] == ["compare"]
    assert {n["state"] for n in path["nodes"]} <= {"known", "ready", "later"}
    assert not [s for s in path["steps"] if date.fromisoformat(s["day"]).weekday() == 2]
    found = await pupil.get(f"{LEARNING}/try_out", params={"minutes_per_day": 60, "known": "simplify"})
    assert found["then"]["minutes"] != found["now"]["minutes"]
    assert (await pupil.get(f"{LEARNING}/path"))["goal"]["minutes_per_day"] == 15
    for wrong in ({"due": "soon"}, {"due": "2020-01-01"}, {"rest_days": [0, 1, 2, 3, 4, 5, 6]}, {"minutes_per_day": 0}):
        assert (await pupil.call("POST", f"{LEARNING}/set_goal", body | wrong)).status_code == 422
    calendar = await pupil.call("GET", f"{LEARNING}/calendar")
    assert b"BEGIN:VEVENT" in calendar.content
    assert b"STATUS:CANCELLED" not in calendar.content
    await pupil.post(f"{LEARNING}/set_goal", body | {"skill": "add-unlike"})
    again = await pupil.call("GET", f"{LEARNING}/calendar")
    assert again.content.count(b"UID:goal.compare.") == 1
    assert b"STATUS:CANCELLED" in again.content
    assert (await pupil.get(f"{LEARNING}/export"))["calendar"]


async def test_reading_is_recommended_with_reasons_as_the_teacher_pinned_and_blocked(school: House) -> None:
    pupil, teacher = await school.person(), await school.member("expert")
    await pupil.post(f"{LEARNING}/take_part", {"name": "Di", "consent": True})
    first = (await pupil.get(f"{LEARNING}/recommended", params={"skill": "number-line"}))["reading"]
    assert all(r["why"] for r in first)
    await teacher.post(f"{CLASS}/choose", {"resource": first[0]["id"], "choice": "block"})
    await teacher.post(f"{CLASS}/choose", {"resource": first[1]["id"], "choice": "pin"})
    then = (await pupil.get(f"{LEARNING}/recommended", params={"skill": "number-line"}))["reading"]
    assert (then[0]["id"], then[0]["is_pinned"]) == (first[1]["id"], True)
    assert first[0]["id"] not in [r["id"] for r in then]
    assert (await pupil.call("GET", f"{LEARNING}/reading?resource={first[0]['id']}")).status_code == 404
    await pupil.post(f"{LEARNING}/rate", {"resource": first[1]["id"], "helped": True})
    seen = {r["id"]: r for r in (await teacher.get(f"{CLASS}/overview"))["reading"]}
    assert (seen[first[1]["id"]]["helped"], seen[first[1]["id"]]["asked"]) == (1, 1)


async def _an_answer_more_is_taken_in_without_a_new_fit(host: Host, workspace_id: str, room: Classroom) -> None:
    tracer, count, row = room.tracer, room.count, next(r for r in room.rows.values() if r.name == "Ada")
    await keep_answer(host, row, "simplify-1", "1", False)
    again = await open_class(host, workspace_id)
    assert (again.count, again.tracer is tracer, again is room) == (count + 1, True, True)
    await keep_answer(host, row, "simplify-2", "1", False)
    assert (await open_class(host, workspace_id)).tracer is tracer


async def _teach(teacher: Browser) -> dict[str, object]:
    """Sign the plan, then take a skill out of it: the signature no longer holds, and the next plan obeys."""
    (one,) = (await teacher.get(f"{CLASS}/overview"))["learners"]
    assert one["answers"] == 2
    assert not one["is_signed"]
    await teacher.post(f"{CLASS}/sign", {"person_id": one["person_id"]})
    shown = await teacher.get(f"{CLASS}/learner?person_id={one['person_id']}")
    assert shown["is_signed"]
    skill = next(s["skill"] for s in shown["steps"] if s["kind"] == "practice")
    await teacher.post(f"{CLASS}/edit", {"person_id": one["person_id"], "action": "remove", "skill": skill, "kind": "practice"})
    shown = await teacher.get(f"{CLASS}/learner?person_id={one['person_id']}")
    assert not shown["is_signed"]
    assert not [s for s in shown["steps"] if (s["skill"], s["kind"]) == (skill, "practice")]
    return dict(shown)


async def test_the_sample_class_is_filled_once_and_shows_who_needs_help(tmp_path: Path) -> None:
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        await prepare_pack_samples(platform)
        await prepare_pack_samples(platform)
        workspace = await platform.accounts.get_workspace("school")
        room = await open_class(platform.hosts["education"], workspace.id)
        assert len(room.rows) == 17
        assert room.classes() == ["7a", "7b"]
        assert {row.lang for row in room.rows.values()} == {"en", "zh"}
        assert sum(map(len, room.answers.values())) == 5 * sum(days for *_, days, _ in PUPILS)
        await _an_answer_more_is_taken_in_without_a_new_fit(platform.hosts["education"], workspace.id, room)
        help_today = await who_needs_help(room, "en", platform.hosts["education"].clock.now().date())
        assert [h["name"] for h in help_today if "has not begun" in h["reasons"][0]] == ["Grace"]
        assert [h["has_begun"] for h in help_today if h["is_today"]][-1:] == [False], "below who is at work and stuck"
        assert item_quality(room, "zh")
        talks = await platform.hosts["education"].list_conversations(workspace.id)
        assert len(talks) == 5
        drafts = [d for c in talks for d in await platform.hosts["education"].list_drafts(workspace.id, c.id)]
        assert len(drafts) == 4


async def test_a_large_class_is_shown_before_its_fit_is_ready_and_another_does_not_wait(school: House) -> None:
    host, at = school.platform.hosts["education"], school.platform.hosts["education"].clock.now()
    items = sample_course("en").items
    async with host.write() as tx:
        for k in range(AT_ONCE + 1):
            item = items[k % len(items)]
            row = AnswerRow(f"ans_{k:06}", school.workspace.id, f"per_{k % 40}", item.id, item.skills, "", k % 3 > 0, 0, at)
            await add_answer(tx, row)
    room = await open_class(host, school.workspace.id)
    assert (room.count, room.fitted, room.tracer.is_fitted) == (AT_ONCE + 1, 0, False)
    other = await school.platform.accounts.create_workspace("other", "Other", "en")
    assert (await open_class(host, other.id)).count == 0
    assert (await open_class(host, school.workspace.id)).fitted == 0, "nobody waited for it"
    async with asyncio.timeout(60):
        while not room.fitted:
            await asyncio.sleep(0.05)
    assert room.tracer.is_fitted
    assert await open_class(host, school.workspace.id) is room
