"""Figures from counts: shares with exact bounds, F1, covered characters, nDCG. Knows no task."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

Told = Sequence[tuple[bool, bool]]
Spans = Sequence[tuple[int, int, str]]


def share(values: Sequence[bool]) -> float:
    """The share of true values; 0 of none."""
    return sum(values) / len(values) if values else 0.0


def lower_bound(hits: int, n: int, level: float = 0.95) -> float:
    """Clopper–Pearson's two-sided lower bound: the p at which `hits` or more of n have probability (1 - level)/2."""
    if hits == 0 or n == 0:
        return 0.0
    low, high, tail = 0.0, hits / n, (1 - level) / 2
    for _ in range(60):
        p = (low + high) / 2
        above = sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(hits, n + 1))
        low, high = (p, high) if above < tail else (low, p)
    return low


def precision(told: Told) -> float:
    """Of (gold, predicted) pairs."""
    said = sum(p for _, p in told)
    return sum(g and p for g, p in told) / said if said else 0.0


def recall(told: Told) -> float:
    """Of (gold, predicted) pairs."""
    gold = sum(g for g, _ in told)
    return sum(g and p for g, p in told) / gold if gold else 0.0


def f1(told: Told) -> float:
    """Harmonic mean of precision and recall."""
    p, r = precision(told), recall(told)
    return 2 * p * r / (p + r) if p + r else 0.0


def characters(triples: Iterable[tuple[str, Spans, Spans]]) -> tuple[int, int, int]:
    """Characters found rightly, found, and to be found, of (text, gold spans, found spans); blanks don't count."""
    hit = told = gold = 0
    for text, gold_spans, told_spans in triples:
        ink = {i for i, c in enumerate(text) if not c.isspace()}
        want = {i for a, b, _ in gold_spans for i in range(a, b)} & ink
        have = {i for a, b, _ in told_spans for i in range(a, b)} & ink
        hit, told, gold = hit + len(want & have), told + len(have), gold + len(want)
    return hit, told, gold


def ndcg(ranked: Sequence[str], judged: Mapping[str, int], k: int = 10) -> float:
    """nDCG@k with linear gain, as in trec_eval."""
    gain = sum(judged.get(d, 0) / math.log2(i + 2) for i, d in enumerate(ranked[:k]))
    best = sum(g / math.log2(i + 2) for i, g in enumerate(sorted(judged.values(), reverse=True)[:k]))
    return gain / best if best else 0.0


def found(ranked: Sequence[str], judged: Mapping[str, int]) -> float:
    """Share of the relevant documents that are in the ranking."""
    relevant = {d for d, g in judged.items() if g > 0}
    return len(relevant & set(ranked)) / len(relevant) if relevant else 0.0


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgements by query: BEIR's three columns, with or without a head, or TREC's four."""
    out: dict[str, dict[str, int]] = {}
    for line in path.read_text("utf-8").splitlines():
        parts = line.split()
        if len(parts) == 4:
            parts = [parts[0], parts[2], parts[3]]
        if len(parts) == 3 and parts[2].lstrip("-").isdigit():
            out.setdefault(parts[0], {})[parts[1]] = int(parts[2])
    return out


_TOKEN = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?|[\u4e00-\u9fff]")


def rouge(told: str, gold: str) -> tuple[float, float]:
    """F1 of shared words and of the longest common subsequence (ROUGE-1, ROUGE-L; Lin 2004); Chinese by character, no stemming."""
    a, b = _TOKEN.findall(told.lower()), _TOKEN.findall(gold.lower())
    if not a or not b:
        return 0.0, 0.0
    row = [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], last + 1 if x == y else max(row[j], row[j - 1])
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b)), 2 * row[-1] / (len(a) + len(b))
