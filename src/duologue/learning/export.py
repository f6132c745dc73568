"""Examples as JSON lines that other trainers read.

sft: `messages` (TRL's and OpenAI's chat form). dpo: TRL's explicit `prompt`, `chosen`, `rejected`, and beside them OpenAI's
`input`, `preferred_output`, `non_preferred_output`. kto: TRL's `prompt`, `completion`, `label`. Each line carries its lineage
in `metadata`. Source of the forms: TRL "Dataset formats and types"; OpenAI fine-tuning guides for supervised and preference
data.
"""

from collections.abc import AsyncIterator
from typing import Any

from duologue.conversation.model import Message
from duologue.conversation.service import ConversationService
from duologue.kit.errors import NotFound
from duologue.learning import repository
from duologue.learning.examples import to_examples
from duologue.learning.model import Candidate, ChatTurn, Example, ExampleKind, ExportFormat
from duologue.review.model import Verdict
from duologue.review.service import ReviewService
from duologue.store.database import Database

PAGE = 500
_KIND: dict[ExportFormat, ExampleKind] = {"sft": "sft", "dpo": "preference", "kto": "label"}
_ROLE = {"person": "user", "ai": "assistant", "expert": "assistant"}


class ExportService:
    """Writes a workspace's verdicts as examples. What was erased in the meantime is not in them."""

    def __init__(self, database: Database, conversations: ConversationService, reviews: ReviewService) -> None:
        self._database = database
        self._conversations = conversations
        self._reviews = reviews

    async def lines(self, workspace_id: str, form: ExportFormat) -> AsyncIterator[dict[str, Any]]:
        """JSON objects, oldest verdict first, blind reviews last."""
        async for verdict in self._verdicts(workspace_id):
            prompt = await self._prompt(verdict)
            for example in to_examples(verdict, prompt) if prompt else ():
                if example.kind == _KIND[form]:
                    yield to_line(example, form)

    async def candidates(self, workspace_id: str) -> AsyncIterator[Candidate]:
        """Every example of the workspace's verdicts, with what decides whether it is learnt from."""
        async for verdict in self._verdicts(workspace_id):
            read_s = (verdict.decided_at - verdict.shown_at).total_seconds() if verdict.shown_at else None
            prompt = await self._prompt(verdict)
            for example in to_examples(verdict, prompt) if prompt else ():
                yield Candidate(example, verdict.person_id, verdict.decided_at, read_s)

    async def _verdicts(self, workspace_id: str) -> AsyncIterator[Verdict]:
        """Verdicts, oldest first, then blind reviews of what left alone."""
        after = ""
        while page := await self._reviews.list_verdicts_after(workspace_id, after=after, limit=PAGE):
            for verdict in page:
                yield verdict
            after = page[-1].id
        async with self._database.read() as tx:
            audits = await repository.list_audits(tx, workspace_id)
        for audit in audits:
            yield audit

    async def _prompt(self, verdict: Verdict) -> list[ChatTurn]:
        try:
            snapshot = await self._conversations.snapshot(verdict.workspace_id, verdict.conversation_id, "public")
        except NotFound:
            return []
        return to_prompt([m for m in snapshot.messages if m.seq <= verdict.responding_to_seq])


def to_prompt(messages: list[Message]) -> list[ChatTurn]:
    """Public messages as chat turns: notices left out, neighbours of one role joined, ending with the person's words."""
    turns: list[ChatTurn] = []
    for message in messages:
        role = _ROLE.get(message.author_kind)
        if role is None or message.kind != "text":
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1] = {"role": role, "content": turns[-1]["content"] + "\n" + message.body}
        else:
            turns.append({"role": role, "content": message.body})
    while turns and turns[0]["role"] == "assistant":
        turns.pop(0)
    return turns


def to_line(example: Example, form: ExportFormat) -> dict[str, Any]:
    """One example in the chosen form."""
    prompt = list(example.prompt)
    chosen = [{"role": "assistant", "content": example.chosen}]
    rejected = [{"role": "assistant", "content": example.rejected}]
    match form:
        case "sft":
            return {"messages": prompt + chosen, "metadata": example.lineage}
        case "dpo":
            openai = {"input": {"messages": prompt}, "preferred_output": chosen, "non_preferred_output": rejected}
            return {"prompt": prompt, "chosen": chosen, "rejected": rejected, **openai, "metadata": example.lineage}
        case "kto":
            return {"prompt": prompt, "completion": chosen, "label": example.is_good, "metadata": example.lineage}
