"""The persons of a workspace as packs may know them: how they are called, who is called so, and that one is forgotten everywhere.

Erasing is one list of what there is to erase, for the administrator's command and for a pack's retention alike.
"""

from collections.abc import Collection, Sequence

from duologue.accounts.service import AccountService
from duologue.conversation.service import ConversationService
from duologue.review import repository
from duologue.store.database import WriteTx


class People:
    """Names, search by name, and erasure."""

    def __init__(self, accounts: AccountService, conversations: ConversationService) -> None:
        self._accounts = accounts
        self._conversations = conversations

    async def names(self, workspace_id: str, person_ids: Collection[str]) -> dict[str, str]:
        """The names of these persons by id; who never gave one has an empty one."""
        return {p.id: p.name for p in (await self._accounts.find_persons(workspace_id, set(person_ids))).values()}

    async def find(self, workspace_id: str, words: Sequence[str], limit: int) -> list[str]:
        """The ids of persons whose name holds every one of these words."""
        return [p.id for p in await self._accounts.find_named(workspace_id, words, limit)]

    async def colleagues(self, workspace_id: str) -> dict[str, str]:
        """The names by id of the members who work with persons: experts, administrators and owners."""
        members = await self._accounts.list_members(workspace_id)
        return {m.id: m.name for m in members if m.is_active and m.role in ("owner", "admin", "expert")}

    async def erase(self, tx: WriteTx, workspace_id: str, person_id: str) -> list[str]:
        """Delete a person with all conversations, drafts, verdicts and ratings; the conversations' ids. Raises NotFound."""
        await self._accounts.erase_person(tx, workspace_id, person_id)
        await repository.delete_of_person(tx, workspace_id, person_id)
        return await self._conversations.erase_person(tx, workspace_id, person_id)
