"""The nouns that a pack may use. A pack imports this module and `kit`, and nothing else of the program."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from duologue.assistant.guard import Danger, fence, find_dangers
from duologue.assistant.host import Consents, Host
from duologue.assistant.model import Answer, Draft, Reading, ReadingAlarm, Run, Turn
from duologue.assistant.policy import NO_POLICY, Policy, Topic
from duologue.assistant.retrieve import Found
from duologue.assistant.skill import ReadContext, Reader, Reply, Seen, Skill, SkillContext
from duologue.assistant.small_talk import find_small_talk
from duologue.assistant.tools import Caller, Refusal, Tool, ToolContext
from duologue.conversation.model import Citation, Conversation, Desk, HandoverReason, Message, Mode
from duologue.engine.protocol import ChatMessage, Encoder
from duologue.kit.errors import Forbidden
from duologue.kit.text import Lang
from duologue.knowledge.model import Hit, Passage, SearchResult
from duologue.learning.gather import Matter, Question
from duologue.store.database import Tx, WriteTx
from duologue.store.feed import Record
from duologue.store.schema import Id, Json, UtcTime, new_metadata

Title = Mapping[Lang, str]
Role = Literal["owner", "admin", "expert", "viewer", "person"]
Place = Literal["context", "page", "admin", "chat"]
SentenceVectors = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts in, one unit-length vector each out, (n, dim)."""
RANKS: tuple[Role, ...] = ("person", "viewer", "expert", "admin", "owner")


@dataclass(frozen=True, slots=True)
class Source:
    """Knowledge that a pack brings: a folder of documents in one language."""

    folder: Path
    lang: Lang


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of the program for a pack, in JSON lines, and which of its abilities that measures.

    `retrieval`: labelled questions on the pack's knowledge; `dialogues`: what must come of what a person says
    (`learning/exams.py`). Models that are to be promoted sit both. `answers`: questions whose answers alone are measured.
    """

    name: str
    measures: Literal["retrieval", "dialogues", "answers"]
    questions: Path


@dataclass(frozen=True, slots=True)
class PanelContext:
    """Who asks in a panel, and about what. `member_id` or `person_id` is set; `conversation` where the panel stands beside one;
    `confirm(password)` raises NotSignedIn where the member's password is wrong: for what is signed.
    """

    host: Host
    workspace_id: str
    role: Role
    lang: Lang
    member_id: str = ""
    member_name: str = ""
    team: str = ""
    person_id: str = ""
    conversation: Conversation | None = None
    confirm: Callable[[str], Awaitable[None]] | None = None

    def check_role(self, least: Role) -> None:
        """Raise Forbidden where the caller's role is lower."""
        if RANKS.index(self.role) < RANKS.index(least):
            raise Forbidden(f"The role {self.role} may not do this; it takes {least}.", action=least)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a person sent with a command, as the parameter of that type gets it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Download:
    """What a query answers with where a file is wanted."""

    name: str
    media_type: str
    content: bytes


PanelFunction = Callable[..., Awaitable[Any]]
"""`async def function(context: PanelContext, …) -> JSON values | frozen dataclass | Download`; its signature is its schema."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A page or a part of one: who sees it, what it may ask and do, and its ES module under the pack's `panels/`.

    `place`: `context` beside a conversation at the desk, `page` of its own, `admin` within the settings, `chat` for persons.
    `roles`: members' roles, or `person`. Queries change nothing; commands may.
    """

    name: str
    title: Title
    roles: Sequence[Role]
    module: str
    place: Place = "context"
    icon: str = "book"
    queries: Mapping[str, PanelFunction] = field(default_factory=dict)
    commands: Mapping[str, PanelFunction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chore:
    """Work that comes round while the program runs: `function(host)` every `every_s` seconds, on one process at a time."""

    name: str
    every_s: float
    function: Callable[[Host], Awaitable[None]]


Watch = Callable[[Host, Record], Awaitable[None]]
"""Hears of an event after its commit, at least while the program runs; what must not be lost belongs into a Chore."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What `duologue <pack> <name>` does: `async function(host, workspace_id, …) -> dict`; its signature is its options.

    Parameters without a default are arguments, paths are `Path`; the docstring is the help. Found by the entry point
    `duologue.errands`, which names a sequence of them.
    """

    name: str
    function: Callable[..., Awaitable[dict[str, Any]]]


Gather = Callable[[Host, Sequence[Question]], Awaitable[Sequence[Matter]]]
"""`async (host, questions) -> matters`: which questions are of one matter, each in one of them."""


class SampleDesk(Protocol):
    """What a pack's sample gets to prepare a workspace with, as if people had done it."""

    @property
    def host(self) -> Host:
        """The program, as the pack sees it."""
        ...

    @property
    def workspace_id(self) -> str:
        """The workspace that is prepared."""
        ...

    async def add_desk(self, name: str, mode: Mode) -> str:
        """A desk of this pack; its id."""
        ...

    async def add_member(self, role: Role, name: str, *, team: str = "", lang: Lang = "en", email: str = "") -> str:
        """A member with the sample password; his id."""
        ...

    async def start_person(self, name: str, lang: Lang) -> str:
        """A person; his id."""
        ...

    async def say(self, conversation_id: str, person_id: str, text: str) -> None:
        """The person writes, and the assistant's turn is waited for."""
        ...


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample workspace of the pack: `prepare` fills it at the first start; what it did before a crash, it finds done."""

    slug: str
    name: str
    lang: Lang
    prepare: Callable[[SampleDesk], Awaitable[None]]


async def _keeps_nothing(tx: WriteTx, workspace_id: str, person_id: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class LtiStep:
    """Where a browser goes to sign in at a learning platform, and the state that it keeps meanwhile."""

    url: str
    state: str


@dataclass(frozen=True, slots=True)
class LtiChoice:
    """Something that a teacher may add to his course: its title, and the signed fields that add it."""

    title: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LtiArrival:
    """Who arrives from a learning platform: a member (`member_email`) or a person, who is new where `person_id` is empty.

    `key` is the pack's own for `settle`; `page` the panel to show; with `choices` a teacher chooses, and `return_url` takes it.
    """

    workspace_id: str
    key: str
    name: str
    lang: Lang
    page: str
    person_id: str = ""
    member_email: str = ""
    choices: Sequence[LtiChoice] = ()
    return_url: str = ""


class LtiTool(Protocol):
    """A pack as a tool of learning platforms (LTI 1.3): what is asked, what a launch must hold, who that is. Knows no HTTP."""

    async def begin(self, host: Host, asked: Mapping[str, str], base_url: str) -> LtiStep:
        """A platform begins a launch. Raises Invalid, NotFound."""
        ...

    async def enter(self, host: Host, sent: Mapping[str, str], kept_state: str, base_url: str) -> LtiArrival:
        """A signed launch, with the state that this browser kept. Raises Forbidden for whatever of it does not hold."""
        ...

    async def settle(self, host: Host, arrival: LtiArrival, person_id: str) -> tuple[str, str]:
        """Keep which person a learner is; (the person that counts, the page that he sees)."""
        ...

    async def list_keys(self, host: Host) -> Mapping[str, Any]:
        """The tool's public keys, as a JWK set."""
        ...

    def in_words(self, message: str, lang: Lang) -> str:
        """The sentence of a refusal in the language of who arrives."""
        ...


async def _notes_nothing(host: Host, conversation: Conversation, member_id: str, member_name: str) -> None:
    """Reads are nobody's concern."""


async def _needs_nothing(host: Host, workspace_id: str) -> None:
    """The first message is read as fast as the next."""


async def _may_leave(host: Host, workspace_id: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Guard:
    """Which of the pack's conversations a member may read at the desk.

    `find_readable(host, conversations, member_id, team)`: the ids of those that he may. `ask`: the panel and its command that takes
    a `reason` and lets him in ("note/break_glass").
    """

    find_readable: Callable[[Host, Sequence[Conversation], str, str], Awaitable[set[str]]]
    ask: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A profession: what it knows, what it may do, and what it leaves to people. `voice` is told to the model before the rules.

    `folder` is the pack's own (its `panels/` are served); `migrations` holds the revisions of its tables; `erase` forgets a
    person in them, in the transaction that erases him everywhere. `watches`: by kind of event.
    `may_leave(host, workspace_id)`: whether what a workspace's persons write may leave this machine for a model or an MCP server.
    `redact(text)`: the text without personal data and what its marks stand for; a model elsewhere sees the marks alone.
    `note_read(host, conversation, member_id, member_name)`: a member has opened a conversation of its desks.
    `guard`: where not every member may read every conversation of its desks.
    `lti`: what makes it a tool of learning platforms.
    `prepare(host, workspace_id)`: reads or learns, behind the open door, what the first message would have to wait for.
    `gather`: its way to find questions of one matter, for the articles that the learning loop proposes.
    `starters`: questions that an empty chat offers. `topics`: how the topics that its readers set are called.
    """

    name: str
    title: Title
    version: str
    folder: Path | None = None
    tools: Sequence[Tool] = ()
    readers: Sequence[Reader] = ()
    skills: Sequence[Skill] = ()
    policy: Policy = NO_POLICY
    voice: Title = field(default_factory=dict)
    starters: Mapping[Lang, Sequence[str]] = field(default_factory=dict)
    topics: Mapping[str, Title] = field(default_factory=dict)
    sources: Sequence[Source] = ()
    tasks: Sequence[Task] = ()
    panels: Sequence[Panel] = ()
    chores: Sequence[Chore] = ()
    watches: Mapping[str, Watch] = field(default_factory=dict)
    migrations: Path | None = None
    erase: Callable[[WriteTx, str, str], Awaitable[None]] = _keeps_nothing
    may_leave: Callable[[Host, str], Awaitable[bool]] = _may_leave
    redact: Callable[[str], tuple[str, Mapping[str, str]]] | None = None
    note_read: Callable[[Host, Conversation, str, str], Awaitable[None]] = _notes_nothing
    prepare: Callable[[Host, str], Awaitable[None]] = _needs_nothing
    guard: Guard | None = None
    sample: Sample | None = None
    lti: LtiTool | None = None
    gather: Gather | None = None


def find_sentence_vectors() -> SentenceVectors | None:
    """The encoder of sentences that comes with the program, read once; None where its files or libraries are missing."""
    try:
        from duologue.engine.attentive_encoder import AttentiveEncoder

        return AttentiveEncoder().vectors
    except (FileNotFoundError, ImportError):
        return None


__all__ = [
    "NO_POLICY",
    "Answer",
    "Caller",
    "ChatMessage",
    "Chore",
    "Citation",
    "Consents",
    "Conversation",
    "Danger",
    "Desk",
    "Download",
    "Draft",
    "Encoder",
    "Errand",
    "Found",
    "Gather",
    "Guard",
    "HandoverReason",
    "Hit",
    "Host",
    "Id",
    "Json",
    "Lang",
    "LtiArrival",
    "LtiChoice",
    "LtiStep",
    "LtiTool",
    "Matter",
    "Message",
    "Mode",
    "Pack",
    "Panel",
    "PanelContext",
    "PanelFunction",
    "Passage",
    "Policy",
    "Question",
    "ReadContext",
    "Reader",
    "Reading",
    "ReadingAlarm",
    "Record",
    "Refusal",
    "Reply",
    "Role",
    "Run",
    "Sample",
    "SampleDesk",
    "SearchResult",
    "Seen",
    "SentenceVectors",
    "Skill",
    "SkillContext",
    "Source",
    "Task",
    "Title",
    "Tool",
    "ToolContext",
    "Topic",
    "Turn",
    "Tx",
    "Upload",
    "UtcTime",
    "WriteTx",
    "fence",
    "find_dangers",
    "find_sentence_vectors",
    "find_small_talk",
    "new_metadata",
]
