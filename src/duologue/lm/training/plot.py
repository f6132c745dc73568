"""Small drawings as SVG: lines over steps, and a matrix of weights (attention). Knows numbers and labels, nothing of models."""

import math
from collections.abc import Mapping, Sequence
from html import escape

COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed", "#0891b2")
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 560, 260, 62, 30, 12, 38


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about `count` of them."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    size = 10 ** math.floor(math.log10(span / count))
    step = next(size * m for m in (1, 2, 5, 10) if span / (size * m) <= count)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def draw_lines(title: str, lines: Mapping[str, Sequence[tuple[float, float]]], y_label: str = "", x_label: str = "step") -> str:
    """An SVG of named lines of (x, y) points; what is not a finite number is left out. Empty text where nothing can be drawn."""
    kept = {name: [(x, y) for x, y in points if math.isfinite(y)] for name, points in lines.items()}
    points = [p for some in kept.values() for p in some]
    if not points:
        return ""
    x0, x1 = min(x for x, _ in points), max(x for x, _ in points)
    y0, y1 = min(y for _, y in points), max(y for _, y in points)
    if y0 == y1:
        y0, y1 = y0 - abs(y0) * 0.1 - 1e-9, y1 + abs(y1) * 0.1 + 1e-9
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + width * (x - x0) / ((x1 - x0) or 1), TOP + height * (1 - (y - y0) / (y1 - y0))

    parts = [_open(WIDTH, HEIGHT, title), _text(LEFT, 18, title, weight="600")]
    for value in ticks(y0, y1):
        y = at(x0, value)[1]
        parts += [
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>',
            _text(LEFT - 6, y + 4, f"{value:g}", anchor="end"),
        ]
    for value in ticks(x0, x1):
        x = at(value, y0)[0]
        parts += [f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#f3f4f6"/>']
        parts += [_text(x, HEIGHT - BOTTOM + 15, f"{value:g}", anchor="middle")]
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 6, x_label, anchor="end"))
    parts.append(_text(6, TOP - 12 if y_label else 0, y_label) if y_label and y_label not in title else "")
    for number, (name, some) in enumerate(kept.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*p) for p in some))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        if len(some) == 1:
            x, y = at(*some[0])
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        if len(kept) > 1:
            parts.append(_text(WIDTH - RIGHT - 4, TOP + 14 + 15 * number, name, anchor="end", colour=colour))
    return "".join(parts) + "</svg>"


def draw_weights(title: str, weights: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str]) -> str:
    """An SVG of a matrix of weights in [0, 1]: darker is more. `rows` (T) and `columns` (S) name its sides."""
    side = max(16, min(34, 520 // max(len(rows), len(columns), 1)))
    left, top = 12 + 8 * max(map(_width, rows), default=0), 34 + 7 * max(map(_width, columns), default=0)
    width, height = left + side * len(columns) + 12, top + side * len(rows) + 8
    parts = [_open(max(width, 30 + 8 * len(title)), height, title), _text(6, 18, title, weight="600")]
    for c, name in enumerate(columns):
        x = left + side * (c + 0.5) + 4
        parts.append(f'<text x="{x:.1f}" y="{top - 6}" transform="rotate(-60 {x:.1f} {top - 6})">{escape(name)}</text>')
    for r, (name, line) in enumerate(zip(rows, weights, strict=True)):
        parts.append(_text(left - 6, top + side * (r + 0.5) + 4, name, anchor="end"))
        for c, weight in enumerate(line):
            x, y, value = left + side * c, top + side * r, min(1.0, max(0.0, float(weight)))
            parts.append(
                f'<rect x="{x}" y="{y}" width="{side - 1}" height="{side - 1}" fill="#1d4ed8" '
                f'fill-opacity="{value:.3f}" stroke="#e5e7eb">'
                f"<title>{escape(name)} → {escape(columns[c])}: {value:.3f}</title></rect>"
            )
    return "".join(parts) + "</svg>"


def _open(width: float, height: float, title: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" '
        f'role="img" aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="11" fill="#374151">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
    )


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "400", colour: str = "#374151") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="{colour}">{escape(text)}</text>'


def _width(text: str) -> int:
    """Columns that a text takes; Han characters take two."""
    return sum(2 if ord(c) > 0x2E7F else 1 for c in text)
