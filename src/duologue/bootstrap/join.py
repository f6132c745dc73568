"""Joins the parts in their order, starts them and stops them. Says which engine answers; knows no route and no SQL."""

import asyncio
import contextlib
import ipaddress
import itertools
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from duologue.accounts.keys.service import KeyService
from duologue.accounts.passwords import Passwords
from duologue.accounts.service import AccountService
from duologue.accounts.tokens import Signer, load_key
from duologue.assistant.host import Host
from duologue.assistant.service import AssistantService
from duologue.bootstrap.engines import make_encoder, make_engine, make_mixed_encoder, make_options, make_quick_encoder, warm_up
from duologue.bootstrap.gateway import make_gateway
from duologue.bootstrap.lock import FolderLock
from duologue.bootstrap.packs import begin_chores, choose_gather, connect, list_branches, load_packs, prepare_all
from duologue.bootstrap.sample import prepare_samples
from duologue.bootstrap.speech import make_hear, make_say
from duologue.conversation.inbox.service import Inbox
from duologue.conversation.service import ConversationService
from duologue.interfaces import api, v1, web
from duologue.interfaces.api.app import Lifespan
from duologue.interfaces.platform import Platform
from duologue.kit.clock import Clock
from duologue.kit.errors import SetupError
from duologue.kit.log import get_logger
from duologue.kit.settings import Settings
from duologue.knowledge.service import KnowledgeService
from duologue.learning.blind import BlindCorrections
from duologue.learning.champions import Champions
from duologue.learning.datasets import Datasets
from duologue.learning.earned import Earned
from duologue.learning.erasure import Erasure
from duologue.learning.export import ExportService
from duologue.learning.lineage import Lineage
from duologue.learning.proposals import Proposals
from duologue.learning.rehearsals import Rehearsals
from duologue.learning.service import AutonomyService
from duologue.learning.study import Studies
from duologue.learning.trial import TrialService
from duologue.review.consent import ConsentService
from duologue.review.people import People
from duologue.review.recall import VerdictRecall
from duologue.review.service import ReviewService
from duologue.store.database import Database
from duologue.store.feed import KEPT
from duologue.store.listen import Listen
from duologue.store.migrate import upgrade

log = get_logger(__name__)

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
KEY_FILE = "person.key"
TICK_S = 15.0
TRIM_EVERY = 240
"""Ticks from one trimming of the feed to the next: an hour."""


def build(settings: Settings, *, passwords: Passwords | None = None, clock: Clock | None = None) -> Platform:
    """Join the parts. Nothing is read or changed but the key file in the data folder. Raises SetupError.

    Tests pass cheap passwords and a clock of their own.
    """
    _check_data_dir(settings.data_dir)
    packs, engine = load_packs(), make_engine(settings)
    database = Database(settings.resolved_database_url, clock=clock)
    signer = Signer(load_key(settings.data_dir / KEY_FILE))
    accounts = AccountService(database, signer, passwords=passwords, allow_sample=is_loopback(settings.host))
    conversations = ConversationService(database, lease_s=settings.lease_s)
    encoder = make_encoder(settings)
    knowledge = KnowledgeService(database, encoder, max_bytes=settings.max_upload_bytes)
    quick, mixed = make_quick_encoder(), make_mixed_encoder()
    consents, people = ConsentService(database), People(accounts, conversations)
    hosts = {
        pack.name: Host(
            pack.name, database, conversations, knowledge, engine, settings, pack.may_leave, quick, mixed, pack.redact,
            consents.look, people,
        )
        for pack in packs
    }  # fmt: skip
    connect(database, packs, hosts)
    assistant = AssistantService(
        database,
        conversations,
        knowledge,
        engine,
        memory=VerdictRecall(database, encoder, BlindCorrections()),
        packs=packs,
        hosts=hosts,
        settings=settings,
    )
    review = ReviewService(database, conversations, assistant)
    earned = Earned()
    autonomy = AutonomyService(database, conversations, assistant, earned)
    assistant.earn(autonomy)
    learning_dir, is_local = settings.data_dir / "learning", settings.engine == "local" and not settings.model_dir
    champions = Champions(learning_dir, engine, make_options(settings), is_local=is_local)
    assistant.choose_engines(champions)
    Erasure(database, learning_dir)
    exports = ExportService(database, conversations, review, consents)
    return Platform(
        settings=settings,
        database=database,
        accounts=accounts,
        keys=KeyService(database),
        conversations=conversations,
        inbox=Inbox(database),
        knowledge=knowledge,
        assistant=assistant,
        review=review,
        consents=consents,
        exports=exports,
        datasets=Datasets(exports, knowledge, champions),
        autonomy=autonomy,
        champions=champions,
        trials=TrialService(database, accounts, champions, earned),
        proposals=Proposals(database, knowledge, consents, choose_gather(packs, hosts)),
        lineage=Lineage(database, assistant, review, champions),
        rehearsals=Rehearsals(database.clock, conversations, assistant, knowledge, champions, consents),
        studies=Studies(settings, learning_dir),
        engine=engine,
        hear=make_hear(settings),
        say=make_say(settings),
        packs=packs,
        hosts=hosts,
    )


def create_app(platform: Platform, lifespan: Lifespan | None = None) -> FastAPI:
    """The whole web application over a platform: the API and the pages."""
    gateway = make_gateway(platform)
    platform.measures.append(gateway.render_metrics)
    app = api.create_app(api.join(platform), lifespan)
    app.mount("/v1", v1.create_app(gateway))
    panels = {pack.name: pack.folder / "panels" for pack in platform.packs if pack.folder is not None}
    origins = _read_origins(platform.settings.embed_origins)
    app.include_router(web.router(embed_origins=origins, panels=panels, listens=platform.hear is not None))
    return app


@asynccontextmanager
async def open_platform(settings: Settings, *, answers: bool = True) -> AsyncIterator[Platform]:
    """A platform, started and in the end stopped. Raises SetupError.

    Without `answers` the assistant sleeps: for commands that look or write beside a running server.
    """
    platform = build(settings)
    try:
        await start(platform, answers=answers)
        yield platform
    finally:
        await stop(platform, answers=answers)


async def start(platform: Platform, *, answers: bool = True) -> None:
    """Bring the database up to date, prepare the sample workspace where there is nothing, take up what a crash left."""
    await platform.database.check()
    await upgrade(platform.database, list_branches(platform.packs))
    if not answers:
        return
    await platform.knowledge.prepare()
    if platform.database.is_sqlite:
        lock = FolderLock(platform.settings.data_dir)
        lock.take()
        platform.on_stop.append(lock.release)
    await platform.assistant.start()
    if platform.settings.sample and is_loopback(platform.settings.host):
        await prepare_samples(platform)
    for work in (_tick(platform), _encode_missing(platform), Listen(platform.database).run(), platform.trials.work()):
        platform.tasks.append(asyncio.create_task(work))
    await platform.studies.take_up()
    platform.rehearsals.take_up()
    platform.tasks += begin_chores(platform.packs, platform.hosts, platform.database)
    if platform.settings.engine == "local":
        platform.tasks.append(asyncio.create_task(warm_up(platform.engine)))


async def make_ready(platform: Platform) -> None:
    """What a server does beside its first pages, so that the first message need not wait for it."""
    workspaces = [workspace.id for workspace in await platform.accounts.list_workspaces()]
    await prepare_all(platform.packs, platform.hosts, workspaces)


async def stop(platform: Platform, *, answers: bool = True) -> None:
    """Stop what runs, then close what is open."""
    for task in platform.tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    if answers:
        await platform.assistant.aclose()
    await platform.studies.aclose()
    await platform.rehearsals.aclose()
    await platform.champions.aclose()
    await platform.engine.aclose()
    for port in (platform.hear, platform.say):
        if port is not None:
            await port.aclose()
    await platform.database.aclose()
    for release in platform.on_stop:
        release()


async def _tick(platform: Platform) -> None:
    """Let leases run out, wake what was snoozed and trim the feed, as long as the platform lives."""
    for tick in itertools.count():
        try:
            now = platform.database.clock.now()
            await platform.conversations.expire_leases(now)
            await platform.conversations.wake_snoozed(now)
            if tick % TRIM_EVERY == 0:
                await platform.database.trim_feeds(now - KEPT)
        except Exception:
            log.exception("the clock's work failed; it is tried again")
        await asyncio.sleep(TICK_S)


async def _encode_missing(platform: Platform) -> None:
    """Make the vectors that another encoder would have to be asked for otherwise; search goes on by words meanwhile."""
    try:
        for workspace in await platform.accounts.list_workspaces():
            if made := await platform.knowledge.encode_missing(workspace.id):
                log.info("made %d vectors for %s", made, workspace.slug)
    except Exception:
        log.exception("vectors are missing; dense search finds less until the next start")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_origins(text: str) -> list[str]:
    origins = text.split()
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SetupError(f"DUOLOGUE_EMBED_ORIGINS: {origin} is not the address of a site, such as https://shop.example.")
    return origins


def _check_data_dir(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path, prefix=".probe-")
        os.close(handle)
        os.unlink(name)
    except OSError as error:
        why = error.strerror or str(error)
        raise SetupError(f"The data folder {path} cannot be written: {why}; name another one with --data-dir.") from error
