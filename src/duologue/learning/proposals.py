"""Articles that the knowledge lacks, proposed from what persons asked: questions that nobody could answer, and answers that experts
corrected. An accepted one is knowledge at once; the next question is answered with its words, and cites it.

Nothing is stored but which questions are settled: what was asked and decided is the truth. Personal data are replaced by names
before anybody makes an article of them; names of persons are not found by patterns, so an expert reads before accepting.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from duologue.assistant.guard import Mask, is_injected
from duologue.kit.errors import Conflict, Invalid
from duologue.kit.text import Lang
from duologue.knowledge.model import Input
from duologue.knowledge.service import KnowledgeService
from duologue.learning import repository
from duologue.learning.examples import meaning_changed
from duologue.learning.gather import Gather, Question
from duologue.learning.harm import asks_for_secret
from duologue.learning.repository import Asked
from duologue.review.consent import ConsentService
from duologue.store import feed
from duologue.store.database import Database, WriteTx

Why = Literal["corrected", "unanswered"]
MOST_PROPOSALS, MOST_QUESTIONS, MOST_DAYS = 50, 20, 365
LONGEST_TITLE, LONGEST_BODY = 200, 20_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """An article to be: how often it was asked, what experts answered last (empty where nobody did), and the drafts it settles."""

    title: str
    body: str
    lang: Lang
    why: Why
    questions: tuple[str, ...]
    ids: tuple[str, ...]

    @property
    def count(self) -> int:
        """How often it was asked."""
        return len(self.ids)


class Proposals:
    """The proposals of all workspaces."""

    def __init__(self, database: Database, knowledge: KnowledgeService, consents: ConsentService, gather: Gather) -> None:
        self._database = database
        self._knowledge = knowledge
        self._consents = consents
        self._gather = gather
        database.handle("PersonErased", self._on_erased)

    async def list_(self, workspace_id: str, days: int = 60) -> list[Proposal]:
        """What the last days ask for, the most asked first; of persons who let their questions be learnt from."""
        after = self._database.clock.now() - timedelta(days=min(max(days, 1), MOST_DAYS))
        async with self._database.read() as tx:
            asked = await repository.list_asked(tx, workspace_id, after)
        consents = await self._consents.look(workspace_id)
        wanted = {one.draft_id: one for one in asked if consents.allow(one.person_id) and _is_wanted(one)}
        mask = Mask()
        matters = await self._gather([Question(one.draft_id, mask.hide(one.question)) for one in wanted.values()])
        found = [_propose(matter.name, matter.lang, [wanted[i] for i in matter.ids], mask) for matter in matters if matter.ids]
        return sorted(found, key=lambda p: (-p.count, not p.body, p.title))[:MOST_PROPOSALS]

    async def accept(self, workspace_id: str, ids: Sequence[str], title: str, body: str, lang: Lang, by: str) -> str:
        """Make an article of it, which can be cited at once; its name. Raises Invalid, Conflict where the file is not taken in."""
        title, body = " ".join(title.split())[:LONGEST_TITLE], body.strip()[:LONGEST_BODY]
        if not title or not body:
            raise Invalid("An article needs a title and a text.")
        if is_injected(body) or asks_for_secret(body):
            raise Invalid("This text speaks to the model or asks for secrets; an article may not.")
        name = f"learnt-{hashlib.sha256(title.encode()).hexdigest()[:12]}.{lang}.md"
        quoted = title.replace('"', "'")
        text = f'---\ntitle: "{quoted}"\n---\n\n# {title}\n\n{body}\n'
        report = await self._knowledge.ingest(workspace_id, [Input(name, text.encode(), "text/markdown")])
        if report.failed:
            raise Conflict(f"The article was not taken in: {report.failed[0][1]}")
        await self._close(workspace_id, ids, name, by)
        return name

    async def dismiss(self, workspace_id: str, ids: Sequence[str], by: str) -> None:
        """Say that these questions need no article."""
        await self._close(workspace_id, ids, "", by)

    async def _close(self, workspace_id: str, ids: Sequence[str], article: str, by: str) -> None:
        async with self._database.write() as tx:
            await repository.close_proposals(tx, workspace_id, list(ids), article, by)

    async def _on_erased(self, tx: WriteTx, pending: feed.Pending) -> None:
        person_id: str = getattr(pending.event, "person_id", "")
        await repository.delete_proposals_of(tx, pending.workspace_id, person_id)


def _is_wanted(one: Asked) -> bool:
    """Whether an answer was put right, or there was none; an edit of wording is no reason for an article."""
    if not one.question.strip() or is_injected(one.question):
        return False
    if one.verdict == "edit":
        return meaning_changed(one.draft_text, one.final_text)
    return one.verdict in ("respond", "reject") or (one.verdict in ("", "ignore") and one.is_unanswered)


def _propose(name: str, lang: Lang, asked: Sequence[Asked], mask: Mask) -> Proposal:
    answered = [one for one in asked if one.final_text.strip()]
    latest = max(answered, key=lambda one: one.at).final_text if answered else ""
    why: Why = "corrected" if answered else "unanswered"
    questions = tuple(dict.fromkeys(mask.hide(one.question) for one in asked))[:MOST_QUESTIONS]
    return Proposal(name, mask.hide(latest).strip(), lang, why, questions, tuple(one.draft_id for one in asked))
