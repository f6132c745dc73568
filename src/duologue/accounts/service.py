"""Checks, then does: sign-ins, members, persons. Every method is scoped to one workspace; what is not in it does not exist.

Knows no HTTP. Passwords and tokens go in and out in clear and are stored hashed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from duologue.accounts import repository
from duologue.accounts.events import MemberChanged
from duologue.accounts.model import Member, Person, Role, Session, SignIn, Workspace, is_email
from duologue.accounts.passwords import Passwords
from duologue.accounts.throttle import Throttle
from duologue.accounts.tokens import PersonRef, Signer, hash_token, new_token
from duologue.kit.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.store.database import Database, WriteTx

SIGN_IN_DAYS = 14
SEEN_EVERY_S = 300
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True, slots=True)
class MemberChange:
    """What to change of a member; None leaves it."""

    name: str | None = None
    role: Role | None = None
    team: str | None = None
    lang: Lang | None = None
    is_active: bool | None = None
    password: str | None = None


class AccountService:
    """Workspaces, members and persons. `allow_sample` is False where the server listens to more than this machine."""

    def __init__(
        self, database: Database, signer: Signer, *, passwords: Passwords | None = None, allow_sample: bool = True
    ) -> None:
        self._database = database
        self._clock = database.clock
        self._signer = signer
        self._passwords = passwords or Passwords()
        self._allow_sample = allow_sample
        # 10 wrong passwords at once, then one in 30 s; per address thrice as many, for offices behind one address
        self._by_account = Throttle(10, 30, clock=self._clock)
        self._by_address = Throttle(30, 10, clock=self._clock)

    async def create_workspace(self, slug: str, name: str, lang: Lang, *, is_sample: bool = False) -> Workspace:
        """A new workspace. Raises Conflict where the slug is taken."""
        if not _SLUG.fullmatch(slug):
            raise Invalid("A workspace's short name has 1 to 63 small letters, digits or hyphens.", field="slug")
        workspace = Workspace(new_id("wsp"), slug, name.strip() or slug, lang, is_sample, self._clock.now())
        async with self._database.write() as tx:
            if await repository.find_workspace(tx, slug=slug):
                raise Conflict(f"There is already a workspace called {slug}.", slug=slug)
            await repository.insert_workspace(tx, workspace)
        return workspace

    async def get_workspace(self, slug: str = "") -> Workspace:
        """The workspace of that slug; the first one where none is named."""
        async with self._database.read() as tx:
            if slug:
                found = await repository.find_workspace(tx, slug=slug)
            else:
                found = next(iter(await repository.list_workspaces(tx)), None)
        if found is None and slug:
            raise NotFound(f"There is no workspace called {slug}.")
        if found is None:
            raise NotFound("There is no workspace yet; `duologue serve` prepares a sample, `duologue member add` makes yours.")
        return found

    async def list_workspaces(self) -> list[Workspace]:
        """All workspaces, oldest first."""
        async with self._database.read() as tx:
            return await repository.list_workspaces(tx)

    async def sign_in(self, slug: str, email: str, password: str, *, address: str = "", agent: str = "") -> tuple[str, Session]:
        """The token of a new sign-in, and the session; without a `slug` in the first workspace where the two fit.

        Raises NotSignedIn, TooManyRequests; tells nobody which e-mails exist.
        """
        email = email.strip().lower()
        self._by_address.take(address)
        async with self._database.read() as tx:
            workspaces = {w.id: w for w in await repository.list_workspaces(tx) if not slug or w.slug == slug}
            known = [c for c in await repository.list_credentials(tx, email) if c[0].workspace_id in workspaces]
        account = f"{slug}/{email}"
        self._by_account.take(account)
        found = None
        for member, password_hash in known:
            if await self._passwords.is_right(password, password_hash if member.is_active else None):
                found = member
                break
        if not known:
            await self._passwords.is_right(password, None)  # an unknown address costs as much as a known one
        if found is None:
            raise NotSignedIn("The e-mail address or the password is wrong.")
        session = await self._begin_session(workspaces[found.workspace_id], found, address, agent)
        self._by_account.forget(account)
        return session

    async def vouch(self, workspace_id: str, member_id: str, *, address: str = "", agent: str = "") -> tuple[str, Session]:
        """A sign-in without a password, for a member whom a door that the owner trusts has recognised. Raises NotFound."""
        member = await self.get_member(workspace_id, member_id)
        if not member.is_active:
            raise NotSignedIn("This member is not active; ask the owner.")
        async with self._database.read() as tx:
            workspace = await repository.find_workspace(tx, workspace_id=workspace_id)
        assert workspace is not None
        return await self._begin_session(workspace, member, address, agent)

    async def _begin_session(self, workspace: Workspace, found: Member, address: str, agent: str) -> tuple[str, Session]:
        if workspace.is_sample and not self._allow_sample:
            raise Forbidden("The sample workspace's passwords are public; it can be used on 127.0.0.1 only.")
        now, token = self._clock.now(), new_token()
        expires = now + timedelta(days=SIGN_IN_DAYS)
        sign_in = SignIn(new_id("ses"), workspace.id, found.id, address[:64], agent[:200], now, now, expires)
        async with self._database.write() as tx:
            await repository.delete_expired_sign_ins(tx, now)
            await repository.insert_sign_in(tx, sign_in, hash_token(token))
        return token, Session(sign_in, found, workspace)

    async def get_session(self, token: str) -> Session:
        """The session of a token. Raises NotSignedIn where it is unknown, revoked or over."""
        now = self._clock.now()
        async with self._database.read() as tx:
            found = await repository.find_sign_in(tx, hash_token(token)) if token else None
        if found is None or found[0].expires_at <= now or not found[1].is_active:
            raise NotSignedIn("Sign in to continue.")
        sign_in, member, workspace = found
        if workspace.is_sample and not self._allow_sample:
            raise NotSignedIn("The sample workspace can be used on 127.0.0.1 only.")
        if (now - sign_in.seen_at).total_seconds() > SEEN_EVERY_S:
            async with self._database.write() as tx:
                await repository.touch_sign_in(tx, sign_in.id, now)
        return Session(sign_in, member, workspace)

    async def list_sign_ins(self, workspace_id: str, member_id: str) -> list[SignIn]:
        """Where a member is signed in, newest first."""
        async with self._database.read() as tx:
            return await repository.list_sign_ins(tx, workspace_id, member_id, self._clock.now())

    async def revoke(self, workspace_id: str, member_id: str, sign_in_id: str) -> None:
        """End one sign-in of a member. Raises NotFound."""
        async with self._database.write() as tx:
            if not await repository.delete_sign_ins(tx, workspace_id, member_id, sign_in_id):
                raise NotFound("There is no such sign-in.")

    async def revoke_all(self, workspace_id: str, member_id: str, *, keep: str = "") -> int:
        """End all sign-ins of a member but `keep`; how many there were."""
        async with self._database.write() as tx:
            return await repository.delete_sign_ins(tx, workspace_id, member_id, keep=keep)

    async def add_member(
        self,
        workspace_id: str,
        email: str,
        name: str,
        role: Role,
        password: str,
        *,
        team: str = "",
        lang: Lang = "en",
        by: Member | None = None,
    ) -> Member:
        """A new member; `by` is None for the command line. Raises Conflict where the e-mail is known here."""
        email = email.strip().lower()
        if not is_email(email):
            raise Invalid("This is not an e-mail address.", field="email")
        _check_grant(by, None, role)
        password_hash = await self._passwords.hash(password)
        now = self._clock.now()
        member = Member(new_id("mem"), workspace_id, email, name.strip() or email, role, team.strip(), lang, True, now)
        async with self._database.write() as tx:
            if await repository.find_workspace(tx, workspace_id=workspace_id) is None:
                raise NotFound("There is no such workspace.")
            if await repository.find_credentials(tx, workspace_id, email):
                raise Conflict(f"{email} is already a member.", email=email)
            await repository.insert_member(tx, member, password_hash)
            await tx.append(workspace_id, MemberChanged(member, by.id if by else "system"))
        return member

    async def change_member(self, workspace_id: str, member_id: str, change: MemberChange, *, by: Member | None = None) -> Member:
        """Change a member. Raises NotFound, Forbidden, or Conflict where no owner would be left."""
        password_hash = await self._passwords.hash(change.password) if change.password is not None else None
        async with self._database.write() as tx:
            owners = await repository.lock_owners(tx, workspace_id)
            before = await repository.find_member(tx, workspace_id, member_id)
            if before is None:
                raise NotFound("There is no such member.")
            after = _changed(before, change)
            _check_grant(by, before, after.role)
            if owners == [member_id] and not (after.role == "owner" and after.is_active):
                raise Conflict("A workspace keeps at least one owner; make another member owner first.")
            await repository.update_member(tx, after, password_hash)
            if password_hash is not None or not after.is_active:
                await repository.delete_sign_ins(tx, workspace_id, member_id)
            await tx.append(workspace_id, MemberChanged(after, by.id if by else "system"))
        return after

    async def confirm(self, member: Member, password: str) -> None:
        """The member shows once more that it is he, as before he signs something. Raises NotSignedIn, TooManyRequests."""
        self._by_account.take(member.id)
        async with self._database.read() as tx:
            found = await repository.find_credentials(tx, member.workspace_id, member.email)
        if not await self._passwords.is_right(password, found[1] if found else None):
            raise NotSignedIn("The current password is wrong.")
        self._by_account.forget(member.id)

    async def change_own_password(self, session: Session, current: str, new: str) -> None:
        """Change one's password; other sign-ins end. Raises NotSignedIn where `current` is wrong."""
        member = session.member
        await self.confirm(member, current)
        password_hash = await self._passwords.hash(new)
        async with self._database.write() as tx:
            await repository.update_member(tx, member, password_hash)
            await repository.delete_sign_ins(tx, member.workspace_id, member.id, keep=session.sign_in.id)

    async def get_member(self, workspace_id: str, member_id: str) -> Member:
        """A member of this workspace, or NotFound."""
        async with self._database.read() as tx:
            found = await repository.find_member(tx, workspace_id, member_id)
        if found is None:
            raise NotFound("There is no such member.")
        return found

    async def list_members(self, workspace_id: str) -> list[Member]:
        """All members, deactivated ones too, by name."""
        async with self._database.read() as tx:
            return await repository.list_members(tx, workspace_id)

    async def start_person(self, workspace_id: str, lang: Lang, *, name: str = "", fields: dict[str, Any] | None = None) -> Person:
        """A new anonymous person."""
        person = Person(new_id("per"), workspace_id, name.strip()[:200], lang, fields or {}, self._clock.now())
        async with self._database.write() as tx:
            await repository.insert_person(tx, person)
        return person

    async def get_person(self, workspace_id: str, person_id: str) -> Person:
        """A person of this workspace, or NotFound."""
        async with self._database.read() as tx:
            found = await repository.find_person(tx, workspace_id, person_id)
        if found is None:
            raise NotFound("There is no such person.")
        return found

    async def find_persons(self, workspace_id: str, person_ids: set[str]) -> dict[str, Person]:
        """Those of the persons that exist in this workspace, by id."""
        async with self._database.read() as tx:
            return await repository.find_persons(tx, workspace_id, person_ids)

    async def find_named(self, workspace_id: str, words: Sequence[str], limit: int = 50) -> list[Person]:
        """Persons whose name holds every one of these words; none where there are no words."""
        async with self._database.read() as tx:
            return await repository.find_named(tx, workspace_id, words, limit) if words else []

    async def set_person_lang(self, workspace_id: str, person_id: str, lang: Lang) -> Person:
        """Note the language that a person chose."""
        async with self._database.write() as tx:
            found = await repository.find_person(tx, workspace_id, person_id)
            if found is None:
                raise NotFound("There is no such person.")
            person = replace(found, lang=lang)
            await repository.update_person(tx, person)
        return person

    async def erase_person(self, tx: WriteTx, workspace_id: str, person_id: str) -> None:
        """Delete a person's row inside the transaction that erases the rest. Raises NotFound."""
        if not await repository.delete_person(tx, workspace_id, person_id):
            raise NotFound("There is no such person.")

    def person_token(self, person: Person) -> str:
        """The token that makes its holder this person."""
        return self._signer.person_token(PersonRef(person.workspace_id, person.id))

    def read_person_token(self, token: str) -> PersonRef:
        """Whom a person's token names. Raises NotSignedIn."""
        return self._signer.read_person_token(token)

    def csrf(self, token: str) -> str:
        """The CSRF token of a session's or a person's token."""
        return self._signer.csrf(token)

    def is_csrf(self, token: str, given: str) -> bool:
        """Whether `given` is that CSRF token."""
        return self._signer.is_csrf(token, given)


def _changed(member: Member, change: MemberChange) -> Member:
    names = ("name", "role", "team", "lang", "is_active")
    return replace(member, **{n: v for n in names if (v := getattr(change, n)) is not None})


def _check_grant(by: Member | None, before: Member | None, role: Role) -> None:
    """Only an owner makes, changes or removes an owner; nobody else could otherwise lock an owner out."""
    touches_owner = role == "owner" or (before is not None and before.role == "owner")
    if touches_owner and by is not None and by.role != "owner":
        raise Forbidden("Only an owner may add, change or remove an owner.")
