"""A class at work, through the program's own doors: consent, a path, graded answers, the teacher's decisions, leaving."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.bootstrap.pack_samples import prepare_pack_samples
from duologue.packs.education.course import sample_course
from duologue.packs.education.learners.classroom import item_quality, open_class, who_needs_help
from duologue.packs.education.learners.school import PUPILS
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
    wrong = await pupil.post(f"{LEARNING}/answer", {"item": item.id, "text": "?!"})
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
        assert len(room.rows) == 12
        assert {row.lang for row in room.rows.values()} == {"en", "zh"}
        assert sum(map(len, room.answers.values())) == 5 * sum(days for *_, days in PUPILS)
        help_today = who_needs_help(room, "en", platform.hosts["education"].clock.now().date())
        assert ("Grace", ["Has not begun."]) in [(h["name"], h["reasons"][:1]) for h in help_today]
        assert item_quality(room, "zh")
