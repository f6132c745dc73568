"""Autonomy of one cell (a desk, a topic, a language): earned from reviews, watched by blind ones, withdrawn when the world changes.

- learning: every answer is reviewed until a threshold is certified (`risk.certify`) and autonomy granted.
- granted: answers from the threshold on leave alone. A share of all answers, drawn without a look at them, is reviewed all the
  same: the fair sample that certifies on, and in which a change is looked for.
- probation: a cumulative sum of evidence (Page, "Continuous inspection schemes", 1954) says that something may have changed:
  nothing leaves alone until the evidence is gone, or so strong that what was learnt before the change is forgotten.
- proving: after a change, here or in the desk, nothing leaves alone until as much evidence says that answers are as good as
  usual (Wald, "Sequential tests of statistical hypotheses", 1945). What is seen meanwhile is counted for nothing else, for it
  ends when it looks good.

Pure: whoever calls stores. Times and texts are unknown here.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from duologue.learning.risk import GRID, Certificate, Outcome, Tally, renew

State = Literal["learning", "granted", "probation", "proving"]

NOTHING, UNSEEN = Certificate(None, 0), Tally()
SUSPECT, CERTAIN = 1.0, 4.0
"""Evidence (in nats) for a rate of 3α against α/2 from which a cell is put on probation, and from which it begins anew."""
PROOF = 3.0
"""Evidence the other way round with which a cell answers alone again after a change."""
HORIZON, PART = 500, 0.16
"""Between two changes of what is right, so many answers are taken to leave alone; of the wrong ones that α allows among them, the
share that may leave before a blind review meets the first. Both chosen on years that are not reported (docs/log.md)."""
PART_EACH = 0.06
"""The same share where the promise is made for each topic and language: they meet their wrong answers by themselves."""
MET = 3
"""Wrong answers that a review must meet until a change is certain."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator chose. `audit`: the least share of answers that is reviewed blindly while autonomy is granted; `each`:
    the promise is made for each topic and language, not only for the desk as a whole."""

    alpha: float = 0.1
    delta: float = 0.1
    audit: float = 0.15
    is_allowed: bool = True
    each: bool = False

    @property
    def sampled(self) -> float:
        """The share that is reviewed blindly: so large that a change is met by a review before it costs too much of α.

        Of the wrong answers 1/share leave on the average until one is drawn.
        """
        part = PART_EACH if self.each else PART
        return min(1.0, max(self.audit, 1 / (part * self.alpha * HORIZON)))

    @property
    def most(self) -> float:
        """The share of changed answers up to which autonomy is granted: α less what a change costs until it is certain.

        Of HORIZON lone answers up to MET/`sampled` leave wrongly then; where these do not fit under α beside those that are
        changed anyhow, α cannot be promised across a change.
        """
        return self.alpha - MET / (self.sampled * HORIZON)

    def weigh(self, *, is_changed: bool) -> float:
        """Evidence, in nats, that one answer gives of a rate of 3α against α/2."""
        worse, usual = min(0.95, 3 * self.alpha), self.alpha / 2
        return math.log(worse / usual) if is_changed else math.log((1 - worse) / (1 - usual))


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one cell. `tally`: fair outcomes since the last change; `suspicion`: the cumulative sum; `run`: the
    outcomes since it last was zero; `trust`: evidence that it is as usual, gathered while it `must_prove` that; `is_vouched`: there
    was as much of it since the last change."""

    tally: Tally = UNSEEN
    certificate: Certificate = NOTHING
    suspicion: float = 0.0
    run: tuple[Outcome, ...] = ()
    is_suspended: bool = False
    must_prove: bool = False
    trust: float = 0.0
    withdrawals: int = 0
    is_vouched: bool = False

    @property
    def threshold(self) -> float | None:
        """The confidence that the cell's own certificate allows."""
        return self.certificate.threshold

    @property
    def is_open(self) -> bool:
        """Whether nothing speaks against it that it answers alone."""
        return not self.is_suspended and not self.must_prove

    @property
    def state(self) -> State:
        """Where the cell stands."""
        if self.must_prove:
            return "proving"
        return "probation" if self.is_suspended else "learning" if self.threshold is None else "granted"


def observe(cell: Cell, outcome: Outcome, rules: Rules, in_force: float | None) -> Cell:
    """The cell after a review of an answer of the fair sample. `in_force`: the threshold that it used, its own or another's."""
    if not cell.must_prove:
        tally = cell.tally.add(outcome)
        cell = replace(cell, tally=tally, certificate=renew(cell.certificate, tally, rules.alpha, rules.delta, rules.most))
    if in_force is None:
        return cell
    if not cell.is_vouched and not cell.must_prove:
        cell = replace(cell, is_vouched=_speaks(cell.tally, in_force, rules) >= PROOF)
    return cell if outcome.confidence < in_force else _watch(cell, outcome, rules)


def complain(cell: Cell) -> Cell:
    """The cell after a person rated an answer down that had left alone: no review, but a reason to look."""
    return replace(cell, suspicion=max(cell.suspicion, SUSPECT), is_suspended=True)


def doubt(cell: Cell) -> Cell:
    """The cell after a change in its desk: it has to prove that it is not concerned."""
    return replace(cell, must_prove=True, trust=0.0)


def _speaks(tally: Tally, threshold: float, rules: Rules) -> float:
    """Evidence, in nats, of a rate of α/2 against 3α among the answers from a threshold on."""
    i = GRID.index(threshold)
    n, k = tally.above[i], tally.changed[i]
    return -(k * rules.weigh(is_changed=True) + (n - k) * rules.weigh(is_changed=False))


def _watch(cell: Cell, outcome: Outcome, rules: Rules) -> Cell:
    step = rules.weigh(is_changed=outcome.is_changed)
    suspicion = max(0.0, cell.suspicion + step)
    if suspicion >= CERTAIN:
        return Cell(must_prove=True, withdrawals=cell.withdrawals + 1)
    run = (*cell.run, outcome) if suspicion else ()
    is_suspended = suspicion >= SUSPECT or (cell.is_suspended and suspicion > 0)
    trust = max(0.0, cell.trust - step) if cell.must_prove else 0.0
    must_prove = cell.must_prove and trust < PROOF
    is_vouched = cell.is_vouched or (cell.must_prove and not must_prove)
    return replace(
        cell, suspicion=suspicion, run=run, is_suspended=is_suspended, trust=trust, must_prove=must_prove, is_vouched=is_vouched
    )
