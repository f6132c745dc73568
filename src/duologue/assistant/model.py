"""The values of the assistant's turn: the run and its steps, the draft, the verdicts remembered.

Frozen; changed only by `service`. Knows nothing of how they are stored and of which model wrote.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from duologue.assistant.small_talk import COURTESIES, find_small_talk
from duologue.conversation.model import Citation, Conversation, HandoverReason, Message
from duologue.kit.text import Lang

RunStatus = Literal["running", "sent", "drafted", "handed_over", "superseded", "cancelled", "failed"]
DraftStatus = Literal["generating", "ready", "approved", "edited", "rejected", "superseded", "expired", "auto_sent"]
DraftKind = Literal["reply", "action"]
ActionState = Literal["waiting", "started", "done", "failed"]
PrecedentKind = Literal["approve", "edit", "respond"]

AnswerKind = Literal["none", "small_talk", "tool", "action", "precedent", "model", "quotes", "skill"]

OPEN_DRAFT: tuple[DraftStatus, ...] = ("generating", "ready")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a turn as it was: what went in, what came out, how long it took. Personal data is masked."""

    name: str
    started_at: datetime
    ms: float
    input: dict[str, Any]
    output: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A passage that a turn looked at, with the score of its search."""

    passage_id: str
    document_id: str
    title: str
    heading: str
    score: float


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of the assistant, from a person's message to its end.

    `signals` are the inputs of `confidence`, each 0..1; `attempt` counts beginnings, more than one after a crash.
    """

    id: str
    workspace_id: str
    conversation_id: str
    message_id: str
    responding_to_seq: int
    control_epoch: int
    last_public_seq: int
    instruction: str
    draft_id: str | None
    status: RunStatus
    reason: str
    model_version: str
    prompt_version: str
    confidence: float | None
    signals: dict[str, float]
    retrieved: tuple[Retrieved, ...]
    verdict_ids: tuple[str, ...]
    steps: tuple[Step, ...]
    error: str
    started_at: datetime
    finished_at: datetime | None
    person_id: str = ""
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Action:
    """A tool call that changes something and therefore waits for an expert. `result` is what came of it, for people."""

    tool: str
    arguments: dict[str, Any]
    state: ActionState = "waiting"
    result: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the assistant would say or do. Its fence is (`control_epoch`, `last_public_seq`); `reason` says why it was not sent."""

    id: str
    workspace_id: str
    conversation_id: str
    run_id: str
    responding_to_seq: int
    control_epoch: int
    last_public_seq: int
    question: str
    body: str
    lang: Lang
    citations: tuple[Citation, ...]
    status: DraftStatus
    confidence: float | None
    reason: str
    kind: DraftKind
    action: Action | None
    created_at: datetime
    closed_at: datetime | None = None
    person_id: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether an expert may still decide on it."""
        return self.status in OPEN_DRAFT


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn starts from. `history`: the public messages of this episode before the question, oldest first.

    `unheard`: what the person wrote right before `message` and nothing was made of, for the next message overtook it. People send
    one thought in several messages, or "hello?" after a cry for help: the turn answers them all.

    `pending` is a change that waited for approval when the person wrote on; `told` the code of the notice that is the last thing
    that the person heard, if it is one.

    `instruction` and `previous` are an expert's wish for another draft and the draft it is about; such a turn only drafts.
    """

    run_id: str
    conversation: Conversation
    message: Message
    lang: Lang
    history: tuple[Message, ...] = ()
    unheard: tuple[Message, ...] = ()
    instruction: str = ""
    previous: str = ""
    failed_before: int = 0
    pending: Draft | None = None
    told: str = ""

    @property
    def question(self) -> str:
        """The person's words, one message a line; without mere greetings where there is more."""
        if not self.unheard:
            return self.message.body
        words = [m.body for m in (*self.unheard, self.message)]
        return "\n".join(w for w in words if find_small_talk(w) not in COURTESIES) or self.message.body

    @property
    def asked_before(self) -> tuple[str, ...]:
        """What the person wrote earlier in this episode."""
        return tuple(m.body for m in self.history if m.author_kind == "person")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn would say. `grounded`: the share that its evidence supports, 0..1; `fit`: how well it meets the question.

    `data` goes with the message. `is_settled`: people wrote the words beforehand; `must_sign`: an expert signs, however sure it is.
    """

    kind: AnswerKind
    body: str
    lang: Lang
    citations: tuple[Citation, ...] = ()
    grounded: float = 0.0
    fit: float = 0.0
    dropped: tuple[str, ...] = ()
    verdict_id: str = ""
    action: Action | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    is_settled: bool = False
    must_sign: bool = False


@dataclass(frozen=True, slots=True)
class ReadingAlarm:
    """Why a message needs a person before anything else. `notice`: what the person reads at once, by language."""

    code: str
    reason: HandoverReason = "policy_topic"
    team: str = ""
    notice: Mapping[Lang, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a pack's reader saw in a person's message; kept with it and erased with its person."""

    workspace_id: str
    conversation_id: str
    person_id: str
    message_id: str
    seq: int
    pack: str
    name: str
    data: dict[str, Any]
    alarm: ReadingAlarm | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Precedent:
    """An answer that an expert approved, edited or wrote for a similar question. `score` 0..1: how alike the questions are.

    `exchanged`: what is asked for in its place where it is the same sentence about something else.
    """

    verdict_id: str
    question: str
    answer: str
    citations: tuple[Citation, ...]
    score: float
    lang: Lang
    kind: PrecedentKind
    exchanged: str = ""


class Recall(Protocol):
    """The assistant's memory of verdicts, kept by `review`. Only decisions that made an answer good are recalled."""

    async def find(self, workspace_id: str, question: str, lang: Lang, k: int) -> Sequence[Precedent]:
        """The `k` most alike, best first, in either language; empty where nothing is alike."""
        ...


@dataclass(frozen=True, slots=True)
class NoRecall:
    """A memory that is empty."""

    empty: tuple[Precedent, ...] = field(default=())

    async def find(self, workspace_id: str, question: str, lang: Lang, k: int) -> Sequence[Precedent]:
        return self.empty
