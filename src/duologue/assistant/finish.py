"""Makes a turn's outcome true, in one transaction behind the fence: a message, a draft, or a hand-over; and the run ends with it.

Either all of it happens or nothing: where the conversation went on meanwhile, the run ends as superseded and nobody hears anything.
"""

from dataclasses import dataclass, replace

from duologue.assistant import notices, repository
from duologue.assistant.decide import Case, Decision, decide
from duologue.assistant.events import DraftReady, RunFinished
from duologue.assistant.model import Answer, Draft, Retrieved, Run, RunStatus, Turn
from duologue.assistant.turn import Outcome
from duologue.conversation.model import Conversation, Message
from duologue.conversation.service import ConversationService
from duologue.kit.ids import new_id
from duologue.kit.text import Lang
from duologue.store.database import WriteTx


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, and what came of it."""

    run: Run
    draft: Draft | None = None
    message: Message | None = None


class AlreadyEnded(Exception):
    """Another execution of the same run was faster; the transaction is rolled back."""


async def finish(tx: WriteTx, conversations: ConversationService, turn: Turn, outcome: Outcome, run: Run) -> Ended:
    """Store what the turn came to. Raises AlreadyEnded."""
    run = _describe(run, outcome)
    now = await conversations.lock(tx, turn.conversation.workspace_id, turn.conversation.id)
    if now.fence != turn.conversation.fence or now.status != "open":
        return await end(tx, run, "superseded", "conversation_moved_on")
    if now.controller.kind != "ai" and not turn.instruction:
        return await end(tx, run, "superseded", "person_in_control")
    decision = outcome.decision
    if outcome.case is not None and outcome.case.mode != now.mode:
        decision = decide(replace(outcome.case, mode=now.mode))
    if decision.kind == "send" and outcome.case is not None:
        return await _send(tx, conversations, turn, outcome.case, run, takes_up=not outcome.is_taken_back)
    if decision.kind == "hand_over":
        return await _hand_over(tx, conversations, turn, outcome, decision, run)
    return await _keep_draft(tx, conversations, turn, outcome, decision, run, now)


async def end(
    tx: WriteTx, run: Run, status: RunStatus, reason: str = "", draft: Draft | None = None, message: Message | None = None
) -> Ended:
    """Store the end of a run, once."""
    run = replace(run, status=status, reason=reason[:32], draft_id=draft.id if draft else None, finished_at=tx.now)
    if not await repository.update_run(tx, run):
        raise AlreadyEnded(run.id)
    happened = RunFinished(run.id, run.message_id, status, run.reason, run.draft_id)
    await tx.append(run.workspace_id, happened, conversation_id=run.conversation_id)
    return Ended(run, draft, message)


def _describe(run: Run, outcome: Outcome) -> Run:
    """The run with what the turn saw."""
    hits = outcome.found.result.hits if outcome.found else ()
    retrieved = tuple(Retrieved(h.passage.id, h.passage.document_id, h.passage.title, h.passage.heading, h.score) for h in hits)
    verdicts = tuple(p.verdict_id for p in outcome.found.precedents) if outcome.found else ()
    sure = outcome.case.confidence if outcome.case else None
    return replace(run, confidence=sure, signals=outcome.signals, retrieved=retrieved, verdict_ids=verdicts)


def _make_draft(turn: Turn, run: Run, case: Case, at: Conversation, reason: str, tx: WriteTx) -> Draft:
    """A draft behind the fence of `at`, the conversation as it is when the draft is stored."""
    answer: Answer = case.answer
    return Draft(
        id=new_id("drf"), workspace_id=run.workspace_id, conversation_id=run.conversation_id, run_id=run.id,
        responding_to_seq=turn.message.seq, control_epoch=at.control_epoch, last_public_seq=at.last_public_seq,
        question=turn.question, body=answer.body, lang=answer.lang, citations=answer.citations, status="ready",
        confidence=case.confidence, reason=reason, kind="action" if answer.action else "reply", action=answer.action,
        created_at=tx.now, person_id=run.person_id, data=dict(answer.data),
    )  # fmt: skip


def _keeps(turn: Turn, outcome: Outcome, now: Conversation) -> bool:
    """Whether a change that waited for approval waits on: the person wrote something else, and did not take it back."""
    asks_for_another = outcome.case is not None and outcome.case.answer.action is not None
    return turn.pending is not None and now.mode == "autopilot" and not (outcome.is_taken_back or asks_for_another)


def _renew(pending: Draft, turn: Turn, run: Run, at: Conversation, tx: WriteTx) -> Draft:
    """The same change once more, behind the fence of `at`: what was written since has been looked at."""
    return replace(
        pending, id=new_id("drf"), run_id=run.id, responding_to_seq=turn.message.seq, control_epoch=at.control_epoch,
        last_public_seq=at.last_public_seq, status="ready", reason="needs_approval", created_at=tx.now, closed_at=None,
    )  # fmt: skip


async def _lay_before(tx: WriteTx, draft: Draft) -> None:
    """Store a draft for the experts."""
    await repository.insert_draft(tx, draft)
    await tx.append(draft.workspace_id, DraftReady(draft), conversation_id=draft.conversation_id)


async def _send(
    tx: WriteTx, conversations: ConversationService, turn: Turn, case: Case, run: Run, *, takes_up: bool = True
) -> Ended:
    answer = case.answer
    draft = replace(_make_draft(turn, run, case, turn.conversation, "", tx), status="auto_sent", closed_at=tx.now)
    data = {**answer.data, "model": run.model_version, "made_of": answer.kind}
    if answer.verdict_id:
        data |= {"verified_by_team": "true", "verdict_id": answer.verdict_id}
    message = await conversations.commit_ai(
        tx, turn.conversation.fence, client_id=run.id, body=answer.body, lang=answer.lang, citations=answer.citations,
        run_id=run.id, draft_id=draft.id, data=data,
    )  # fmt: skip
    if message is None:
        return await end(tx, run, "superseded", "conversation_moved_on")
    await repository.insert_draft(tx, draft)
    if takes_up:
        await _take_up_promised(tx, conversations, turn.conversation)
    return await end(tx, run, "sent", "", draft, message)


async def _take_up_promised(tx: WriteTx, conversations: ConversationService, before: Conversation) -> None:
    """The draft for an earlier question that still waits for an expert, as the person was told: the question after it, which is
    answered now, had made it stale."""
    now = await conversations.lock(tx, before.workspace_id, before.id)
    if now.attention.kind != "requested":
        return
    for draft in await repository.list_drafts(tx, now.workspace_id, [now.id], ("superseded",), limit=1):
        is_of_now = draft.control_epoch == now.control_epoch and draft.responding_to_seq > now.episode_seq
        if is_of_now and await repository.reopen_draft(tx, draft.id, now.last_public_seq):
            again = replace(draft, status="ready", closed_at=None, last_public_seq=now.last_public_seq)
            await tx.append(draft.workspace_id, DraftReady(again), conversation_id=draft.conversation_id)


async def _keep_draft(
    tx: WriteTx, conversations: ConversationService, turn: Turn, outcome: Outcome, decision: Decision, run: Run, now: Conversation
) -> Ended:
    """Keep the answer for an expert and ask for one; where the person would have got it at once, say so, once after each answer."""
    assert outcome.case is not None
    if decision.handover is not None and now.attention.kind != "requested":
        asked = await conversations.request_attention(tx, now.fence, decision.handover)
        if asked is not None:
            now = await _tell(tx, conversations, asked, decision.notice, turn.lang) if decision.notice else asked
    elif decision.handover is not None and decision.notice and not turn.told and turn.history:
        now = await _tell(tx, conversations, now, decision.notice, turn.lang)
    draft = _make_draft(turn, run, outcome.case, now, decision.reason, tx)
    if turn.pending is not None and _keeps(turn, outcome, now):
        draft = _renew(turn.pending, turn, run, now, tx)
    await _lay_before(tx, draft)
    return await end(tx, run, "drafted", decision.reason, draft)


async def _hand_over(
    tx: WriteTx, conversations: ConversationService, turn: Turn, outcome: Outcome, decision: Decision, run: Run
) -> Ended:
    assert decision.handover is not None
    where = turn.conversation
    given = await conversations.request_human(tx, where.fence, where.workspace_id, where.id, decision.handover, outcome.team)
    if given is None:
        return await end(tx, run, "superseded", "conversation_moved_on")
    if decision.notice in notices.NOTICES:
        given = await _tell(tx, conversations, given, decision.notice, turn.lang)
    if outcome.notice:
        given = await _tell(tx, conversations, given, decision.reason, turn.lang, outcome.notice.get(turn.lang, ""))
    draft = None
    if turn.pending is not None and _keeps(turn, outcome, where):
        draft = _renew(turn.pending, turn, run, given, tx)
    elif outcome.case is not None and outcome.case.answer.body:
        draft = _make_draft(turn, run, outcome.case, given, decision.reason, tx)
    if draft is not None:
        await _lay_before(tx, draft)
    return await end(tx, run, "handed_over", decision.reason, draft)


async def _tell(
    tx: WriteTx, conversations: ConversationService, conversation: Conversation, code: str, lang: Lang, words: str = ""
) -> Conversation:
    """One line of the house in the person's chat; the conversation after it."""
    await conversations.post_in(
        tx, conversation, author_kind="system", author_id="", client_id=f"{code}:{conversation.last_public_seq}",
        body=words or notices.NOTICES[code][lang], kind="notice", lang=lang, data={"code": code},
    )  # fmt: skip
    return await conversations.lock(tx, conversation.workspace_id, conversation.id)
