"""A member's care for a patient: how it begins, what ends it, whether it runs. Knows no storage.

It begins with work: an alarm or a talk taken over, a sentence of the record, a colleague who hands the patient on. It ends when the
member or an administrator says so, or so many days after the patient's last consultation was closed. A reason opens a record for
hours only, and makes nobody the patient's clinician; who then works in the record is from then on.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Way = Literal["discharged", "handed_on", "not_needed"]
WAYS: tuple[Way, ...] = ("discharged", "handed_on", "not_needed")
OF_ITSELF = "days"
"""Why it ended where the days of the settings were over."""


@dataclass(frozen=True, slots=True)
class Care:
    """One member's care for one person. `until`: to when a reason opens the record; None where it is care."""

    person_id: str
    member_id: str
    name: str
    reason: str
    at: datetime
    until: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""

    def runs(self, now: datetime) -> bool:
        """Whether the member may read because of it."""
        return self.ended_at is None and (self.until is None or now < self.until)
