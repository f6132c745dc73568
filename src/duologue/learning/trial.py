"""A version on trial: some conversations are answered by it, the verdicts of both sides are compared, and a worse one goes back.

A conversation belongs to the trial by its id and keeps its model. Counted is what was said since the trial began: verdicts, blind
reviews and thumbs down, each once per answer. Nothing of the standing is stored: the verdicts are the truth. Whoever ends a trial
signs; that a worse version goes back needs nobody.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from duologue.accounts.service import AccountService
from duologue.kit.errors import Invalid
from duologue.kit.log import get_logger
from duologue.learning.champions import Champions
from duologue.learning.earned import Earned
from duologue.learning.examples import meaning_changed
from duologue.learning.gates import read_gates
from duologue.learning.registry import Promotion
from duologue.learning.repository import Seen
from duologue.learning.sequential import Standing, block_size, judge
from duologue.review.events import MessageRated, VerdictGiven
from duologue.store import feed
from duologue.store.database import Database

log = get_logger(__name__)

LEAST_SHARE, MOST_SHARE = 0.01, 0.5
LOOK_S = 60.0
"""Seconds after which trials are looked at though this process heard of no verdict: blind reviews, and other servers."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial and how it stands; `delta` is the probability with which a version that is not worse is sent back."""

    promotion: Promotion
    standing: Standing
    delta: float


class TrialService:
    """The trials of all workspaces, looked at after every verdict."""

    def __init__(self, database: Database, accounts: AccountService, champions: Champions, earned: Earned | None = None) -> None:
        self._database = database
        self._accounts = accounts
        self._champions = champions
        self._earned = earned or Earned()
        self._slugs: dict[str, str] = {}
        self._due: set[str] = set()
        self._said = asyncio.Event()
        database.listen(self._on_commit)

    def begin(self, workspace_id: str, version: str, share: float, by: str, by_name: str) -> Promotion:
        """Let a version answer a share of the conversations. Raises Invalid, Conflict, NotFound."""
        if not LEAST_SHARE <= share <= MOST_SHARE:
            raise Invalid("The share of conversations that a version is tried on lies between 1 % and 50 %.")
        return self._champions.registry(workspace_id).begin_trial(version, share, by, by_name, self._database.clock.now())

    def end(self, workspace_id: str, by: str, by_name: str) -> Promotion:
        """Let the champion answer everybody again. Raises Conflict where nothing is tried."""
        return self._champions.registry(workspace_id).end_trial(by, by_name, self._database.clock.now())

    async def look(self, workspace_id: str) -> Trial | None:
        """How the trial of a workspace stands, if one is on its way."""
        found = self._champions.registry(workspace_id).find_trial()
        if found is None:
            return None
        promotion = found[0]
        async with self._database.read() as tx:
            seen = (await self._earned.look(tx, workspace_id)).seen
        delta = read_gates(self._champions.folder, await self._find_slug(workspace_id)).false_return
        standing = await asyncio.to_thread(lambda: judge(pick(seen, promotion), block_size(promotion.share)))
        return Trial(promotion, standing, delta)

    async def check(self, workspace_id: str) -> bool:
        """Send a version back where its verdicts are worse; whether that was done."""
        trial = await self.look(workspace_id)
        registry = self._champions.registry(workspace_id)
        if trial is None or not trial.standing.is_worse(trial.delta) or registry.find_trial() is None:
            return False
        registry.end_trial("", "", self._database.clock.now(), is_worse=True)
        log.warning("the version %s was on trial and is sent back: its verdicts are worse", trial.promotion.version)
        return True

    async def work(self) -> None:
        """Look at the trials of this data folder, as long as the program runs: at the start, after every verdict, now and then."""
        due = set(self._champions.list_tried())
        while True:
            for workspace_id in due:
                try:
                    await self.check(workspace_id)
                except Exception:
                    log.exception("the trial of %s could not be looked at; it is tried again", workspace_id)
            try:
                await asyncio.wait_for(self._said.wait(), LOOK_S)
                due, self._due = self._due, set()
            except TimeoutError:
                due = set(self._champions.list_tried())
            self._said.clear()

    async def _find_slug(self, workspace_id: str) -> str:
        if workspace_id not in self._slugs:
            self._slugs = {one.id: one.slug for one in await self._accounts.list_workspaces()}
        return self._slugs.get(workspace_id, "")

    def _on_commit(self, records: Sequence[feed.Record]) -> None:
        self._due |= {r.workspace_id for r in records if r.kind in (VerdictGiven.kind, MessageRated.kind)}
        if self._due:
            self._said.set()


def pick(seen: Sequence[Seen], trial: Promotion) -> list[tuple[bool, bool]]:
    """(is of the challenger, is changed) of the answers that were judged since the trial began, each once, oldest first.

    The challenger's are those that it wrote in its conversations, the champion's those of the other conversations.
    """
    began, known = datetime.fromisoformat(trial.at), set()
    out = []
    for one in seen:
        is_mine = trial.holds(one.conversation_id)
        if one.at < began or one.message_id in known or is_mine != (one.model_version == trial.version):
            continue
        known.add(one.message_id)
        out.append((is_mine, meaning_changed(one.draft_text, one.final_text) if one.kind == "edit" else one.is_changed))
    return out
