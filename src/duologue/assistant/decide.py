"""Send, draft or hand over: the last step of a turn, a pure function of what the turn found and of the posture in force."""

from dataclasses import dataclass
from typing import Literal

from duologue.assistant.model import Answer
from duologue.conversation.model import HandoverReason, Mode

MAX_FAILED_TURNS = 2
"""Turns in a row without an answer after which a person takes the conversation."""
LEAST_GROUNDED = 0.5

DecisionKind = Literal["send", "draft", "hand_over"]


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that a decision rests on. `failed_before`: turns just before this one that did not answer."""

    mode: Mode
    answer: Answer
    confidence: float
    threshold: float
    drafts_only: bool = False
    must_draft: bool = False
    is_steered: bool = False
    failed_before: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done, and why it is not sent. `notice`: the code of the line that the person reads meanwhile."""

    kind: DecisionKind
    reason: str = ""
    handover: HandoverReason | None = None
    notice: str = ""


def decide(case: Case) -> Decision:
    """What becomes of an answer."""
    if case.mode == "human":
        return Decision("hand_over", "by_expert", "by_expert")
    if case.must_draft:
        return Decision("draft", "needs_approval" if case.answer.action else "copilot")
    if case.answer.action is not None:
        return Decision("draft", "needs_approval", "policy_topic", "action_requested")
    if case.answer.must_sign:
        return Decision("draft", "needs_approval", "policy_topic", "holding")
    doubt = _doubt(case)
    if case.mode == "copilot":
        return Decision("draft", doubt or "copilot", "low_confidence" if doubt else "copilot")
    if not doubt:
        return Decision("send")
    if case.failed_before + 1 >= MAX_FAILED_TURNS:
        return Decision("hand_over", "failed_turns", "failed_turns")
    return Decision("draft", doubt, "guard" if doubt == "guard" else "low_confidence", "holding")


def _doubt(case: Case) -> str:
    """Why an answer should not leave unsigned; empty where nothing speaks against it."""
    if case.answer.kind == "none":
        return "no_evidence"
    if case.is_steered:
        return "guard"
    if case.drafts_only and not case.answer.is_settled:
        return "unverified"
    if case.answer.kind in ("model", "quotes") and case.answer.grounded < LEAST_GROUNDED:
        return "not_grounded"
    return "low_confidence" if case.confidence < case.threshold else ""
