"""What kind of thing an answer is: a value, solutions, a point, a region of the line, an equation. Knows trees; compares nothing.

`x = 3`, `3 = x`, `{3}` and 3 all give one solution; `2 < x`, `(2, ∞)` and `x ∈ (2, ∞)` the same region.
"""

from dataclasses import dataclass, field
from typing import Literal

from duologue.packs.education.maths.node import Node
from duologue.packs.education.maths.read import symbols
from duologue.packs.education.maths.text import Unreadable

Kind = Literal[
    "value", "solutions", "system", "point", "points", "region", "equation", "excluded", "ratio", "empty", "reals", "many"
]


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; None is infinite."""

    low: Node | None
    high: Node | None
    low_open: bool
    high_open: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """The kind and its parts: `values` in order, `names` of the variables, `intervals` of a region, `braces` as typed."""

    kind: Kind
    values: tuple[Node, ...] = ()
    names: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    is_solved: bool = True
    braces: str = ""
    points: tuple[tuple[Node, ...], ...] = field(default=())


def shape(node: Node, *, says_and: bool = False) -> Shape:
    """The shape of an answer. Raises Unreadable for mixtures that mean nothing."""
    op, parts = node.op, node.parts
    if op in ("empty", "reals", "many"):
        return Shape(op)  # type: ignore[arg-type]
    if op == "=":
        return _equation(node)
    if op == "∈":
        inner = shape(parts[1])
        name = tuple(symbols(parts[0]))
        return (
            Shape("region", names=name, intervals=as_region(inner))
            if inner.kind != "solutions"
            else Shape("solutions", inner.values, name)
        )
    if op == "≠":
        if parts[0].op != "sym":
            raise Unreadable("I cannot read what is excluded.")
        return Shape("excluded", parts[1:], (parts[0].text,))
    if op in ("<", "≤", ">", "≥") or (op == "chain" and any(s != "=" for s in node.text)):
        return _inequality(node)
    if op == "chain":
        return _chain(node)
    if op == "ratio":
        return Shape("ratio", parts)
    if op == "union":
        return Shape("region", intervals=tuple(i for part in parts for i in as_region(shape(part))))
    if op == "interval":
        return Shape("region", intervals=(_between(parts[0], parts[1], node.text[0] == "(", node.text[1] == ")"),))
    if op in ("pair", "bracket") and all(part.op in ("pair", "bracket") for part in parts):
        rows = {len(part.parts) for part in parts}
        return Shape("point", tuple(value for part in parts for value in part.parts), braces=f"{len(parts)}×{max(rows)}")
    if op in ("pair", "bracket"):
        return Shape("point", parts, braces="()" if op == "pair" else "[]")
    if op in ("list", "set"):
        return _listing(node, says_and=says_and)
    if op == "pm" or (op == "+" and any(part.op == "pm" for part in parts)):
        return Shape("solutions", expand_pm(node))
    return Shape("value", (node,))


def expand_pm(node: Node) -> tuple[Node, ...]:
    """Both values of ±a and of a ± b."""
    if node.op == "pm":
        return (node.parts[0], Node("neg", node.parts))
    if node.op == "+" and any(part.op == "pm" for part in node.parts):
        plus = tuple(part.parts[0] if part.op == "pm" else part for part in node.parts)
        minus = tuple(Node("neg", part.parts) if part.op == "pm" else part for part in node.parts)
        return (Node("+", plus), Node("+", minus))
    if node.op in ("/", "*") and any(part.op in ("pm", "+") for part in node.parts):
        for place, part in enumerate(node.parts):
            both = expand_pm(part)
            if len(both) == 2:
                return tuple(Node(node.op, (*node.parts[:place], one, *node.parts[place + 1 :])) for one in both)
    return (node,)


def _equation(node: Node) -> Shape:
    left, right = node.parts
    for name, other in ((left, right), (right, left)):
        if name.op == "sym" and name.text not in symbols(other):
            plain = name.text.partition("_")[0]
            if other.op in ("pair", "bracket", "set", "list", "union", "interval", "empty", "reals"):
                return shape(other)
            both = expand_pm(other)
            return Shape("solutions", both, (plain,))
    if right.op in (
        "pair",
        "bracket",
        "set",
        "ratio",
        "interval",
        "union",
        "empty",
    ):  # (x, y) = (3, 2), a + b = (4, -3), 15:20 = 3:4
        return shape(right)
    if not symbols(left) and not symbols(right):
        return Shape("value", (right,))
    return Shape("equation", (left, right), is_solved=False)


def _chain(node: Node) -> Shape:
    first, last = node.parts[0], node.parts[-1]
    if first.op == "sym":
        return _equation(Node("=", (first, last)))
    return shape(last)


def _between(low: Node, high: Node, low_open: bool, high_open: bool) -> Interval:
    def finite(node: Node) -> Node | None:
        return None if any(part.op == "const" and part.text == "∞" for part in node.walk()) else node

    a, b = finite(low), finite(high)
    return Interval(a, b, low_open or a is None, high_open or b is None)


def as_region(found: Shape) -> tuple[Interval, ...]:
    """A shape read as a part of the line: `(2, ∞)` parsed as a pair is an open interval here. Raises Unreadable."""
    if found.kind == "region":
        return found.intervals
    if found.kind == "point" and len(found.values) == 2:
        is_open = found.braces == "()"
        return (_between(found.values[0], found.values[1], is_open, is_open),)
    if found.kind == "reals":
        return (Interval(None, None, True, True),)
    raise Unreadable("This is no interval.")


_FLIP = {"<": ">", "≤": "≥", ">": "<", "≥": "≤"}


def _inequality(node: Node) -> Shape:
    signs = node.text or node.op
    parts = node.parts
    if len(parts) == 2:
        left, right = parts
        if not symbols(left) and symbols(right):
            left, right, signs = right, left, _FLIP[signs]
        if left.op != "sym" or symbols(right):
            return Shape("equation", (left, right), is_solved=False, braces=signs)
        is_open = signs in "<>"
        interval = Interval(None, right, True, is_open) if signs in "<≤" else Interval(right, None, is_open, True)
        return Shape("region", names=(left.text,), intervals=(interval,))
    if len(parts) == 3 and parts[1].op == "sym":
        if all(s in ">≥" for s in signs):
            parts, signs = parts[::-1], "".join(_FLIP[s] for s in reversed(signs))
        if all(s in "<≤" for s in signs):
            interval = Interval(parts[0], parts[2], signs[0] == "<", signs[1] == "<")
            return Shape("region", names=(parts[1].text,), intervals=(interval,))
    raise Unreadable("I cannot read this chain of inequalities.")


def _listing(node: Node, *, says_and: bool) -> Shape:
    found = [shape(part) for part in node.parts]
    kinds = {one.kind for one in found}
    if kinds == {"region"}:
        return _joined(found, says_and=says_and)
    if kinds == {"excluded"}:
        return Shape("excluded", tuple(v for one in found for v in one.values), found[0].names)
    if kinds == {"point"}:
        return Shape("points", points=tuple(one.values for one in found))
    if kinds <= {"solutions", "value"}:
        names = [name for one in found for name in one.names]
        if len(found) > 1 and len(names) == len(found) and len(set(names)) == len(names):
            return Shape("system", tuple(one.values[0] for one in found), tuple(names))
        values = tuple(v for one in found for v in (expand_pm(one.values[0]) if one.kind == "value" else one.values))
        return Shape("solutions", values, tuple(dict.fromkeys(names)), braces="{}" if node.op == "set" else "list")
    raise Unreadable("The parts of this list are of different kinds.")


def _joined(found: list[Shape], *, says_and: bool) -> Shape:
    names = tuple(dict.fromkeys(name for one in found for name in one.names))
    intervals = tuple(i for one in found for i in one.intervals)
    if says_and and len(intervals) == 2:
        low = next((i for i in intervals if i.low is not None and i.high is None), None)
        high = next((i for i in intervals if i.high is not None and i.low is None), None)
        if low and high:
            return Shape("region", names=names, intervals=(Interval(low.low, high.high, low.low_open, high.high_open),))
    return Shape("region", names=names, intervals=intervals)
