"""The values of a conversation: four axes that are never folded into one status, and its messages.

Frozen; changed only by `service`. Knows nothing of how they are stored, of models or of drafts.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from duologue.kit.text import Lang

Status = Literal["open", "snoozed", "resolved"]
Mode = Literal["autopilot", "copilot", "human"]
ControllerKind = Literal["ai", "human", "queue"]
AttentionKind = Literal["none", "requested", "answered"]
AuthorKind = Literal["person", "ai", "expert", "system"]
Visibility = Literal["public", "internal"]
MessageKind = Literal["text", "notice", "marker"]
HandoverReason = Literal[
    "asked_for_person",
    "low_confidence",
    "policy_topic",
    "guard",
    "failed_turns",
    "tool_error",
    "model_unavailable",
    "bad_feedback",
    "copilot",
    "expert_left",
    "by_expert",
]
PostureScope = Literal["workspace", "desk", "topic"]


@dataclass(frozen=True, slots=True)
class Controller:
    """Who speaks for the house: the assistant, one expert (`id` = member) or a team's queue (`id` = team)."""

    kind: ControllerKind
    id: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind

    @classmethod
    def parse(cls, text: str) -> "Controller":
        """The inverse of `str`: `ai`, `human:<id>`, `queue:<team>`."""
        kind, _, ident = text.partition(":")
        for known in get_args(ControllerKind):
            if kind == known:
                return cls(known, ident)
        raise ValueError(text)


AI = Controller("ai")


@dataclass(frozen=True, slots=True)
class Attention:
    """Whether a person's eye is wanted. `at` is when it was requested or answered."""

    kind: AttentionKind = "none"
    reason: HandoverReason | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation. `mode` is the posture in force; `mode_override` is set where it is not inherited.

    `updated_at` moves with what the person can see; `waiting_since` is the person's first message that nobody has answered.
    """

    id: str
    workspace_id: str
    desk_id: str
    person_id: str
    lang: Lang
    topic: str
    subject: str
    status: Status
    snoozed_until: datetime | None
    mode: Mode
    mode_override: Mode | None
    controller: Controller
    lease_expires_at: datetime | None
    attention: Attention
    control_epoch: int
    last_seq: int
    last_public_seq: int
    episode_seq: int
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None

    @property
    def fence(self) -> "Fence":
        """What a turn must still find when it wants to speak."""
        return Fence(self.workspace_id, self.id, self.control_epoch, self.last_public_seq)


def as_public(conversation: Conversation) -> Conversation:
    """What its person may see of a conversation: without labels, lease, and the seqs of notes."""
    return replace(conversation, topic="", subject="", lease_expires_at=None, last_seq=conversation.last_public_seq)


@dataclass(frozen=True, slots=True)
class Citation:
    """A place in the knowledge: the passage, and the words of it that carry the claim."""

    passage_id: str
    document_id: str
    title: str
    heading: str
    quote: str
    number: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Author, visibility and kind are set by the server, never by a client."""

    id: str
    workspace_id: str
    conversation_id: str
    seq: int
    client_id: str
    author_kind: AuthorKind
    author_id: str
    visibility: Visibility
    kind: MessageKind
    body: str
    lang: Lang
    citations: tuple[Citation, ...]
    draft_id: str | None
    run_id: str | None
    data: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Fence:
    """The state that a turn began with. What a model wrote commits only where both numbers still stand."""

    workspace_id: str
    conversation_id: str
    control_epoch: int
    last_public_seq: int


@dataclass(frozen=True, slots=True)
class Desk:
    """A place where conversations arrive: a name, and the posture that it sets (None = inherit from the workspace)."""

    id: str
    workspace_id: str
    name: str
    mode: Mode | None
    pack: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation as one audience may see it, and the feed cursor up to which it is complete."""

    conversation: Conversation
    messages: tuple[Message, ...]
    cursor: int
