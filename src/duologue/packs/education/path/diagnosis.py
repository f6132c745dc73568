"""What is believed of each skill, asked or not, and which question tells most. Knows no plan.

A right answer speaks for the prerequisites too, a wrong one against what builds on the skill.
"""

from collections.abc import Sequence
from datetime import datetime
from math import sqrt

from duologue.packs.education.course import Course, Item
from duologue.packs.education.mastery.learner import Learner

GUESS = 0.2
SPILL = 0.9
"""What a judgement is worth for the neighbours in the graph."""
UNSURE = 0.05
"""Variance of a yes-or-no belief under which no question is worth its time."""


def believe(learner: Learner, course: Course, skills: Sequence[str], at: datetime | None = None) -> dict[str, float]:
    """Chance (0..1) for each skill that it is known now, forgetting counted where `at` is given."""
    found = {s: learner.tracer.mastery(learner.id, s) for s in course.order}
    seen = {s: m.chance for s, m in found.items() if m.answers} | learner.given
    out: dict[str, float] = {}
    for skill in skills:
        if skill in seen:
            kept = learner.reviews.retention(skill, at) if at else 1.0
            out[skill] = GUESS + (seen[skill] - GUESS) * kept if seen[skill] > GUESS else seen[skill]
            continue
        above = [seen[s] for s in seen if s != skill and skill in course.below(s)]
        below = [seen[s] for s in course.below(skill) if s in seen]
        chance = min(found[skill].chance, 0.5)
        if above and max(above) > chance:
            chance = max(above) * SPILL
        elif below and min(below) < 0.5:
            chance = min(chance, min(below) / SPILL)
        out[skill] = chance
    return out


def pick_question(learner: Learner, course: Course, skills: Sequence[str], asked: Sequence[Item] = ()) -> Item | None:
    """The item that tells most about the skills; None where all of them are sure enough, or asked already."""
    known = believe(learner, course, skills)
    done = {i.skills[0] for i in asked}
    needs = {s: course.below(s) - {s} for s in skills}
    told = set().union(*(needs[d] | {s for s in skills if d in needs[s]} for d in done))

    def worth(skill: str) -> float:
        # right speaks for what lies below, wrong against what lies above: most is told where both are many
        below = len(needs[skill] - told)
        above = sum(skill in needs[s] and s not in told for s in skills)
        return known[skill] * (1 - known[skill]) * sqrt((1 + below) * (1 + above))

    open_ = [s for s in skills if s not in done and course.items_of(s) and not learner.tracer.mastery(learner.id, s).answers]
    open_ = [s for s in open_ if known[s] * (1 - known[s]) > UNSURE]
    if not open_:
        return None
    best = max(open_, key=worth)
    items = [i for i in course.items_of(best) if i.id not in learner.answered] or course.items_of(best)
    return min(items, key=lambda i: (abs(i.difficulty - 2.5), i.id))
