"""How people write what the grammar does not know: the working before the result, a decimal comma, `x: 4`, "anything below 4".

Rewrites an answer by what kind of thing the key is, never by its value, so that what is shown as read gives nothing away.
"""

import re
from fractions import Fraction
from itertools import pairwise

from duologue.packs.education.maths.claims import exclusion, say_plainly
from duologue.packs.education.maths.naming import unnamed
from duologue.packs.education.maths.node import Node
from duologue.packs.education.maths.numerals import rewrite_parts
from duologue.packs.education.maths.read import Hints, Reading
from duologue.packs.education.maths.shape import shape
from duologue.packs.education.maths.text import Unreadable
from duologue.packs.education.maths.undress import undress
from duologue.packs.education.maths.units import split_unit

_SINGLE = frozenset({"value", "solutions", "region", "equation"})
_SIGN = r"[=<>≤≥≦≧＝＜＞]"
_STRONG = re.compile(
    r"\n|⇒|⟹|→|∴|=>|->|[;；]"
    r"|(?:,\s*)?\b(?:and )?(?:so|therefore|thus|hence|then|which (?:means|gives)|(?:we |you |i )?(?:get|gets|got)|giv(?:es|ing)|"
    r"leav(?:es|ing))\b|[,，]?(?:所以|因此|从而|于是|可得|解得|得到|得|即|则|故)"
)
_PROSE = re.compile(r"(?<![A-Za-z])(?!sqrt|root)[A-Za-z]{4,}|[\u4e00-\u9fff].*[\u4e00-\u9fff]")
_NAME = r"[A-Za-z](?:_?\d|[₀-₉])?"
_BARE = re.compile(rf"^\s*(?:{_NAME}\s*{_SIGN}+[^=<>≤≥＝＜＞]*|[^=<>≤≥＝＜＞]*{_SIGN}+\s*{_NAME})\s*$")
_NOT_MORE = r"(?:not? (?:more|greater|bigger|larger|higher) than|not (?:above|over)|up to|at the most)"
_NOT_LESS = r"(?:not? (?:less|smaller|lower|fewer) than|not (?:below|under)|at the least)"
_NUMBER = r"(-?\s*\d[\d./]*)"
_LESS = r"(?:less|smaller|lower|fewer) than|below|under"
_MORE = r"(?:greater|more|bigger|larger|higher) than|above"
_ALL = re.compile(
    r"^(?:(?:x can be|it can be|it is|all|any|every|anything|everything|numbers?|values?|real|the|of [a-z]|"
    r"(?:that|which) (?:are|is))\s+)*"
    r"(?=(?:strictly )?(?:less|greater|more|at least|at most)\b)", re.IGNORECASE
)  # fmt: skip


def restate(raw: str, wanted: Reading, hints: Hints, item: str) -> str:
    """The answer with such habits undone, for `read_answer`; what is usual already stays as it is."""
    if len(raw) > 600:
        return raw
    try:
        found = shape(wanted.node, says_and=wanted.says_and)
    except Unreadable:
        return raw
    kind, text = found.kind, _apart(undress(raw), wanted.node)
    if len(found.values) == 1 or kind == "equation":  # 3x+-2 adds −2; both signs are meant where there are two values
        text = re.sub(r"(?<=[\w)²³])\s*\+\s*[-−–](?=[\d.(A-Za-z√π])", " - ", text)
    if kind == "value":
        text = _crossing(_concluded(text, item), item)
    text = re.sub(r"(?<=\d)\s*/\s*(?=[a-z]\s*=)", " or ", text)
    if kind == "solutions" and not hints.names:  # 5²=25, 6²=36: what each came to
        sums = [
            re.fullmatch(r"[-\d.\s^²³+*/×÷()]+[=＝]\s*(-?[\d./]+)", part.strip())
            for part in re.split(r"[,，;；]", text)
            if part.strip()
        ]
        text = "; ".join(found[1] for found in sums if found) if all(sums) else text
    if (
        kind in ("equation", "solutions")
        and "y" in hints.names
        and len(steps := re.split(r"[,，]\s*", text)) > 1
        and re.fullmatch(r"\s*[mkb]\s*[=＝].*", steps[0])
    ):
        text = ", ".join(steps[1:])
    if kind == "solutions" and wanted.units:
        text = re.sub(r"(?<=\d)\s*[:：]\s*(?=[£$€¥])", "; ", text)
    if kind in ("value", "ratio") and not hints.names:
        text = unnamed(text, item)
    text = say_plainly(text, item, kind, wanted.node, bool(wanted.units))
    if kind in ("equation", "solutions") and "y" in hints.names and "f" not in hints.names:
        text = re.sub(r"^\s*f\s*\(\s*x\s*\)\s*=", "y =", text)
    if kind == "excluded":
        text = exclusion(text, min(hints.names, default="x"))
    if not hints.is_ratio:
        letters = "".join(sorted(n for n in hints.names if len(n) == 1)) or ("a-z" if kind in ("point", "points") else "")
        if letters:
            given = r"\s*(?::|：|->|→)\s*(?=[-−–]?\s*[\d零一二两三四五六七八九十])"
            text = re.sub(rf"(?<![A-Za-z{{｛])([{letters}{letters.upper()}]){given}", r"\1 = ", text)
    text = _last_statement(text, wanted.node, kind)
    if kind in _SINGLE and wanted.node.op not in ("list", "set", "chain"):
        text = re.sub(r"(?<![\d,.])(\d+),(\d+)(?![\d,.])", _decimal, text)
    text = _verbs(text)
    if kind == "region" or (kind == "point" and re.search(r"\binterval\b|区间", item, re.IGNORECASE)):
        text = _range(text, hints)
    if kind in ("point", "points"):
        text = re.sub(r"^[A-Za-z\u4e00-\u9fff\s:：]+(?=[(（])", "", text)
    if kind == "value":
        text = re.sub(r"^\s*[A-Z]{2,5}\s*[=:：]\s*|^[-−\d\s.+*/×÷xX()%]+[=＝]\s*(?=[£$€¥])", "", text)
        text = text if re.search(r"how many", item, re.IGNORECASE) else rewrite_parts(text)
    if "x" not in hints.names:
        text = re.sub(r"(?<=[a-z\d)])\s+[xX]\s+(?=[a-z\d(])", "*", text)
        text = re.sub(r"(?<=[\d)）])\s*[xX]\s*(?=[√π(（])", "*", text)
    if kind == "value" and not wanted.units:
        text = _powers(text, wanted.node)
    if wanted.units:
        text = re.sub(r"([A-Za-z]+)\s+(h|s|min)\^?\(?[-−⁻][1¹]\)?$", r"\1/\2", text)
        text = re.sub(r"^时速\s*(.*?)(千米|公里|km)$", r"\1\2/时", text)
        text = re.sub(r"^\s*(GBP|USD|EUR|RMB|CNY)\s*(\d[\d.,]*)$", r"\2 \1", text)
    if wanted.units or re.search(r"hour|小时", item):
        text = re.sub(r"(?<=\d)\s*h\s*(\d{1,2})\s*(?:min(?:utes)?|m)?$", r" h \1 min", text)
        text = re.sub(r"^(\d+(?:\.\d+)?)\s*h$", r"\1 hours", text)
        if wanted.node.op not in ("list", "set"):
            text = re.sub(r"(\d\s*[A-Za-z]+)\s+and\s+(?=\d)", r"\1 ", text)
        if re.search(r"hour|\dh|小时", wanted.plain.text):
            text = re.sub(r"^\s*(\d+)\s*[:：]\s*([0-5]\d)\s*$", r"\1 hours \2 minutes", text)
    if re.search(r"mixed number|带分数", item):
        text = re.sub(r"^(\s*\d+)\s*(?:-|wholes?(?: and)?|个?整)\s*(\d+/\d+)\s*$", r"\1 \2", text)
    if kind in ("value", "equation", "solutions") and not wanted.units:
        text = _lower(text, hints)
    return _right_side(text, wanted.node, kind)


def _apart(text: str, key: Node) -> str:
    """Statements that only spaces, or 答：, keep apart: `3x-6=12 3x=18 x=6`, `x1=3 x2=-3`; the terms of a sequence as `a_n`."""
    text = re.split(r"[,，;；。\s]\s*答\s*[:：]", text)[-1]
    if re.fullmatch(r"\s*[^\s=＝]+[=＝][^\s=＝]+(?:\s+[^\s=＝]+[=＝][^\s=＝]+)+\s*", text):
        text = "; ".join(text.split())
    if any(part.op == "sym" and part.text.endswith("_n") for part in key.walk()):
        text = re.sub(r"(?<![A-Za-z])([a-zA-Z])(?:n|ₙ)(?=\s*[=＝])", r"\1_n", text)
    return text


def _powers(text: str, key: Node) -> str:
    """`3x2` for 3x², where the key has powers of that letter: keyboards have no small digits."""
    for letter in {part.parts[0].text for part in key.walk() if part.op == "^" and part.parts[0].op == "sym"}:
        text = re.sub(rf"(?<![A-Za-z]){letter}([2-9])(?![\d.])", rf"{letter}^\1", text)
    return text


def _concluded(text: str, item: str) -> str:
    """What a value came to behind "so", an arrow, 所以; what goes on where the item's numbers end."""
    pieces = re.split(r"\s*(?:,\s*)?\b(?:so|therefore|hence)\b\s*|\s*(?:→|->|⇒|=>)\s*|[,，]?\s*(?:所以|因此)\s*", text)
    if len(pieces) > 1 and re.search(r"\d", pieces[-1]) and re.search(r"\d", pieces[0]):
        text = pieces[-1]
    steps = re.split(r"[,，]\s+|[,，](?=\s*[A-Za-z\u4e00-\u9fff])|[;；\n]", text)
    if len(steps) > 1 and all(re.search("[=＝]", step) for step in steps[:-1]) and re.search(r"\d", steps[-1]):
        text = steps[-1].strip()
    for run in re.findall(r"-?\d+(?:\s*[,，、]\s*-?\d+){2,}", item):
        tight, mine = (
            re.sub(r"[\s，、]", lambda m: "" if m[0].isspace() else ",", run),
            re.sub(r"[\s]", "", text.replace("，", ",")),
        )
        if mine.startswith(tight + ",") and re.search(r"next|后|接", item):
            return mine[len(tight) + 1 :]
    return text


def _crossing(text: str, item: str) -> str:
    """The intercept of a point on its axis: (0, -9) where the y-intercept is asked for."""
    axis = re.search(r"\b([xy])[\s-]*intercept|([xy])\s*轴上?的?截距", item, re.IGNORECASE)
    point = re.fullmatch(r"\s*[(（]\s*([^,，]+?)\s*[,，]\s*([^,，]+?)\s*[)）]\s*", text)
    if not axis or not point:
        return text
    zero, value = point.groups() if (axis[1] or axis[2]).lower() == "y" else point.groups()[::-1]
    return value if zero == "0" else text


def _last_statement(text: str, key: Node, kind: str) -> str:
    """The result behind its working: the statements before it are dropped where they are relations and not results themselves."""
    if kind not in (*_SINGLE, "point", "points", "interval", "system") or "{" in text or "\\" in text:
        return text
    many = key.op in ("list", "set") or kind in ("point", "points", "system")
    pieces = [p for p in _STRONG.split(text) if p and p.strip(" ,，.。")]
    while len(pieces) > 1 and (
        _is_working(pieces[0])
        or _is_prose(pieces[0])
        or re.fullmatch(r"[\s,]*(?:and|i|we|you|解|答|我)?[\s,:：]*", pieces[0], re.IGNORECASE)
    ):
        pieces.pop(0)
    text = "; ".join(p.strip(" ,，") for p in pieces) if len(pieces) > 1 else pieces[0] if pieces else text
    parts = re.split(r"[,，]", text)
    if not many and len(parts) > 1 and re.search(_SIGN, parts[-1]) and all(_is_working(p) or _is_prose(p) for p in parts[:-1]):
        return parts[-1].strip()
    while many and len(parts) > 1 and (_is_working(parts[0]) or _is_prose(parts[0])):
        parts.pop(0)
    return ",".join(parts)


def _is_working(piece: str) -> bool:
    """A relation that names no result: 2x = 8 or 6 - 2x = x, but not x = 4."""
    bare = re.sub(r"[\u4e00-\u9fff:：]+", "", piece)
    if re.search(_SIGN, piece) is None:
        return False
    letters = [set(re.findall(r"[A-Za-z]", side)) for side in re.split(_SIGN, bare)]
    return not _BARE.match(bare) or any(a & b for a, b in pairwise(letters))


def _is_prose(piece: str) -> bool:
    """Words about what was done, such as "divide both sides by 4"; nothing that denies, and no quantity such as "36 pounds"."""
    if re.fullmatch(r"[-−\s£$€¥\d./]+", split_unit(piece, with_letters=True)[0]):
        return False
    return (
        _PROSE.search(piece) is not None
        and re.search(_SIGN, piece) is None
        and re.search(r"\b(?:not|or|never|maybe)\b|n't|不|或|非|没", piece, re.IGNORECASE) is None
    )


def _decimal(match: re.Match[str]) -> str:
    whole, rest = match[1], match[2]
    return match[0] if len(rest) == 3 and len(whole) <= 3 and whole != "0" else f"{whole}.{rest}"


def _verbs(text: str) -> str:
    text = re.sub(
        r"\b([A-Za-z])\s+(?:would|will|should|must|has to|have to|needs to|can|could)\s+be\s+(?:equal to\s+)?", r"\1 is ", text
    )
    text = re.sub(r"\b([A-Za-z])\s+(?:comes (?:out )?(?:to|as)|turns out to be|works out (?:as|to be))\s+", r"\1 is ", text)
    is_ = r"(?:是|为|等于)"
    text = re.sub(rf"(?<![A-Za-z])([A-Za-z])\s*(?:的值\s*(?:就|应该?|一定)?|就|应该?|一定){is_}", r"\1=", text)
    lead = re.match(
        r"[^\dA-Za-z=<>(（\[]*[\u4e00-\u9fff][^\dA-Za-z=<>(（\[]*[为是得]\s*[:：]?\s*(?=[A-Za-z]\s*[=<>≤≥＝＜＞大小等])", text
    )
    if lead and not re.search("[不非没或]", lead[0]):
        text = text[lead.end() :]
    return re.sub(r"(?<![A-Za-z])([A-Za-z])\s*(?:要|应该?|必须|需|得)\s*(?=大于|小于|不|等于|比)", r"\1", text)


def _range(text: str, hints: Hints) -> str:
    """Words and brackets of a range of numbers."""
    name = min(hints.names, default="x")
    if inner := re.fullmatch(r"(?:.*[:：为是])?\s*[{｛]\s*[A-Za-z]\s*(?:∈\s*[Rℝ]\s*)?[|:｜∣]\s*(.+?)\s*[}｝]", text.strip()):
        return inner[1]
    if turned := re.fullmatch(r"\s*([\])[(])\s*([^;,]+?)\s*[;,]\s*([^;,]+?)\s*([\])[(])\s*", text):
        opening, low, high, closing = turned.groups()
        if opening == "]" or closing == "[":
            return f"{'(' if opening == ']' else opening}{low}, {high}{')' if closing == '[' else closing}"
    text = re.sub(rf"\b(?:is |are |be )?{_NOT_MORE}\b", "at most", text, flags=re.IGNORECASE)
    text = re.sub(rf"\b(?:is |are |be )?{_NOT_LESS}\b", "at least", text, flags=re.IGNORECASE)
    both = re.fullmatch(rf"\s*([a-z])\s*([<>≤≥])=?\s*{_NUMBER}\s*[,，]\s*\1\s*([<>≤≥])=?\s*{_NUMBER}\s*", text)
    if both and both[2] in ">≥" and both[4] in "<≤" and _is_below(both[3], both[5]):
        text = text.replace(",", " and ").replace("，", " and ")
    if both and both[2] in "<≤" and both[4] in ">≥" and _is_below(both[5], both[3]):
        text = text.replace(",", " and ").replace("，", " and ")
    text = re.sub(r"((?:大于|不小于)(?:等于)?\s*-?[\d./]+)(?=小于|不大于)", r"\1且", text)
    text = re.sub(r"或(?:者)?(?=大于|小于|不大于|不小于)", f"或{name}", text)
    text = re.sub(rf"\b(than\s*-?[\d./]+)\s+or\s+(?=(?:is )?(?:{_LESS}|{_MORE}))", rf"\1 or {name} ", text)
    text = re.sub(rf"(?<!\w)(?:is |are |be )?{_NUMBER} or (?:less|fewer|below|under|smaller|lower)\b", r"at most \1", text)
    text = re.sub(rf"(?<!\w)(?:is |are |be )?{_NUMBER} or (?:more|greater|above|over|bigger|larger|higher)\b", r"at least \1", text)
    text = re.sub(rf"\b(?:is |are |be )?(?:{_LESS})\b", "less than", text, flags=re.IGNORECASE)
    text = re.sub(rf"\b(?:is |are |be )?(?:{_MORE})\b", "greater than", text, flags=re.IGNORECASE)
    text = re.sub(r"^(\s*[a-z]\s*[<>≤≥]=?)\s*[-\d./\s()*+×÷]+=\s*(-?[\d./]+)\s*$", r"\1 \2", text)
    text = re.sub(r"\s*[,，]?\s*\bbut\s+(?=(?:also )?(?:less|greater|more|at))", " and ", text)
    bounds = re.fullmatch(
        rf"(?:[a-z] (?:is|lies) |(?:numbers?|anything|values?) )?(?:strictly )?between {_NUMBER} and {_NUMBER}(.*)",
        text.strip(),
        re.IGNORECASE,
    )
    if bounds and _is_below(bounds[1], bounds[2]):
        closed = re.search(r"inclusive|\bincluding", bounds[3], re.IGNORECASE) and not re.search(r"\bnot\b|exclu", bounds[3])
        sign = "≤" if closed else "<"
        return f"{bounds[1]} {sign} {name} {sign} {bounds[2]}"
    text = re.sub(r"\s*[(（](?:not including|excluding|不含|不包括)[^()（）]*[)）]\s*$", "", text)
    text = re.sub(r"^(?:所有|一切|全部|任何)?(?:的)?(?=大于|小于|不|比)", "", text.strip())
    text = re.sub(r"的(?:实)?数$", "", text)
    text = re.sub(r"比\s*(-?[\w./]+?)\s*([大小])$", lambda m: f"{'大于' if m[2] == '大' else '小于'}{m[1]}", text)
    text = re.sub(r"(且|and)\s*(?=大于|小于|不|less|greater|at (?:most|least))", rf"\1 {name} ", text)
    bare = _ALL.sub("", text)
    if re.match(r"(?:strictly )?(?:less than|greater than|at least|at most)\b|大于|小于|不小于|不大于|不超过|不少于", bare):
        return f"{name} {bare}"
    return text


def _is_below(low: str, high: str) -> bool:
    try:
        return Fraction(low.replace(" ", "").replace("−", "-")) < Fraction(high.replace(" ", "").replace("−", "-"))
    except (ValueError, ZeroDivisionError):
        return False


def _lower(text: str, hints: Hints) -> str:
    """`4A + B` where the key has a and b."""
    if not hints.names or any(n != n.lower() for n in hints.names):
        return text
    letters = "".join(n.upper() for n in hints.names if len(n) == 1 and n.isascii())
    return re.sub(rf"(?<![A-Za-z])[{letters}](?![A-Za-z])", lambda m: m[0].lower(), text) if letters else text


def _right_side(text: str, key: Node, kind: str) -> str:
    """What an expression came to, where it was written as an equation of expressions: 3a + a = 4a."""
    if kind != "value" or not any(part.op == "sym" for part in key.walk()) or re.search(r"[<>≤≥≠,;，；]", text):
        return text
    sides = [side for side in re.split(r"[=＝]", text) if side.strip()]
    return sides[-1] if len(sides) > 1 else text
