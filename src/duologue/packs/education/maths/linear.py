"""A line such as 3x + 5 = 20: its one solution, exactly, and what a plain sum comes to. Knows no learner and no SymPy."""

from fractions import Fraction

from duologue.packs.education.maths.node import Node, rational
from duologue.packs.education.maths.parse import parse
from duologue.packs.education.maths.text import Unreadable, plain_math


def _put(node: Node, value: Fraction) -> Node:
    if node.op == "sym":
        top, bottom = Node("num", text=str(abs(value.numerator))), Node("num", text=str(value.denominator))
        ratio = Node("/", (top, bottom))
        return Node("neg", (ratio,)) if value < 0 else ratio
    return Node(node.op, tuple(_put(part, value) for part in node.parts), node.text)


def _read(text: str) -> Node | None:
    try:
        return parse(plain_math(text).text).node
    except (Unreadable, RecursionError):
        return None


def _value(node: Node) -> Fraction | None:
    try:
        return rational(node)
    except (Unreadable, ValueError, ZeroDivisionError):
        return None


def value_of(text: str) -> Fraction | None:
    """What a sum without variables comes to, or None."""
    node = _read(text)
    return None if node is None else _value(node)


def solve_linear(equation: str) -> tuple[str, Fraction] | None:
    """(variable, solution) of a linear equation in one variable; None where it is none, or has no or many solutions."""
    node = _read(equation)
    if node is None or node.op != "=" or len(node.parts) != 2:
        return None
    names = {part.text for part in node.walk() if part.op == "sym"}
    if len(names) != 1:
        return None
    points = []
    for x in (Fraction(0), Fraction(1), Fraction(3)):
        left, right = (_value(_put(side, x)) for side in node.parts)
        if left is None or right is None:
            return None
        points.append(left - right)
    slope = points[1] - points[0]
    if slope == 0 or points[2] - points[0] != 3 * slope:
        return None
    return next(iter(names)), -points[0] / slope
