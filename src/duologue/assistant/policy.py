"""What a profession leaves to people: topics that always go to a person, and whether answers may be sent unsigned.

Found by patterns in the person's words, in both languages, before anything else is thought about them.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from duologue.assistant.host import Host
from duologue.assistant.skill import Reader, Skill
from duologue.assistant.tools import Tool
from duologue.kit.text import Lang, normalise


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject that always goes to a person. `patterns` are regular expressions by language, case aside."""

    name: str
    patterns: Mapping[Lang, Sequence[str]]
    team: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be sent unsigned, and what escalates. `drafts_only`: nothing is ever sent without a person."""

    topics: tuple[Topic, ...] = ()
    drafts_only: bool = False

    def find_topic(self, text: str) -> Topic | None:
        """The first topic whose pattern is found in the text."""
        text = normalise(text).casefold()
        for topic in self.topics:
            if any(_compiled(p).search(text) for patterns in topic.patterns.values() for p in patterns):
                return topic
        return None


NO_POLICY = Policy()


class Profession(Protocol):
    """What the assistant needs of a pack: its tools and its policy."""

    @property
    def name(self) -> str:
        """The pack's name, as desks refer to it."""
        ...

    @property
    def tools(self) -> Sequence[Tool]:
        """What the assistant may do."""
        ...

    @property
    def voice(self) -> Mapping[Lang, str]:
        """How it speaks, told to the model by language."""
        ...

    @property
    def readers(self) -> Sequence[Reader]:
        """What it sees in every message."""
        ...

    @property
    def skills(self) -> Sequence[Skill]:
        """What it answers by itself."""
        ...

    @property
    def policy(self) -> Policy:
        """What it leaves to people."""
        ...

    @property
    def may_leave(self) -> Callable[[Host, str], Awaitable[bool]]:
        """Whether what a workspace's persons write may leave this machine, for a model or a tool server elsewhere."""
        ...

    @property
    def redact(self) -> Callable[[str], tuple[str, Mapping[str, str]]] | None:
        """Takes personal data out of what goes to a model elsewhere; (the text, what its marks stand for)."""
        ...


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)
