"""Which day it is at the school: days begin at midnight in the zone of the machine (`TZ`), times are kept in UTC.

In UTC a learner in Shanghai would see yesterday's plan until eight in the morning, and one in New York tomorrow's from seven on.
"""

from datetime import UTC, date, datetime, time


def day_of(at: datetime) -> date:
    """The day on which a moment falls."""
    return at.astimezone().date()


def noon_of(day: date) -> datetime:
    """The middle of a day, in UTC."""
    return datetime.combine(day, time(12)).astimezone(UTC)
