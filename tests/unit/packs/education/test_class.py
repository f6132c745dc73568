"""What a class's pages say of few answers, of items, of who needs help: nothing that the answers do not bear out."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.packs.education.course import sample_course
from duologue.packs.education.learners.classroom import FEW, Classroom, take_in
from duologue.packs.education.learners.items import item_quality
from duologue.packs.education.learners.needs import who_needs_help
from duologue.packs.education.learners.repository import AnswerRow, LearnerRow
from duologue.packs.education.pages.practice import safe_hints
from duologue.packs.education.resources import ratings_of
from duologue.packs.education.tutor.leak import find_leak
from duologue.review.consent import Consents

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
COURSE = sample_course("en")


def take(room: Classroom, person: str, item: str, *correct: bool, days_ago: int = 0) -> None:
    room.rows.setdefault(person, LearnerRow("w", person, person, "en", False, NOW))
    for right in correct:
        at = NOW - timedelta(days=days_ago) + timedelta(seconds=room.count)
        room._take(AnswerRow(f"a{room.count:05}", "w", person, item, COURSE.item(item).skills, "", right, 0, at))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_hint_in_practice_gives_the_result_away(lang: str) -> None:
    course = sample_course("zh" if lang == "zh" else "en")
    left_out = 0
    for item in course.items:
        hints = safe_hints(item, course.lang)
        assert hints
        assert not [h for h in hints if find_leak(h, item.key, item.text, dict(item.options))]
        left_out += set(hints) != set(item.hints)
    assert left_out > 10


def test_an_item_is_blamed_only_where_the_interval_bears_it_out() -> None:
    room, (good, bad, new) = Classroom("w", Consents()), [i.id for i in COURSE.items_of("simplify")[:3]]
    for k in range(40):
        person, strong = f"p{k:02}", k >= 20
        take(room, person, "parts-of-a-whole-1", *([strong] * 3))
        take(room, person, good, strong or k % 4 == 0)
        take(room, person, bad, not strong)
        if k < 7:
            take(room, person, new, False)
    found = {i["item"]: i for i in item_quality(room, "en")}
    assert new not in found
    assert (found[bad]["remark"], found[good]["remark"]) == ("inverted", "")
    assert found[good]["discrimination"] > 0.5
    assert found[good]["share_low"] < found[good]["share"] < found[good]["share_high"]
    few = Classroom("w", Consents())
    for k in range(8):
        take(few, f"p{k}", "parts-of-a-whole-1", *([k >= 4] * 3))
        take(few, f"p{k}", bad, k != 5)
    assert {i["item"]: i["remark"] for i in item_quality(few, "en")}[bad] == ""


async def test_a_goal_out_of_reach_alone_does_not_need_a_person_today() -> None:
    room = Classroom("w", Consents())
    for k in range(4):
        take(room, "steady", f"parts-of-a-whole-{k + 1}", True)
    take(room, "stuck", "parts-of-a-whole-1", False, False, False, False)
    take(room, "falling", "parts-of-a-whole-1", *([True] * 10), days_ago=10)
    take(room, "falling", "parts-of-a-whole-2", *([True, False] * 5), days_ago=1)
    found = {h["person_id"]: h for h in await who_needs_help(room, "en", date(2026, 11, 2))}
    assert found["stuck"]["is_today"]
    assert "4 wrong answers in a row" in found["stuck"]["reasons"][0]
    assert "fell from 100% to 50%" in found["falling"]["reasons"][0]
    assert not found["steady"]["is_today"]


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_a_goal_whose_day_is_past_is_told_to_the_learner_and_to_the_teacher(lang: str) -> None:
    room, today, named = Classroom("w", Consents()), date(2026, 11, 2), "zh" if lang == "zh" else "en"
    goal = {"skills": ["simplify"], "minutes_per_day": 20, "rest_days": []}
    for person, due in (("late", "2026-11-01"), ("on time", "2026-11-02")):
        room.rows[person] = LearnerRow("w", person, person, "en", False, NOW, goal | {"due": due})
        take(room, person, "parts-of-a-whole-1", True)
    late, timely = (room.path(person, named, today) for person in ("late", "on time"))
    assert "2026-11-01" in late.warnings[0]
    assert late.goal.due == date(2026, 11, 30)
    assert not [w for w in timely.warnings if "2026-11-01" in w]
    found = {h["person_id"]: h["reasons"] for h in await who_needs_help(room, named, today)}
    assert late.warnings[0] in found["late"]


def _new_one(joined: int, due: int | None, rest: tuple[int, ...] = ()) -> Classroom:
    room = Classroom("w", Consents())
    goal = {"skills": ["equation-two-step"], "due": str((NOW + timedelta(days=due)).date()), "minutes_per_day": 20,
            "rest_days": rest} if due is not None else {}  # fmt: skip
    room.rows["new"] = LearnerRow("w", "new", "new", "en", False, NOW - timedelta(days=joined), goal=goal)
    return room


@pytest.mark.parametrize(
    ("joined", "due", "rest", "is_said"),
    [
        (0, None, (), False),
        (5, None, (), False),
        (8, None, (), True),  # without a goal Saturday and Sunday are free
        (2, 3, (), True),  # a goal of five days gives one day of grace
        (2, 28, (), False),
        (7, 28, (4, 5, 6), False),  # NOW is a Monday: four days to learn on since
        (9, 28, (), True),
    ],
)
async def test_who_has_not_begun_has_a_time_of_grace(joined: int, due: int | None, rest: tuple[int, ...], is_said: bool) -> None:
    for lang, words in (("en", "has not begun"), ("zh", "还没有开始")):
        room = _new_one(joined, due, rest)
        found = await who_needs_help(room, "zh" if lang == "zh" else "en", NOW.date())
        assert [words in h["reasons"][0] for h in found if h["is_today"]] == ([True] if is_said else [])


async def test_nobody_is_behind_on_a_goal_that_nobody_has_set() -> None:
    assert await who_needs_help(_new_one(0, None), "en", NOW.date()) == []
    (told,) = await who_needs_help(_new_one(0, 1), "en", NOW.date())
    assert not told["is_today"]


async def test_who_is_stuck_stands_above_who_has_not_begun() -> None:
    room = _new_one(30, 1)
    room.rows["aaron"] = room.rows["new"]
    take(room, "zoe", "parts-of-a-whole-1", True, True, False, False, False)
    take(room, "tired", "parts-of-a-whole-1", True, days_ago=8)
    found = await who_needs_help(room, "en", NOW.date())
    assert [h["person_id"] for h in found][:2] == ["zoe", "tired"]
    assert not found[-1]["has_begun"]


async def test_others_get_their_turn_between_two_learners_of_a_large_class() -> None:
    room, turns, is_over = Classroom("w", Consents()), 0, False
    for k in range(30):
        take(room, f"p{k}", "parts-of-a-whole-1", True)

    async def other() -> None:
        nonlocal turns
        while not is_over:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(other())
    await who_needs_help(room, "en", NOW.date())
    is_over = True
    await waiting
    assert turns >= 30


async def test_many_answers_are_replayed_beside_the_loop_in_a_class_that_nobody_sees() -> None:
    where: set[int] = set()

    class Skills(tuple[str, ...]):
        def __iter__(self) -> Iterator[str]:
            where.add(threading.get_ident())
            return super().__iter__()

    def rows(name: str, n: int) -> list[AnswerRow]:
        items = COURSE.items[:50]
        return [AnswerRow(f"{name}{k:05}", "w", f"p{k % 7}", items[k % 50].id, Skills(items[k % 50].skills), "", k % 3 > 0, 0,
                          NOW + timedelta(seconds=k)) for k in range(n)]  # fmt: skip

    room = Classroom("w", Consents())
    grown = await take_in(room, rows("a", FEW + 1))
    assert grown.count == FEW + 1
    assert where
    assert threading.get_ident() not in where
    same = await take_in(grown, rows("b", 3))
    assert same is grown
    other = await take_in(same, rows("c", FEW + 1))
    assert (other.count, same.count) == (2 * FEW + 5, FEW + 4)
    assert other is not same


def test_what_an_outlook_says_is_worked_out_again_after_an_answer() -> None:
    room = _new_one(0, 28)
    before = room.outlook("new", "en", NOW.date())
    assert room.outlook("new", "en", NOW.date()) is before
    take(room, "new", "parts-of-a-whole-1", False)
    assert room.outlook("new", "en", NOW.date()) is not before


async def test_a_fit_changes_the_tracer_of_the_class_and_of_each_learner() -> None:
    room = Classroom("w", Consents())
    for k in range(110):
        for person in range(5):
            take(room, f"p{person}", COURSE.items[k % 100].id, (k + person) % 3 > 0)
    assert room.needs_fit()
    before = room.tracer
    await room.fit()
    assert room.tracer is not before
    assert room.tracer.is_fitted
    assert all(learner.tracer is room.tracer for learner in room.learners.values())
    assert not room.needs_fit()


async def test_answers_that_arrive_during_a_fit_are_in_the_new_tracer() -> None:
    room = Classroom("w", Consents())
    for k in range(110):
        for person in range(5):
            take(room, f"p{person}", COURSE.items[k % 100].id, (k + person) % 3 > 0)
    fit, skill = asyncio.create_task(room.fit()), COURSE.items_of("simplify")[0].skills[0]
    await asyncio.sleep(0)
    before = room.tracer.mastery("p1", skill).answers
    take(room, "p1", COURSE.items_of("simplify")[0].id, True)
    take(room, "new", COURSE.items_of("simplify")[1].id, True, False)
    await fit
    assert room.tracer.is_fitted
    assert room.tracer.mastery("p1", skill).answers == before + 1
    assert room.tracer.mastery("new", skill).answers == 2
    assert room.fitted == room.count - 3


async def test_a_learner_who_refuses_is_traced_and_learnt_from_by_nobody() -> None:
    """Others see the class as it would be without him; his own mastery is as it would be among them."""
    refusing = Consents(said={"p0": False})
    room, without = Classroom("w", refusing), Classroom("w", Consents())
    for k in range(110):
        for person in range(6):
            item, right = COURSE.items[k % 100].id, (k + person) % 3 > 0
            take(room, f"p{person}", item, right)
            if person:
                take(without, f"p{person}", item, right)
    skill = COURSE.item(COURSE.items[0].id).skills[0]
    for fitted in (False, True):
        if fitted:
            await room.fit()
            await without.fit()
            assert room.tracer.is_fitted
        assert room.tracer.mastery("p1", skill) == without.tracer.mastery("p1", skill)
        assert room.tracer.mastery("p0", skill).answers > 0
        assert room.tracer.difficulties.of_skill(skill) == without.tracer.difficulties.of_skill(skill)
    assert room.change_consents(Consents(said={"p0": False, "stranger": False})) is room
    assert room.change_consents(Consents()) is not room


def test_the_last_word_of_each_learner_counts_once() -> None:
    reads = [("a", "r", True), ("a", "r", False), ("b", "r", True), ("c", "r", None)]
    assert ratings_of(reads) == {"r": (1, 2)}
