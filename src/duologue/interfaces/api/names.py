"""Display names of members, so that a page can say who speaks. Read once per workspace, again after a change or a minute."""

import time
from collections.abc import Sequence

from duologue.accounts.events import MemberChanged
from duologue.accounts.service import AccountService
from duologue.store.database import Database
from duologue.store.feed import Record

FRESH_S = 60.0


class Names:
    """Names by member id."""

    def __init__(self, database: Database, accounts: AccountService) -> None:
        self._accounts = accounts
        self._known: dict[str, tuple[float, dict[str, str]]] = {}
        database.listen(self._on_records)

    def _on_records(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.kind == MemberChanged.kind:
                self._known.pop(record.workspace_id, None)

    async def of(self, workspace_id: str) -> dict[str, str]:
        """Names of all members of a workspace, by id."""
        read_at, names = self._known.get(workspace_id, (-FRESH_S, {}))
        if time.monotonic() - read_at > FRESH_S:
            names = {m.id: m.name for m in await self._accounts.list_members(workspace_id)}
            self._known[workspace_id] = (time.monotonic(), names)
        return names
