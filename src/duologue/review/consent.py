"""Who lets the assistant learn from what he wrote: a person's own word, and the workspace's rule where he said nothing.

Asked by whoever learns: recall, datasets, exports, proposed articles, replays, and the packs (`Host.consents`). A no is told inside
its transaction (`LearningRefused`), so that what was learnt from is given up at once; packs learn anew without it when they are
asked next.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from duologue.review import repository
from duologue.review.events import LearningRefused
from duologue.store.database import Database

ConsentRule = Literal["unless_refused", "only_given"]


@dataclass(frozen=True, slots=True)
class Consents:
    """A workspace's rule, and what persons said: may their conversations be learnt from?"""

    rule: ConsentRule = "unless_refused"
    said: Mapping[str, bool] | None = None

    def allow(self, person_id: str) -> bool:
        """Whether a person's conversations may be learnt from."""
        return (self.said or {}).get(person_id, self.rule == "unless_refused")

    def refuses(self, person_id: str) -> bool:
        """Whether a person said no himself."""
        return not (self.said or {}).get(person_id, True)


class ConsentService:
    """Consent to learning."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, workspace_id: str) -> Consents:
        """What holds in a workspace."""
        async with self._database.read() as tx:
            rule, said = await repository.find_consent_rule(tx, workspace_id), await repository.list_consents(tx, workspace_id)
        return Consents("only_given" if rule == "only_given" else "unless_refused", said)

    async def choose(self, workspace_id: str, rule: ConsentRule) -> None:
        """What holds of persons who said nothing; for what is learnt from now on."""
        async with self._database.write() as tx:
            await repository.put_consent_rule(tx, workspace_id, rule)

    async def say(self, workspace_id: str, person_id: str, *, may_learn: bool) -> None:
        """A person's word; the latest holds. A no takes what was theirs out of every dataset."""
        async with self._database.write() as tx:
            await repository.put_consent(tx, workspace_id, person_id, may_learn=may_learn)
            if not may_learn:
                conversations = await repository.list_conversations_of(tx, workspace_id, person_id)
                await tx.append(workspace_id, LearningRefused(person_id, tuple(conversations)))
