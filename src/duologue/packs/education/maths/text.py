"""A typed answer brought to one plain notation: NFKC, LaTeX undone, words turned into signs. Knows no meaning.

In: what a learner types (`２√３`, `\\frac{3}{4}`, 二又三分之一, "x is 0.75"). Out: `2√3`, `3/4`, `2 1/3`, `x=0.75`.
"""

import re
import unicodedata
from dataclasses import dataclass

from duologue.kit.errors import Invalid
from duologue.packs.education.maths.numerals import rewrite_english, rewrite_han

MAX_CHARS = 600
"""An answer is a line, not a document; the longest of OATutor's 16,362 keys has 285 characters."""

_SUPER = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿˣ", "0123456789+-=()nx")
_SUPERS = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿˣ]+")
_SUBS = re.compile(r"[₀-₉]+")
_SIGNS = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "×": "*", "✕": "*", "✖": "*", "·": "*", "⋅": "*", "∙": "*",
        "•": "*", "∗": "*", "÷": "/", "∕": "/", "⁄": "/", "∶": ":", "≦": "≤", "≧": "≥", "⩽": "≤", "⩾": "≥", "、": ",", "，": ",",
        "；": ";", "≒": "≈", "≃": "≈", "≅": "≈", "’": "'", "‘": "'", "”": '"', "“": '"', "Π": "π", "【": "[", "】": "]", "º": "°",
        "˚": "°", "Ø": "∅", "ø": "∅", "⟨": "(", "⟩": ")", "〈": "(", "〉": ")", "⋯": "...",
    }
)  # fmt: skip
_LATEX = {
    "cdot": "*", "times": "*", "ast": "*", "div": "/", "pi": "π", "le": "≤", "leq": "≤", "leqslant": "≤", "ge": "≥", "geq": "≥",
    "geqslant": "≥", "lt": "<", "gt": ">", "ne": "≠", "neq": "≠", "pm": "±", "mp": "±", "infty": "∞", "cup": "∪", "cap": "∩",
    "in": "∈", "emptyset": "∅", "varnothing": "∅", "approx": "≈", "circ": "°", "degree": "°", "quad": " ", "qquad": " ", "left": "",
    "right": "", "big": "", "Big": "", "displaystyle": "", "dots": "...", "ldots": "...", "mid": "|", "vert": "|", "lvert": "|",
    "rvert": "|", "lbrace": "{", "rbrace": "}", "colon": ":", "to": "→", "land": " and ", "lor": " or ", "log": "log", "ln": "ln",
    "sin": "sin", "cos": "cos", "tan": "tan", "cot": "cot", "sec": "sec", "csc": "csc", "arcsin": "arcsin", "arccos": "arccos",
    "arctan": "arctan", "exp": "exp", "lg": "lg", "alpha": "α", "beta": "β", "gamma": "γ", "theta": "θ", "lambda": "λ", "mu": "μ",
    "phi": "φ", "omega": "ω", "Delta": "Δ", "sigma": "σ", "rho": "ρ", "iff": ",", "implies": "=",
}  # fmt: skip


class Unreadable(Invalid):
    """The answer is not mathematics that the grader reads; a person decides."""

    code = "unreadable_answer"


@dataclass(frozen=True, slots=True)
class Plain:
    """`text` for the parser; `is_rough` where the learner said "about"; `left_out` the words that carry no value."""

    text: str
    is_rough: bool = False
    left_out: str = ""


def plain_math(raw: str) -> Plain:
    """The answer in plain notation. Raises Unreadable for what is too long, has a word for "not", or is prose between numbers."""
    if len(raw) > MAX_CHARS:
        raise Unreadable(f"The answer has {len(raw)} characters; write the result alone, in at most {MAX_CHARS}.")
    if re.search("[\x00\u202a-\u202e\u2066-\u2069]", raw):
        raise Unreadable("The answer holds signs that change the order of what is shown; type it again.")
    text = "".join(c for c in raw if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    text = re.sub(
        r"\|\||&&|__|\$\{(?!.*\}\$)|\{\{|</|<!|<[A-Za-z]{2,}[\s>/]|[;&]\s*--|\blambda\b(?=\s*\w*\s*:)",
        "\N{REPLACEMENT CHARACTER}",
        text,
    )
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise Unreadable("This looks like program text, not like a mathematical answer.")
    text = recurring(_matrices(text))
    text = _SUPERS.sub(lambda m: f"^({m[0].translate(_SUPER)})", text)
    text = _SUBS.sub(lambda m: "_" + unicodedata.normalize("NFKC", m[0]), text)
    text = re.sub(r"(?<=\d)([¼½¾⅐-⅞])", r" \1", text)
    text = unicodedata.normalize("NFKC", text.replace("∛", "root3").replace("º", "°")).translate(_SIGNS)
    text = _undo_latex(text)
    text = re.sub(r"\b([a-z])(\d)(?=\s*[=:])", r"\1_\2", text.replace("!=", "≠"))
    text = re.sub(r"(?<=[\d)])\s+(?=[a-z]\s*=)", "; ", text)
    if text.lstrip().startswith("{") and "}" not in text and "=" in text:  # the brace of a system of equations
        text = text.replace("{", " ", 1)
    text = re.sub(r"\s+", " ", text.replace("**", "^").replace("\n", " ; ")).strip()
    if re.search(r"\bnot\b|n't\b|\bnever\b|不是|不为|不等于|不等(?!式)|并非", text, re.IGNORECASE):
        raise Unreadable("The answer says what it is not.")
    text, is_rough = _take_rough(text)
    text = rewrite_words(text)
    text, left_out = _drop_prose(text)
    return Plain(_join_thousands(text), is_rough, left_out)


_MATRIX = re.compile(r"\\begin\{([pbvB]?matrix|array)\}(?:\{[a-z|]*\})?(.*?)\\end\{\1\}", re.DOTALL)


def _matrices(text: str) -> str:
    """LaTeX columns and rows as (a, b), larger ones as [[a, b], [c, d]]."""

    def typed(match: re.Match[str]) -> str:
        rows = [row.split("&") for row in re.split(r"\\\\", match[2]) if row.strip()]
        if len(rows) == 1 or all(len(row) == 1 for row in rows):
            return "(" + ", ".join(cell.strip() for row in rows for cell in row) + ")"
        return "[" + ", ".join("[" + ", ".join(cell.strip() for cell in row) + "]" for row in rows) + "]"

    return _MATRIX.sub(typed, text)


def recurring(text: str) -> str:
    """0.666…, 0.\\dot{6}, 0.6 recurring, 零点六循环 as 0.⦅6⦆; what shows no period stays as it is."""
    dotted = re.sub(r"\\dot\s*\{?(\d)\}?", "\\1\N{COMBINING DOT ABOVE}", text)
    dotted = re.sub(r"(\.\d*)\\overline\s*\{(\d+)\}", r"\1⦅\2⦆", dotted)
    found = re.search(r"(\.\d*?)((?:\d\u0307)(?:\d*\d\u0307)?)(?!\d)", dotted)
    if found:
        return f"{dotted[: found.start()]}{found[1]}⦅{found[2].replace(chr(0x307), '')}⦆{dotted[found.end() :]}"
    if dotted != text:
        return dotted
    if typed := re.fullmatch(r"\s*\$?\s*(-?\d*\.\d*)\((\d+)\)\s*\$?\s*", text):
        return f"{typed[1]}⦅{typed[2]}⦆"
    words = re.fullmatch(
        r"(.*?)(\d*\.\d+|[零一二三四五六七八九十]+点[零一二三四五六七八九]+)\s*(?:[,(（，]?\s*(\d+)?\s*的?(?:is "
        r")?(?:recurring|repeating|循环)(?:小数)?[)）]?)\s*",
        text, re.IGNORECASE,
    )  # fmt: skip
    if words:
        digits = rewrite_han(words[2])
        whole, _, rest = digits.partition(".")
        period = words[3] or _period(rest) or (rest if len(rest) == 1 else "")
        if period and rest.endswith(period):
            before = rest[: len(rest) - len(period)] if words[3] else rest[: len(rest) - len(_tail(rest, period))]
            return f"{words[1]}{whole}.{before}⦅{period}⦆"
    dots = re.fullmatch(r"(.*?)(\d*)\.(\d+)\s*(?:\.\.\.+|…+|⋯+|\\[lc]?dots)\s*\$?", text)
    if dots and (period := _period(dots[3]) or (dots[3] if len(dots[3]) == 1 else "")) and period.strip("0"):
        before = dots[3][: len(dots[3]) - len(_tail(dots[3], period))]
        return f"{dots[1]}{dots[2]}.{before}⦅{period}⦆"
    return text


def _period(digits: str) -> str:
    """What comes again at the end of the digits, at least twice."""
    found = re.search(r"(\d{1,6}?)\1+$", digits)
    return found[1] if found else ""


def _tail(digits: str, period: str) -> str:
    found = re.search(rf"(?:{period})+$", digits)
    return found[0] if found else ""


def _group(text: str, start: int) -> tuple[str, int]:
    """The braced group (or the one character) at `start`, and where it ends."""
    while start < len(text) and text[start] == " ":
        start += 1
    if start >= len(text):
        raise Unreadable("A LaTeX command lacks its part.")
    if text[start] != "{":
        if text[start] == "\\" and (command := re.match(r"\\[A-Za-z]+", text[start:])):
            return command[0], start + command.end()
        return text[start], start + 1
    depth = 0
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place], place + 1
    raise Unreadable("A brace is not closed.")


def _undo_latex(text: str, depth: int = 0) -> str:
    if "\\" not in text and "$" not in text and "^{" not in text:
        return text
    if depth > 12:
        raise Unreadable("The LaTeX is nested too deeply.")
    if text.count("$") >= 2:
        text = re.sub(r"\$\$?([^$]+)\$\$?", r" \1 ", text)
    text = text.replace("\\(", " ").replace("\\)", " ").replace("\\[", " ").replace("\\]", " ").replace("\\$", "$")
    text = re.sub(r"(?<=\d),\\!\s*(?=\d)", "", text)
    text = re.sub(r"\\[,;:! ]", " ", text).replace("\\\\", " ; ").replace("\\%", "%").replace("\\{", "❴").replace("\\}", "❵")
    out, place = "", 0
    while place < len(text):
        c = text[place]
        if c in "^_" and text[place + 1 : place + 2] == "{":
            inner, place = _group(text, place + 1)
            inner = _undo_latex(inner, depth + 1)
            out += "°" if inner.strip() == "°" else (f"^({inner})" if c == "^" else f"_{inner}")
        elif c == "^" and text.startswith("^\\circ", place):
            out, place = out + "°", place + 6
        elif c == "\\":
            command = re.match(r"\\([A-Za-z]+)", text[place:])
            if command is None:
                raise Unreadable("A backslash stands alone.")
            piece, place = _command(command[1], text, place + command.end(), out, depth)
            out += piece
        elif c == "{":
            inner, place = _group(text, place)
            inner = _undo_latex(inner, depth + 1)
            out += "{" + inner + "}" if "," in inner else f"({inner})"
        else:
            out, place = out + c, place + 1
    return out.replace("❴", "{").replace("❵", "}")


def _command(name: str, text: str, place: int, before: str, depth: int) -> tuple[str, int]:
    if name in ("frac", "dfrac", "tfrac", "cfrac"):
        top, place = _group(text, place)
        bottom, place = _group(text, place)
        top, bottom = _undo_latex(top, depth + 1), _undo_latex(bottom, depth + 1)
        if top.isdecimal() and bottom.isdecimal():
            is_mixed = re.search(r"\d\s*$", before)
            return (f" {top}/{bottom}" if is_mixed else f"{top}/{bottom}" if not before.strip() else f"({top}/{bottom})"), place
        return f"(({top})/({bottom}))", place
    if name == "sqrt":
        if text[place : place + 1] == "[":
            end = text.find("]", place)
            if end < 0:
                raise Unreadable("A root lacks its bracket.")
            inner, after = _group(text, end + 1)
            return f"root({_undo_latex(inner, depth + 1)},{text[place + 1 : end]})", after
        inner, place = _group(text, place)
        return f"√({_undo_latex(inner, depth + 1)})", place
    if name in ("boxed", "text", "mathrm", "textbf", "mathbf", "operatorname", "mbox", "overline"):
        inner, place = _group(text, place)
        return (f"({inner})" if name == "overline" else f" {_undo_latex(inner, depth + 1)} "), place
    if name == "mathbb":
        inner, place = _group(text, place)
        return ("ℝ" if inner == "R" else inner), place
    if name in _LATEX:
        sign = _LATEX[name]
        return (f" {sign} " if sign.isalpha() and len(sign) > 1 else sign), place
    raise Unreadable(f"The LaTeX command \\{name} is not read here.")


def _take_rough(text: str) -> tuple[str, bool]:
    out = re.sub(
        r"^\s*(?:about|approximately|approx\.?|roughly|around|nearly|≈|~|大约|大概|约等于|约是|约为|约)\s*|(?:左右|上下)\s*$",
        "",
        text,
    )
    out = re.sub(
        r"(?:=\s*)?(?:≈|约等于|约为|about|approximately)\s*(?=-?[\d.])", "=" if re.search(r"[^\s].*(?:≈|约)", out) else "", out
    )
    return out, out != text


_WORDS = (
    (r"(?<=[a-z])\s*的\s*(?=\d+\s*倍)", "*"),
    (r"(?<=\d)\s*倍(?=\s*(?:[-+*/]|加|减|乘|除|$))", ""),
    (r"\bplus or minus\b|\+/-|\+-|正负", "±"),
    (r"大于(?:或)?等于|大于或等于|不小于|不少于|>=|=>"
     r"|\bis (?:at least|greater than or equal to)\b|\bat least\b|\bgreater than or equal to\b", "≥"),
    (r"小于(?:或)?等于|小于或等于|不大于|不超过|<=|=<"
     r"|\bis (?:at most|less than or equal to)\b|\bat most\b|\bless than or equal to\b", "≤"),
    (r"大于|\bis (?:greater|more|bigger|larger) than\b|\b(?:greater|more) than\b", ">"),
    (r"小于|\bis (?:less|smaller) than\b|\bless than\b", "<"),
    (r"等于|\bis equal to\b|\bequals\b|==", "="),
    (r"根号", "√"),
    (r"\bsquare root of\b|\broot\b(?!\()", "√"),
    (r"\bsqrt\b|\bsquareroot\b", "√"),
    (r"\bcube root of\b|\bcbrt\b|三次根号|立方根号", "root3"),
    (r"的\s*平方|平方(?=$|[\s+\-*/,;=)])|\bsquared\b", "^2"),
    (r"的\s*立方|立方(?=$|[\s+\-*/,;=)])|\bcubed\b", "^3"),
    (r"的\s*(-?\d+)\s*次方|(?<=[\dA-Za-z)])\s*的?\s*(-?\d+)\s*次(?:方|幂)"
     r"|\bto the (?:power (?:of )?)?(-?\d+)(?:th|st|nd|rd)?(?: power)?\b", None),
    (r"\bpi\b|派|圆周率|(?<=\d)pi\b", "π"),
    (r"\b(?:positive |\+)?(?:infinity|inf)\b|正?无穷(?:大)?|(?<=[-+])oo\b", "∞"),
    (r"\bunion\b|\bU\b|并(?=[\[(])", "∪"),
    (r"\btimes\b|\bmultiplied by\b|乘以|乘", "*"),
    (r"\bdivided by\b|\bover\b|除以", "/"),
    (r"\bplus\b|加上?", "+"),
    (r"\bminus\b|减去?|负", "-"),
    (r"\bper ?cent(?:age)?\b|\bpct\b", "%"),
    (r"(?<=\d)\s*(?:out of|in)\s*(?=\d)", "/"),
    (r"(?<=\d)倍(?=√)", "*"),
    (r"\b(?:and|or)\b|或者?|和|及|与|以及|并?且", ";"),
    (r"比(?=\s*-?[\d(])", ":"),
    (r"(?<=\d)\s+to\s+(?=-?\d)", ":"),
    (r"(?<=\d)\s*[xX]\s*(?=\d)", "*"),
    (r"(?<=\d)\s+[xX]\s+(?=\d)", "*"),
    (r"(?<=[A-Za-z])\s+(?:is|belongs to)\s+in\s+|\bbelongs to\b|属于|(?<=[a-z])\s+in\s+(?=[\[(])", "∈"),
    (r"(?<=\b[a-zA-Z])\s+is\s+(?=[-\d.(√π])", "="),
    (r"(?<=\b[a-zA-Z])\s*[是为]\s*(?=[-\d.(√π])", "="),
)  # fmt: skip
_PER = re.compile(r"^每\s*([\u4e00-\u9fff]{1,4}?)\s*(?:走|行|行驶)?\s*(-?[\d./]+)\s*([\u4e00-\u9fff]+|[a-z]+)\s*$")


_REMAINDER = re.compile(
    r"^(?:[-\d\s/÷:]*=\s*)?(?:商|quotient)?\s*(?:是|为|is|=|:)?\s*(\d+)\s*[,;，、]?\s*(?:余数?\s*(?:是|为|=|:)?|"
    r"(?:with |and )?(?:an? )?remainder(?: of| is)?|\brem\.?|r(?=[\s\d])|R|\.\.\.+|…+|(?:and|with) (?=\d+ left))\s*(\d+)(?: "
    r"left(?: over)?)?[.。]?$"
)


def with_remainder(text: str) -> str:
    """ "7 remainder 5", 商 7 余 5 as [7,5]."""
    return _REMAINDER.sub(r"[\1,\2]", rewrite_english(text.strip().casefold()) if text.isascii() else text.strip())


def rewrite_words(text: str) -> str:
    """Words of both languages as signs. Chinese numerals first, so that 百分之三十五 is seen before 三十."""
    text = rewrite_english(re.sub(r"\b[A-Z][a-z]+\b", lambda m: m[0].lower(), text))
    text = rewrite_han(re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text) if re.search(r"\d,\d{3}[万亿]", text) else text)
    text = _REMAINDER.sub(r"[\1,\2]", text)
    text = re.sub(r"^每1?(?=[\u4e00-\u9fff])", "每", text)
    text = _PER.sub(r"\2\3/\1", text)
    for pattern, sign in _WORDS:
        if sign is None:
            text = re.sub(pattern, lambda m: f"^({next(g for g in m.groups() if g)})", text, flags=re.IGNORECASE)
        else:
            flags = 0 if "bU" in pattern else re.IGNORECASE
            text = re.sub(pattern, sign, text, flags=flags)
    return text


_LEAD = re.compile(
    r"^\s*(?:(?:so|therefore|thus|hence|then|because|i (?:think|got|get)|my|the|final|answer|result|solution|total|sum|"
    r"is|are|was|its|it|"
    r"there|we|get|"
    r"gives?|value|of|that|this|number|x can be|∴|所以|因此|因为|故|答案?|解得?|得到?|结果|"
    r"还剩下?|剩下?|一共|共|总共|原式|这个数|某数|"
    r"是|为|有|应该|应|我觉得|等于|第n项|通项(?:公式)?|点|集合|分别|方程的?|不等式的?|解集|的解|根|1共|即|就是|可得)\s*[:：,]?\s*)+",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"\s*(?:of them|of it|in total|altogether|left|remaining|each|exactly|is (?:the|my|our) (?:answer|solution|result)"
    r"|个数|的解|为解|是解|吧|了|啊)\s*$",
    re.IGNORECASE,
)
FUNCTIONS = frozenset(
    (
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "asin",
        "acos",
        "atan",
        "ln",
        "log",
        "lg",
        "exp",
        "abs",
        "root",
        "root3",
        "sqrt",
        "sinh",
        "cosh",
        "tanh",
    )
)


def _drop_prose(text: str) -> tuple[str, str]:
    """Without the words around the mathematics, and those words."""
    text = re.split(r"\s(?:because|since|as)\s|因为|由于", text)[0] if not re.match(r"\s*(?:because|since|因为)", text) else text
    out = _TRAIL.sub("", text)
    lead = _LEAD.match(out)
    if lead and lead.end() < len(out):
        rest = out[lead.end() :]
        if not re.match(r"\s*[+*/^)\]]", rest):
            out = rest
    out = re.sub(r"^\s*[=:]\s*", "", out).strip().strip(";").strip()
    out = re.sub(r"[.。!！?？]+$", "", out).strip()
    left_out = text.replace(out, " ").strip() if out != text else ""
    return out, left_out


def _join_thousands(text: str) -> str:
    text = re.sub(r"(?<![\d.,])(?<!\d, )\d{1,3}(?:,\d{3})+(?![\d,])(?!\s*[)\]}])", lambda m: m[0].replace(",", ""), text)
    text = re.sub(r"(?<![\d.,/])\d{1,3}(?: \d{3})+(?![\d/,.]|\s*\d)", lambda m: m[0].replace(" ", ""), text)
    return re.sub(r"(?<=\d)[eE](?=[+-]?\d+\b)", "*10^", text) if re.fullmatch(r"-?\d+(\.\d+)?[eE][+-]?\d+", text) else text
