"""Check, then do: autonomy as a workspace earns it. Earned what reviews said of answers, and says which may leave alone.

Nothing of the state is stored: the reviews are the truth, and the same reviews give the same thresholds (`earned.py`). Implements
the assistant's port `Autonomy`. An answer belongs to the fair sample by its message's id, which nobody chose: whoever reviews it
does not know.
"""

from dataclasses import dataclass, replace

from duologue.assistant.model import Draft
from duologue.assistant.service import AssistantService
from duologue.conversation.model import Conversation
from duologue.conversation.service import ConversationService
from duologue.kit.errors import Invalid, NotFound
from duologue.kit.text import Lang
from duologue.learning import repository
from duologue.learning.autonomy import Rules
from duologue.learning.earned import Earned, earn, is_drawn, to_outcome
from duologue.learning.examples import meaning_changed
from duologue.learning.pool import Key, Pool, explain, least_alpha
from duologue.learning.repository import Choice
from duologue.learning.risk import count, reliability, risk_by_coverage
from duologue.store import feed
from duologue.store.database import Database, WriteTx

NEVER = 1.01
"""A confidence that no answer has."""


@dataclass(frozen=True, slots=True)
class CellView:
    """A topic and language of a desk, for people: `code` says why it is or is not on autopilot, `numbers` with what."""

    topic: str
    lang: str
    threshold: float | None
    code: str
    numbers: dict[str, float | int]


@dataclass(frozen=True, slots=True)
class DeskView:
    """A desk: its cells, risk against coverage (threshold, coverage, risk), and reliability per model version.

    `least_alpha`: the smallest α that what is usual there leaves room for; None before enough was seen.
    """

    desk_id: str
    name: str
    cells: tuple[CellView, ...]
    curve: tuple[tuple[float, float, float], ...]
    reliability: dict[str, tuple[tuple[float, float, int], ...]]
    least_alpha: float | None = None


class AutonomyService:
    """Earned autonomy of all workspaces."""

    def __init__(
        self, database: Database, conversations: ConversationService, assistant: AssistantService, earned: Earned | None = None
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._assistant = assistant
        self._earned = earned or Earned()
        database.handle("PersonErased", self._on_erased)

    async def find_choice(self, workspace_id: str) -> Choice | None:
        """What the workspace chose; None: the fixed threshold holds."""
        async with self._database.read() as tx:
            return await repository.find_choice(tx, workspace_id)

    async def choose(self, workspace_id: str, choice: Choice | None) -> None:
        """Let autonomy be earned by these rules, or (None) set the threshold by hand again. Raises Invalid."""
        if choice is not None:
            rules = choice.rules
            if not (0.01 <= rules.alpha <= 0.5 and 0.01 <= rules.delta <= 0.5 and 0.05 <= rules.audit <= 1):
                raise Invalid("α and δ lie between 0.01 and 0.5, the share of blind reviews between 0.05 and 1.")
        async with self._database.write() as tx:
            await repository.put_choice(tx, workspace_id, choice)

    async def find_threshold(self, conversation: Conversation, lang: Lang) -> float | None:
        """From which confidence an answer may leave alone; above 1 where none may; None where the fixed threshold holds."""
        async with self._database.read() as tx:
            choice = await repository.find_choice(tx, conversation.workspace_id)
            if choice is None:
                return None
            kept = await self._earned.look(tx, conversation.workspace_id)
        key = (conversation.topic, lang)
        pool = await earn(kept, conversation.desk_id, choice.rules)
        threshold = pool.threshold(key, _rules(choice, conversation.topic))
        return NEVER if threshold is None else threshold

    async def overview(self, workspace_id: str) -> list[DeskView]:
        """Every desk with what it has earned, and why."""
        async with self._database.read() as tx:
            choice = await repository.find_choice(tx, workspace_id) or Choice(Rules(is_allowed=False))
            kept = await self._earned.look(tx, workspace_id)
        views = []
        for desk in await self._conversations.list_desks(workspace_id):
            mine = [one for one in kept.seen if one.desk_id == desk.id]
            pool = await earn(kept, desk.id, choice.rules)
            keys = sorted(set(pool.cells) | {("", "en"), ("", "zh")})
            cells = [_view(pool, key, _rules(choice, key[0])) for key in keys]
            outcomes = [to_outcome(one) for one in mine if one.kind != "down"]
            versions = sorted({one.model_version for one in mine})
            drawn = {
                version: tuple(
                    reliability([to_outcome(one) for one in mine if one.model_version == version and one.kind != "down"])
                )
                for version in versions
            }
            curve, least = tuple(risk_by_coverage(count(outcomes))), least_alpha(pool.tally, choice.rules)
            views.append(DeskView(desk.id, desk.name, tuple(cells), curve, drawn, least))
        return views

    # ---- blind reviews ---------------------------------------------------------------------------------------------------------

    async def next_audit(self, workspace_id: str) -> tuple[Draft | None, int]:
        """The next answer to be reviewed blindly, and how many wait."""
        async with self._database.read() as tx:
            choice = await repository.find_choice(tx, workspace_id)
            waiting = await repository.list_unaudited(tx, workspace_id) if choice else []
        drawn = [draft_id for draft_id, message_id, _, _ in waiting if choice and is_drawn(message_id, choice.rules.sampled)]
        if not drawn:
            return None, 0
        return await self._assistant.get_draft(workspace_id, drawn[-1]), len(drawn)

    async def audit(self, workspace_id: str, draft_id: str, member_id: str, *, final_text: str = "") -> None:
        """Say of an answer that left alone what it should have said; without `final_text` it was right. Raises NotFound."""
        draft = await self._assistant.get_draft(workspace_id, draft_id)
        if draft.status != "auto_sent":
            raise NotFound("This answer did not leave alone; decide on its draft instead.")
        final = final_text.strip()
        row = {
            "draft_id": draft_id, "workspace_id": workspace_id, "conversation_id": draft.conversation_id,
            "person_id": draft.person_id, "reviewer_id": member_id, "final_text": final or draft.body,
            "is_changed": bool(final) and meaning_changed(draft.body, final),
        }  # fmt: skip
        async with self._database.write() as tx:
            await repository.insert_audit(tx, row | {"decided_at": tx.now})

    async def _on_erased(self, tx: WriteTx, pending: feed.Pending) -> None:
        person_id: str = getattr(pending.event, "person_id", "")
        await repository.delete_of_person(tx, pending.workspace_id, [person_id])


def _rules(choice: Choice, topic: str) -> Rules:
    return replace(choice.rules, is_allowed=choice.rules.is_allowed and topic not in choice.forbidden)


def _view(pool: Pool, key: Key, rules: Rules) -> CellView:
    code, numbers = explain(pool, key, rules)
    return CellView(key[0], key[1], pool.threshold(key, rules), code, numbers)
