"""Joins the packs to the program: finds them, gives each its host, brings its tables along, and lets it hear and work.

Knows the nouns of `sdk`, and no pack by name.
"""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points

from duologue.assistant.host import Host
from duologue.conversation.events import PersonErased
from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger
from duologue.learning.gather import Gather, Matter, Question, gather_plainly
from duologue.sdk import Chore, Pack, Watch
from duologue.store import feed
from duologue.store.database import Database, Handler, WriteTx
from duologue.store.migrate import Branch

log = get_logger(__name__)


def load_packs() -> tuple[Pack, ...]:
    """All installed packs, by name: this distribution's and those of others. Raises SetupError for one that cannot be loaded."""
    packs = []
    for point in sorted(entry_points(group="duologue.packs"), key=lambda p: p.name):
        try:
            packs.append(point.load())
        except Exception as error:
            raise SetupError(f"The pack {point.name} ({point.value}) cannot be loaded: {error}.") from error
    return tuple(packs)


def list_branches(packs: Sequence[Pack]) -> list[Branch]:
    """The lines of migrations that packs bring."""
    return [Branch(pack.name, pack.migrations) for pack in packs if pack.migrations is not None]


def choose_gather(packs: Sequence[Pack], hosts: Mapping[str, Host]) -> Gather:
    """How questions of one matter find each other: by the first pack that knows, and plainly where none does or it cannot."""

    async def gather(questions: Sequence[Question]) -> Sequence[Matter]:
        for pack in packs:
            if pack.gather is not None:
                try:
                    return await pack.gather(hosts[pack.name], questions)
                except ImportError as error:
                    log.info("the pack %s cannot gather questions (%s)", pack.name, error)
        return await gather_plainly(questions)

    return gather


def connect(database: Database, packs: Sequence[Pack], hosts: Mapping[str, Host]) -> None:
    """Have each pack forget who is erased, and hear of the events that it watches."""
    for pack in packs:
        database.handle(PersonErased.kind, _erasing(pack))
    watching = [(kind, watch, hosts[pack.name]) for pack in packs for kind, watch in pack.watches.items()]
    tasks: set[asyncio.Task[None]] = set()

    def on_commit(records: Sequence[feed.Record]) -> None:
        for record in records:
            for kind, watch, host in watching:
                if kind == record.kind:
                    task = asyncio.get_running_loop().create_task(_tell(watch, host, record))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)

    if watching:
        database.listen(on_commit)


def _erasing(pack: Pack) -> Handler:
    async def erase(tx: WriteTx, pending: feed.Pending) -> None:
        assert isinstance(pending.event, PersonErased)
        await pack.erase(tx, pending.workspace_id, pending.event.person_id)

    return erase


async def _tell(watch: Watch, host: Host, record: feed.Record) -> None:
    try:
        await watch(host, record)
    except Exception:
        log.exception("the pack %s could not take in %s", host.pack, record.kind)


def begin_chores(packs: Sequence[Pack], hosts: Mapping[str, Host], database: Database) -> list["asyncio.Task[None]"]:
    """The packs' chores, begun."""
    return [asyncio.create_task(_work(chore, hosts[pack.name], database)) for pack in packs for chore in pack.chores]


async def prepare_all(packs: Sequence[Pack], hosts: Mapping[str, Host], workspace_ids: Sequence[str]) -> None:
    """Have every pack make ready for the workspaces that have a desk of it; where one fails, its first message waits."""
    for pack in packs:
        for workspace_id in workspace_ids:
            try:
                if await hosts[pack.name].list_desks(workspace_id):
                    await pack.prepare(hosts[pack.name], workspace_id)
            except Exception:
                log.exception("%s could not be made ready; its first message will wait", pack.name)


FIRST_S = 60.0
"""A chore begins no later than this after the start: a program that is started anew each day would never come to a daily one."""


async def _work(chore: Chore, host: Host, database: Database) -> None:
    wait_s = min(chore.every_s, FIRST_S)
    while True:
        await asyncio.sleep(wait_s)
        wait_s = chore.every_s
        try:
            async with database.alone(f"{host.pack}.{chore.name}") as is_ours:
                if is_ours:
                    await chore.function(host)
        except Exception:
            log.exception("the chore %s of %s failed; it comes round again", chore.name, host.pack)
