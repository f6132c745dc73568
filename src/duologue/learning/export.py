"""Examples as JSON lines that other trainers read.

sft: `messages` (TRL's and OpenAI's chat form). dpo: TRL's explicit `prompt`, `chosen`, `rejected`, and beside them OpenAI's
`input`, `preferred_output`, `non_preferred_output`. kto: TRL's `prompt`, `completion`, `label`. Each line carries its lineage
in `metadata`. Source of the forms: TRL "Dataset formats and types"; OpenAI fine-tuning guides for supervised and preference
data.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from duologue.conversation.model import Message
from duologue.conversation.service import ConversationService
from duologue.learning import repository
from duologue.learning.examples import find_outcome, to_examples, to_label
from duologue.learning.model import Candidate, ChatTurn, Example, ExampleKind, ExportFormat
from duologue.review.consent import ConsentService
from duologue.review.model import Verdict
from duologue.review.service import ReviewService
from duologue.store.database import Database

PAGE = 500
_KIND: dict[ExportFormat, ExampleKind] = {"sft": "sft", "dpo": "preference", "kto": "label"}
_FORM: dict[ExampleKind, ExportFormat] = {kind: form for form, kind in _KIND.items()}
_ROLE = {"person": "user", "ai": "assistant", "expert": "assistant"}


class ExportService:
    """Writes a workspace's verdicts as examples. Who was erased in the meantime or does not consent is not in them."""

    def __init__(
        self, database: Database, conversations: ConversationService, reviews: ReviewService, consents: ConsentService
    ) -> None:
        self._database = database
        self._conversations = conversations
        self._reviews = reviews
        self._consents = consents

    async def lines(self, workspace_id: str, form: ExportFormat) -> AsyncIterator[dict[str, Any]]:
        """JSON objects, oldest verdict first, then blind reviews, then what persons and outcomes say of answers that left alone."""
        async for candidate in self.candidates(workspace_id):
            if candidate.may_learn and candidate.example.kind == _KIND[form]:
                yield to_line(candidate.example, form)

    async def candidates(self, workspace_id: str) -> AsyncIterator[Candidate]:
        """Every example of the workspace, with what decides whether it is learnt from."""
        consents = await self._consents.look(workspace_id)
        async for page in self._verdicts(workspace_id):
            spoken = await self._messages(workspace_id, [verdict.conversation_id for verdict in page])
            for verdict in page:
                read_s = (verdict.decided_at - verdict.shown_at).total_seconds() if verdict.shown_at else None
                messages = spoken.get(verdict.conversation_id, [])
                prompt = to_prompt([m for m in messages if m.seq <= verdict.responding_to_seq])
                for example in to_examples(verdict, prompt) if prompt else ():
                    yield Candidate(example, verdict.person_id, verdict.decided_at, read_s, consents.allow(verdict.person_id))
        async with self._database.read() as tx:
            unjudged = await repository.list_unjudged(tx, workspace_id)
        for start in range(0, len(unjudged), PAGE):
            some = unjudged[start : start + PAGE]
            spoken = await self._messages(workspace_id, [answer.conversation_id for answer in some])
            for answer in some:
                messages = spoken.get(answer.conversation_id, [])
                outcome = find_outcome([m for m in messages if m.seq > answer.seq], is_resolved=answer.is_resolved)
                prompt = to_prompt([m for m in messages if m.seq < answer.seq])
                for example in to_label(answer, prompt, outcome) if prompt and prompt[-1]["role"] == "user" else ():
                    yield Candidate(example, answer.person_id, answer.at, None, consents.allow(answer.person_id))

    async def _verdicts(self, workspace_id: str) -> AsyncIterator[list[Verdict]]:
        """Verdicts by pages, oldest first, then blind reviews of what left alone."""
        after = ""
        while page := await self._reviews.list_verdicts_after(workspace_id, after=after, limit=PAGE):
            yield page
            after = page[-1].id
        async with self._database.read() as tx:
            audits = await repository.list_audits(tx, workspace_id)
        for start in range(0, len(audits), PAGE):
            yield audits[start : start + PAGE]

    async def _messages(self, workspace_id: str, conversation_ids: Sequence[str]) -> dict[str, list[Message]]:
        return await self._conversations.list_public_messages(workspace_id, sorted(set(conversation_ids)))


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


def to_row(example: Example) -> dict[str, Any]:
    """An example as its line in a dataset."""
    return to_line(example, _FORM[example.kind])
