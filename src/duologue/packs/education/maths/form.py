"""The form that an item asks for (lowest terms, a mixed number, brackets gone, two places) and whether an answer has it.

Knows items' words in both languages; knows no values: an answer in the right form may still be wrong.
"""

import re
from collections.abc import Callable
from math import gcd

from duologue.packs.education.maths.node import Node, rational
from duologue.packs.education.maths.read import Reading
from duologue.packs.education.maths.text import Unreadable, plain_math

WITHIN = re.compile(r"within:(\d+(?:\.\d+)?)")
"""The `form` of a number that may be off by so much, in the key's unit: `within:0.05`."""
FORMS = (
    "lowest", "mixed", "improper", "decimal", "percent", "fraction", "expanded", "factorised", "scientific", "interval", "equation",
    "primes", "collected", "whole",
)  # fmt: skip
_ASKS = {
    "lowest": r"lowest terms|simplest form|simplest fraction|\breduced? (?:form|fraction)|最简|约分",
    "mixed": r"(?:as|to|into) a mixed (?:number|fraction)|带分数",
    "improper": r"(?:as|to|into) an improper fraction|假分数",
    "decimal": r"(?:as|to|into|in) (?:a )?decimal|(?:成|为|用)小数",
    "percent": r"(?:write|convert|express|change|give|turn)\b.*\b(?:as|to|into) a percent|[成为]百分数",
    "fraction": r"(?:as|to|into) a (?:common |simple )?fraction|[成为]分数",
    "expanded": r"\bexpand|\bmultiply out|brackets must be gone|remove the (?:brackets|parentheses)|展开|去括号|不[带含]括号",
    "factorised": r"\bfactori[sz]e|\bfactor\b(?!s of)|因式分解|分解因式|写成积|product is required",
    "scientific": r"scientific notation|standard form|科学[记计]数法",
    "interval": r"interval notation|用区间|区间表示",
    "primes": r"prime factori[sz]|product of (?:its )?prime|质因数",
    "whole": r"\bas (?:a whole number|an integer|a single number)|[写化算]成(?:一个)?整数",
    "collected": r"\bsimplif(?:y|ied)\b|\brationali[sz]e\b|有理化|collect(?:ing)? like terms|化简|合并同类项",
    "equation": r"as an equation|(?:write|find|give) (?:the|an) equation|the equation of|(?:写出|求).*方程(?!的?解|组)",
}
_ANY = re.compile(r"any (?:equal|equivalent)(?: exact)? form|等值的.*都算对|任[何意](?:等值)?形式", re.IGNORECASE)
_COUNT = {"one": 1, "two": 2, "three": 3, "four": 4, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4}
_PLACES = re.compile(
    r"(?P<n>\d+|one|two|three|four)\s*(?:decimal places?|d\.?p\.?\b)|保留\s*(?P<z>\d+|[一两二三四])\s*位小数"
    r"|精确到(?P<w>十分位|百分位|千分位)"
    r"|nearest (?P<p>tenth|hundredth|thousandth)",
    re.IGNORECASE,
)
_WHERE = {"十分位": 1, "百分位": 2, "千分位": 3, "tenth": 1, "hundredth": 2, "thousandth": 3}


def asked_forms(item: str, form: str | None = None) -> tuple[tuple[str, ...], int | None]:
    """The forms that the item's text (or its `form`) asks for, and the number of decimal places where one is asked for."""
    if form:
        return (form,), None
    if _ANY.search(item):
        return (), None
    found = tuple(name for name, pattern in _ASKS.items() if re.search(pattern, item, re.IGNORECASE))
    if "scientific" in found or "primes" in found:
        found = ("primes",) if "primes" in found else ("scientific",)
    if re.search(r"simplify the ratio|化简比", item, re.IGNORECASE) and "lowest" not in found:
        found = (*found, "lowest")
    places = None
    if match := _PLACES.search(item):
        word = next(g for g in match.groups() if g)
        places = int(word) if word.isdecimal() else _COUNT.get(word.lower(), _WHERE.get(word.lower()))
    return found, places


_FIGURES = re.compile(
    r"(?P<n>\d+|one|two|three|four)\s*(?:significant\s+(?:figures?|digits?)|s\.?\s?f\.?\b|sig\.?\s*figs?)"
    r"|保留\s*(?P<z>\d+|[一两二三四])\s*[位个]有效数字",
    re.IGNORECASE,
)


def asked_figures(item: str) -> int | None:
    """The number of significant figures, where the item asks for one."""
    if not (match := _FIGURES.search(item)):
        return None
    word = match["n"] or match["z"]
    return int(word) if word.isdecimal() else _COUNT.get(word.lower())


def has_figures(node: Node, figures: int) -> bool:
    """Whether a decimal shows so many significant figures; the zeros at the end of a whole number may be some or none."""
    node = _bare(node)
    front = node.parts[0] if _is_scientific(node) or node.op == "percent" else node
    digits = front.text.replace(".", "").lstrip("0")
    if front.op != "num":
        return False
    return len(digits) == figures if "." in front.text else len(digits.rstrip("0")) <= figures <= len(digits)


def requires_unit(item: str) -> bool:
    """Whether the item asks for the unit to be written."""
    return (
        re.search(
            r"(?:with|include|state|give|write|add|name|mention|forget)\W+(?:down )?"
            r"(?:(?:the|its|a|your|correct|right) ){0,2}units?"
            r"|必须写单位|[写带]上?单位|[写注标][出明清]单位|单位(?:要|也要)写|要有单位",
            item,
            re.IGNORECASE,
        )
        is not None
    )


def _bare(node: Node) -> Node:
    while True:
        if node.op == "neg":
            node = node.parts[0]
        elif node.op == "=" and node.parts[0].op == "sym":
            node = node.parts[1]
        elif node.op in ("=", "chain") and all(part.op not in ("sym",) for part in node.parts):
            node = node.parts[-1]
        else:
            return node


def _whole(node: Node) -> int | None:
    value = rational(node)
    return (
        int(value) if value is not None and node.op in ("num", "neg") and value.denominator == 1 and "." not in node.text else None
    )


def _fraction(node: Node) -> tuple[int, int] | None:
    if node.op != "/":
        return None
    top, bottom = _whole(node.parts[0]), _whole(node.parts[1])
    return (top, bottom) if top is not None and bottom else None


def has_form(node: Node, form: str) -> bool:
    """Whether the answer, whatever its value, is written in the form."""
    node = _bare(node)
    if node.op in ("list", "set"):
        return all(has_form(part, form) for part in node.parts)
    test = _TESTS.get(form)
    return test(node) if test else True


def _is_lowest(node: Node) -> bool:
    if node.op == "ratio":
        parts = [_whole(part) for part in node.parts]
        return all(p is not None for p in parts) and gcd(*(p for p in parts if p is not None)) == 1
    if node.op == "mixed":
        return _is_lowest(node.parts[1])
    if pair := _fraction(node):
        return gcd(*pair) == 1 and abs(pair[1]) != 1
    if node.op in ("/", "*", "+", "func"):
        return not any(part.op == "/" and (pair := _fraction(part)) and gcd(*pair) != 1 for part in node.walk())
    return "." not in node.text and node.op != "percent"


def _is_mixed(node: Node) -> bool:
    if node.op == "num":
        return "." not in node.text
    if node.op != "mixed":
        return False
    pair = _fraction(node.parts[1])
    return pair is not None and 0 < pair[0] < pair[1]


def _is_fraction(node: Node) -> bool:
    return node.op == "mixed" or _fraction(node) is not None or (node.op == "num" and "." not in node.text)


def _is_expanded(node: Node) -> bool:
    """No product or power of a sum."""
    return not any(
        part.op in ("*", "^", "/") and any(p.op == "+" for p in (part.parts[:1] if part.op != "*" else part.parts))
        for part in node.walk()
    )


def _is_factorised(node: Node) -> bool:
    if node.op == "^":
        return True
    if node.op != "*":
        return node.op in ("num", "sym")
    flat = [p for part in node.parts for p in (part.parts if part.op == "*" else (part,))]
    return all(part.op not in ("neg",) or part.parts[0].op != "+" for part in flat) and any(p.op in ("+", "^", "sym") for p in flat)


def _is_scientific(node: Node) -> bool:
    if node.op != "*" or len(node.parts) != 2:
        return False
    front, power = node.parts
    value = rational(front)
    return (
        value is not None and front.op == "num" and 1 <= value < 10 and power.op == "^" and power.parts[0].text == "10"
        and _whole(power.parts[1]) is not None
    )  # fmt: skip


def _is_primes(node: Node) -> bool:
    parts = node.parts if node.op == "*" else (node,)
    bases = [_whole(part.parts[0] if part.op == "^" else part) for part in parts]
    return all(b is not None and b > 1 and all(b % d for d in range(2, min(b, 10_000)) if d * d <= b) for b in bases)


def _is_collected(node: Node) -> bool:
    """No two terms of a sum with the same letters, and no fraction of whole numbers that can be reduced."""
    if any((pair := _fraction(part)) and gcd(*pair) != 1 for part in node.walk() if part.op == "/"):
        return False
    if any(part.op == "func" and part.text == "sqrt" and _has_square(_whole(part.parts[0])) for part in node.walk()):
        return False  # √4 and √12 are still to be worked out
    seen = [_letters(part) for part in (node.parts if node.op == "+" else ())]
    return None in seen or len(set(seen)) == len(seen)


def _has_square(value: int | None) -> bool:
    """Whether a whole number can be divided by a square above 1."""
    return value is not None and any(value % (d * d) == 0 for d in range(2, min(int(abs(value) ** 0.5), 1000) + 1))


def _letters(node: Node) -> tuple[str, ...] | None:
    """The letters of a term with their powers, sorted; None for what is no simple term."""
    if node.op == "neg":
        return _letters(node.parts[0])
    if node.op in ("num", "mixed"):
        return ()
    if node.op == "sym":
        return (node.text,)
    if node.op == "func" and node.text == "sqrt" and _whole(node.parts[0]):
        return (f"√{_whole(node.parts[0])}",)
    if node.op == "^" and node.parts[0].op == "sym" and (times := _whole(node.parts[1])) and 0 < times < 20:
        return (node.parts[0].text,) * times
    if node.op == "/" and node.parts[1].op == "num":
        return _letters(node.parts[0])
    if node.op != "*":
        return None
    parts = [_letters(part) for part in node.parts]
    return None if None in parts else tuple(sorted(letter for part in parts if part for letter in part))


def has_whole_factors(node: Node) -> bool:
    """No decimal and no fraction of numbers in it: 6(x + 1.5) is no factorisation over the whole numbers."""
    return not any((part.op == "num" and "." in part.text) or _fraction(part) is not None for part in node.walk())


def count_factors(node: Node) -> int:
    """How many factors a product shows, powers counted by their exponent."""
    node = _bare(node)
    if node.op == "*":
        return sum(count_factors(part) for part in node.parts)
    if node.op == "^":
        times = _whole(node.parts[1])
        return count_factors(node.parts[0]) * (times if times and 0 < times < 100 else 1)
    return 1


_TESTS: dict[str, Callable[[Node], bool]] = {
    "primes": _is_primes,
    "collected": _is_collected,
    "whole": lambda node: _whole(node) is not None,
    "lowest": _is_lowest,
    "mixed": _is_mixed,
    "improper": lambda node: _fraction(node) is not None,
    "decimal": lambda node: node.op in ("num", "recurring"),
    "percent": lambda node: node.op == "percent",
    "fraction": _is_fraction,
    "expanded": _is_expanded,
    "factorised": _is_factorised,
    "scientific": _is_scientific,
    "interval": lambda node: node.op in ("interval", "pair", "bracket", "union", "∈", "empty", "reals"),
}


def has_places(node: Node, places: int) -> bool:
    """Whether a decimal shows exactly so many places."""
    node = _bare(node)
    node = node.parts[0] if node.op == "percent" else node
    return node.op == "num" and len(node.text.partition(".")[2]) == places


def _compact(text: str) -> str:
    try:
        return re.sub(r"[\s*()]", "", plain_math(text[:500]).text).lower()
    except Unreadable:
        return ""


_ASKS_FOR_RESULT = re.compile(
    r"\b(?:work out|calculate|compute|evaluate|estimate|what is|how (?:much|many)|(?:in|de)crease|find)\b"
    r"|计算|估算|算出|是?多少|得几|等于几|求[^证出]",
    re.IGNORECASE,
)


_ASKS_TO_SOLVE = re.compile(r"\bsolve\b|解方程", re.IGNORECASE)


def is_unworked(item: str, raw: str, wanted: Node, given: Node) -> bool:
    """Whether the item asks for a number and the answer is a product or a sum of numbers that still is to be worked out."""
    node = _bare(given)
    if not re.search(r"\d\s*[*×·xX+\-−＋＊]\s*[-−]?[\d(]|\)\s*\(", raw):
        return False  # 1.25万 is a number
    is_product_over = node.op == "/" and node.parts[0].op in ("*", "+")
    is_sum = node.op in ("*", "+", "-")
    if not (is_sum or is_product_over) or rational(_bare(wanted)) is None:
        return False
    if not (_ASKS_FOR_RESULT.search(item) or (node.op == "+" and _ASKS_TO_SOLVE.search(item))):
        return False  # x = 24/4 is a solution, x = 10 + 1 is still to be worked out
    if any(part.op not in ("num", "*", "+", "-", "neg", "/", "percent") for part in node.walk()):
        return False  # roots, powers, π and letters stay as they are
    return _bare(wanted).op in ("num", "/", "mixed", "percent")


_RUN = re.compile(r"[-−–+*/×÷·^=().\d\sa-zA-Zπ√²³⁰-⁹½¼¾_]+")


def is_copied(item: str, raw: str, key: str, reading: Reading) -> bool:
    """Whether the answer is the item's own expression, its parts perhaps in another order, with the work left to do."""
    ops = [
        part
        for part in reading.node.walk()
        if part.op in ("+", "*", "^", "func", "neg") or (part.op == "/" and part.parts[0].op != "num")
    ]
    mine = _compact(raw)
    if not ops or not mine or mine == _compact(key):
        return False
    leaves, own = (sorted(re.findall(r"\d+\.?\d*|[a-z√π]|[-+/^]", text)) for text in (mine, _compact(key)))
    if leaves == own and len(leaves) >= 3:  # 3 + 2i where the item has 2 + 3i: only the same text is a copy
        return mine in {_compact(run) for run in _expressions(item)}
    if len(leaves) < 3:
        return "√" in mine and mine in {_compact(run) for run in _expressions(item)}
    return any(leaves == sorted(re.findall(r"\d+\.?\d*|[a-z√π]|[-+/^]", _compact(run))) for run in _expressions(item))


def _expressions(item: str) -> list[str]:
    runs = [re.sub(r"\b[A-Za-z]{2,}\b", " ; ", run.replace("sqrt", "√")) for run in _RUN.findall(item)]
    return [piece.strip(" .=") for run in runs for piece in run.split(";") if any(c.isalnum() for c in piece)]
