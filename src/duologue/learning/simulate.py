"""A simulated year of a shop: customers who ask, a team that corrects, a policy that changes twice; and what autonomy makes of it.

The simulator knows the policy, so it knows of every answer whether an expert would have changed it, also of those that nobody
looked at. Questions come in families; the assistant answers a family rightly or not, learns from the first correction of it
(recall), and is as sure as before when the policy has changed under it: that is what makes drift hard. Knows no database and no
model.
"""

import math
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from duologue.learning.autonomy import Rules
from duologue.learning.pool import Pool, rate_down, review
from duologue.learning.risk import Outcome

TOPICS = ("orders", "delivery", "returns", "warranty", "repairs", "payments")
LANGS = ("en", "zh")


@dataclass(frozen=True, slots=True)
class World:
    """How the year goes. Shares are 0..1; `drifts` are the conversations at which the policy changes; `uneven`: what is answered
    wrongly, all year, in the last topic over and above `slip`, with a confidence as if it were right."""

    conversations: int = 5_000
    drifts: tuple[int, ...] = (1_700, 3_400)
    families: int = 12
    known_at_first: float = 0.8
    recalled: float = 0.92
    touched: float = 0.5
    drifting: float = 0.3
    slip: float = 0.01
    taste: float = 0.01
    complains: float = 0.25
    uneven: float = 0.0


@dataclass(slots=True)
class Phase:
    """What happened between two changes of the policy, by (topic, language):

    answers sent alone, those an expert would have changed, and the sum of the probabilities of that (only the simulator knows it).
    """

    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[tuple[str, str]] = field(default_factory=Counter)
    rate: defaultdict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    asked: int = 0

    @property
    def coverage(self) -> float:
        """Share of the answers that left alone."""
        return self.sent.total() / self.asked if self.asked else 0.0

    @property
    def risk(self) -> float:
        """Share of those that an expert would have changed."""
        return self.wrong.total() / self.sent.total() if self.sent.total() else 0.0


@dataclass(slots=True)
class Year:
    """A year's phases, and its course: (conversation, share sent alone, share of those wrong) per window of 250."""

    phases: list[Phase]
    course: list[tuple[int, float, float]] = field(default_factory=list)
    reviews: int = 0


def simulate(seed: int, rules: Rules, world: World = World(), *, fixed: float | None = None) -> Year:
    """One year. `fixed`: the same with a plain threshold in place of earned autonomy, everything under it reviewed."""
    draw = random.Random(seed)
    pool = Pool()
    cells = sorted((topic, lang) for topic in TOPICS for lang in LANGS)
    knows = {(cell, f): draw.random() < world.known_at_first for cell in cells for f in range(world.families)}
    weights = [1 / (1 + f) for f in range(world.families)]
    year = Year([Phase()])
    window = Phase()
    for t in range(world.conversations):
        if t in world.drifts:
            year.phases.append(Phase())
            for cell in draw.sample(cells, round(len(cells) * world.touched)):
                for f in range(world.families):
                    if draw.random() < world.drifting:
                        knows[cell, f] = False
                        knows[cell, -f - 1] = True  # outdated: wrong, and as sure as if it were right
        cell = draw.choice(cells)
        f = draw.choices(range(world.families), weights)[0]
        slip = world.slip + (world.uneven if cell[0] == TOPICS[-1] else 0.0)
        right = 1 - slip if knows[cell, f] else 0.04
        is_right = draw.random() < right
        sure = knows[cell, f] or knows.get((cell, -f - 1), False)
        confidence = _sigmoid(draw.gauss(2.4 if sure else -0.2, 0.9))
        would_change = not is_right or draw.random() < world.taste
        is_sampled = pool.is_sampled(cell, rules, draw)
        threshold = fixed if fixed is not None else pool.threshold(cell, rules)
        is_sent = threshold is not None and confidence >= threshold
        for phase in (year.phases[-1], window):
            phase.asked += 1
            phase.sent[cell] += is_sent
            phase.wrong[cell] += is_sent and would_change
            phase.rate[cell] += is_sent * (1 - right * (1 - world.taste))
        if fixed is None and is_sampled:
            pool = review(pool, cell, Outcome(confidence, would_change), rules)
        if fixed is None and is_sent and not is_right and draw.random() < world.complains:
            pool = rate_down(pool, cell)
        is_reviewed = not is_sent or (fixed is None and is_sampled)
        year.reviews += is_reviewed
        if is_reviewed and not is_right and draw.random() < world.recalled:
            knows[cell, f] = True  # the correction is recalled from now on
            knows[cell, -f - 1] = False
        if (t + 1) % 250 == 0:
            year.course.append((t + 1, window.coverage, window.risk))
            window = Phase()
    return year


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
