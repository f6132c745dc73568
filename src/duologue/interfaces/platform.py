"""What every face stands on: the joined services, and how a face that is a process of its own gets them. No face is known here.

`bootstrap` makes a Platform and hands it to the faces; a face never builds one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a command such as `duologue --version` shall not wait for databases and models to be imported
    import asyncio
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from duologue.accounts.keys.service import KeyService
    from duologue.accounts.service import AccountService
    from duologue.assistant.host import Host
    from duologue.assistant.service import AssistantService
    from duologue.conversation.inbox.service import Inbox
    from duologue.conversation.service import ConversationService
    from duologue.engine.protocol import Engine
    from duologue.engine.speech import Hear, Say
    from duologue.kit.settings import Settings
    from duologue.knowledge.service import KnowledgeService
    from duologue.learning.champions import Champions
    from duologue.learning.datasets import Datasets
    from duologue.learning.export import ExportService
    from duologue.learning.lineage import Lineage
    from duologue.learning.proposals import Proposals
    from duologue.learning.rehearsals import Rehearsals
    from duologue.learning.service import AutonomyService
    from duologue.learning.study import Studies
    from duologue.learning.trial import TrialService
    from duologue.review.consent import ConsentService
    from duologue.review.service import ReviewService
    from duologue.sdk import Pack
    from duologue.store.database import Database


@dataclass
class Platform:
    """The services of one process."""

    settings: Settings
    database: Database
    accounts: AccountService
    keys: KeyService
    conversations: ConversationService
    inbox: Inbox
    knowledge: KnowledgeService
    assistant: AssistantService
    review: ReviewService
    consents: ConsentService
    exports: ExportService
    datasets: Datasets
    autonomy: AutonomyService
    champions: Champions
    trials: TrialService
    lineage: Lineage
    proposals: Proposals
    rehearsals: Rehearsals
    studies: Studies
    engine: Engine
    hear: Hear | None
    say: Say | None
    packs: tuple[Pack, ...]
    hosts: dict[str, Host]
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    on_stop: list[Callable[[], None]] = field(default_factory=list)
    measures: list[Callable[[], str]] = field(default_factory=list)
    """What /metrics shows besides the platform's own, as text."""


@dataclass(frozen=True)
class Openers:
    """How the command line gets a platform (True: the assistant answers in it), how it serves one, and models alone.

    Both raise SetupError with one clear sentence.
    """

    open: Callable[[Settings, bool], AbstractAsyncContextManager[Platform]]
    serve: Callable[[Settings], None]
    serve_models: Callable[[Settings, tuple[Path, ...]], None]
