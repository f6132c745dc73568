"""The nouns that a pack may use. A pack imports this module and `kit`, and nothing else of the program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from duologue.assistant.policy import NO_POLICY, Policy, Topic
from duologue.assistant.tools import Caller, Refusal, Tool, ToolContext
from duologue.conversation.model import Citation, Conversation, Message
from duologue.kit.text import Lang

Title = Mapping[Lang, str]


@dataclass(frozen=True, slots=True)
class Source:
    """Knowledge that a pack brings: a folder of documents in one language."""

    folder: Path
    lang: Lang


@dataclass(frozen=True, slots=True)
class Task:
    """What `duologue eval <pack>` runs: labelled questions in JSON lines, and which of the program's abilities they measure."""

    name: str
    measures: Literal["retrieval"]
    questions: Path


@dataclass(frozen=True, slots=True)
class Panel:
    """A page of the pack at the desk: who sees it, and its ES module under the pack's `panels/`."""

    name: str
    title: Title
    roles: Sequence[str]
    module: str


@dataclass(frozen=True, slots=True)
class Pack:
    """A profession: what it knows, what it may do, and what it leaves to people. `voice` is told to the model before the rules."""

    name: str
    title: Title
    version: str
    tools: Sequence[Tool] = ()
    policy: Policy = NO_POLICY
    voice: Title = field(default_factory=dict)
    sources: Sequence[Source] = ()
    tasks: Sequence[Task] = ()
    panels: Sequence[Panel] = ()


__all__ = [
    "NO_POLICY",
    "Caller",
    "Citation",
    "Conversation",
    "Lang",
    "Message",
    "Pack",
    "Panel",
    "Policy",
    "Refusal",
    "Source",
    "Task",
    "Title",
    "Tool",
    "ToolContext",
    "Topic",
]
