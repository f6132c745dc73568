"""Whether an answer says the same as the key: exact fractions first, then the worker. Knows shapes and units, not the item's form.

Order of trust: exact rational arithmetic, an identity that SymPy proves, agreement at 60 digits in six points.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import TypeVar

from duologue.packs.education.maths.claims import is_ordered, vector
from duologue.packs.education.maths.node import Node, num, rational
from duologue.packs.education.maths.read import Reading, symbols
from duologue.packs.education.maths.shape import Interval, Shape, as_region, expand_pm, shape
from duologue.packs.education.maths.units import Unit, read_unit
from duologue.packs.education.maths.worker import MathWorker

T = TypeVar("T")
MONEY = frozenset({"yuan", "dollar", "pound", "euro"})


@dataclass(slots=True)
class Comparison:
    """A comparison under way: the worker, and how sure its weakest step was."""

    worker: MathWorker
    trust: float = 0.995
    undecided: bool = False

    def same(self, a: Node, b: Node, *, up_to_factor: bool = False) -> bool:
        """Whether two expressions have one value everywhere."""
        if not up_to_factor:
            left, right = rational(a), rational(b)
            if left is not None and right is not None:
                return left == right
        found = self.worker.same(a, b, up_to_factor=up_to_factor)
        if found is None:
            self.undecided = True
            return False
        if found[0] and not found[1]:
            self.trust = min(self.trust, 0.97)
        return found[0]

    def lower(self, trust: float) -> bool:
        """True, with less trust."""
        self.trust = min(self.trust, trust)
        return True


def compare(key: Reading, answer: Reading, item: str, order: Sequence[str], against: Comparison) -> bool:
    """Whether the answer has the key's value; units are taken into account, the unit's absence is not judged here.

    `order` names the variables of a point. Raises Unreadable for answers that mean nothing.
    """
    factor = _factor(key.units, answer.units)
    if factor is None:
        return False
    wanted, given = shape(key.node, says_and=key.says_and), shape(answer.node, says_and=answer.says_and)
    if factor != 1:
        scale = num(f"{factor.numerator}/{factor.denominator}")
        given = _scaled(given, scale)
    return _same_shape(wanted, given, item, order, against)


def _scaled(found: Shape, scale: Node) -> Shape:
    values = tuple(Node("*", (value, scale)) for value in found.values)
    return Shape(found.kind, values, found.names, found.intervals, found.is_solved, found.braces, found.points)


def _factor(wanted: Sequence[Unit], given: Sequence[Unit]) -> Fraction | None:
    """What the answer's number is multiplied with to be in the key's unit; None where the units do not fit."""
    if not wanted or not given:
        return Fraction(1)
    for one in wanted:
        for other in given:
            if one.dimension == other.dimension:
                return other.factor / one.factor
    for one in wanted:  # £1.20 for a price per kilogram
        for other in given:
            is_money = len(one.dimension) == 2 and len(other.dimension) == 1 and other.dimension[0][0] in MONEY
            if is_money and other.dimension[0] in one.dimension:
                top = read_unit(re.split(r"/|\s+(?:per|an?)\s+", one.text)[0])
                same = [unit for unit in top if unit.dimension == other.dimension]
                return other.factor / same[0].factor if same else None
    return None


def _same_shape(wanted: Shape, given: Shape, item: str, order: Sequence[str], c: Comparison) -> bool:
    kinds = (wanted.kind, given.kind)
    if wanted.kind in ("empty", "reals", "many"):
        if wanted.kind == given.kind:
            return True
        if wanted.kind != "empty" and given.kind in ("reals", "many"):
            return c.lower(0.9)
        if wanted.kind == "reals" and given.kind in ("region", "point"):
            return _same_region(as_region(wanted), as_region(given), c)
        return False
    if given.kind in ("empty", "many"):
        return False
    if wanted.kind == "value":
        if given.kind == "point" and (parts := vector(wanted.values[0])):
            return len(parts) == len(given.values) and all(c.same(a, b) for a, b in zip(parts, given.values, strict=True))
        return _same_value(wanted.values[0], given, item, c)
    if wanted.kind == "solutions":
        return _same_solutions(wanted, given, item, c)
    if wanted.kind == "point":
        if len(wanted.values) == 2 and re.search(r"\binterval\b|区间", item, re.IGNORECASE):
            return given.kind in ("point", "region") and _same_region(as_region(wanted), as_region(given), c)
        if given.kind == "solutions" and given.names == ("x",) and len(given.values) == 1 and len(wanted.values) == 2:
            on_axis = re.search(r"x[- ]axis|x\s*轴", item, re.IGNORECASE) is not None  # x = 3 for (3, 0)
            return on_axis and rational(wanted.values[1]) == 0 and c.lower(0.85) and c.same(wanted.values[0], given.values[0])
        return _same_point(wanted, given, order, c)
    if wanted.kind == "system":
        return _same_system(wanted, given, order, c)
    if wanted.kind == "points":
        points = given.points if given.kind == "points" else (given.values,) if given.kind == "point" else ()
        return _matched(
            wanted.points, points, lambda a, b: len(a) == len(b) and all(c.same(x, y) for x, y in zip(a, b, strict=True))
        )
    if wanted.kind == "region":
        if given.kind not in ("region", "point", "reals"):
            return False
        if wanted.names and given.names and wanted.names[0].lower() != given.names[0].lower():
            return False
        return _same_region(wanted.intervals, as_region(given), c)
    if kinds == ("excluded", "region") and len(wanted.values) == 1:
        edge = wanted.values[0]
        below, above = Interval(None, edge, True, True), Interval(edge, None, True, True)
        return (not given.names or given.names == wanted.names) and _same_region((below, above), given.intervals, c)
    if kinds == ("excluded", "excluded"):
        return wanted.names == given.names and _matched(wanted.values, given.values, c.same)
    if wanted.kind == "ratio":
        return _same_ratio(wanted, given, c)
    if kinds == ("equation", "equation") or (wanted.kind == "equation" and given.kind == "solutions" and given.names):
        return _same_equation(wanted, given, c)
    return False


def _single(given: Shape) -> Node | None:
    if given.kind == "value" or (given.kind == "solutions" and len(given.values) == 1):
        return given.values[0]
    return None


def _same_value(value: Node, given: Shape, item: str, c: Comparison) -> bool:
    if given.kind == "ratio" and len(given.values) == 2:
        return (
            re.search(r"ratio|scale|比", item, re.IGNORECASE) is not None
            and c.lower(0.7)
            and c.same(value, Node("/", given.values))
        )
    one = _single(given)
    if one is None:
        return False
    if given.names and given.names[0] in symbols(value):
        return False
    asked = re.search(r"\b(?:value of|[Ff]ind) ([a-zA-Z])\b(?! \()|求\s*([a-zA-Z])\s*(?:的值|[。，,]|$)", item)
    if given.names and asked and given.names[0] != (asked[1] or asked[2]):
        return False  # x = 7 where y was asked for
    return c.same(value, one)


def _same_solutions(wanted: Shape, given: Shape, item: str, c: Comparison) -> bool:
    if given.kind in ("value", "solutions") and wanted.braces == "list" and not wanted.names and is_ordered(item):
        return len(wanted.values) == len(given.values) and all(
            c.same(a, b) for a, b in zip(wanted.values, given.values, strict=True)
        )
    if given.kind in ("value", "solutions"):
        both = wanted.names and given.names
        if both and wanted.names[0].lower() != given.names[0].lower():
            if not (len(wanted.values) == 1 and symbols(wanted.values[0])):
                return False
            return _same_equation(wanted, given, c)
        if len(wanted.values) == 1 and symbols(wanted.values[0]) and not given.names:
            return c.lower(0.8) and _no_equation_asked(item) and c.same(wanted.values[0], given.values[0])
        values = tuple(v for value in given.values for v in expand_pm(value)) if given.kind == "value" else given.values
        return _matched(wanted.values, values, c.same)
    if given.kind == "point" and wanted.braces == "{}" and given.braces == "()":
        return False  # (2, 3) is a pair or an interval where a set is asked for
    if given.kind == "point" and len(wanted.values) == len(given.values) > 1:  # [2, 3] for a set
        return (given.braces == "[]" or c.lower(0.85)) and _matched(wanted.values, given.values, c.same)
    if given.kind == "system" and wanted.braces == "list" and not wanted.names:  # x = 3, y = 7 for "3 and 7"
        return c.lower(0.85) and _matched(wanted.values, given.values, c.same)
    if given.kind == "equation" and len(wanted.values) == 1 and symbols(wanted.values[0]) and wanted.names and not given.braces:
        return _same_equation(wanted, given, c)
    return False


def _no_equation_asked(item: str) -> bool:
    return "equation" not in item.lower() and "方程" not in item


def _same_point(wanted: Shape, given: Shape, order: Sequence[str], c: Comparison) -> bool:
    if given.kind == "point":
        values = given.values
        if "×" in wanted.braces + given.braces and wanted.braces != given.braces:
            return False
    elif given.kind == "value" and (parts := vector(given.values[0])):
        values = parts
    elif given.kind == "system":
        values = _in_order(given, order)
    elif given.kind == "solutions" and given.braces == "list" and not given.names:
        values = given.values
        c.lower(0.9)
    elif given.kind == "region" and len(wanted.values) == 2:
        return _same_region(as_region(wanted), given.intervals, c)
    elif given.kind == "solutions" and given.braces == "{}" and wanted.braces == "[]":
        return _matched(wanted.values, given.values, c.same)
    else:
        return False
    return len(values) == len(wanted.values) and all(c.same(a, b) for a, b in zip(wanted.values, values, strict=True))


def _in_order(given: Shape, order: Sequence[str]) -> tuple[Node, ...]:
    found = dict(zip(given.names, given.values, strict=True))
    names = [name for name in order if name in found]
    if len(names) != len(found):
        names = sorted(found)
    return tuple(found[name] for name in names)


def _same_system(wanted: Shape, given: Shape, order: Sequence[str], c: Comparison) -> bool:
    if given.kind == "system":
        found = dict(zip(given.names, given.values, strict=True))
        return set(found) == set(wanted.names) and all(
            c.same(value, found[name]) for name, value in zip(wanted.names, wanted.values, strict=True)
        )
    return _same_point(Shape("point", _in_order(wanted, order), braces="()"), given, order, c)


def _same_region(a: Sequence[Interval], b: Sequence[Interval], c: Comparison) -> bool:
    def end(x: Node | None, y: Node | None) -> bool:
        return x is None and y is None if x is None or y is None else c.same(x, y)

    def alike(x: Interval, y: Interval) -> bool:
        return (x.low_open, x.high_open) == (y.low_open, y.high_open) and end(x.low, y.low) and end(x.high, y.high)

    return _matched(a, b, alike)


def _is_shared_out(wanted: Shape) -> bool:
    """Whether a key such as 8:12 names amounts, for a ratio that stands for itself is written in its lowest terms."""
    whole = [rational(value) for value in wanted.values]
    return all(v is not None and v.denominator == 1 for v in whole) and gcd(*(int(v) for v in whole if v is not None)) > 1


def _same_ratio(wanted: Shape, given: Shape, c: Comparison) -> bool:
    if _is_shared_out(wanted) and given.kind in ("ratio", "solutions", "point", "value"):
        return len(given.values) == len(wanted.values) and all(
            c.same(a, b) for a, b in zip(wanted.values, given.values, strict=True)
        )
    if given.kind == "ratio":
        if len(given.values) != len(wanted.values):
            return False
        (a, *rest), (b, *others) = wanted.values, given.values
        return all(c.same(Node("*", (a, y)), Node("*", (x, b))) for x, y in zip(rest, others, strict=True))
    one = _single(given)
    if one is None or len(wanted.values) != 2:
        return False
    return c.lower(0.7) and c.same(Node("/", wanted.values), one)


def _same_equation(wanted: Shape, given: Shape, c: Comparison) -> bool:
    signs = [_turned(found.braces) for found in (wanted, given)]
    if signs[0] != signs[1] and "list" not in (wanted.braces, given.braces):
        return False
    key, mine = _difference(wanted), _difference(given)
    if not c.same(key, mine, up_to_factor=True):
        return False
    return signs[0] not in _FLIP.values() or not c.same(key, Node("neg", (mine,)))  # 7/9 > 5/6 is not 5/6 > 7/9


_FLIP = {"<": ">", "≤": "≥"}


def _turned(sign: str) -> str:
    return _FLIP.get(sign, sign)


def _difference(found: Shape) -> Node:
    """Left less right; of a relation, the larger side less the smaller."""
    left, right = found.values if found.kind == "equation" else (Node("sym", text=found.names[0]), found.values[0])
    if found.braces in _FLIP:
        left, right = right, left
    return Node("+", (left, Node("neg", (right,))))


def _matched(a: Sequence[T], b: Sequence[T], same: Callable[[T, T], bool]) -> bool:
    """Whether the two hold the same things, in any order, however often each is named."""

    def covered(some: Sequence[T], others: Sequence[T]) -> bool:
        return all(any(same(x, y) for y in others) for x in some)

    return bool(a) and bool(b) and len(a) <= 50 and len(b) <= 50 and covered(a, b) and covered(b, a)
