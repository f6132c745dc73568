"""Which skill next: by prerequisites, mastery and the time that is left. Numbers only; it knows no course and no words.

A hard gate alone earns most skills and never reaches the goal; so the last exercises belong to the goal, known prerequisites or
not.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

KNOWN = 0.8
"""Chance from which a skill counts as known; chosen, as RESERVE, on drawn graphs, not on those that figures are given for."""
RESERVE = 12
"""Exercises kept for the goals at the end."""
Reason = Literal["goal", "ready", "closest", "keep"]


def next_skill(
    known: Mapping[str, float], prerequisites: Mapping[str, Sequence[str]], goals: Sequence[str], left: int,
    blocked: Collection[str] = (),
) -> tuple[str, Reason]:  # fmt: skip
    """The skill to practise now and why, with `left` exercises to go. `known`: chance for each needed skill, in order.

    `ready`: its prerequisites are known, and it is the most advanced such skill; `goal`: time is running out; `closest`: no
    skill is ready, this one lacks least; `keep`: all is known, this is the weakest. Skills that are `blocked` are not chosen.
    """
    open_goals = [g for g in goals if known[g] < 0.95 and g not in blocked]
    if left <= RESERVE * max(1, len(goals)) and open_goals:
        return min(open_goals, key=known.__getitem__), "goal"
    todo = [s for s in known if known[s] < KNOWN and s not in blocked]
    ready = [s for s in todo if all(known.get(p, 1.0) >= KNOWN for p in prerequisites.get(s, ()))]
    if ready:
        return max(ready, key=known.__getitem__), "ready"
    if todo:
        return max(todo, key=lambda s: min((known.get(p, 1.0) for p in prerequisites.get(s, ())), default=1.0)), "closest"
    return min((s for s in known if s not in blocked), key=known.__getitem__), "keep"
