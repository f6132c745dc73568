"""Help with a question: hints and the tutor's ladder outlive the server, what was told does not count, a model may word it."""

from dataclasses import asdict
from pathlib import Path

import pytest

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.bootstrap import create_app
from duologue.kit.errors import NotFound
from duologue.packs.education.course import Item, sample_course
from duologue.packs.education.learners.classroom import join
from duologue.packs.education.library.repository import save_question
from duologue.packs.education.pages.practice import answer, hint, practice, recommended
from duologue.packs.education.privacy.records import collect, erase
from duologue.packs.education.tutor.practice import tutor
from duologue.packs.education.tutor.skill import tutor_on
from duologue.sdk import PanelContext, SkillContext, Turn
from tests.platforms import add_house, open_for_test

ITEM = "equation-multiply-1"
WORKED = "What could you do to both sides?"


def context(platform: object, workspace_id: str, person_id: str = "person-ada") -> PanelContext:
    return PanelContext(platform.hosts["education"], workspace_id, "person", "en", person_id=person_id)  # type: ignore[attr-defined]


async def test_hints_and_the_tutors_ladder_outlive_the_server_and_go_with_the_learner(tmp_path: Path) -> None:
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        ws = house.workspace.id
        here = context(platform, ws)
        await join(here.host, ws, here.person_id, "Ada", "en")
        skill = sample_course("en").item(ITEM).skills[0]
        item = (await practice(here, skill))["id"]
        first = await hint(here, item)
        level = (await tutor(here, item, "I do not know"))["level"]
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        here = context(platform, ws)
        again = await practice(here, skill)
        assert again["given"] == [first["hint"]]
        for _ in range(first["left"]):
            await hint(here, item)
        with pytest.raises(NotFound):
            await hint(here, item)
        said = await tutor(here, item, "x = 1\nso 2x = 2")
        assert said["level"] >= level
        kept = await collect(here.host, ws, here.person_id)
        assert [(one["item"], one["hints"]) for one in kept["help"]] == [(item, first["left"] + 1)]
        async with here.host.write() as tx:
            await erase(tx, ws, here.person_id)
        await join(here.host, ws, here.person_id, "Ada", "en")
        assert (await practice(here, skill))["given"] == []


async def test_an_answer_that_the_tutor_told_counts_for_nothing(tmp_path: Path) -> None:
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        here = context(platform, house.workspace.id)
        await join(here.host, house.workspace.id, here.person_id, "Ada", "en")
        item = sample_course("en").item(ITEM)
        moves = [(await tutor(here, ITEM, f"{n}x = {n + 1}\nx = {n + 7}/{n + 2}"))["move"] for n in range(2, 9)]
        assert "tell" in moves
        found = await answer(here, ITEM, item.key)
        assert (found["correct"], found["counts"]) == (True, False)


async def test_a_strong_model_words_the_move_and_a_leak_in_its_words_is_not_said(tmp_path: Path) -> None:
    key = sample_course("en").item(ITEM).key
    rules = [{"match": "leak please", "reply": f"The answer is {key}."}, {"reply": WORKED}]
    async with open_for_test(tmp_path / "p", rules=rules) as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        here = context(platform, house.workspace.id)
        await join(here.host, house.workspace.id, here.person_id, "Ada", "en")
        assert (await tutor(here, ITEM, "where do I begin?"))["text"] == WORKED
        prepared = (await tutor(here, ITEM, "leak please"))["text"]
        assert prepared != WORKED
        assert key not in prepared


async def test_reading_keeps_within_limits(tmp_path: Path) -> None:
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        here = context(platform, house.workspace.id)
        await join(here.host, house.workspace.id, here.person_id, "Ada", "en")
        found = await recommended(here, max_minutes=5, form="note")
        course = {r.id: r for r in sample_course("en").resources}
        chosen = [course[r["id"]] for r in found["reading"]]
        assert chosen
        assert all(r.minutes <= 5 and r.form == "note" for r in chosen)
        assert {"note", "activity"} <= set(found["limits"]["forms"])
        assert (await recommended(here, max_minutes=1))["reading"] == []


@pytest.mark.parametrize("engine", ["none", "scripted"])
async def test_in_the_chat_the_words_of_a_model_wait_for_a_teacher_and_prepared_ones_do_not(tmp_path: Path, engine: str) -> None:
    rules = [{"reply": WORKED}] if engine == "scripted" else ()
    async with open_for_test(tmp_path / "p", rules=rules, engine=engine) as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        host = platform.hosts["education"]
        talk = await host.start(house.workspace.id, "person-ada", desk.id, "en")
        body = "I am stuck on 2x = 10"
        posted = await platform.conversations.post_person_message(house.workspace.id, talk.id, "person-ada", "c1", body)
        said = await tutor_on(SkillContext(host, Turn("run-1", talk, posted.message, "en")))
        other = await platform.conversations.post_person_message(house.workspace.id, talk.id, "person-ada", "c2", "Nice day")
        assert await tutor_on(SkillContext(host, Turn("run-2", talk, other.message, "en"))) is None
        assert said is not None
        assert (said.body == WORKED, said.is_settled) == ((True, False) if engine == "scripted" else (False, True))
        assert "5" not in said.body


async def test_in_the_chat_the_tutor_takes_up_a_question_that_the_class_imported(tmp_path: Path) -> None:
    text = "A farmer has 3 hens for each duck and 24 birds in all. How many ducks?"
    item = Item(id="birds", skills=("compare",), text=text, type="number", key="6", hints=("Think of groups of four.",))
    async with open_for_test(tmp_path / "p", engine="none") as platform:
        house = await add_house(platform, create_app(platform), "riverside")
        (desk,) = await platform.conversations.list_desks(house.workspace.id)
        host, ws = platform.hosts["education"], house.workspace.id
        talk = await host.start(ws, "person-ada", desk.id, "en")
        posted = await platform.conversations.post_person_message(ws, talk.id, "person-ada", "c1", f"Help me with this: {text}")
        turn = Turn("run-1", talk, posted.message, "en")
        assert await tutor_on(SkillContext(host, turn)) is None
        async with host.write() as tx:
            await save_question(tx, ws, item.id, asdict(item), "t", host.clock.now())
        said = await tutor_on(SkillContext(host, turn))
        assert said is not None
        assert said.data["tutor"]["id"] == "birds"
