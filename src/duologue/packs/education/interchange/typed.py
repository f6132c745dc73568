"""Formulas and raised figures of a page, typed in one line: x² for a superscript, (x + 1)/2 for MathML. Knows no format.

What stands above, below or over something else means something; a page's bare text loses it, and 10² becomes 102.
"""

import re

from bs4 import BeautifulSoup, NavigableString, Tag

RAISED = str.maketrans("0123456789+-−()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ")
LOWERED = str.maketrans("0123456789+-−()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎")
ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "re", "e", "º", "ª", "tm"})
ROWS = frozenset({"math", "mrow", "mstyle", "mpadded", "mtd", "merror", "msqrt", "menclose", "semantics"})
LEAVES = frozenset({"mi", "mn", "mo", "mtext", "ms"})
INVISIBLE = "\u2061\u2062\u2063\u2064"
CELL = " | "
SIGNS, OPERATORS = ("+", "-", "−"), "+-−=<>≤≥×÷·⋅≠(,["
_SINGLE = re.compile(r"(\d+(\.\d+)?|√?[^\W_])[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ₀₁₂₃₄₅₆₇₈₉]*")


def type_out(soup: BeautifulSoup) -> bool:
    """Replace formulas, raised and lowered text and the cells of tables by typed text; returns whether a formula was left out."""
    is_lost = False
    for formula in [t for t in soup.find_all(True) if _name(t) == "math" and not any(_name(p) == "math" for p in t.parents)]:
        typed = _type(formula)
        is_lost |= typed is None
        formula.replace_with(NavigableString(typed or "…"))
    for tag in soup.find_all(["sup", "sub"]):
        words = tag.get_text().strip()
        tag.replace_with(NavigableString(_raise(words) if tag.name == "sup" else _lower(words)))
    for cell in soup.find_all(["td", "th"]):
        if cell.find_next_sibling(["td", "th"]) is not None:
            cell.append(CELL)
    return is_lost


def _raise(words: str) -> str:
    if not words or words.lower() in ORDINALS:
        return words
    small = words.translate(RAISED)
    return small if not set(small) & set(words) else "^" + _group(words)


def _lower(words: str) -> str:
    small = words.translate(LOWERED)
    return small if not set(small) & set(words) else "_" + (words if words.isalnum() else f"({words})")


def _group(words: str) -> str:
    """In brackets, where it is more than one number or letter."""
    if _SINGLE.fullmatch(words) or (words[:1] == "(" and words[-1:] == ")" and not set("()") & set(words[1:-1])):
        return words
    return f"({words})"


def _name(tag: Tag) -> str:
    return tag.name.rpartition(":")[2].lower()


def _type(tag: Tag) -> str | None:
    """One element of MathML as typed text; None for what has no line of its own, such as a sum with its limits."""
    name, kids = _name(tag), [k for k in tag.children if isinstance(k, Tag)]
    if name in LEAVES:
        leaf = "".join(c for c in tag.get_text().strip() if c not in INVISIBLE)
        return f" {leaf} " if name == "mo" and leaf and leaf in OPERATORS.rstrip("(,[") else leaf
    if name == "mspace":
        return " "
    parts = [_type(k) for k in (kids[:1] if name == "semantics" else kids)]
    if any(p is None for p in parts):
        return None
    words = [p or "" for p in parts]
    one = [" ".join(w.split()) for w in words]
    if name == "mfenced":
        return f"{tag.get('open', '(')}{', '.join(one)}{tag.get('close', ')')}"
    if name in ROWS:
        row = " ".join(_join([_name(k) for k in kids], words).split())
        return f"√{_group(row)}" if name == "msqrt" else row
    if name in ("mtable", "mtr"):
        return "[" + ", ".join(one) + "]"
    if len(one) != 2:
        return None
    match name:
        case "mfrac":
            return f"{_group(one[0])}/{_group(one[1])}"
        case "msup":
            return _group(one[0]) + _raise(one[1])
        case "msub":
            return one[0] + _lower(one[1])
        case "mroot":
            return f"{_group(one[0])}^(1/{_group(one[1])})"
    return None


def _join(names: list[str], words: list[str]) -> str:
    """A row: 2 and ¾ is `2 3/4`, a fraction before or after a letter stands in brackets, a sign close to its number."""
    out = ""
    for k, (name, part) in enumerate(zip(names, words, strict=False)):
        if name == "mo" and part.strip() in SIGNS and out.rstrip()[-1:] in OPERATORS:
            out += part.strip()
            continue
        after = words[k + 1].lstrip()[:1] if k + 1 < len(words) else ""
        if name == "mfrac" and (out[-1:].isalpha() or out[-1:] == ")" or after.isalnum() or after == "("):
            part = f"({part})"
        if name == "msqrt" and after.isalnum():
            part = f"({part})"
        out += " " + part if out[-1:].isalnum() and part[:1].isdigit() else part
    return out
