"""Paths: prerequisites first, the day kept, the teacher's word held in every new plan, a reason for every step."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest

from duologue.kit.errors import Invalid, NotFound
from duologue.packs.education.course import Course, CourseSkill, sample_course, sort_skills
from duologue.packs.education.evaluate.path import POLICIES, draw_graph, measure, simulate
from duologue.packs.education.mastery.answers import Answer
from duologue.packs.education.mastery.bkt import Skill, explain
from duologue.packs.education.mastery.learner import Learner
from duologue.packs.education.mastery.reviews import ReviewBook
from duologue.packs.education.path.calendar import Entry, list_events, to_ical
from duologue.packs.education.path.diagnosis import believe, pick_question
from duologue.packs.education.path.frontier import KNOWN, next_skill
from duologue.packs.education.path.plan import Edit, Goal, plan, what_if
from duologue.packs.education.path.plan import Path as Plan
from duologue.packs.education.resources import recommend

COURSE = sample_course("en")
MONDAY = date(2026, 11, 2)
AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
GOAL = Goal(("equation-two-step",), MONDAY + timedelta(days=27), 20, rest_days=(6,))


def answer(learner: Learner, skill: str, results: list[bool], day: date = MONDAY) -> None:
    for k, correct in enumerate(results):
        item = COURSE.items_of(skill)[k % 5]
        at = datetime(day.year, day.month, day.day, 15, k, tzinfo=UTC)
        learner.observe(Answer(learner.id, item.id, item.skills, correct, k, at))


def test_the_sample_course_is_whole_in_both_languages() -> None:
    for lang in ("en", "zh"):
        course = sample_course(lang)
        assert (len(course.skills), len(course.items), len(course.resources)) == (40, 200, 30)
        assert all(course.items_of(s.id) for s in course.skills)
    assert sample_course("en").order == sample_course("zh").order


def test_a_circle_is_named() -> None:
    with pytest.raises(Invalid, match=r"circle: .*a.*b"):
        sort_skills({"a": ["b"], "b": ["a"]})
    with pytest.raises(Invalid, match="builds on x"):
        Course("c", "c", "en", (CourseSkill("a", "A", ("x",)),))


def test_what_is_practised_comes_after_what_it_builds_on() -> None:
    path = plan(Learner("u"), GOAL, COURSE, today=MONDAY)
    assert path.steps
    assert all(MONDAY <= s.day <= GOAL.due and s.day.weekday() != 6 for s in path.steps)
    assert [s.day for s in path.steps] == sorted(s.day for s in path.steps)
    for day in {s.day for s in path.steps[1:]}:
        assert sum(s.minutes for s in path.steps if s.day == day and s.kind != "diagnose") <= GOAL.minutes_per_day
    started: set[str] = set()
    for step in path.steps:
        if step.kind == "practice" and "Nothing is quite ready" not in step.why and "day is near" not in step.why:
            assert all(p in started for p in COURSE.skill(step.skill).prerequisites), step
        started.add(step.skill)
    assert all(s.why for s in path.steps)
    assert len({s.id for s in path.steps}) == len(path.steps)
    assert path.steps[0].kind == "diagnose"


def test_the_first_questions_go_on_until_they_tell_little() -> None:
    learner, asked = Learner("u"), 0
    while first := [s for s in plan(learner, GOAL, COURSE, today=MONDAY).steps if s.kind == "diagnose"]:
        item = COURSE.item(first[0].items[0])
        assert item.id not in learner.answered
        learner.observe(Answer("u", item.id, item.skills, True, asked, datetime(2026, 11, 2, 15, asked, tzinfo=UTC)))
        asked += 1
    assert 2 <= asked <= 8


def test_what_is_known_is_not_practised_and_the_plan_is_the_same_each_time() -> None:
    learner = Learner("u", given={s: 0.95 for s in COURSE.needed_for(("equation-two-step",)) if s != "equation-two-step"})
    learner.answered.add("x")
    path = plan(learner, GOAL, COURSE, today=MONDAY)
    assert not {s.skill for s in path.steps if s.kind == "practice"} & learner.given.keys()
    assert path == plan(learner, GOAL, COURSE, today=MONDAY)
    assert path.is_enough
    assert path.done_on is not None
    assert what_if(learner, GOAL, COURSE, today=MONDAY, minutes_per_day=60).done_on <= path.done_on  # type: ignore[operator]


def test_too_little_time_is_said_and_the_goal_still_gets_its_share() -> None:
    tight = replace(GOAL, due=MONDAY + timedelta(days=4), minutes_per_day=10)
    path = plan(Learner("u"), tight, COURSE, today=MONDAY)
    assert not path.is_enough
    assert "not expected to be reached" in path.warnings[-1]
    assert any(s.skill == "equation-two-step" and s.kind == "practice" for s in path.steps)


def test_a_teacher_is_obeyed_in_every_plan() -> None:
    learner, thursday = Learner("u"), MONDAY + timedelta(days=3)
    edits = [
        Edit("remove", "compare", None),
        Edit("move", "simplify", "practice", thursday, 10),
        Edit("add", "order", "lesson", thursday, 5),
        Edit("lock", "equation-two-step", "practice", MONDAY + timedelta(days=1), 6),
    ]
    for correct in (None, True, False, True, True):
        if correct is not None:
            answer(learner, "parts-of-a-whole", [correct])
        path = plan(learner, GOAL, COURSE, today=MONDAY, edits=edits)
        assert not [s for s in path.steps if s.skill == "compare"]
        fixed = {(s.skill, s.kind, s.day) for s in path.steps if s.is_fixed}
        assert fixed == {(e.skill, e.kind, e.day) for e in edits[1:]}
        assert not [s for s in path.steps if s.skill == "simplify" and s.kind == "practice" and s.day < thursday]
        assert any("comes before" in w for w in path.warnings)


def test_one_wrong_answer_does_not_turn_the_plan_over() -> None:
    learner = Learner("u")
    answer(learner, "parts-of-a-whole", [True] * 4)
    before = plan(learner, GOAL, COURSE, today=MONDAY)
    answer(learner, "parts-of-a-whole", [False])
    after = plan(learner, GOAL, COURSE, today=MONDAY)
    first, second = {s.skill for s in before.steps}, {s.skill for s in after.steps}
    assert len(first & second) / len(first | second) > 0.8


def test_what_was_learnt_long_ago_is_reviewed() -> None:
    learner = Learner("u")
    answer(learner, "parts-of-a-whole", [True] * 5, MONDAY - timedelta(days=60))
    path = plan(learner, GOAL, COURSE, today=MONDAY)
    assert any(s.kind == "review" and s.skill == "parts-of-a-whole" for s in path.steps)
    gone = replace(COURSE, items=tuple(i for i in COURSE.items if "parts-of-a-whole" not in i.skills))
    assert not [s for s in plan(learner, GOAL, gone, today=MONDAY).steps if s.kind == "review" and not s.items]
    book = ReviewBook()
    book.observe("s", True, datetime(2026, 1, 1, tzinfo=UTC))
    soon, later = (book.retention("s", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=d)) for d in (1, 90))
    assert 0 < later < soon <= 1


def test_a_diagnosis_asks_apart_and_stops() -> None:
    learner, asked = Learner("u"), []
    needed = COURSE.needed_for(("inequalities",))
    while (question := pick_question(learner, COURSE, needed, asked)) and len(asked) < 40:
        asked.append(question)
    assert len({i.skills[0] for i in asked}) == len(asked) <= len(needed)
    assert asked[0].skills[0] not in {needed[0], needed[-1]}, "the first question is about the middle: it tells about both sides"


def test_answers_speak_for_the_neighbours() -> None:
    learner = Learner("u")
    before = believe(learner, COURSE, COURSE.order)
    answer(learner, "add-unlike", [True] * 6)
    after = believe(learner, COURSE, COURSE.order)
    assert after["add-like"] > before["add-like"]
    weak = Learner("v")
    answer(weak, "equivalent-fractions", [False] * 5)
    assert believe(weak, COURSE, COURSE.order)["simplify"] < before["simplify"]


def test_goals_that_cannot_be_are_refused() -> None:
    for wrong in (
        replace(GOAL, due=MONDAY - timedelta(days=1)),
        replace(GOAL, minutes_per_day=1),
        replace(GOAL, rest_days=tuple(range(7))),
    ):
        with pytest.raises(Invalid):
            plan(Learner("u"), wrong, COURSE, today=MONDAY)
    with pytest.raises(NotFound):
        plan(Learner("u"), replace(GOAL, skills=("alchemy",)), COURSE, today=MONDAY)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_figure_is_given_before_there_are_three_answers(lang: str) -> None:
    course = sample_course("zh" if lang == "zh" else "en")
    learner = Learner("u")
    path = plan(learner, GOAL, course, today=MONDAY)
    assert {s.kind for s in path.steps} == {"diagnose", "lesson", "practice", "review"}
    assert not [s.why for s in path.steps if "%" in s.why]
    assert not [w for r in recommend(learner, course, k=30) for w in r.why if "%" in w]
    assert "%" not in explain(Skill(), [True, False], "S", course.lang)
    assert "%" in explain(Skill(), [True, False, True], "S", course.lang)
    answer(learner, "parts-of-a-whole", [True, False, False])
    first = next(
        s for s in plan(learner, GOAL, course, today=MONDAY).steps if s.skill == "parts-of-a-whole" and s.kind == "practice"
    )
    assert "%" in first.why


def read_events(
    path: Plan, course: Course = COURSE, at: datetime = AT, before: Sequence[Entry] = ()
) -> tuple[list[Any], list[Entry]]:
    """The events as another program reads them, and what is kept of them."""
    entries = list_events(path, course, "u", at.date(), before)
    file = to_ical(entries, course.title, at)
    assert file.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 and b"\n" not in line for line in file.split(b"\r\n"))
    return icalendar.Calendar.from_ical(file).walk("VEVENT"), entries


def test_another_program_reads_the_calendar() -> None:
    course = sample_course("zh")
    path = plan(Learner("u"), GOAL, course, today=MONDAY)
    (*events, goal), _ = read_events(path, course)
    assert (str(goal["uid"]), goal["dtstart"].dt, str(goal["summary"])[:2]) == (
        "goal.equation-two-step.20261102@u.duologue",
        GOAL.due,
        "目标",
    )
    assert len(events) == len(path.steps)
    assert {str(e["uid"]) for e in events} == {f"{s.id}.20261102@u.duologue" for s in path.steps}
    assert "摸底" in str(events[0]["summary"])
    assert sum((e["dtend"].dt - e["dtstart"].dt).seconds // 60 for e in events) == path.minutes


def test_a_later_calendar_changes_what_was_taken_in_before() -> None:
    path = plan(Learner("u"), GOAL, COURSE, today=MONDAY)
    early, kept = read_events(path)
    late, _ = read_events(path, at=AT + timedelta(hours=1), before=kept)
    first, second = ({str(e["uid"]): int(e["sequence"]) for e in events} for events in (early, late))
    assert first.keys() == second.keys()
    assert all(0 < first[uid] < second[uid] < 2**31 for uid in first)
    done = Learner("u", given=dict.fromkeys(COURSE.order, 0.97), answered={i.id for i in COURSE.items[:8]})
    nothing = plan(done, GOAL, COURSE, today=MONDAY)
    assert not nothing.steps
    assert len(read_events(nothing)[0]) == 1


def test_what_the_plan_has_dropped_is_called_off_and_what_is_past_stays() -> None:
    path, other = plan(Learner("u"), GOAL, COURSE, today=MONDAY), replace(GOAL, skills=("compare",))
    shown, kept = read_events(path)
    tuesday = AT + timedelta(days=1)
    later, kept_later = read_events(plan(Learner("u"), other, COURSE, today=tuesday.date()), at=tuesday, before=kept)
    status = {str(e["uid"]): str(e["status"]) for e in later}
    gone = {e.uid: e for e in kept if e.day > MONDAY and status[e.uid] == "CANCELLED"}
    assert "goal.equation-two-step.20261102@u.duologue" in gone
    assert len(gone) > 5
    for event in later:
        if (uid := str(event["uid"])) in gone:
            (old,) = (e for e in shown if str(e["uid"]) == uid)
            assert (event["dtstart"].dt, str(event["summary"])) == (old["dtstart"].dt, str(old["summary"]))
            assert int(event["sequence"]) > int(old["sequence"])
    past = {e.uid for e in kept if e.day == MONDAY}
    assert past
    assert not past & status.keys(), "Monday's steps stay in the calendar as they were"
    back, _ = read_events(
        plan(Learner("u"), GOAL, COURSE, today=tuesday.date()), at=tuesday + timedelta(hours=1), before=kept_later
    )
    again = {str(e["uid"]): str(e["status"]) for e in back}
    assert again["goal.equation-two-step.20261102@u.duologue"] == "CONFIRMED"
    assert again[next(e.uid for e in kept_later if e.step == "goal.compare")] == "CANCELLED"


def test_what_a_teacher_sets_on_a_day_after_the_goals_stands_in_the_plan() -> None:
    later = GOAL.due + timedelta(days=9)
    edits = [
        Edit("add", "add-unlike", "practice", later, 10),
        Edit("add", "add-unlike", "practice", later + timedelta(days=400), 10),
    ]
    path, bare = (plan(Learner("u"), GOAL, COURSE, today=MONDAY, edits=e) for e in (edits, ()))
    *before, last = path.steps
    assert (last.day, last.skill, last.is_fixed) == (later, "add-unlike", True)
    assert all(s.day <= GOAL.due for s in before)
    assert (path.expected, path.done_on) == (bare.expected, bare.done_on)


def test_the_next_skill_is_ready_unless_time_runs_out() -> None:
    before = {"a": (), "b": ("a",), "c": ("b",)}
    assert next_skill({"a": 0.4, "b": 0.5, "c": 0.4}, before, ("c",), 100) == ("a", "ready")
    assert next_skill({"a": KNOWN, "b": 0.5, "c": 0.6}, before, ("c",), 100) == ("b", "ready")
    assert next_skill({"a": 0.4, "b": 0.5, "c": 0.4}, before, ("c",), 5) == ("c", "goal")
    assert next_skill({"a": 0.4, "b": 0.5, "c": 0.6}, before, ("c",), 100, {"a"})[1] == "closest"
    assert next_skill({"a": 0.9, "b": 0.85, "c": 0.97}, before, ("c",), 5) == ("b", "keep")


def test_in_the_simulator_the_path_beats_weakest_first_on_both_scores() -> None:
    graph = draw_graph(120, seed=5)
    targets = [s for s in graph if 8 <= len(_above(graph, s)) <= 40]
    path, weakest = (simulate(graph, targets, POLICIES[p], 120) for p in ("path", "weakest_first"))
    oracle, chance = (simulate(graph, targets, POLICIES[p], 120) for p in ("oracle", "random"))
    assert oracle[0] > path[0] > weakest[0] > chance[0]
    assert oracle[1] > path[1] > weakest[1]


def test_a_folder_with_a_graph_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duologue.packs.education.evaluate.path.RUNS", 20)
    chain = {str(i): [str(i - 1)] if i else [] for i in range(12)} | {"0": ["11", "nowhere"]}
    (tmp_path / "graph.json").write_text(json.dumps(chain))
    found = list(measure([], [], tmp_path))
    assert {"normalised_gain", "target_learnt", "hard_gate_gain"} <= {str(r["metric"]) for r in found}


def _above(graph: dict[str, tuple[str, ...]], skill: str) -> set[str]:
    return set(graph[skill]).union(*(_above(graph, p) for p in graph[skill]))
