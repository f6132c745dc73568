"""What can happen in the assistant's turns, as facts in the past tense. Their audience is always internal."""

from dataclasses import dataclass
from typing import ClassVar

from duologue.assistant.model import Draft, DraftStatus, RunStatus


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A turn began to answer the message `message_id`."""

    kind: ClassVar[str] = "RunStarted"
    run_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A turn ended; `reason` says why it did not send, empty where it did."""

    kind: ClassVar[str] = "RunFinished"
    run_id: str
    message_id: str
    status: RunStatus
    reason: str
    draft_id: str | None


@dataclass(frozen=True, slots=True)
class DraftReady:
    """A draft waits for an expert's verdict."""

    kind: ClassVar[str] = "DraftReady"
    draft: Draft


@dataclass(frozen=True, slots=True)
class DraftClosed:
    """A draft was decided on, or is stale. `by` is the member, or `system`."""

    kind: ClassVar[str] = "DraftClosed"
    draft_id: str
    status: DraftStatus
    by: str
