"""What verdicts become: examples to learn from, each with its lineage."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

ExampleKind = Literal["sft", "preference", "label"]
ExportFormat = Literal["sft", "dpo", "kto"]
ChatTurn = dict[str, str]


@dataclass(frozen=True, slots=True)
class Example:
    """One thing to learn: after `prompt`, `chosen` is right (and `rejected` is not, where there is one).

    sft: `chosen` is what was sent. preference: `chosen` over `rejected`. label: `chosen` alone is `is_good` or not.
    `lineage` holds the ids and versions that lead back to the verdict, or to the answer that a person rated or that ended well
    or badly.
    """

    kind: ExampleKind
    prompt: tuple[ChatTurn, ...]
    chosen: str
    rejected: str
    is_good: bool
    lineage: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An example with what decides whether it is learnt from. `may_learn`: its person consents."""

    example: Example
    person_id: str
    decided_at: datetime
    read_s: float | None = None
    may_learn: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """One measure: the champion's and the challenger's mean, the mean difference with its 95 % interval, and how many cases."""

    metric: str
    champion: float
    challenger: float
    low: float
    high: float
    n: int
    better: Literal["higher", "lower"]

    @property
    def difference(self) -> float:
        """Challenger minus champion."""
        return self.challenger - self.champion
