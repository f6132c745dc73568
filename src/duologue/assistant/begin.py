"""What a turn starts from: the message, what was said before it, what waits, and how often the person went without an answer.

Pure functions of a conversation, its runs and its drafts as they stood when the turn began. Knows no model and no store.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from duologue.assistant.model import Draft, Run, RunStatus, Turn
from duologue.conversation.model import Conversation, Message, Snapshot
from duologue.kit.text import detect_lang

MOST_UNHEARD, MOST_DRAFTED = 8, 2
"""Messages before the last one that a turn answers with it; where experts send all drafts, so that a draft stays one to read."""
ANSWERED: frozenset[RunStatus] = frozenset({"running", "sent", "drafted", "handed_over", "cancelled", "failed"})
_FAILED: frozenset[RunStatus] = frozenset({"drafted", "failed"})


def make_turn(
    run_id: str,
    snapshot: Snapshot,
    texts: Sequence[Message],
    earlier: Sequence[Run],
    dealt: Sequence[Run],
    closed: Sequence[Draft],
    payload: dict[str, Any],
) -> Turn:
    """The turn for the last of `texts`. `dealt`: the runs of which something came that still stands; `closed`: the draft that
    went stale last."""
    conversation, message = snapshot.conversation, texts[-1]
    episode = [m for m in texts[:-1] if m.seq > conversation.episode_seq]
    heard = _find_heard(snapshot, [run for run in dealt if run.message_id != message.id], message.seq)
    most = MOST_DRAFTED if conversation.mode == "copilot" else MOST_UNHEARD
    unheard = tuple(m for m in episode if m.seq > heard)[-most:]
    turn = Turn(
        run_id=run_id,
        conversation=conversation,
        message=message,
        lang=conversation.lang,
        history=tuple(m for m in episode if m not in unheard),
        unheard=unheard,
        instruction=payload.get("instruction", ""),
        previous=payload.get("previous", ""),
        pending=None if payload.get("instruction") else _find_pending(snapshot, closed),  # an expert's wish is about its own draft
        told=_find_told(snapshot),
        failed_before=_count_failed(earlier, conversation, episode),
    )
    return replace(turn, lang=detect_lang(turn.question, conversation.lang))


def _find_heard(snapshot: Snapshot, runs: Sequence[Run], before: int) -> int:
    """The number of the last message before this one that somebody answered, or that a turn or a person dealt with."""
    said = [m.seq for m in snapshot.messages if m.kind == "text" and m.author_kind in ("ai", "expert")]
    back = [m.seq for m in snapshot.messages if m.kind == "marker" and m.data.get("code") == "handed_back"]
    made = [r.responding_to_seq for r in runs if not r.instruction and r.status in ANSWERED and r.status != "running"]
    return max(seq for seq in (snapshot.conversation.episode_seq, *said, *back, *made, 0) if seq < before)


def _find_pending(snapshot: Snapshot, closed: Sequence[Draft]) -> Draft | None:
    """The change that waited for approval until the person wrote on: nothing was said to them since."""
    if not closed or closed[0].kind != "action" or closed[0].control_epoch != snapshot.conversation.control_epoch:
        return None
    said = max((m.seq for m in snapshot.messages if m.kind == "text" and m.author_kind in ("ai", "expert")), default=0)
    return closed[0] if closed[0].last_public_seq >= said else None


def _find_told(snapshot: Snapshot) -> str:
    """The code of the notice that the person heard last, where nothing else was said to them since."""
    heard = [m for m in snapshot.messages if m.kind == "notice" or (m.kind == "text" and m.author_kind in ("ai", "expert"))]
    return str(heard[-1].data.get("code", "")) if heard and heard[-1].kind == "notice" else ""


def _count_failed(runs: Sequence[Run], conversation: Conversation, episode: Sequence[Message]) -> int:
    """Turns of this episode, since the last answer, that left the person without one."""
    answered = max((m.seq for m in episode if m.author_kind in ("ai", "expert")), default=conversation.episode_seq)
    late = [run for run in runs if run.responding_to_seq > answered and not run.instruction]
    return sum(run.status in _FAILED and run.reason != "copilot" for run in late)
