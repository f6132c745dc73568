"""Autonomy of one cell (a desk, a topic, a language): earned from reviews, watched by blind ones, withdrawn when the world changes.

- learning: every answer is reviewed; after enough of them a threshold is certified (`risk.certify`) and autonomy granted.
- granted: answers from the threshold on leave alone. A share of all answers, drawn without a look at them, is reviewed all the
  same: the fair sample from which the threshold is certified anew, each time at a smaller part of δ, so that looking again and
  again is paid for (δ·6/(π²j²) at the j-th look).
- probation: a cumulative sum of evidence (Page, "Continuous inspection schemes", 1954) says that something may have changed:
  nothing leaves alone until the evidence is gone, or so strong that what was learnt before the change is forgotten and
  learning begins again.

Pure: whoever calls stores. Times and texts are unknown here.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from duologue.learning.risk import Certificate, Outcome, certify

State = Literal["learning", "granted", "probation"]

GROWTH = 1.5
"""A new certificate is tried when the sample has grown by this factor."""
LEAST = 40
NOTHING = Certificate(None, 0)
SUSPECT, CERTAIN = 1.0, 4.0
"""Evidence (in nats) for a rate of 3α against α/2 from which a cell is put on probation, and from which it begins anew."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator chose. `audit`: the share of answers that is reviewed blindly while autonomy is granted."""

    alpha: float = 0.1
    delta: float = 0.1
    audit: float = 0.15
    is_allowed: bool = True


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one cell. `sample`: fair outcomes since the last change; `evidence`: the cumulative sum; `looks`:
    certificates tried; `next_look`: the size of the sample at which the next one is."""

    sample: tuple[Outcome, ...] = ()
    certificate: Certificate = NOTHING
    looks: int = 0
    next_look: int = LEAST
    evidence: float = 0.0
    since_calm: int = 0
    is_suspended: bool = False
    withdrawals: int = 0

    @property
    def threshold(self) -> float | None:
        """The confidence that the cell's own certificate allows."""
        return self.certificate.threshold

    @property
    def state(self) -> State:
        """Where the cell stands."""
        return "probation" if self.is_suspended else "learning" if self.threshold is None else "granted"


def observe(cell: Cell, outcome: Outcome, rules: Rules, in_force: float | None) -> Cell:
    """The cell after a review of an answer of the fair sample. `in_force`: the threshold that it used, its own or another's."""
    cell = replace(cell, sample=(*cell.sample, outcome))
    if in_force is not None and outcome.confidence >= in_force:
        cell = _watch(cell, outcome.is_changed, rules)
    return _look(cell, rules) if len(cell.sample) >= cell.next_look else cell


def complain(cell: Cell) -> Cell:
    """The cell after a person rated an answer down that had left alone: no review, but a reason to look."""
    return replace(cell, evidence=max(cell.evidence, SUSPECT), is_suspended=True)


def _watch(cell: Cell, is_changed: bool, rules: Rules) -> Cell:
    worse, usual = min(0.95, 3 * rules.alpha), rules.alpha / 2
    step = math.log(worse / usual) if is_changed else math.log((1 - worse) / (1 - usual))
    evidence = max(0.0, cell.evidence + step)
    since = cell.since_calm + 1 if evidence else 0
    if evidence >= CERTAIN:
        fresh = cell.sample[-since:]
        return replace(cell, sample=fresh, certificate=Certificate(None, len(fresh)), next_look=LEAST, evidence=0.0, since_calm=0,
                       is_suspended=False, withdrawals=cell.withdrawals + 1)  # fmt: skip
    is_suspended = evidence >= SUSPECT or (cell.is_suspended and evidence > 0)
    return replace(cell, evidence=evidence, since_calm=since, is_suspended=is_suspended)


def _look(cell: Cell, rules: Rules) -> Cell:
    looks = cell.looks + 1
    found = certify(cell.sample, rules.alpha, rules.delta * 6 / (math.pi * looks) ** 2)
    return replace(cell, looks=looks, next_look=math.ceil(len(cell.sample) * GROWTH), certificate=found)
