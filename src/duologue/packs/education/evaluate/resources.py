"""How well resources are found for a query: nDCG@10 beside BM25 alone. Knows rows and figures, no learner.

Rows are `{"query", "resource", "relevant"}`: a text or `{"title", "text"}`, and a gain. Each query is ranked over all resources
of the file; what was not judged counts as not relevant. Without a folder: the sample course's items ask for their skill's reading.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from duologue.packs.education.course import Resource, sample_course
from duologue.packs.education.evaluate.measure import Row, row
from duologue.packs.education.grading.overlap import Encode
from duologue.packs.education.resources import ResourceIndex

Floats = NDArray[np.float64]
DEPTH = 10
Gains = dict[str, dict[int, float]]


def measure(train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]], data_dir: Path | None,
            encode: Encode | None = None) -> Iterator[Row]:  # fmt: skip
    """nDCG@10 of the re-ranked search; baseline BM25 alone. Nothing is fitted, so `train` is not read."""
    with_what = "BM25 re-ranked by the encoder" if encode is not None else "BM25; no encoder given"
    sets = [("", *_from_rows(test))] if data_dir is not None else [(f"_{lang}", *_from_course(lang)) for lang in ("en", "zh")]
    for name, resources, gains in sets:
        index = ResourceIndex(resources, encode)
        ours, plain = _mean(index.score, gains), _mean(index.bm25, gains)
        note = f"{with_what}, over all {len(resources)} resources"
        yield row("resources", f"ndcg@{DEPTH}{name}", ours, plain, len(gains), note)
        judged = {q: g for q, g in gains.items() if len(set(g.values())) > 1}
        if data_dir is not None and judged:
            note = f"{with_what}, each query among the resources judged for it"
            yield row("resources", f"ndcg@{DEPTH}_judged", _mean(index.score, judged, is_judged=True),
                      _mean(index.bm25, judged, is_judged=True), len(judged), note)  # fmt: skip


def ndcg(scores: Floats, gains: dict[int, float], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain at a depth (Järvelin and Kekäläinen, 2002), ties in the order given; 0 without gain."""
    order = np.argsort(-scores, kind="stable")[:depth]
    discounts = 1 / np.log2(np.arange(2, depth + 2))
    best = sorted(gains.values(), reverse=True)[:depth]
    ideal = float(np.dot(best, discounts[: len(best)]))
    found = float(sum(gains.get(int(i), 0.0) * d for i, d in zip(order, discounts, strict=False)))
    return found / ideal if ideal > 0 else 0.0


def _mean(score: Callable[[str], Floats], gains: Gains, *, is_judged: bool = False) -> float:
    out = []
    for query, wanted in gains.items():
        scores = score(query)
        if is_judged:
            left_out = np.ones(len(scores), bool)
            left_out[list(wanted)] = False
            scores = np.where(left_out, -np.inf, scores)
        out.append(ndcg(scores, wanted))
    return float(np.mean(out)) if out else float("nan")


def _from_rows(rows: Sequence[dict[str, Any]]) -> tuple[list[Resource], Gains]:
    """The distinct resources and each query's gains; queries without anything relevant are left out."""
    places: dict[tuple[str, str], int] = {}
    gains: Gains = {}
    for one in rows:
        given = one["resource"]
        text = (str(given.get("title", "")), str(given.get("text", ""))) if isinstance(given, dict) else (str(given), "")
        place = places.setdefault(text, len(places))
        wanted = gains.setdefault(str(one["query"]), {})
        wanted[place] = max(wanted.get(place, 0.0), float(one["relevant"]))
    resources = [Resource(str(i), "", title, text) for (title, text), i in places.items()]
    return resources, {q: g for q, g in gains.items() if any(g.values())}


def _from_course(lang: Any) -> tuple[list[Resource], Gains]:
    course = sample_course(lang)
    gains: Gains = {}
    for item in course.items:
        wanted = {i: 1.0 for i, r in enumerate(course.resources) if r.skill == item.skills[0]}
        if wanted:
            gains[item.text] = wanted
    return list(course.resources), gains
