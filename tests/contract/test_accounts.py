"""Accounts on both databases: what is unique, what is scoped, and two owners who remove each other at the same moment."""

import asyncio

import pytest

from duologue.accounts.model import Role
from duologue.accounts.passwords import Passwords
from duologue.accounts.service import AccountService, MemberChange
from duologue.accounts.tokens import KEY_BYTES, Signer
from duologue.kit.clock import FrozenClock
from duologue.kit.errors import Conflict, Invalid, NotFound, NotSignedIn
from duologue.store.database import Database

PASSWORD = "a long password"


@pytest.fixture
def accounts(database: Database) -> AccountService:
    return AccountService(database, Signer(b"k" * KEY_BYTES), passwords=Passwords.cheap())


async def add(accounts: AccountService, workspace_id: str, name: str, role: Role = "owner") -> str:
    """A new member; the id."""
    return (await accounts.add_member(workspace_id, f"{name}@one.example", name, role, PASSWORD)).id


async def test_what_is_unique(accounts: AccountService) -> None:
    one = await accounts.create_workspace("one", "One", "en")
    two = await accounts.create_workspace("two", "Two", "zh")
    with pytest.raises(Conflict):
        await accounts.create_workspace("one", "Again", "en")
    with pytest.raises(Invalid):
        await accounts.create_workspace("Not A Slug", "x", "en")
    await add(accounts, one.id, "ada")
    with pytest.raises(Conflict):
        await accounts.add_member(one.id, " ADA@one.example ", "again", "viewer", PASSWORD)
    await add(accounts, two.id, "ada")
    with pytest.raises(NotFound):
        await add(accounts, "wsp_nowhere", "ada")
    assert (await accounts.get_workspace()).slug == "one"
    assert (await accounts.get_workspace("two")).lang == "zh"


async def test_a_member_is_of_one_workspace(accounts: AccountService) -> None:
    one = await accounts.create_workspace("one", "One", "en")
    two = await accounts.create_workspace("two", "Two", "en")
    ada = await add(accounts, one.id, "ada")
    with pytest.raises(NotFound):
        await accounts.get_member(two.id, ada)
    with pytest.raises(NotFound):
        await accounts.change_member(two.id, ada, MemberChange(name="x"))
    with pytest.raises(NotSignedIn):
        await accounts.sign_in("two", "ada@one.example", PASSWORD)


async def test_a_token_is_a_session_until_it_is_revoked(accounts: AccountService, clock: FrozenClock) -> None:
    one = await accounts.create_workspace("one", "One", "en")
    ada = await add(accounts, one.id, "ada")
    token, made = await accounts.sign_in("one", "ada@one.example", PASSWORD, address="192.0.2.1", agent="A browser")
    found = await accounts.get_session(token)
    assert (found.member.id, found.workspace.id, found.sign_in.id) == (ada, one.id, made.sign_in.id)
    clock.advance(3_600)
    await accounts.get_session(token)
    (listed,) = await accounts.list_sign_ins(one.id, ada)
    assert (listed.seen_at - listed.created_at).total_seconds() == 3_600
    for wrong in ("", token[:-1], token + "x", listed.id):
        with pytest.raises(NotSignedIn):
            await accounts.get_session(wrong)
    await accounts.revoke(one.id, ada, listed.id)
    with pytest.raises(NotSignedIn):
        await accounts.get_session(token)
    with pytest.raises(NotFound):
        await accounts.revoke(one.id, ada, listed.id)


async def test_two_owners_cannot_remove_each_other(accounts: AccountService) -> None:
    for attempt in range(5):
        workspace = await accounts.create_workspace(f"w{attempt}", "W", "en")
        members = [
            await accounts.get_member(workspace.id, await add(accounts, workspace.id, name)) for name in ("ada", "bob", "cem")
        ]
        changes = [
            accounts.change_member(workspace.id, other.id, MemberChange(is_active=False), by=by)
            for by, other in zip(members, members[1:] + members[:1], strict=True)
        ]
        done = await asyncio.gather(*changes, return_exceptions=True)
        assert sum(isinstance(d, Conflict) for d in done) == 1, done
        left = [m for m in await accounts.list_members(workspace.id) if m.is_active and m.role == "owner"]
        assert len(left) == 1


async def test_persons(accounts: AccountService, database: Database) -> None:
    one = await accounts.create_workspace("one", "One", "en")
    two = await accounts.create_workspace("two", "Two", "en")
    person = await accounts.start_person(one.id, "zh", name="子涵", fields={"plan": "gold"})
    ref = accounts.read_person_token(accounts.person_token(person))
    assert (ref.workspace_id, ref.person_id) == (one.id, person.id)
    assert await accounts.get_person(one.id, person.id) == person
    assert (await accounts.set_person_lang(one.id, person.id, "en")).fields == {"plan": "gold"}
    assert await accounts.find_persons(two.id, {person.id}) == {}
    for workspace_id in (two.id, "wsp_nowhere"):
        with pytest.raises(NotFound):
            await accounts.get_person(workspace_id, person.id)
        with pytest.raises(NotFound):
            async with database.write() as tx:
                await accounts.erase_person(tx, workspace_id, person.id)
    async with database.write() as tx:
        await accounts.erase_person(tx, one.id, person.id)
    with pytest.raises(NotFound):
        await accounts.get_person(one.id, person.id)
