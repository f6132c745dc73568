"""The sample workspaces that packs bring, each filled once by its pack, through the services, as if people had done it."""

import asyncio
from dataclasses import dataclass

from duologue.accounts.model import Role as MemberRole
from duologue.accounts.model import Workspace
from duologue.assistant.host import Host
from duologue.conversation.model import Mode
from duologue.interfaces.platform import Platform
from duologue.kit.errors import DuologueError
from duologue.kit.ids import new_id
from duologue.kit.log import get_logger
from duologue.kit.text import Lang
from duologue.sdk import Pack, Role, Sample

log = get_logger(__name__)

PASSWORD = "{slug}-demo"
TURN_S = 60.0


@dataclass
class Preparation:
    """What a sample works with (`sdk.SampleDesk`)."""

    platform: Platform
    host: Host
    workspace: Workspace

    @property
    def workspace_id(self) -> str:
        """The workspace that is prepared."""
        return self.workspace.id

    async def add_desk(self, name: str, mode: Mode) -> str:
        """A desk of the pack."""
        return (await self.platform.conversations.ensure_desk(self.workspace.id, name, mode, self.host.pack)).id

    async def add_member(self, role: Role, name: str, *, team: str = "", lang: Lang = "en", email: str = "") -> str:
        """A member with the sample password; the one who is there already where the address is known."""
        if role == "person":
            raise ValueError("a person is no member")
        address = email or f"{role}@{self.workspace.slug}.example"
        known = {m.email: m for m in await self.platform.accounts.list_members(self.workspace.id)}
        if address in known:
            return known[address].id
        return await _add_member(self.platform, self.workspace, role, address, name, team, lang)

    async def start_person(self, name: str, lang: Lang) -> str:
        """A person."""
        return (await self.platform.accounts.start_person(self.workspace.id, lang, name=name)).id

    async def say(self, conversation_id: str, person_id: str, text: str) -> None:
        """The person writes, and the assistant's turn is waited for."""
        ws = self.workspace.id
        posted = await self.platform.conversations.post_person_message(ws, conversation_id, person_id, new_id("smp"), text)
        loop = asyncio.get_running_loop()
        until = loop.time() + TURN_S
        while loop.time() < until and posted.conversation.controller.kind == "ai":
            runs = await self.platform.assistant.list_runs(ws, conversation_id)
            if any(run.message_id == posted.message.id and run.status != "running" for run in runs):
                return
            await asyncio.sleep(0.02)


async def _add_member(
    platform: Platform, workspace: Workspace, role: MemberRole, email: str, name: str, team: str, lang: Lang
) -> str:
    password = PASSWORD.format(slug=workspace.slug)
    return (await platform.accounts.add_member(workspace.id, email, name, role, password, team=team, lang=lang)).id


async def prepare_pack_samples(platform: Platform) -> None:
    """Make and fill what is missing. The owner comes last: a sample without one was cut short, and is filled again."""
    for pack in platform.packs:
        if pack.sample is None:
            continue
        try:
            await _prepare(platform, pack, pack.sample)
        except DuologueError as error:
            log.warning("the sample of the pack %s stays as it is: %s", pack.name, error.message)


async def _prepare(platform: Platform, pack: Pack, sample: Sample) -> None:
    known = {w.slug: w for w in await platform.accounts.list_workspaces()}
    workspace = known.get(sample.slug)
    if workspace is not None and not workspace.is_sample:
        return
    if workspace is None:
        workspace = await platform.accounts.create_workspace(sample.slug, sample.name, sample.lang, is_sample=True)
    if any(m.role == "owner" for m in await platform.accounts.list_members(workspace.id)):
        return
    log.info("preparing the sample workspace %s; this is done once", sample.slug)
    for folder in sorted({s.folder.parent for s in pack.sources}):
        for uri, error in (await platform.knowledge.ingest_folder(workspace.id, folder)).failed:
            log.warning("%s: %s", uri, error)
    await sample.prepare(Preparation(platform, platform.hosts[pack.name], workspace))
    await _add_member(platform, workspace, "owner", f"owner@{sample.slug}.example", "Owner", "", sample.lang)


async def list_sign_ins(platform: Platform) -> list[tuple[Workspace, list[str], str]]:
    """The sample workspaces with their members' addresses and their password."""
    found = []
    for workspace in await platform.accounts.list_workspaces():
        if workspace.is_sample:
            emails = [m.email for m in await platform.accounts.list_members(workspace.id) if m.is_active]
            found.append((workspace, emails, PASSWORD.format(slug=workspace.slug)))
    return found
