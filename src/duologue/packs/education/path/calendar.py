"""A path as an iCalendar file (RFC 5545, published after RFC 5546), one event a day and step, so that any calendar shows it.

A plan is made anew after each answer. A step that was in a file before keeps its uid and a later file has a higher sequence, so
that a calendar that takes it in again changes what it has; a coming step that the plan has dropped is called off (`CANCELLED`).
What is past stays as it was. The goal's day is an event too; a file without any would be no calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from icalendar import Calendar, Event

from duologue.packs.education.course import Course
from duologue.packs.education.path.plan import Path

KINDS = {
    "en": {"diagnose": "First questions", "lesson": "Read", "practice": "Practise", "review": "Review", "goal": "Goal"},
    "zh": {"diagnose": "摸底", "lesson": "阅读", "practice": "练习", "review": "复习", "goal": "目标"},
}

_START = 29_453_760
"""Minutes from 1970 to 2026: a sequence is a number of 32 bits, and counts from there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `begins` is ISO, local time, or a day alone for a whole day; `minutes` 0 then. `step` names it in the plan."""

    uid: str
    step: str
    begins: str
    minutes: int
    summary: str
    why: str = ""
    is_dropped: bool = False

    @property
    def day(self) -> date:
        """The day on which it begins."""
        return date.fromisoformat(self.begins[:10])


def list_events(
    path: Path, course: Course, learner_id: str, today: date, before: Sequence[Entry] = (), start: time = time(16, 0)
) -> list[Entry]:
    """The events of a path, the steps of a day following each other from `start`; those of `before` that are to come keep their
    uid, or are dropped where the plan has them no longer."""
    coming = {e.step: e for e in before if e.day >= today}
    clock: dict[date, datetime] = {}
    out: list[Entry] = []

    def add(step: str, begins: str, minutes: int, summary: str, why: str = "") -> None:
        uid = coming[step].uid if step in coming else f"{step}.{today:%Y%m%d}@{learner_id}.duologue"
        out.append(Entry(uid, step, begins, minutes, summary, why))

    for step in path.steps:
        begins = clock.get(step.day) or datetime.combine(step.day, start)
        clock[step.day] = begins + timedelta(minutes=step.minutes)
        name = f"{KINDS[course.lang][step.kind]}: {course.skill(step.skill).name}"
        add(step.id, begins.isoformat(timespec="minutes"), step.minutes, name, step.why)
    for skill in path.goal.skills:
        add(f"goal.{skill}", str(path.goal.due), 0, f"{KINDS[course.lang]['goal']}: {course.skill(skill).name}")
    planned = {e.step for e in out}
    dropped = [
        Entry(e.uid, e.step, e.begins, e.minutes, e.summary, is_dropped=True) for e in coming.values() if e.step not in planned
    ]
    return out + dropped


def to_ical(entries: Sequence[Entry], title: str, now: datetime) -> bytes:
    """The file."""
    calendar = Calendar()
    calendar.add("prodid", "-//Duologue//Education//EN")
    calendar.add("version", "2.0")
    calendar.add("name", title)  # RFC 7986; the line below is what older programs read
    calendar.add("x-wr-calname", title)
    calendar.add("method", "PUBLISH")
    sequence = int(now.timestamp()) // 60 - _START
    for entry in entries:
        event = Event()
        event.add("uid", entry.uid)
        event.add("dtstamp", now)
        event.add("last-modified", now)
        event.add("sequence", sequence)
        event.add("status", "CANCELLED" if entry.is_dropped else "CONFIRMED")
        if entry.minutes:
            begins = datetime.fromisoformat(entry.begins)
            event.add("dtstart", begins)
            event.add("dtend", begins + timedelta(minutes=entry.minutes))
        else:
            event.add("dtstart", entry.day)
            event.add("transp", "TRANSPARENT")
        event.add("summary", entry.summary)
        if entry.why:
            event.add("description", entry.why)
        calendar.add_component(event)
    return bytes(calendar.to_ical())
