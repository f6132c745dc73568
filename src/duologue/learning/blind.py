"""What blind reviews put right, for the recall of corrections: the next answer to the same question knows them."""

from collections.abc import Hashable, Sequence

from duologue.learning import repository
from duologue.review.model import Verdict
from duologue.store.database import Tx


class BlindCorrections:
    """Implements the port `Others` of `review.recall`."""

    async def mark(self, tx: Tx, workspace_id: str) -> Hashable:
        """Another one as soon as there is another blind review, or one less."""
        return await repository.mark_audits(tx, workspace_id)

    async def list_corrections(self, tx: Tx, workspace_id: str) -> Sequence[Verdict]:
        """Blind reviews that changed what was said; one that found it right says nothing new."""
        return [verdict for verdict in await repository.list_audits(tx, workspace_id) if verdict.kind == "edit"]
