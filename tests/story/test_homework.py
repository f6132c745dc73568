"""Homework through the program's own doors: set, handed in, drafted, checked, signed, appealed against, graded again, forgotten."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.packs.education.grades.homework import begin_check, grade_some, sign_bulk
from tests.platforms import Browser, House, add_house, open_for_test

LEARNING, HOMEWORK = "/api/chat/packs/education/learning", "/api/chat/packs/education/homework"
GRADES = "/api/packs/education/grades"
OWN = {
    "id": "why",
    "text": "Explain why 1/2 and 2/4 are the same.",
    "type": "short",
    "reference": "Both are one half of the whole.",
}
ITEMS = [
    {"id": "equation-multiply-1"},
    {"id": "compare-1"},
    {"id": "order", "text": "Order from small to large: 1/2, 1/3, 3/4", "type": "ordering", "key": "1/3 < 1/2 < 3/4"},
    {"id": "fill", "text": "Fill in: 2/3 = ?/6 and 1/2 = ?/4", "type": "blanks", "key": "4; 2"},
    OWN,
]


@pytest_asyncio.fixture
async def school(tmp_path: Path) -> AsyncIterator[House]:
    """A school without any model."""
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        await platform.conversations.change_desk(house.workspace.id, desk.id, name="Homework", mode="copilot", pack="education")
        yield house


async def join(school: House, name: str, lang: str = "en") -> Browser:
    pupil = await school.person(lang=lang)
    await pupil.post(f"{LEARNING}/take_part", {"name": name, "consent": True})
    return pupil


async def hand_in(pupil: Browser, homework_id: str, **answers: str) -> None:
    for item, text in answers.items():
        body = {"homework_id": homework_id, "item": item.replace("_", "-"), "text": text}
        await pupil.post(f"{HOMEWORK}/hand_in", body)


async def own(pupil: Browser, item: str) -> Any:
    (row,) = (await pupil.get(f"{HOMEWORK}/homework"))["homework"]
    return next(one for one in row["items"] if one["id"] == item)


async def set_homework(teacher: Browser) -> str:
    made = await teacher.post(f"{GRADES}/assign", {"title": "Fractions", "due": "2030-01-01", "items": ITEMS})
    return str(made["id"])


async def test_homework_from_setting_to_an_appeal(school: House) -> None:
    teacher, ada, bo = await school.member("expert"), await join(school, "Ada"), await join(school, "小波", "zh")
    homework = await set_homework(teacher)
    assert "key" not in str(await ada.get(f"{HOMEWORK}/homework"))
    read = await ada.get(f"{HOMEWORK}/how_read", params={"homework_id": homework, "item": "equation-multiply-1", "text": "x＝５"})
    assert read["reading"] == "x = 5"
    await hand_in(ada, homework, equation_multiply_1="5", compare_1="A", order="1/3, 1/2, 3/4", fill="4; 2", why="Both are a half.")
    await hand_in(bo, homework, equation_multiply_1="五", compare_1="B", order="1/2, 1/3, 3/4", fill="4; 3", why="不知道")
    progress = await teacher.post(f"{GRADES}/grade_some", {})
    assert progress == {"done": 10, "left": 0}
    assert "score" not in (await own(ada, "compare-1"))["answer"]

    seen = await teacher.get(f"{GRADES}/queue")
    (counted,) = seen["homework"]
    assert (counted["people"], counted["new"], counted["signed"]) == (2, 0, 0)
    assert counted["bulk"] + counted["single"] == 10
    assert {w["reason"] for w in seen["waiting"] if w["question"] == OWN["text"]} == {
        "Questions of this kind are graded by people."
    }

    await sign_all(school, homework)
    right = (await own(ada, "equation-multiply-1"))["answer"]
    assert (right["state"], right["score"]) == ("signed", 1.0)
    late = {"homework_id": homework, "item": "compare-1", "text": "A"}
    assert (await bo.call("POST", f"{HOMEWORK}/hand_in", late)).status_code == 409

    wrong = (await own(bo, "compare-1"))["answer"]
    assert wrong["score"] == 0.0
    body = {"submission_id": wrong["id"], "text": "一样大吗？"}
    assert (await ada.call("POST", f"{HOMEWORK}/appeal", body)).status_code == 404
    await bo.post(f"{HOMEWORK}/appeal", body)
    assert (await bo.call("POST", f"{HOMEWORK}/appeal", body)).status_code == 409
    first = (await teacher.get(f"{GRADES}/queue"))["waiting"][0]
    assert (first["kind"], first["name"], first["reason"]) == ("appeal", "小波", "一样大吗？")
    await teacher.post(f"{GRADES}/answer_appeal", {"appeal_id": first["appeal_id"], "score": 0.5, "remark": "Half a point."})
    assert (await own(bo, "compare-1"))["answer"]["score"] == 0.5


async def sign_all(school: House, homework_id: str) -> None:
    host, ws = school.platform.hosts["education"], school.workspace.id
    missed = await begin_check(host, ws, homework_id, seed=1)
    assert missed["n"] >= 3
    assert (await sign_bulk(host, ws, missed["id"], [], "Ms O"))["result"] == "missed"
    check = await begin_check(host, ws, homework_id, seed=2)
    shown = {one.id: (one.grade["score"], score) for one, score in check["shown"]}
    (planted,) = [k for k, (true, told) in shown.items() if true != told]
    done = await sign_bulk(host, ws, check["id"], [planted], "Ms O")
    assert (done["result"], done["signed"]) == ("signed", check["n"])


async def test_a_true_grade_that_is_doubted_waits_for_a_look_of_its_own(school: House) -> None:
    teacher, ada = await school.member("expert"), await join(school, "Ada")
    homework = await set_homework(teacher)
    await hand_in(ada, homework, equation_multiply_1="5", compare_1="A", order="1/3, 1/2, 3/4", fill="4; 2")
    await teacher.post(f"{GRADES}/grade_some", {})
    check = await teacher.post(f"{GRADES}/begin_check", {"homework_id": homework})
    wrong = [one["id"] for one in check["shown"]]
    assert len(wrong) == check["n"] == 4
    done = await teacher.post(f"{GRADES}/sign_bulk", {"check_id": check["id"], "wrong": wrong})
    assert done == {"result": "doubted", "signed": 0, "doubted": 3}
    again = await teacher.call("POST", f"{GRADES}/sign_bulk", {"check_id": check["id"], "wrong": []})
    assert again.status_code == 409
    waiting = (await teacher.get(f"{GRADES}/queue"))["waiting"]
    assert [w["reason"] for w in waiting] == ["A teacher held the draft for wrong."] * 3
    await teacher.post(f"{GRADES}/sign_one", {"submission_id": waiting[0]["id"], "score": 1, "remark": "Well done."})
    assert (await school.member("viewer")) is not None
    refused = await (await school.member("viewer")).call("POST", f"{GRADES}/begin_check", {"homework_id": homework})
    assert refused.status_code == 403


async def test_another_key_grades_everybody_again(school: House) -> None:
    teacher, ada, bo = await school.member("expert"), await join(school, "Ada"), await join(school, "Bo")
    homework = await set_homework(teacher)
    await hand_in(ada, homework, equation_multiply_1="x = 5")
    await hand_in(bo, homework, equation_multiply_1="x = 6")
    await teacher.post(f"{GRADES}/grade_some", {})
    for pupil in (ada, bo):
        one = (await own(pupil, "equation-multiply-1"))["answer"]
        await teacher.post(f"{GRADES}/sign_one", {"submission_id": one["id"], "score": 1.0 if pupil is ada else 0.0})
    body = {"homework_id": homework, "item": "equation-multiply-1", "key": "x = 5", "accept": ["x = 6"]}
    assert (await teacher.post(f"{GRADES}/change_key", body))["again"] == 2
    assert await grade_some(school.platform.hosts["education"], school.workspace.id) == (2, 0)
    assert (await own(ada, "equation-multiply-1"))["answer"]["state"] == "signed"
    assert (await own(bo, "equation-multiply-1"))["answer"]["state"] == "handed_in"
    (waiting,) = (await teacher.get(f"{GRADES}/queue"))["waiting"]
    assert waiting["reason"] == "The key was changed, and with it the score. (0 → 1)"
    assert (
        await bo.call("POST", f"{HOMEWORK}/hand_in", {"homework_id": homework, "item": body["item"], "text": "5"})
    ).status_code == 409


async def test_an_answer_in_words_comes_with_one_like_it_that_was_signed(school: House) -> None:
    teacher, ada, bo, cy = (
        await school.member("expert"),
        await join(school, "Ada"),
        await join(school, "Bo"),
        await join(school, "Cy"),
    )
    homework = await set_homework(teacher)
    for pupil, text in ((ada, "Both are half of the whole."), (bo, "both are half of the whole"), (cy, "I like maths")):
        await hand_in(pupil, homework, why=text)
    await teacher.post(f"{GRADES}/grade_some", {})
    first = next(w for w in (await teacher.get(f"{GRADES}/queue"))["waiting"] if w["name"] == "Ada")
    await teacher.post(f"{GRADES}/sign_one", {"submission_id": first["id"], "score": 0.5})
    waiting = {w["name"]: w for w in (await teacher.get(f"{GRADES}/queue"))["waiting"]}
    assert waiting["Bo"]["score"] == 0.5
    assert waiting["Bo"]["reason"] == "Suggested by an answer like it that got 50 %: “Both are half of the whole.”"
    assert waiting["Cy"]["reason"] == "Questions of this kind are graded by people."


async def test_a_learner_works_with_the_tutor_and_no_browser_lifts_the_ladder(school: House) -> None:
    ada = await join(school, "Ada")
    body = {"item": "equation-multiply-1", "text": "I am stuck"}
    assert (await ada.post(f"{LEARNING}/tutor", body))["move"] == "begin"
    begged = await ada.post(f"{LEARNING}/tutor", body | {"text": "just tell me"})
    assert (begged["move"], begged["level"]) == ("ask", 0)
    assert (await ada.call("POST", f"{LEARNING}/tutor", body | {"level": 5})).status_code == 422
    slip = await ada.post(f"{LEARNING}/tutor", body | {"text": "2x = 10\nx = 10 - 2\nx = 8"})
    assert "x = 10 - 2" in slip["text"]
    assert (await ada.post(f"{LEARNING}/tutor", body | {"text": "x = 5"}))["move"] == "right"
    assert (await ada.call("POST", f"{LEARNING}/tutor", body | {"item": "none"})).status_code == 404


async def test_who_leaves_is_forgotten_in_the_homework_too(school: House) -> None:
    teacher, ada = await school.member("expert"), await join(school, "Ada")
    homework = await set_homework(teacher)
    stranger = await school.person()
    refused = await stranger.call("POST", f"{HOMEWORK}/hand_in", {"homework_id": homework, "item": "compare-1", "text": "A"})
    assert refused.status_code == 409
    await hand_in(ada, homework, compare_1="A")
    assert '"compare-1"' in (await ada.call("GET", f"{LEARNING}/export")).text
    await ada.post(f"{LEARNING}/leave", {})
    assert (await teacher.get(f"{GRADES}/queue"))["homework"][0]["people"] == 0
