"""What the pack keeps: versions of intents, approved answers, offers, surveys, outcomes, alarms. Frozen; knows no storage."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from duologue.kit.text import Lang

OfferState = Literal["proposed", "shown", "accepted", "declined", "dropped"]
"""Proposed to the expert; shown to the person; taken or turned down by the person; dropped by the expert."""
OPEN_OFFER: tuple[OfferState, ...] = ("proposed",)


@dataclass(frozen=True, slots=True)
class Version:
    """A set of examples by which intents were learned. `examples`: (text, intent or None) each; `card`: its scorecard as JSON."""

    id: str
    workspace_id: str
    number: int
    examples: tuple[tuple[str, str | None], ...]
    card: dict[str, Any]
    note: str
    by: str
    at: datetime
    is_active: bool


@dataclass(frozen=True, slots=True)
class ApprovedAnswer:
    """What is answered to an intent, in the words of a member."""

    workspace_id: str
    intent: str
    lang: Lang
    body: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """An item offered in a conversation; `propensity` 0..1 is the probability with which it was chosen for its `place` (from 0)."""

    id: str
    workspace_id: str
    conversation_id: str
    person_id: str
    item: str
    place: int
    score: float
    propensity: float
    reason: str
    state: OfferState
    by: str
    at: datetime
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SurveyRow:
    """A survey of one episode: what was predicted when it was sent, and the answer where there is one."""

    id: str
    workspace_id: str
    conversation_id: str
    person_id: str
    topic: str
    predicted: float
    score: int | None
    remark: str
    asked_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the turn for a person's message ended. `article`: the one that was written for it since, empty where none was."""

    message_id: str
    workspace_id: str
    conversation_id: str
    person_id: str
    question: str
    topic: str
    status: str
    reason: str
    at: datetime
    article: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A conversation that was going badly; `level` is the smoothed score 1..5."""

    id: str
    workspace_id: str
    conversation_id: str
    desk_id: str
    person_id: str
    level: float
    at: datetime
