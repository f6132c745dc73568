"""What review adds to the feed."""

from dataclasses import dataclass
from typing import ClassVar

from duologue.review.model import RatingValue, VerdictKind


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """A reviewer decided on a draft."""

    kind: ClassVar[str] = "VerdictGiven"
    verdict_id: str
    draft_id: str
    verdict: VerdictKind
    reviewer_id: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class MessageRated:
    """The person rated a message."""

    kind: ClassVar[str] = "MessageRated"
    message_id: str
    value: RatingValue
    reason: str


@dataclass(frozen=True, slots=True)
class LearningRefused:
    """A person does not want to be learnt from; what was learnt from these conversations is given up."""

    kind: ClassVar[str] = "LearningRefused"
    person_id: str
    conversation_ids: tuple[str, ...]
