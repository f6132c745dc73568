"""Numbers in words, Chinese and English, rewritten in digits: 三分之二 and "two thirds" become `2/3`. Knows no algebra.

Only runs that are numbers as a whole are touched; 一 in 一样 or "one" in "one of them" stays where no number can be read.
"""

import re
from fractions import Fraction

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_HAN = "零〇一二两三四五六七八九十百千万亿壹贰叁"
_RUN = rf"[{_HAN}]+(?:点[零〇一二三四五六七八九]+)?"
_KILO = "\ue000"
_PART = rf"(?:{_RUN}|(?:根号|√)(?:{_RUN}|\d+)|\d+(?:\.\d+)?|π)"


def read_han(text: str) -> Fraction | None:
    """The value of a Chinese numeral (一万二千零五十, 三点五, 二〇二四), or None where it is none."""
    whole, _, decimals = text.partition("点")
    if not whole or any(c not in _HAN for c in whole):
        return None
    value = _read_whole(whole)
    if value is None:
        return None
    if not decimals:
        return Fraction(value) if "点" not in text else None
    digits = "".join(str(_DIGITS[c]) for c in decimals if c in _DIGITS)
    return Fraction(value) + Fraction(int(digits), 10 ** len(digits)) if len(digits) == len(decimals) else None


def _read_whole(text: str) -> int | None:
    if not text:
        return None
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    unit, seen = 1, False
    for c in text:
        if c in _DIGITS:
            if digit:
                return None
            digit, seen = _DIGITS[c], True
            if c in "零〇":
                unit = 10
        elif c in _SMALL:
            section += (digit or (1 if not seen or c == "十" else 0)) * _SMALL[c]
            digit, unit, seen = 0, _SMALL[c], True
        else:
            total = (total + section + digit) * _LARGE[c]
            section, digit, unit, seen = 0, 0, _LARGE[c], True
    tail = digit * unit // 10 if digit and unit > 10 and text[-1] in _DIGITS else digit  # 一千二 is 1200
    return total + section + tail


def _plain(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(value.numerator * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}"


def _one(text: str) -> str:
    value = read_han(text)
    if value is None:
        return text
    plain = _plain(value)
    if "点" in text:  # 三点五零 keeps its places
        plain = f"{int(value)}." + "".join(str(_DIGITS[c]) for c in text.partition("点")[2])
    return plain


def rewrite_han(text: str) -> str:
    """Chinese numerals, fractions, mixed numbers, percentages and discounts in digits; `1.25万` as `(1.25*10000)`."""
    text = re.sub(r"千(?=[克米升瓦])", _KILO, text.replace("一半", "1/2"))  # 3.5千克 and 三千米 carry a unit, not a thousand
    text = re.sub(rf"({_RUN}|\d+)\s*个?半(?=小时|个?月|天|年|米|公斤|斤|元)", lambda m: f"{_one(m[1])}.5", text)
    text = re.sub(r"(?<![\w.])半(?=个?小时|个?月|天|年|米|公斤|斤|元)", "0.5", text)
    text = re.sub(rf"({_RUN}|\d+)块({_RUN}|\d)$", lambda m: f"{_one(m[1])}块{_one(m[2])}角", text)
    text = re.sub(rf"百分之({_PART})", lambda m: f"{_one(m[1])}%", text)
    text = re.sub(
        rf"({_RUN}|\d+)\s*又\s*({_RUN}|\d+)\s*分之\s*({_RUN}|\d+)", lambda m: f"{_one(m[1])} {_one(m[3])}/{_one(m[2])}", text
    )
    text = re.sub(rf"({_PART})\s*分之\s*({_PART})", lambda m: f"{_one(m[2])}/{_one(m[1])}", text)
    text = re.sub(rf"({_RUN}|\d+)\s*又\s*(\d+/\d+)", lambda m: f"{_one(m[1])} {m[2]}", text)
    text = re.sub(r"(?<!\d)(\d)\.?(\d)折", r"\1\2%", text)
    text = re.sub(r"(?<![\d.])(\d)折", r"\g<1>0%", text)
    text = re.sub(r"([一二三四五六七八九])点([一二三四五六七八九])折", lambda m: f"{_DIGITS[m[1]]}{_DIGITS[m[2]]}%", text)
    text = re.sub(
        r"([一二三四五六七八九])([一二三四五六七八九])?折", lambda m: f"{_DIGITS[m[1]]}{_DIGITS[m[2]] if m[2] else 0}%", text
    )
    text = re.sub(r"(\d+(?:\.\d+)?)\s*([万亿])", lambda m: f"({m[1]}*{_LARGE[m[2]]})", text)
    return re.sub(rf"(?<!第){_RUN}", lambda m: _one(m[0]), text).replace(_KILO, "千")


_UNITS = """zero one two three four five six seven eight nine ten
eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"""
_ONES = {word: i for i, word in enumerate(_UNITS.split())}
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_SCALE = {"thousand": 1000, "million": 10**6, "billion": 10**9}
_NTH = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "fifteenth": 15, "sixteenth": 16, "twentieth": 20, "hundredth": 100,
    "thousandth": 1000,
}  # fmt: skip
_NUMBER = "|".join(sorted([*_ONES, *_TENS, *_SCALE, "hundred"], key=len, reverse=True))
_PHRASE = rf"(?:{_NUMBER})(?:(?:[\s-]+|(?<=hundred)\s+and\s+|(?<=thousand)\s+and\s+|(?<=million)\s+and\s+)(?:{_NUMBER}))*"
_PARTS = "|".join(sorted(_NTH, key=len, reverse=True))


def _read_phrase(phrase: str) -> int:
    total = part = 0
    for word in re.split(r"[\s-]+", phrase):
        if word in _ONES:
            part += _ONES[word]
        elif word in _TENS:
            part += _TENS[word]
        elif word == "hundred":
            part = (part or 1) * 100
        elif word in _SCALE:
            total, part = total + (part or 1) * _SCALE[word], 0
    return total + part


def rewrite_english(text: str) -> str:
    """English number words in digits: "negative nine", "two and one third", "twenty-five", "one hundred and five point two"."""
    text = re.sub(
        r"\b(?:nought|naught|oh)\b|^\s*(?=point\s+(?:zero|one|two|three|four|five|six|seven|eight|nine)\b)", "zero ", text
    )
    text = re.sub(r"(?<!\bor )\b(?:negative|minus)\s+(?=[\w(])", "-", text)
    text = re.sub(r"\b(?:a|one)\s+(half|third|quarter|fifth|sixth|eighth|tenth)\b", lambda m: f"1/{_NTH[m[1]]}", text)
    text = re.sub(
        rf"\b({_PHRASE})[\s]+({'|'.join(_TENS)})-({_PARTS})s?\b",
        lambda m: f"{_read_phrase(m[1])}/{_TENS[m[2]] + _NTH[m[3]]}",
        text,
    )
    text = re.sub(rf"\b({_PHRASE})[\s-]+({_PARTS})s?\b", lambda m: f"{_read_phrase(m[1])}/{_NTH[m[2]]}", text)
    text = re.sub(r"^\s*half\s*$", "1/2", re.sub(r"^\s*quarter\s*$", "1/4", text))
    text = re.sub(r"\b(?:half an?|1/2 an?) (?=hour|minute|metre|meter|mile|kilo)", "0.5 ", text)
    text = re.sub(r"(\d+(?:\.\d+)?)\s+(hundred|thousand|million|billion)\b", _scaled, text)
    text = re.sub(rf"\b({_PHRASE})\s+point((?:[\s-]+(?:{_NUMBER}))+)\b", _decimal, text)
    text = re.sub(rf"\b({_PHRASE})\b", lambda m: str(_read_phrase(m[1])), text)
    return re.sub(r"(?<![\d/.])(\d+)\s+and\s+(\d+/\d+)(?![\d/.])", r"\1 \2", text)


def rewrite_parts(text: str) -> str:
    """`5 sixths` as 5/6; for where nobody is asked how many sixths there are."""
    return re.sub(rf"(?<![\d./])(\d+)[\s-]+({_PARTS})s?\b", lambda m: f"{m[1]}/{_NTH[m[2]]}", text)


def _decimal(match: re.Match[str]) -> str:
    return f"{_read_phrase(match[1])}." + "".join(str(_read_phrase(word)) for word in re.split(r"[\s-]+", match[2].strip()))


def _scaled(match: re.Match[str]) -> str:
    return f"({match[1]}*{100 if match[2] == 'hundred' else _SCALE[match[2]]})"
