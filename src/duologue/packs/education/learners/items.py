"""How good the items are: how hard, and whether they tell the stronger from the weaker, with what few answers leave open.

First answers only. A remark is made where the 80 % interval bears it out, never from a point estimate of a handful.
"""

from collections import defaultdict
from math import sqrt
from typing import Any

from duologue.kit.text import Lang
from duologue.packs.education.learners.classroom import Classroom

LEAST = 8
"""Learners who have answered an item before anything is said of it."""
SURE = 1.2816
"""Standard deviations on each side that hold 80 % of a normal distribution."""


def item_quality(room: Classroom, lang: Lang, least: int = LEAST) -> list[dict[str, Any]]:
    """Each item of enough first answers: share right and discrimination, each with its 80 % interval, and a remark.

    Discrimination: the share of the better half less that of the weaker, halves by the rest of their answers. A remark is
    `inverted`, `easy`, `hard`, `flat`, or none; what needs a look comes first.
    """
    right = {p: sum(r.correct for r in rows) for p, rows in room.answers.items() if rows}
    first: dict[str, dict[str, bool]] = defaultdict(dict)
    for person_id, rows in room.answers.items():
        for r in sorted(rows, key=lambda r: r.at):
            first[r.item].setdefault(person_id, r.correct)
    texts, out = {i.id: i.text for i in room.course(lang).items}, []
    for item_id, results in first.items():
        if len(results) < least or item_id not in texts:
            continue

        def rest(person_id: str, item_id: str = item_id) -> float:
            own = [r.correct for r in room.answers[person_id] if r.item == item_id]
            return (right[person_id] - sum(own) + 1) / (len(room.answers[person_id]) - len(own) + 2)

        ranked = sorted(results, key=rest)
        half = len(ranked) // 2
        weak, strong = [results[p] for p in ranked[:half]], [results[p] for p in ranked[-half:]]
        low, high = _wilson(sum(results.values()), len(results))
        apart = sum(strong) / half - sum(weak) / half
        spread = SURE * sqrt(sum(_variance(sum(g), half) for g in (weak, strong)))
        share = sum(results.values()) / len(results)
        out.append({"item": item_id, "text": texts[item_id], "n": len(results), "share": round(share, 2),
                    "share_low": round(low, 2), "share_high": round(high, 2), "discrimination": round(apart, 2),
                    "apart_low": round(apart - spread, 2), "apart_high": round(apart + spread, 2),
                    "remark": _remark(low, high, apart - spread, apart + spread)})  # fmt: skip
    return sorted(out, key=lambda i: (not i["remark"], i["discrimination"]))


def _remark(low: float, high: float, apart_low: float, apart_high: float) -> str:
    if apart_high < 0:
        return "inverted"
    if low > 0.9:
        return "easy"
    if high < 0.35:
        return "hard"
    return "flat" if apart_high < 0.15 and apart_low > -0.15 else ""


def _variance(right: int, n: int) -> float:
    p = (right + 1) / (n + 2)
    return p * (1 - p) / n


def _wilson(right: int, n: int) -> tuple[float, float]:
    """The 80 % interval of a share (Wilson 1927)."""
    p, z2 = right / n, SURE**2
    middle, spread = (p + z2 / (2 * n)) / (1 + z2 / n), SURE * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - spread), min(1.0, middle + spread)
