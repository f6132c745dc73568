"""Counters, gauges and histograms as the text that Prometheus reads. Knows no metric by name.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[str, ...]


class Histogram:
    """How often a value fell below each bound, by labels."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self._counts: dict[Labels, list[int]] = defaultdict(lambda: [0] * (len(self.bounds) + 1))
        self._sums: dict[Labels, float] = defaultdict(float)

    def observe(self, value: float, *labels: str) -> None:
        """Note one value."""
        self._counts[labels][bisect_left(self.bounds, value)] += 1
        self._sums[labels] += value

    def lines(self, name: str, text: str, names: Sequence[str]) -> list[str]:
        """All of it under a metric's name and its labels' names."""
        rows = {labels: (self.bounds, counts, self._sums[labels]) for labels, counts in self._counts.items()}
        return histogram_lines(name, text, names, rows)


def histogram_lines(
    name: str, text: str, names: Sequence[str], rows: Mapping[Labels, tuple[Sequence[float], Sequence[int], float]]
) -> list[str]:
    """A histogram with labels: of each, its bounds, how often a value fell below each and above all, and the sum."""
    out = _head(name, "histogram", text)
    for labels, (bounds, counts, total) in sorted(rows.items()):
        seen = 0
        for bound, count in zip((*bounds, "+Inf"), counts or [0] * (len(bounds) + 1), strict=True):
            seen += count
            out.append(f"{name}_bucket{_braces((*names, 'le'), (*labels, str(bound)))} {seen}")
        out.append(f"{name}_sum{_braces(names, labels)} {total:.6f}")
        out.append(f"{name}_count{_braces(names, labels)} {seen}")
    return out


def counter_lines(name: str, text: str, names: Sequence[str], counts: Mapping[Labels, float]) -> list[str]:
    """A counter with labels."""
    return [*_head(name, "counter", text), *(f"{name}{_braces(names, labels)} {n}" for labels, n in sorted(counts.items()))]


def gauge_lines(name: str, text: str, names: Sequence[str], values: Mapping[Labels, float]) -> list[str]:
    """A gauge with labels."""
    return [*_head(name, "gauge", text), *(f"{name}{_braces(names, labels)} {v}" for labels, v in sorted(values.items()))]


def join_lines(families: Iterable[Sequence[str]]) -> str:
    """The text of several metrics."""
    return "".join(f"{line}\n" for lines in families for line in lines)


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _braces(names: Sequence[str], labels: Sequence[str]) -> str:
    pairs = ",".join(f'{name}="{_escape(label)}"' for name, label in zip(names, labels, strict=True))
    return f"{{{pairs}}}" if pairs else ""


def _escape(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
