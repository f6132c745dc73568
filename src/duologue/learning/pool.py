"""A desk's autonomy: its topics and languages earn it together first, each by itself when it has enough reviews of its own.

A cell (topic, language) rides on the desk's certificate until it has its own, and for as long as its own watch sees nothing. The
promise is therefore made for the desk's pool until a cell stands alone, and the pages say which of the two holds.

A change of policy rarely touches one topic, and rarely all. Where the desk's own watch suspects one, nothing leaves alone until the
suspicion is gone; when it is certain, each cell has to prove that it is as it was, and rides on as soon as it has: what the desk
had earned before stays good for it. A cell that is found changed is forgotten, with the outcomes that told it; what it had shown
before still speaks for the others. Pure.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from duologue.learning.autonomy import CERTAIN, NOTHING, SUSPECT, UNSEEN, Cell, Rules, complain, doubt, observe
from duologue.learning.risk import Certificate, Outcome, Tally, renew

Key = tuple[str, str]
"""Topic and language."""

LEAST = 40
"""Reviews below which no more is said of a desk than that they are few."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A desk. `tally`: fair outcomes of its cells, before they changed; `suspicion`: the desk's own cumulative sum; `bar`: the
    last threshold that was in force, by which cells are watched while none is."""

    cells: Mapping[Key, Cell] = field(default_factory=dict)
    tally: Tally = UNSEEN
    certificate: Certificate = NOTHING
    suspicion: float = 0.0
    is_suspended: bool = False
    bar: float | None = None

    def cell(self, key: Key) -> Cell:
        """A cell; a new one where nothing is known of it."""
        return self.cells.get(key, Cell())

    def in_force(self, key: Key) -> float | None:
        """The threshold that a cell uses while it is open: its own, or the desk's."""
        own = self.cell(key).threshold
        return self.certificate.threshold if own is None else own

    def threshold(self, key: Key, rules: Rules) -> float | None:
        """The confidence from which a cell's answers leave alone; None: none does."""
        is_open = rules.is_allowed and self.cell(key).is_open and not self.is_suspended
        return self.in_force(key) if is_open and self.is_known(key, rules) else None

    def is_known(self, key: Key, rules: Rules) -> bool:
        """Whether a cell may ride on its desk's certificate: where each is promised for, only once its own reviews speak for it."""
        cell = self.cell(key)
        return not rules.each or cell.is_vouched or cell.threshold is not None

    def is_sampled(self, key: Key, rules: Rules, draw: random.Random) -> bool:
        """Whether the next answer of a cell belongs to the fair sample; to be asked before its confidence is looked at."""
        return self.threshold(key, rules) is None or draw.random() < rules.sampled


def review(pool: Pool, key: Key, outcome: Outcome, rules: Rules) -> Pool:
    """The pool after a review of an answer of the fair sample."""
    before, in_force = pool.cell(key), pool.in_force(key)
    used = pool.bar if in_force is None else in_force
    cell = observe(before, outcome, rules, used)
    tally = pool.tally
    if not before.must_prove:
        tally = tally.add(outcome)
        if cell.withdrawals > before.withdrawals:
            for one in (*before.run, outcome):
                tally = tally.add(one, -1)
    certificate = renew(pool.certificate, tally, rules.alpha, rules.delta, rules.most)
    bar = pool.bar if certificate.threshold is None else certificate.threshold
    pool = replace(pool, cells={**pool.cells, key: cell}, tally=tally, certificate=certificate, bar=bar)
    if before.must_prove or used is None or outcome.confidence < used:
        return pool
    suspicion = max(0.0, pool.suspicion + rules.weigh(is_changed=outcome.is_changed))
    if suspicion >= CERTAIN:
        return replace(pool, cells={k: doubt(c) for k, c in pool.cells.items()}, suspicion=0.0, is_suspended=False)
    return replace(pool, suspicion=suspicion, is_suspended=suspicion >= SUSPECT or (pool.is_suspended and suspicion > 0))


def rate_down(pool: Pool, key: Key) -> Pool:
    """The pool after a person rated down an answer that had left alone."""
    return replace(pool, cells={**pool.cells, key: complain(pool.cell(key))})


def usual(tally: Tally) -> float:
    """The share of answers that is changed even where the assistant is surest: the lowest above any threshold with LEAST answers.

    Taste and slips make it; no threshold gets below it. 1 where too little was seen.
    """
    return min((tally.changed[i] / n for i, n in enumerate(tally.above) if n >= LEAST), default=1.0)


def least_alpha(tally: Tally, rules: Rules) -> float | None:
    """The smallest α, in hundredths, that leaves room for what is usual here and for a change; None before that is seen."""
    if max(tally.above) < LEAST:
        return None
    rate = usual(tally)
    return next((a / 100 for a in range(1, 51) if rate <= replace(rules, alpha=a / 100).most), 0.5)


def explain(pool: Pool, key: Key, rules: Rules) -> tuple[str, dict[str, float | int]]:
    """Why a cell is or is not on autopilot: a code for the pages' words, and its numbers."""
    cell = pool.cell(key)
    own = cell.threshold is not None
    c, tally = (cell.certificate, cell.tally) if own else (pool.certificate, pool.tally)
    least = least_alpha(pool.tally, rules) or 0.0
    numbers: dict[str, float | int] = {
        "n": tally.n, "own": cell.tally.n, "above": c.above, "changed": c.changed, "bound": c.bound, "coverage": c.coverage,
        "threshold": c.threshold or 0.0, "alpha": rules.alpha, "confidence": 1 - rules.delta, "withdrawals": cell.withdrawals,
        "usual": usual(pool.tally), "least": least, "sampled": rules.sampled,
    }  # fmt: skip
    if not rules.is_allowed:
        return "forbidden", numbers
    if cell.must_prove:
        return ("withdrawn" if cell.withdrawals and not cell.tally.n else "proving"), numbers
    if cell.is_suspended or pool.is_suspended:
        return "probation", numbers
    if not pool.is_known(key, rules) and pool.in_force(key) is not None:
        return "unvouched", numbers
    if pool.threshold(key, rules) is not None:
        return ("granted" if own else "granted_by_desk"), numbers
    if least > rules.alpha:
        return "no_room", numbers
    return ("too_few" if pool.tally.n < LEAST else "not_good_enough"), numbers
