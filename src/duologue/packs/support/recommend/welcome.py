"""When an offer is welcome in a conversation: never during a complaint or an open problem, never twice, never to who said no.

Knows no person and no item; the caller says how the conversation stands.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Situation:
    """How a conversation stands. `satisfaction` is the expected score 1..5 where one is predicted."""

    has_consent: bool = True
    has_complaint: bool = False
    has_open_issue: bool = False
    is_escalated: bool = False
    asked_for_advice: bool = False
    satisfaction: float | None = None
    last_sentiment: str = "neutral"
    offers_made: int = 0
    offers_refused: int = 0


def is_welcome(now: Situation) -> bool:
    """Whether an offer may be made now: on request, or once after the problem is solved and the mood is not bad."""
    if not now.has_consent or now.has_complaint or now.is_escalated or now.offers_refused:
        return False
    if now.last_sentiment == "negative" or (now.satisfaction is not None and now.satisfaction < 2.5):
        return False
    return now.asked_for_advice or (not now.has_open_issue and now.offers_made == 0)
