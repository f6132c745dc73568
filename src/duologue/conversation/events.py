"""What can happen to a conversation, as facts in the past tense. `reduce.apply(initial, events)` rebuilds the fetched state.

Each event carries the new values whole, so that a reader needs no other source. `audience` of the stored event is `public` where
the person may see it, else `internal`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from duologue.conversation.model import Attention, Controller, Conversation, Message, Mode, Status
from duologue.kit.text import Lang


@dataclass(frozen=True, slots=True)
class ConversationStarted:
    """A person opened a conversation."""

    kind: ClassVar[str] = "ConversationStarted"
    conversation: Conversation


@dataclass(frozen=True, slots=True)
class MessagePosted:
    """A message was committed. Public ones move `last_public_seq`; `waiting_since` is the conversation's after it."""

    kind: ClassVar[str] = "MessagePosted"
    message: Message
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class ControlChanged:
    """Takeover, hand-over, hand-back, release or a change of mode: everything that moves the epoch, in one event."""

    kind: ClassVar[str] = "ControlChanged"
    controller: Controller
    lease_expires_at: datetime | None
    mode: Mode
    mode_override: Mode | None
    attention: Attention
    control_epoch: int
    by: str


@dataclass(frozen=True, slots=True)
class LeaseRenewed:
    """The expert in control was active; the epoch stays."""

    kind: ClassVar[str] = "LeaseRenewed"
    lease_expires_at: datetime


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """Opened again, snoozed or resolved. `episode_seq` is the seq after which the present episode starts.

    What is resolved waits no more: `waiting_since` is the conversation's after it.
    """

    kind: ClassVar[str] = "StatusChanged"
    status: Status
    snoozed_until: datetime | None
    episode_seq: int
    waiting_since: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class ConversationLabelled:
    """Topic, subject or language were set."""

    kind: ClassVar[str] = "ConversationLabelled"
    topic: str
    subject: str
    lang: Lang


@dataclass(frozen=True, slots=True)
class PersonErased:
    """A person's conversations were removed, their events with them; whoever shows one closes it."""

    kind: ClassVar[str] = "PersonErased"
    person_id: str
    conversation_ids: tuple[str, ...]


ConversationEvent = ConversationStarted | MessagePosted | ControlChanged | LeaseRenewed | StatusChanged | ConversationLabelled
