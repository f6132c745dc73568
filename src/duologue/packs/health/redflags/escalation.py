"""An escalation from its alarm to its end: raised → notified → acknowledged → taken over → closed. Knows no storage and no clock.

It is paged again until somebody acknowledges it, and it never goes back: a step that is not open in a state is refused. Only a
clinician closes it, with what came of it; nothing closes it by itself.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from duologue.kit.errors import Conflict

State = Literal["raised", "notified", "acknowledged", "taken_over", "closed"]
Step = Literal["notify", "acknowledge", "take_over", "close"]
OPEN: tuple[State, ...] = ("raised", "notified", "acknowledged", "taken_over")
STATES: tuple[State, ...] = (*OPEN, "closed")
MOST_OPEN = 5_000
"""Open escalations that are looked at: more than people could answer, so that none is left out behind newer ones."""
_OPEN_TO: dict[Step, tuple[tuple[State, ...], State]] = {
    "notify": (("raised", "notified"), "notified"),
    "acknowledge": (("raised", "notified"), "acknowledged"),
    "take_over": (("raised", "notified", "acknowledged"), "taken_over"),
    "close": (("acknowledged", "taken_over"), "closed"),
}


@dataclass(frozen=True, slots=True)
class Escalation:
    """One alarm on its way. `level` 1 is an emergency now; `rules` are the ids that fired; `pages` counts the calls so far."""

    id: str
    workspace_id: str
    conversation_id: str
    person_id: str
    message_id: str
    level: int
    rules: tuple[str, ...]
    titles: tuple[str, ...]
    state: State
    raised_at: datetime
    changed_at: datetime
    paged_at: datetime | None = None
    pages: int = 0
    by: str = ""
    outcome: str = ""


def advance(escalation: Escalation, step: Step, at: datetime, by: str = "", outcome: str = "") -> Escalation:
    """The escalation after a step. Raises Conflict where the step is not open, and for a close without an outcome."""
    states, to = _OPEN_TO[step]
    if escalation.state not in states:
        raise Conflict(f"The escalation is {escalation.state.replace('_', ' ')}; it can't be changed to {to.replace('_', ' ')}.")
    if step == "close" and not outcome.strip():
        raise Conflict("Say what came of the escalation before you close it.")
    if step == "notify":
        return replace(escalation, state=to, paged_at=at, pages=escalation.pages + 1)
    return replace(escalation, state=to, changed_at=at, by=by or escalation.by, outcome=outcome or escalation.outcome)


def is_due(escalation: Escalation, now: datetime, every: timedelta) -> bool:
    """Whether it is to be paged (again): nobody has acknowledged it, and the last call lies long enough back."""
    waits = escalation.state in ("raised", "notified")
    return waits and (escalation.paged_at is None or now - escalation.paged_at >= every)
