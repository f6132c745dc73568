"""A day is the school's day: evening in New York is still today, early morning in Shanghai is today already."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

pytest.importorskip("fsrs", reason="needs the extra education")

from duologue.packs.education.course import sample_course
from duologue.packs.education.days import day_of, noon_of
from duologue.packs.education.mastery.answers import Answer
from duologue.packs.education.mastery.learner import Learner
from duologue.packs.education.path.plan import Goal, plan

COURSE = sample_course("en")


@pytest.fixture(params=["Asia/Shanghai", "America/New_York", "Pacific/Auckland", "UTC"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def test_a_day_begins_at_the_schools_midnight(zone: str) -> None:
    morning, evening = datetime(2026, 11, 2, 23, 30, tzinfo=UTC), datetime(2026, 11, 3, 0, 30, tzinfo=UTC)
    third = date(2026, 11, 3)
    is_east = zone in ("Asia/Shanghai", "Pacific/Auckland")
    assert day_of(morning) == (third if is_east else third - timedelta(days=1))
    assert day_of(evening) == (third - timedelta(days=1) if zone == "America/New_York" else third)
    assert all(day_of(noon_of(third + timedelta(days=k))) == third + timedelta(days=k) for k in range(366))


def test_a_plan_is_the_same_in_every_zone(zone: str) -> None:
    learner, monday = Learner("u"), date(2026, 11, 2)
    for k, item in enumerate(COURSE.items_of("parts-of-a-whole")[:4]):
        at = noon_of(monday) + timedelta(minutes=k)
        learner.observe(Answer("u", item.id, item.skills, True, k, at))
    path = plan(learner, Goal(("equation-two-step",), monday + timedelta(days=20), 20), COURSE, today=monday)
    reviews = [s.day for s in path.steps if (s.kind, s.skill) == ("review", "parts-of-a-whole")]
    assert reviews[0] == date(2026, 11, 4), zone
