"""What a profession does within a conversation beside its tools: it reads each message, and it may answer by itself.

A Reader looks at every message of a person, whoever is in control and whether or not a model is at hand. A Skill writes an answer
inside a turn; what becomes of it (sent, drafted, handed over) is decided as for any other answer. Knows no storage.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from duologue.assistant.host import Host
from duologue.assistant.model import Answer, Reading, ReadingAlarm, Turn
from duologue.assistant.retrieve import Found
from duologue.conversation.model import Citation, Conversation, HandoverReason, Message
from duologue.kit.text import Lang
from duologue.store.database import WriteTx


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a reader gets beside the message. `history`: the public texts of this episode before it, oldest first."""

    host: Host
    conversation: Conversation
    message: Message
    lang: Lang
    history: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader saw in a message. `data`: JSON values, kept with the message.

    `topic` labels the conversation (a topic may bring a mode of its own); `alarm` hands it to a person before anything else is
    thought. `effect` writes to the pack's own tables, in the transaction that keeps the reading, once.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    topic: str | None = None
    subject: str | None = None
    alarm: ReadingAlarm | None = None
    effect: Callable[[WriteTx], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a person's message, once. One that `is_vital` and fails hands the conversation to a person.

    `judges_danger`: what sounds like an emergency is its alone to judge, where it has read the message; the house's own words for
    emergencies, which know no setting of the pack, are not said then.
    """

    name: str
    function: Callable[[ReadContext], Awaitable[Seen | None]]
    is_vital: bool = False
    judges_danger: bool = False


@dataclass(frozen=True, slots=True)
class SkillContext:
    """What a skill gets. `readings`: what the pack's readers saw in the message, behind what they saw in
    those before it that wait for the same answer (`Turn.unheard`); `answer`, `found`: for skills that come `last`."""

    host: Host
    turn: Turn
    readings: Sequence[Reading] = ()
    answer: Answer | None = None
    found: Found | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a skill would say. `confidence` 0..1 is compared with the desk's threshold.

    `data` stays with the message (also through a draft that an expert signs), so that a skill can find again what it asked; a
    `card` in it (`{"pack", "kind", …}`) is drawn by the pack's own module. `is_settled`: the words were written by people
    beforehand, so that a pack whose policy is drafts only may still send them. `must_sign`: never without an expert.
    `hand_over`: to a person, with `body` as a draft.
    """

    body: str
    confidence: float
    lang: Lang | None = None
    citations: tuple[Citation, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    is_settled: bool = False
    must_sign: bool = False
    hand_over: HandoverReason | None = None
    team: str = ""


@dataclass(frozen=True, slots=True)
class Skill:
    """Answers by itself, or not (None). `first`: before anything is looked up; `last`: where what was found would not be sent."""

    name: str
    function: Callable[[SkillContext], Awaitable[Reply | None]]
    when: Literal["first", "last"] = "first"
