"""Whether a text gives an answer away: in digits, words or Chinese numerals, as a sum that comes to it, spelled apart, encoded.

Knows a text, a key and the problem; knows no tutor. Strict: a number equal to the key counts wherever it stands, and so does the
step before it. Only what the problem itself says, sum or equation as a whole, may be said again.
"""

import base64
import binascii
import re
import unicodedata
from fractions import Fraction

from duologue.packs.education.maths.grade import grade_math
from duologue.packs.education.maths.linear import solve_linear, value_of
from duologue.packs.education.maths.numerals import rewrite_english, rewrite_han
from duologue.packs.education.maths.text import Unreadable, plain_math

_NUMBER = re.compile(r"(?<![\w.])(\d+)\s+(\d+)/(\d+)|(\d+(?:\.\d+)?|\.\d+)(?:\s*/\s*(\d+))?\s*(%)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SUM = re.compile(r"[\d.()\s+\-*/^%]*\d[\d.()\s+\-*/^%]*")
_EQUATION = re.compile(
    r"(?:[\d.()\s+\-*/]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+=(?:[\d.()\s+\-*/]|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+"
)
_ROMAN = re.compile(r"\b(?=[IVXLC]{2,}\b)(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})\b")
_PHRASES: tuple[tuple[str, str], ...] = (
    (r"(\d[\d./]*) (?:more|greater|bigger) than (\d[\d./]*)", r"(\1+\2)"),
    (r"(\d[\d./]*) (?:less|fewer|smaller) than (\d[\d./]*)", r"(\2-\1)"),
    (r"(?:double|twice)(?: of)? (\d[\d./]*)", r"(2*\1)"),
    (r"(?:triple|thrice)(?: of)? (\d[\d./]*)", r"(3*\1)"),
    (r"(?:1/2|half) (?:of )?(\d[\d./]*)", r"(\1/2)"),
    (r"(?:right )?(?:after|follows) (\d+)", r"(\1+1)"),
    (r"(?:right )?(?:before|precedes) (\d+)", r"(\1-1)"),
    (r"(\d[\d./]*) (?:plus|added to) (\d[\d./]*)", r"(\1+\2)"),
    (r"(\d[\d./]*) (?:minus|take away) (\d[\d./]*)", r"(\1-\2)"),
    (r"(\d[\d./]*) (?:times|multiplied by) (\d[\d./]*)", r"(\1*\2)"),
    (r"(\d[\d./]*) (?:divided by|over|out of) (\d[\d./]*)", r"(\1/\2)"),
    (r"numerator\D{0,12}(\d+)\D{1,40}denominator\D{0,12}(\d+)|分子\D{0,6}(\d+)\D{1,20}分母\D{0,6}(\d+)", r"(\1\3/\2\4)"),
    (r"denominator\D{0,12}(\d+)\D{1,40}numerator\D{0,12}(\d+)|分母\D{0,6}(\d+)\D{1,20}分子\D{0,6}(\d+)", r"(\2\4/\1\3)"),
    (r"比\s*(\d[\d./]*)\s*[多大]\s*(\d[\d./]*)", r"(\1+\2)"),
    (r"比\s*(\d[\d./]*)\s*[少小]\s*(\d[\d./]*)", r"(\1-\2)"),
    (r"(\d[\d./]*)\s*(?:加上?)\s*(\d[\d./]*)", r"(\1+\2)"),
    (r"(\d[\d./]*)\s*(?:减去?)\s*(\d[\d./]*)", r"(\1-\2)"),
    (r"(\d[\d./]*)\s*(?:乘以?)\s*(\d[\d./]*)", r"(\1*\2)"),
    (r"(\d[\d./]*)\s*(?:除以)\s*(\d[\d./]*)", r"(\1/\2)"),
    (r"(\d[\d./]*)\s*的\s*(\d+)\s*倍", r"(\1*\2)"),
    (r"(\d[\d./]*)\s*的(?:一半|1/2)", r"(\1/2)"),
    (r"between (\d+) and (\d+)|(\d+)\s*[和与到]\s*(\d+)\s*(?:之间|中间)", r"((\1\3+\2\4)/2)"),
)  # fmt: skip


def _plain(text: str) -> str:
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc", "Co") or c in "\n ")
    text = unicodedata.normalize("NFKC", text)
    text = text.translate(str.maketrans("−–—×·⋅÷∕⁄（）＝", "---***///()="))
    text = re.sub(r"\\[dt]?frac\s*\{?(\d+)\}?\s*\{?(\d+)\}?", r" \1/\2 ", text)
    return re.sub(r"\\(?:times|cdot)", "*", text)


def _in_digits(text: str) -> str:
    text = _ROMAN.sub(lambda m: f" {_roman(m[0])} " if m[0] else m[0], text)
    text = rewrite_english(rewrite_han(text).lower())
    text = re.sub(r"\b0b([01]+)\b|\b([01]{2,}) in binary", lambda m: str(int(m[1] or m[2], 2)), text)
    text = re.sub(r"\b0x([0-9a-f]+)\b", lambda m: str(int(m[1], 16)), text)
    for pattern, new in _PHRASES:
        text = re.sub(pattern, new, text)
    return text


def _roman(text: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[c] for c in text]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def numbers_in(text: str) -> list[Fraction]:
    """Numbers, fractions, mixed numbers and percentages of a text in digits; a percentage also as the number before its sign."""
    out = []
    joined = _THOUSANDS.sub("", text)  # 6,120 may be one number or two; both are read
    for m in [*_NUMBER.finditer(text), *(_NUMBER.finditer(joined) if joined != text else ())]:
        if m[1]:
            out += [Fraction(int(m[1])) + Fraction(int(m[2]), int(m[3]))] if int(m[3]) else []
            continue
        value = Fraction(m[4])
        if m[5]:
            out += [value / int(m[5])] if int(m[5]) else []
        else:
            out += [value, value / 100] if m[6] else [value]
    return out


def key_values(key: str) -> set[Fraction]:
    """The numbers that a key is about: of x = 5 the 5, of 3/4 the fraction, of a pair both. Empty for words and expressions."""
    found = set()
    for piece in re.split(r"[,;，；]|\bor\b|\band\b|或|且|\n", key):
        bare = re.sub(r"^\s*[({\[]*\s*(?:[a-zA-Z]\s*[=<>≤≥]+)?|[)}\]]*\s*$", "", _plain(piece))
        bare = re.sub(r"(?<=[\d%])\s*(?!pi\b)[A-Za-z°\u4e00-\u9fff$€¥²³/]{2,}\.?$|^[$€¥]", "", bare)
        value = value_of(bare)
        if value is not None:
            found.add(value)
        elif re.search(r"\d", bare) and not re.search(r"[a-zA-Z√π]", re.sub(r"[a-zA-Z]{2,}", "", bare)):
            found |= set(numbers_in(_in_digits(bare)))
    return found


def find_leak(text: str, key: str, problem: str = "", options: dict[str, str] | None = None) -> str:
    """Why the text gives the key away (`number`, `sum`, `equation`, `words`, `choice`, `encoded`), or an empty string."""
    if not key.strip():
        return ""
    plain = _plain(text)
    if problem.strip():
        plain = plain.replace(_plain(problem).strip(), " ")
    if options:
        return _choice(plain, key, options)
    values = key_values(key)
    if not values:
        return _words(plain, key, problem)
    wanted = values | {-v for v in values} | {v * 100 for v in values if "%" in key}
    wanted |= {v / 100 for v in values if "%" in key}
    digits = _in_digits(plain)
    joined = re.sub(r"(?<=\b\d)[\s.,_*-]+(?=\d\b)", "", digits)
    for reading in (plain, digits, joined):
        if any(_near(n, wanted) for n in numbers_in(reading)):
            return "number"
    told = re.sub(r"\s", "", _in_digits(_plain(problem)))
    if any(_comes_to(m[0], wanted, told) for m in _SUM.finditer(digits)):
        return "sum"
    for m in _EQUATION.finditer(digits):
        if re.sub(r"\s", "", m[0]) not in told and (solved := solve_linear(m[0])) and solved[1] in wanted:
            return "equation"
    return "encoded" if _is_encoded(plain, key) else ""


def _near(n: Fraction, wanted: set[Fraction]) -> bool:
    return any(
        n == v or (v.denominator not in (1, 2, 4, 5, 10) and abs(n - v) < Fraction(1, 200) and n.denominator > 1) for v in wanted
    )


def _comes_to(run: str, wanted: set[Fraction], told: str) -> bool:
    run = run.strip(" .")
    bare = re.sub(r"\s", "", run)
    if not re.search(r"\d\)?[-+*/^%(]+\(?-?\d", bare) or bare in told or bare.strip("()") in told:
        return False
    value = value_of(run)
    return value is not None and value in wanted


def _choice(plain: str, key: str, options: dict[str, str]) -> str:
    letters = set(re.findall(r"[A-H]", key.upper()))
    if letters & set(re.findall(r"(?<![A-Za-z])([B-H]|A(?!\s+[a-z]))(?![A-Za-z'])", plain)):
        return "choice"
    small = re.findall(r"(?:answer|option|choose|letter|选项?|答案)\W{0,3}(?:is|是)?\W{0,3}([a-h])\b", plain)
    if letters & {letter.upper() for letter in small}:
        return "choice"
    bare = _bare(plain)
    return "choice" if any(_bare(options.get(k, "")) and _bare(options.get(k, "")) in bare for k in letters) else ""


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _words(plain: str, key: str, problem: str) -> str:
    wanted = re.sub(r"\s", "", _plain(key)).casefold().replace("*", "")
    if wanted and wanted in re.sub(r"\s", "", plain).casefold().replace("*", ""):
        return "words"
    is_math = re.search(r"\d|[=^√π<>≤≥]", key) is not None
    bare = _bare(key)
    if not is_math and len(bare) >= 2 and (bare in _bare(plain) or (len(bare) >= 4 and bare[::-1] in _bare(plain))):
        return "words"
    if is_math:
        told = re.sub(r"\s", "", _plain(problem))
        for run in re.findall(
            r"[\w.()+\-*/^√π=<>≤≥² ³]*[\d√π][\w.()+\-*/^√π=<>≤≥² ³]*", re.sub(r"[A-Za-z]{3,}|[\u4e00-\u9fff]", ";", plain)
        )[:12]:
            if re.sub(r"\s", "", run) in told:
                continue
            try:
                plain_math(run)
            except Unreadable:
                continue
            if grade_math("", key, run.strip(" .")).is_correct:
                return "words"
    return "encoded" if _is_encoded(plain, key) else ""


def _is_encoded(plain: str, key: str) -> bool:
    bare = _bare(key)
    for found_run in re.findall(r"\b[A-Za-z0-9+/]{3,}(?:=|\b)", plain):
        run = found_run.rstrip("=")
        try:
            found = base64.b64decode(run + "=" * (-len(run) % 4), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            continue
        if found.isprintable() and _bare(found) and (_bare(found) == bare or (re.search(r"\d", found) and bare in _bare(found))):
            return True
    return False
