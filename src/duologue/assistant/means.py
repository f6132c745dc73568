"""What turns work with, for all workspaces of a process, and which profession a conversation belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from duologue.assistant.host import Host
from duologue.assistant.model import Recall
from duologue.assistant.policy import Profession
from duologue.assistant.retrieve import Search
from duologue.conversation.model import Conversation
from duologue.conversation.service import ConversationService
from duologue.engine.protocol import Engine
from duologue.kit.text import Lang
from duologue.store.database import Database


class Autonomy(Protocol):
    """From which confidence answers may leave alone, where a workspace lets that be earned. Kept by `learning`."""

    async def find_threshold(self, conversation: Conversation, lang: Lang) -> float | None:
        """Above 1 where none may leave; None where the fixed threshold holds."""
        ...


class Engines(Protocol):
    """Which model answers in a workspace, and where one is tried beside it, in a conversation."""

    def find(self, workspace_id: str, conversation_id: str = "") -> Engine:
        """The model with which a turn begins now."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """`hosts`: what each profession gets of the program, by its name. `folder` is where tools may write."""

    database: Database
    conversations: ConversationService
    search: Search
    engine: Engine
    memory: Recall
    professions: Mapping[str, Profession]
    hosts: Mapping[str, Host]
    folder: Path
    timeout_s: float
    threshold: float

    async def find_profession(self, conversation: Conversation) -> Profession | None:
        """The profession of the conversation's desk, if it has one."""
        desks = {desk.id: desk for desk in await self.conversations.list_desks(conversation.workspace_id)}
        desk = desks.get(conversation.desk_id)
        return self.professions.get(desk.pack) if desk else None
