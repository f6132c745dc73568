"""The tree that a mathematical answer is read into, its display, and its exact value where that is a fraction. Knows no SymPy.

Operators: num sym const + * / ^ neg pm func mixed recurring percent ! abs, pair bracket interval set list union, = < ≤
> ≥ ≠ ∈ chain ratio,
empty reals many.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from duologue.packs.education.maths.text import Unreadable

MAX_BITS = 20_000
"""Bits of the largest number that is worked out: 6,000 decimal digits, far above any school answer, far below a second of time."""


@dataclass(frozen=True, slots=True)
class Node:
    """An operator with its parts; `text` names a number, symbol, constant or function, or the open ends of an interval."""

    op: str
    parts: tuple["Node", ...] = ()
    text: str = ""

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def to_json(node: Node) -> list[Any]:
    """The tree as nested lists, for the worker."""
    return [node.op, node.text, [to_json(part) for part in node.parts]]


def from_json(value: list[Any]) -> Node:
    """The tree of `to_json`."""
    return Node(str(value[0]), tuple(from_json(part) for part in value[2]), str(value[1]))


def num(value: int | str) -> Node:
    """A number as it was typed."""
    return Node("num", text=str(value))


def check_power(base: Fraction, exponent: Fraction) -> int:
    """The exponent as a whole number. Raises Unreadable where the power would be too large to work out, or is not defined."""
    if exponent.denominator != 1:
        raise ValueError("not a rational power")
    size = max(abs(base.numerator).bit_length(), base.denominator.bit_length())
    if base == 0 and exponent <= 0:
        raise Unreadable("Zero to the power of zero or less is not defined.")
    if abs(base) != 1 and abs(exponent) * size > MAX_BITS:
        raise Unreadable("The number is too large to work out.")
    return int(exponent)


def rational(node: Node) -> Fraction | None:
    """The exact value where it is a fraction by arithmetic alone, else None. Raises Unreadable for 1/0 and huge numbers."""
    if node.op == "num":
        if len(node.text) > MAX_BITS // 4:
            raise Unreadable("The number is too large to work out.")
        return Fraction(node.text)
    values = [rational(part) for part in node.parts]
    if not values or any(v is None for v in values):
        return None
    a = values[0] or Fraction(0)
    b = values[1] if len(values) > 1 and values[1] is not None else Fraction(0)
    out: Fraction | None = None
    if node.op == "+":
        out = sum((v for v in values if v is not None), Fraction(0))
    elif node.op == "*":
        out = Fraction(1)
        for v in values:
            out *= v if v is not None else 1
    elif node.op == "/":
        if b == 0:
            raise Unreadable("The answer divides by zero.")
        out = a / b
    elif node.op == "^":
        try:
            out = a ** check_power(a, b)
        except ValueError:
            return None
    elif node.op == "neg":
        out = -a
    elif node.op == "abs":
        out = abs(a)
    elif node.op == "percent":
        out = a / 100
    elif node.op == "mixed":
        out = a + b
    elif node.op == "recurring":
        out = a
    if out is not None and max(abs(out.numerator).bit_length(), out.denominator.bit_length()) > MAX_BITS:
        raise Unreadable("The number is too large to work out.")
    return out


_RANK = {
    "list": 0,
    "ratio": 1,
    "=": 1,
    "<": 1,
    "≤": 1,
    ">": 1,
    "≥": 1,
    "∈": 1,
    "≠": 1,
    "chain": 1,
    "union": 1,
    "+": 2,
    "neg": 3,
    "pm": 3,
    "*": 4,
    "/": 4,
    "mixed": 4,
    "^": 6,
}
_ENDS = {"pair": "()", "bracket": "[]", "set": "{}"}


def show(node: Node, outer: int = 0) -> str:
    """The answer as the grader read it, for the learner's eye: `2·√3`, `x² + 1`, `[1, 4)`."""
    inner = _show(node)
    return f"({inner})" if _RANK.get(node.op, 9) < outer else inner


def _show(node: Node) -> str:
    p, op = node.parts, node.op
    if op in ("num", "sym", "const", "recurring"):
        return node.text
    if op == "+":
        out = show(p[0], 2)
        for part in p[1:]:
            out += f" − {show(part.parts[0], 3)}" if part.op == "neg" else f" + {show(part, 3)}"
        return out
    if op == "*":
        return "·".join(show(part, 4) for part in p)
    if op == "/":
        return f"{show(p[0], 4)}/{show(p[1], 5)}"
    if op == "^":
        shown = show(p[1], 9)
        return show(p[0], 7) + (shown.translate(_UP) if p[1].op == "num" and shown.isdecimal() else f"^{shown}")
    if op in ("neg", "pm"):
        return ("−" if op == "neg" else "±") + show(p[0], 4)
    if op == "func":
        return f"√{show(p[0], 7)}" if node.text == "sqrt" else f"{node.text}({', '.join(show(part) for part in p)})"
    if op == "mixed":
        return f"{show(p[0])} {show(p[1])}"
    if op == "percent":
        return f"{show(p[0], 7)}%"
    if op == "!":
        return f"{show(p[0], 7)}!"
    if op == "abs":
        return f"|{show(p[0])}|"
    if op in _ENDS or op == "interval":
        ends = node.text if op == "interval" else _ENDS[op]
        return f"{ends[0]}{', '.join(show(part) for part in p)}{ends[1]}"
    if op in ("empty", "reals", "many"):
        return {"empty": "∅", "reals": "ℝ", "many": "∞ solutions"}[op]
    joint = {"list": "; ", "ratio": " : ", "union": " ∪ "}.get(op)
    if joint is not None:
        return joint.join(show(part, 1) for part in p)
    if op == "chain":
        return show(p[0], 2) + "".join(f" {s} {show(part, 2)}" for s, part in zip(node.text, p[1:], strict=True))
    return f" {op} ".join(show(part, 2) for part in p)


_UP = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
