"""The sample workspace: a small shop for outdoor gear with its knowledge, members, past conversations and verdicts.

Everything goes through the services, as if people had done it. Prepared where the database is empty; what a crash left half
done is begun again: the owner is added last, and only then it counts as prepared.
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

from duologue.accounts.model import Member, Role, Workspace
from duologue.assistant.model import Draft
from duologue.bootstrap.pack_samples import prepare_pack_samples
from duologue.conversation.model import Conversation
from duologue.interfaces.platform import Platform
from duologue.kit.errors import Conflict, DuologueError, NotFound
from duologue.kit.ids import new_id
from duologue.kit.log import get_logger
from duologue.kit.text import Lang
from duologue.review.model import VerdictKind

log = get_logger(__name__)

SLUG = "ridgeline"
NAME = "Ridgeline Outfitters"
PACK = "support"
PASSWORD = "ridgeline-demo"


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of the sample workspace."""

    role: Role
    name: str
    lang: Lang
    team: str = ""

    @property
    def email(self) -> str:
        return f"{self.role}@ridgeline.example"


OWNER, ADMIN = Staff("owner", "Olivia Hart", "en"), Staff("admin", "Amir Haddad", "en")
EXPERT, VIEWER = Staff("expert", "Wen Li", "zh", "repairs"), Staff("viewer", "Vera Lund", "en")
SIGN_INS = tuple((who.email, PASSWORD) for who in (OWNER, ADMIN, EXPERT, VIEWER))
ASSISTED, CHECKED = "Orders and returns", "Repairs and warranty"
TURN_S = 60.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A past conversation: who asks what at which desk, and what the expert then did."""

    name: str
    lang: Lang
    desk: str
    question: str
    then: VerdictKind | Literal["nothing", "take_over", "ask_for_person", "resolve", "note"] = "nothing"
    text: str = ""


SCENES: tuple[Scene, ...] = (
    Scene("Emma", "en", ASSISTED, "Can I still cancel an order that has been packed?", "resolve"),
    Scene("子涵", "zh", ASSISTED, "国内七天无理由退货，运费谁出？", "resolve"),
    Scene("Jonas", "en", CHECKED, "How long is the warranty on tent poles?", "approve"),
    Scene("雅婷", "zh", CHECKED, "换一条拉链要多少钱？", "approve"),
    Scene(
        "Priya",
        "en",
        CHECKED,
        "My jacket was replaced under warranty after 14 months. Does the two years start again?",
        "edit",
        "No. A replacement does not restart the two years: replaced after 14 months, it has 10 months of cover left.",
    ),
    Scene(
        "Tom",
        "en",
        CHECKED,
        "Do you repair tents from other brands, and what does the check cost?",
        "edit",
        "Yes, we repair any brand. Looking at it and telling you what it needs costs nothing. You pay once you accept the quote.",
    ),
    Scene("Karl", "en", CHECKED, "Which wax should I use on my leather boots?", "reject", "It answers another question."),
    Scene("Sofia", "en", CHECKED, "Can you resole climbing shoes from another brand in Bristol?"),
    Scene("志强", "zh", CHECKED, "帐篷杆断了两节，修理要多久，多少钱？"),
    Scene("Liam", "en", ASSISTED, "I would like to talk to a person about my order, please.", "ask_for_person"),
    Scene(
        "Nora",
        "en",
        ASSISTED,
        "My parcel to Hong Kong has not moved for five days.",
        "take_over",
        "Hello Nora, I have your parcel in front of me and am calling the carrier now. I will write to you here within the hour.",
    ),
    Scene(
        "美玲",
        "zh",
        ASSISTED,
        "春节期间还能下单吗？什么时候发货？",
        "note",
        "Asked again by phone; the dates on the page are right.",
    ),
)


async def prepare_samples(platform: Platform) -> None:
    """Make the sample workspaces where there is none but samples, or finish those that were begun."""
    workspaces = await platform.accounts.list_workspaces()
    if any(not w.is_sample for w in workspaces):
        return
    await prepare_sample(platform)
    await prepare_pack_samples(platform)


async def prepare_sample(platform: Platform) -> None:
    """The shop, which is the first workspace and therefore the one that the pages show."""
    workspaces = await platform.accounts.list_workspaces()
    known = {w.slug: w for w in workspaces}
    workspace = known.get(SLUG) or await platform.accounts.create_workspace(SLUG, NAME, "en", is_sample=True)
    members = {m.email: m for m in await platform.accounts.list_members(workspace.id)}
    if OWNER.email in members:
        return
    log.info("preparing the sample workspace; this is done once")
    await _add_knowledge(platform, workspace)
    pack = PACK if any(p.name == PACK for p in platform.packs) else ""
    await platform.conversations.ensure_desk(workspace.id, ASSISTED, "autopilot", pack)
    await platform.conversations.ensure_desk(workspace.id, CHECKED, "copilot", pack)
    for who in (VIEWER, EXPERT, ADMIN):
        members[who.email] = members.get(who.email) or await _add_member(platform, workspace, who)
    await _forget_half_done(platform, workspace)
    for scene in SCENES:
        try:
            await _play(platform, workspace, members[EXPERT.email], scene)
        except DuologueError as error:
            log.warning("the sample conversation of %s stays as it is: %s", scene.name, error.message)
    await _add_member(platform, workspace, OWNER)


async def _add_knowledge(platform: Platform, workspace: Workspace) -> None:
    for pack in (p for p in platform.packs if p.name == PACK):
        for folder in sorted({s.folder.parent for s in pack.sources}):
            report = await platform.knowledge.ingest_folder(workspace.id, folder)
            for uri, error in report.failed:
                log.warning("%s: %s", uri, error)


async def _add_member(platform: Platform, workspace: Workspace, who: Staff) -> Member:
    return await platform.accounts.add_member(workspace.id, who.email, who.name, who.role, PASSWORD, team=who.team, lang=who.lang)


async def _forget_half_done(platform: Platform, workspace: Workspace) -> None:
    """Delete what an interrupted preparation left; nobody could sign in yet, so nothing of it is anybody's."""
    for conversation in await platform.conversations.list_(workspace.id, limit=1_000):
        try:
            async with platform.database.write() as tx:
                await platform.accounts.erase_person(tx, workspace.id, conversation.person_id)
                await platform.review.erase_person(tx, workspace.id, conversation.person_id)
                await platform.conversations.erase_person(tx, workspace.id, conversation.person_id)
        except NotFound:
            continue  # a person with several conversations was already erased


async def _play(platform: Platform, workspace: Workspace, expert: Member, scene: Scene) -> None:
    ws = workspace.id
    desks = {d.name: d for d in await platform.conversations.list_desks(ws)}
    person = await platform.accounts.start_person(ws, scene.lang, name=scene.name)
    conversation = await platform.conversations.start(ws, person.id, desks[scene.desk].id, scene.lang)
    posted = await platform.conversations.post_person_message(ws, conversation.id, person.id, new_id("smp"), scene.question)
    draft = await _wait_for_turn(platform, posted.conversation)
    match scene.then:
        case "resolve":
            await platform.conversations.resolve(ws, conversation.id, person.id)
        case "ask_for_person":
            asked = await platform.conversations.get(ws, conversation.id)
            if asked.controller.kind == "ai":
                await platform.conversations.request_human(None, None, ws, conversation.id, "asked_for_person", by=person.id)
        case "take_over":
            await platform.conversations.post_expert_message(ws, conversation.id, expert.id, new_id("smp"), scene.text, "public")
        case "note":
            await platform.conversations.post_expert_message(ws, conversation.id, expert.id, new_id("smp"), scene.text, "internal")
        case "approve" | "edit" | "reject" if draft:
            final = scene.text if scene.then == "edit" else ""
            reason = scene.text if scene.then == "reject" else ""
            shown = platform.database.clock.now()
            await platform.review.decide(ws, draft.id, expert.id, scene.then, final_body=final, reason=reason, shown_at=shown)


async def _wait_for_turn(platform: Platform, conversation: Conversation) -> Draft | None:
    """The draft that the turn ended with, if it did. Raises Conflict where it does not end."""
    ws = conversation.workspace_id
    loop = asyncio.get_running_loop()
    until = loop.time() + TURN_S
    while loop.time() < until:
        runs = await platform.assistant.list_runs(ws, conversation.id)
        if runs and runs[0].status != "running":
            drafts = await platform.assistant.list_drafts(ws, conversation.id)
            return next((d for d in drafts if d.status == "ready"), None)
        await asyncio.sleep(0.02)
    raise Conflict("The assistant did not finish its turn in time.")
