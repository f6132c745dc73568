"""What in a sentence must not be wrong by a hair: numbers with their units, money, dates, codes, addresses, and whether it denies.

Two sentences agree only where every fact of the one is a fact of the other. English and Chinese give the same facts.
"""

import re
from dataclasses import dataclass

from duologue.kit.text import EMAIL, normalise

_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty"""
_ENGLISH_NUMBERS = {w: str(n) for n, w in enumerate(_SMALL.split())} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "ninety": "90",
    "hundred": "100",
}
_HAN_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_MONTH_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_MONTHS = {m: n for n, m in enumerate(_MONTH_NAMES.split("|"), start=1)}
_MONTH = rf"(?:{_MONTH_NAMES})[a-z]{{0,6}}\.?"
_UNITS: tuple[tuple[str, str], ...] = (
    ("workday", r"(?:working|business|work) days?|个?工作日"),
    ("day", r"days?|天|日"),
    ("week", r"weeks?|个?(?:周|星期|礼拜)"),
    ("month", r"months?|个月"),
    ("year", r"years?|年"),
    ("hour", r"hours?|hrs?|个?(?:小时|钟头)"),
    ("minute", r"min(?:ute)?s?|分钟"),
    ("percent", r"%|per ?cent|百分点"),
    ("GBP", r"pounds?|gbp|英镑"),
    ("EUR", r"euros?|eur|欧元"),
    ("CNY", r"yuan|rmb|cny|元(?!素)|块|人民币"),
    ("HKD", r"hkd|港币|港元"),
    ("USD", r"dollars?|usd|美元"),
    ("kg", r"kgs?|kilos?|公斤|千克"),
    ("g", r"g(?:rams?)?|克"),
    ("cm", r"cm|厘米|公分"),
    ("mm", r"mm|毫米"),
    ("m", r"met(?:er|re)s?|m|米"),
    ("litre", r"lit(?:er|re)s?|l|升"),
    ("degree", r"°c|℃|degrees?|度"),
)
_UNIT = "|".join(f"(?P<u{i}>{pattern})" for i, (_, pattern) in enumerate(_UNITS))
_NUMBER = re.compile(
    rf"(?P<cur>hk\$|[£€¥$])?\s?(?P<n>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:\s?-?\s?(?:{_UNIT})(?![a-z]))?", re.I
)
_CURRENCY = {"£": "GBP", "€": "EUR", "¥": "CNY", "hk$": "HKD", "$": "USD"}
_RANGE = re.compile(r"(\d)\s?(?:-|–|—|~|to|至|到)\s?(?=\d)")
_CODE = re.compile(r"(?<![a-z0-9-])[a-z]{1,5}-?\d[a-z0-9]*(?:-[a-z0-9]+)*(?![a-z0-9-])")
_LINK = re.compile(rf"https?://\S+|www\.\S+|{EMAIL.pattern}", re.I | re.ASCII)
_DATES = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(r"(?:(?P<y>\d{4})年)?(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]"),
    re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<name>{_MONTH})(?:,? (?P<y>\d{{4}}))?\b", re.I),
    re.compile(rf"\b(?P<name>{_MONTH}) (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y>\d{{4}}))?\b", re.I),
)
_MONTH_YEAR = re.compile(rf"\b(?P<name>{_MONTH}) (?P<y>\d{{4}})\b|(?P<zy>\d{{4}})年(?P<zm>\d{{1,2}})月", re.I)
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|neither|nor|cannot|without|unable|except|unless)\b|n't\b|(?:不|没|无|未|非|勿|别|禁)"
)
_NO_NEGATION = re.compile(
    r"\bnot only\b|\bno problem\b|\bno matter\b|\bwhy not\b|\bno\.\s?\d|不仅|不但|无论|不管|不过|差不多|不同|不错|对不起"
    r"|不好意思|不少|非常|无线|别的|特别|分别|级别|类别|区别|性别|未来|个别|不妨"
)
_BOUNDS: tuple[tuple[str, str], ...] = (
    ("before", r"\b(?:before|prior|until|no later)\b|之前|以前|[日天月]前"),
    ("after", r"\b(?:after|since|once|later)\b|之后|以后|[日天月]后"),
    ("more", r"\b(?:more|over|above|at least|exceed\w*|minimum)\b|超过|以上|至少|满(?!意)|大于|高于|最少"),
    ("less", r"\b(?:less|under|below|at most|within|maximum|up to|fewer)\b|不到|以下|以内|之内|最多|小于|低于|不超过"),
    ("free", r"\b(?:free|no charge|nothing|no fee|no cost)\b|免费|包邮|不收|不要钱|免(?=运费|邮|收)"),
    ("only", r"\b(?:only|just|solely|exclusively)\b|仅|(?<!一)只(?!要)|唯"),
)
_BOUND = tuple((name, re.compile(pattern)) for name, pattern in _BOUNDS)


@dataclass(frozen=True, slots=True)
class Facts:
    """`exact`: (unit or kind, value) pairs; `bounds`: words that turn a meaning round; `denies`: an odd number of negations."""

    exact: frozenset[tuple[str, str]]
    bounds: frozenset[str]
    denies: bool

    def missing_in(self, other: "Facts") -> frozenset[tuple[str, str]]:
        """The exact facts that the other text does not hold. A bare number matches any unit, and any unit a bare number."""
        values = {value for _, value in other.exact}
        bare = {value for kind, value in other.exact if kind == ""}
        return frozenset(
            (kind, value)
            for kind, value in self.exact
            if (kind, value) not in other.exact and not (kind == "" and value in values) and value not in bare
        )


def find_facts(text: str) -> Facts:
    """The facts of a text."""
    plain = _han_numbers(normalise(text).lower().replace("’", "'"))
    bounds = frozenset(name for name, pattern in _BOUND if pattern.search(plain))
    negations = len(_NEGATION.findall(_NO_NEGATION.sub(" ", plain)))
    exact: set[tuple[str, str]] = set()
    plain = _take(plain, _LINK, lambda m: exact.add(("link", m[0].rstrip(".,;)"))))
    plain = _take(plain, _CODE, lambda m: exact.add(("code", m[0])))
    for pattern in _DATES:
        plain = _take(plain, pattern, lambda m: exact.update(_date(m)))
    plain = _take(plain, _MONTH_YEAR, lambda m: exact.update(_month_year(m)))
    plain = re.sub(r"\b(" + "|".join(_ENGLISH_NUMBERS) + r")\b", lambda m: _ENGLISH_NUMBERS[m[1]], plain)
    plain = _RANGE.sub(r"\1~", plain)
    exact.update(_numbers(plain))
    return Facts(frozenset(exact), bounds, negations % 2 == 1)


def _take(text: str, pattern: re.Pattern[str], keep: object) -> str:
    def replace(match: re.Match[str]) -> str:
        keep(match)  # type: ignore[operator]
        return " "

    return pattern.sub(replace, text)


def _numbers(text: str) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    matches = list(_NUMBER.finditer(text))
    kinds = [_unit(m) for m in matches]
    for i, match in enumerate(matches):
        before, after = text[: match.start("n")][-1:], text[match.end() : match.end() + 1]
        if re.match(r"[a-z-]", before) or (not kinds[i] and re.match(r"[a-z]", after)):
            continue
        kind = kinds[i] or (kinds[i + 1] if after == "~" and i + 1 < len(matches) else "")
        found.add((kind, _canonical(match["n"])))
    return found


def _unit(match: re.Match[str]) -> str:
    if match["cur"]:
        return _CURRENCY[match["cur"].lower()]
    return next((name for i, (name, _) in enumerate(_UNITS) if match[f"u{i}"]), "")


def _canonical(number: str) -> str:
    value = float(number.replace(",", ""))
    return str(int(value)) if value == int(value) else str(value)


def _date(match: re.Match[str]) -> set[tuple[str, str]]:
    groups = match.groupdict()
    month = int(groups["m"]) if groups.get("m") else _MONTHS[groups["name"][:3]]
    return {("date", f"{month}-{int(match['d'])}")} | ({("year", match["y"])} if match["y"] else set())


def _month_year(match: re.Match[str]) -> set[tuple[str, str]]:
    month = int(match["zm"]) if match["zm"] else _MONTHS[match["name"][:3]]
    return {("month", str(month)), ("year", match["y"] or match["zy"])}


def _han_numbers(text: str) -> str:
    """Chinese numerals before a unit as digits: 三十天 is 30天; elsewhere (一下, 一般) they stay."""

    def digits(match: re.Match[str]) -> str:
        word = match[1]
        hundreds, _, rest = word.rpartition("百")
        total = (_HAN_DIGITS.get(hundreds, 1) * 100) if "百" in word else 0
        tens, ten, ones = rest.rpartition("十")
        total += (_HAN_DIGITS.get(tens, 1) * 10) if ten else 0
        return str(total + _HAN_DIGITS.get(ones, 0))

    unit = r"个?(?:工作日|天|日|年|月|周|星期|礼拜|小时|分钟|元|块|公斤|倍|次|件)"
    number = r"[零一二三四五六七八九十两百]+"
    return re.sub(rf"({number})(?={unit}|(?:到|至|[-–~])(?:{number}|\d+){unit})", digits, text)
