"""A desk's autonomy: its topics and languages earn it together first, each by itself when it has enough reviews of its own.

A cell (topic, language) rides on the desk's certificate until it has its own, and for as long as its own watch sees nothing. A
cell whose autonomy was withdrawn leaves the pool; it comes back with its own certificate, or when enough fresh answers of its own
were left as they were. The promise is therefore made for the desk's pool until a cell stands alone, and the pages say which of the
two holds. Pure.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from duologue.learning.autonomy import LEAST, Cell, Rules, complain, observe
from duologue.learning.risk import Outcome

Key = tuple[str, str]
"""Topic and language."""

BACK_AFTER = 25
"""Fresh answers over the pool's threshold, at most the share α/2 of them changed, after which a withdrawn cell rides again."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A desk: `whole` is what the cells that ride on it earned together."""

    whole: Cell = field(default_factory=Cell)
    cells: Mapping[Key, Cell] = field(default_factory=dict)

    def cell(self, key: Key) -> Cell:
        """A cell; a new one where nothing is known of it."""
        return self.cells.get(key, Cell())

    def rides(self, key: Key, rules: Rules) -> bool:
        """Whether a cell belongs to those that earn, and use, the desk's certificate."""
        cell = self.cell(key)
        if cell.threshold is not None or not cell.withdrawals:
            return True
        if self.whole.threshold is None:
            return len(cell.sample) >= BACK_AFTER
        above = [o.is_changed for o in cell.sample if o.confidence >= self.whole.threshold]
        return len(above) >= BACK_AFTER and sum(above) <= len(above) * rules.alpha / 2

    def in_force(self, key: Key, rules: Rules) -> float | None:
        """The threshold that a cell uses while it is not suspended: its own, or the desk's."""
        own = self.cell(key).threshold
        if own is not None or not self.rides(key, rules):
            return own
        return self.whole.threshold

    def threshold(self, key: Key, rules: Rules) -> float | None:
        """The confidence from which a cell's answers leave alone; None: none does."""
        is_open = rules.is_allowed and not self.cell(key).is_suspended and not self.whole.is_suspended
        return self.in_force(key, rules) if is_open else None

    def is_sampled(self, key: Key, rules: Rules, draw: random.Random) -> bool:
        """Whether the next answer of a cell belongs to the fair sample; to be asked before its confidence is looked at."""
        return self.threshold(key, rules) is None or draw.random() < rules.audit


def review(pool: Pool, key: Key, outcome: Outcome, rules: Rules) -> Pool:
    """The pool after a review of an answer of the fair sample."""
    used, rode = pool.in_force(key, rules), pool.rides(key, rules)
    cell = observe(pool.cell(key), outcome, rules, used)
    whole = observe(pool.whole, outcome, rules, pool.whole.threshold) if rode else pool.whole
    return Pool(whole, {**pool.cells, key: cell})


def rate_down(pool: Pool, key: Key) -> Pool:
    """The pool after a person rated down an answer that had left alone."""
    return Pool(pool.whole, {**pool.cells, key: complain(pool.cell(key))})


def explain(pool: Pool, key: Key, rules: Rules) -> tuple[str, dict[str, float | int]]:
    """Why a cell is or is not on autopilot: a code for the pages' words, and its numbers."""
    cell = pool.cell(key)
    by = cell if cell.threshold is not None else pool.whole
    c = by.certificate
    numbers: dict[str, float | int] = {
        "n": len(by.sample), "own": len(cell.sample), "above": c.above, "changed": c.changed, "bound": c.bound,
        "coverage": c.coverage,
        "threshold": by.threshold or 0.0, "alpha": rules.alpha, "confidence": 1 - rules.delta, "next": by.next_look,
        "withdrawals": cell.withdrawals,
    }  # fmt: skip
    if not rules.is_allowed:
        return "forbidden", numbers
    if cell.is_suspended or pool.whole.is_suspended:
        return "probation", numbers
    if pool.threshold(key, rules) is not None:
        return ("granted" if by is cell else "granted_by_desk"), numbers
    if cell.withdrawals:
        return "withdrawn", numbers
    return ("too_few" if len(pool.whole.sample) < LEAST else "not_good_enough"), numbers
