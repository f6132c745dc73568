"""The desk's list, as a service: one page of a view with what the list shows of each conversation."""

from dataclasses import dataclass

from duologue.conversation import repository as conversations
from duologue.conversation.inbox import repository
from duologue.conversation.model import Conversation, Message, Status
from duologue.conversation.service import View
from duologue.store.database import Database


@dataclass(frozen=True, slots=True)
class Page:
    """Conversations in order, the last public message of each that has one, and how many each view holds."""

    conversations: tuple[Conversation, ...]
    last_messages: dict[str, Message]
    counts: dict[str, int]


class Inbox:
    """What the desk lists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get_page(
        self,
        workspace_id: str,
        view: View,
        member_id: str,
        *,
        status: Status | None = None,
        query: str = "",
        before: str = "",
        limit: int = 50,
    ) -> Page:
        """A page of a view: mine, waiting and ai show open conversations, all shows every one. `query` is searched in messages."""
        async with self._database.read() as tx:
            ids = await repository.list_ids(
                tx, workspace_id, view, member_id, status=status, query=query.strip(), before=before, limit=limit
            )
            found = await conversations.list_by_id(tx, workspace_id, ids)
            last = await repository.last_messages(tx, ids)
            return Page(tuple(found), last, await repository.count_views(tx, workspace_id, member_id))
