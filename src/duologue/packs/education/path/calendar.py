"""A path as an iCalendar file (RFC 5545), one event a day and step, so that any calendar shows it. Knows no plan's reasons but
shows them.

A plan is made anew after each answer: the same step keeps its uid, and a later file has a higher sequence, so that a calendar that
takes it in again changes what it has. The goal's day is an event too; a file without any would be no calendar.
"""

from datetime import datetime, time, timedelta

from icalendar import Calendar, Event

from duologue.packs.education.course import Course
from duologue.packs.education.path.plan import Path

KINDS = {
    "en": {"diagnose": "First questions", "lesson": "Read", "practice": "Practise", "review": "Review", "goal": "Goal"},
    "zh": {"diagnose": "摸底", "lesson": "阅读", "practice": "练习", "review": "复习", "goal": "目标"},
}

_START = 29_453_760
"""Minutes from 1970 to 2026: a sequence is a number of 32 bits, and counts from there."""


def to_ical(path: Path, course: Course, learner_id: str, now: datetime, start: time = time(16, 0)) -> bytes:
    """The calendar; the steps of a day follow each other from `start`, local time. The same step keeps its uid."""
    calendar = Calendar()
    calendar.add("prodid", "-//Duologue//Education//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", course.title)
    calendar.add("method", "PUBLISH")
    sequence = int(now.timestamp()) // 60 - _START
    clock: dict[object, datetime] = {}
    for step in path.steps:
        begins = clock.get(step.day) or datetime.combine(step.day, start)
        clock[step.day] = begins + timedelta(minutes=step.minutes)
        event = Event()
        event.add("uid", f"{step.id}@{learner_id}.duologue")
        event.add("dtstamp", now)
        event.add("sequence", sequence)
        event.add("dtstart", begins)
        event.add("dtend", clock[step.day])
        event.add("summary", f"{KINDS[course.lang][step.kind]}: {course.skill(step.skill).name}")
        event.add("description", step.why)
        calendar.add_component(event)
    for skill in path.goal.skills:
        event = Event()
        event.add("uid", f"goal.{skill}@{learner_id}.duologue")
        event.add("dtstamp", now)
        event.add("sequence", sequence)
        event.add("dtstart", path.goal.due)
        event.add("summary", f"{KINDS[course.lang]['goal']}: {course.skill(skill).name}")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
