"""When a skill is due again: forgetting by FSRS (Ye et al. 2022, 2024), through the `fsrs` library's scheduler. Knows no course."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

RETENTION = 0.9
"""Chance of still knowing at which a review is due."""


@cache
def _scheduler() -> Any:
    """Made when first asked for: the library comes with the extra `education`, the pack is found without it."""
    from fsrs import Scheduler

    return Scheduler(desired_retention=RETENTION, learning_steps=(), relearning_steps=(), enable_fuzzing=False)


@dataclass(slots=True)
class ReviewBook:
    """One learner's memory of each skill. All times are aware, in UTC."""

    cards: dict[str, Any] = field(default_factory=dict)

    def observe(self, skill: str, correct: bool, at: datetime, hints: int = 0) -> None:
        """Take an answer in: wrong is “again”, right with hints is “hard”, right alone is “good”."""
        from fsrs import Card, Rating

        rating = Rating.Again if not correct else Rating.Hard if hints else Rating.Good
        # with a number of its own the library does not sleep a millisecond to find one
        card = self.cards.get(skill) or Card(card_id=len(self.cards), due=at)
        if card.last_review is not None and at < card.last_review:
            at = card.last_review
        self.cards[skill], _ = _scheduler().review_card(card, rating, at)

    def retention(self, skill: str, at: datetime) -> float:
        """Chance (0..1) that what was known is still known; 1 for a skill without an answer."""
        card = self.cards.get(skill)
        return 1.0 if card is None else float(_scheduler().get_card_retrievability(card, at))

    def due(self, skill: str) -> datetime | None:
        """When a review is due; None for a skill without an answer."""
        card = self.cards.get(skill)
        return None if card is None else card.due
