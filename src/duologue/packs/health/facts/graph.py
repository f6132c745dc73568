"""The fact graph of a consultation: what was said, by whom, in which turn, and how it was meant. Nouns only.

Every fact has its turns. Present, denied and unknown differ, and what nobody asked about is no fact.
"""

from dataclasses import dataclass, field
from typing import Literal

from duologue.kit.text import Lang
from duologue.packs.health.facts.dialogue import Turn

Status = Literal["present", "denied", "unknown"]
Experiencer = Literal["patient", "family"]
Kind = Literal["symptom", "condition", "medication", "allergy", "social", "measure"]


@dataclass(frozen=True, slots=True)
class Source:
    """The words in a turn that a fact rests on."""

    turn: int
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was said. `experiencer` is patient or family; `is_past` for what is over; `value` and `unit` for measures."""

    concept: str
    kind: Kind
    status: Status
    sources: tuple[Source, ...]
    experiencer: Experiencer = "patient"
    is_past: bool = False
    value: float | None = None
    unit: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    icd10: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class FactGraph:
    """Facts of one dialogue, in the order in which they were first said."""

    lang: Lang
    turns: tuple[Turn, ...]
    facts: tuple[Fact, ...]

    def of(self, *kinds: Kind) -> list[Fact]:
        return [f for f in self.facts if f.kind in kinds]

    def status(self, concept: str) -> Status | Literal["not asked"]:
        """What is known of the patient's own `concept`."""
        return next((f.status for f in self.facts if f.concept == concept and f.experiencer == "patient"), "not asked")


def key(fact: Fact) -> tuple[str, str, str]:
    """What makes two facts speak of the same thing."""
    return fact.concept, fact.kind, fact.experiencer


def whole(turn: Turn) -> Source:
    """A turn as the source of a fact."""
    return Source(turn.index, 0, len(turn.text), turn.text)
