"""What a model would answer to a question, by the very steps of a turn, with nothing sent, no tool called and no verdict recalled.

Verdicts are left out because the one on this very question would answer it. Policies and skills of a pack are not asked: what is
looked at is the model with the knowledge before it.
"""

from dataclasses import dataclass
from pathlib import Path

from duologue.assistant import confidence
from duologue.assistant.act import Acted
from duologue.assistant.answer import compose
from duologue.assistant.decide import Case, decide
from duologue.assistant.guard import Mask, check_message
from duologue.assistant.model import Answer, NoRecall, Turn
from duologue.assistant.retrieve import Search, retrieve
from duologue.assistant.think import think
from duologue.assistant.tools import Caller, Toolbox
from duologue.engine.protocol import Engine


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would have been said. `is_sent`: whether it would have left without a person; `written`: the model's own words."""

    answer: Answer
    confidence: float
    is_sent: bool
    written: str


async def rehearse(engine: Engine, search: Search, turn: Turn, threshold: float) -> Rehearsed:
    """One answer. Raises ModelUnavailable where a strong model does not answer."""
    here = turn.conversation
    is_steered = check_message(turn.question).alarm == "injection"
    found = await retrieve(turn, search, NoRecall())
    caller = Caller(here.workspace_id, here.id, here.person_id, turn.lang, (*turn.asked_before, turn.question))
    thought = await think(engine, turn, found, Toolbox([], caller, Path()), Mask(), _unheard, {})
    answer = compose(turn, found, thought, Acted())
    signals = confidence.gather(answer, found, thought.logprob, is_steered)
    sure = confidence.estimate(answer, signals)
    decision = decide(Case("autopilot", answer, sure, threshold, is_steered=is_steered))
    return Rehearsed(answer, sure, decision.kind == "send", thought.text or thought.opening)


def _unheard(text: str) -> None:
    return None
