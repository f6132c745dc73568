"""What a person said of an answer: a verdict on a draft, a rating on a message. Immutable, with the whole lineage."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from duologue.assistant.model import Retrieved
from duologue.conversation.model import Citation
from duologue.kit.text import Lang

VerdictKind = Literal["approve", "edit", "reject", "respond", "ignore", "regenerate"]
RatingValue = Literal["up", "down"]
RejectReason = Literal["wrong", "unsupported", "incomplete", "tone", "policy", "language", "other"]

SENDING: frozenset[VerdictKind] = frozenset({"approve", "edit", "respond"})
"""The verdicts after which the person gets a message."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reviewer's decision on one draft, signed once.

    `question` is the message that the draft answers; `final_text` what was sent (empty where nothing was); `message_id` the
    sent message. `retrieved` lists the passages that the model saw, as the run kept them.
    """

    id: str
    workspace_id: str
    conversation_id: str
    person_id: str
    draft_id: str
    run_id: str
    message_id: str | None
    responding_to_seq: int
    kind: VerdictKind
    lang: Lang
    question: str
    draft_text: str
    final_text: str
    reason: str
    instruction: str
    reviewer_id: str
    model_version: str
    prompt_version: str
    confidence: float | None
    retrieved: tuple[Retrieved, ...]
    citations: tuple[Citation, ...]
    shown_at: datetime | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Rating:
    """A person's thumb on a message; a later one replaces an earlier one."""

    workspace_id: str
    conversation_id: str
    message_id: str
    person_id: str
    value: RatingValue
    reason: str
    rated_at: datetime
