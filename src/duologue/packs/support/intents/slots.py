"""Order numbers, products, dates and amounts in a message, English or Chinese: by patterns and by lists of names.

Knows no order and no shop: the patterns of order numbers and the names of products are handed in. `now` decides what
"yesterday" is.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

SlotKind = Literal["order", "product", "date", "amount"]
MAX_CHARS = 20_000

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DAYS_EN = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_DAYS_ZH = "一二三四五六日"
_COUNTS = {
    w: n for n, w in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]) if n
} | {"a": 1, "an": 1}
_DIGITS_ZH = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS_ZH = {"十": 10, "百": 100, "千": 1000}
_CURRENCIES = {
    "$": "USD", "us$": "USD", "usd": "USD", "dollars": "USD", "dollar": "USD", "bucks": "USD", "美元": "USD", "美金": "USD",
    "£": "GBP", "gbp": "GBP", "pounds": "GBP", "pound": "GBP", "quid": "GBP", "英镑": "GBP",
    "€": "EUR", "eur": "EUR", "euros": "EUR", "euro": "EUR", "欧元": "EUR",
    "¥": "CNY", "rmb": "CNY", "cny": "CNY", "yuan": "CNY", "元": "CNY", "块": "CNY", "块钱": "CNY", "人民币": "CNY",
    "hk$": "HKD", "hkd": "HKD", "港币": "HKD", "港元": "HKD",
}  # fmt: skip
NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,9}(?:\.\d{1,2})?"
NUMBER_ZH = "[零〇一二两三四五六七八九十百千万]{1,9}"
_AMOUNT = re.compile(
    rf"(?P<before>us\$|hk\$|[$£€¥]|\b(?:usd|gbp|eur|rmb|cny|hkd)\b)\s?(?P<n1>{NUMBER})(?![\d-])"
    rf"|(?<![\d.,-])(?P<n2>{NUMBER}|{NUMBER_ZH})\s?(?P<after>\b(?:usd|gbp|eur|rmb|cny|hkd|dollars?|bucks|pounds?|quid|euros?|yuan)\b"
    r"|[$£€¥]|块钱|[元块]|美元|美金|英镑|欧元|人民币|港[币元])",
    re.IGNORECASE,
)
DEFAULT_ORDERS = (r"(?<![a-z0-9])[A-Z]{2,4}-?\d{4,12}(?![a-z0-9])", r"(?<![\d.])\d{8,20}(?![\d.])", r"(?<=#)\d{4,12}\b")
_ORDER_NEAR = re.compile(
    r"\border\s*(?:number|no\.?|id|#|:|is|：)*\s*#?(\d{4,20})\b|订单(?:编?号)?[是为:： #]*(\d{4,20})(?!\d)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A thing named in a message: its kind, the words, the value in normal form, and where it stands (`text[start:end]`).

    Values: an order number in capitals, a product's id, a date as YYYY-MM-DD, an amount as "12.50 GBP".
    """

    kind: SlotKind
    text: str
    value: str
    start: int
    end: int


class SlotReader:
    """Finds slots. `products` maps a product's id to its names in any language; `orders` are patterns of order numbers."""

    def __init__(self, products: Mapping[str, Sequence[str]] | None = None, orders: Sequence[str] = DEFAULT_ORDERS) -> None:
        self._orders = [re.compile(pattern, re.IGNORECASE) for pattern in orders]
        names = {_fold(name): product for product, own in (products or {}).items() for name in own if name.strip()}
        self._products = names
        alternatives = sorted(names, key=len, reverse=True)
        latin = [re.escape(name) for name in alternatives if name.isascii()]
        other = [re.escape(name) for name in alternatives if not name.isascii()]
        parts = ([rf"(?<![a-z0-9])(?:{'|'.join(latin)})(?:s|es)?(?![a-z0-9])"] if latin else []) + other
        self._names = re.compile("|".join(parts)) if parts else None

    def read(self, text: str, today: date) -> list[Slot]:
        """Slots in the order in which they stand; of overlapping ones the longer. Only the first MAX_CHARS characters are read."""
        plain = _fold(text[:MAX_CHARS])
        found = [*self._read_orders(plain), *self._read_products(plain), *read_dates(plain, today), *read_amounts(plain)]
        kept: list[Slot] = []
        for slot in sorted(found, key=lambda s: (s.start - s.end, s.start)):
            if all(slot.end <= other.start or slot.start >= other.end for other in kept):
                kept.append(Slot(slot.kind, text[slot.start : slot.end], slot.value, slot.start, slot.end))
        return sorted(kept, key=lambda s: s.start)

    def _read_orders(self, plain: str) -> list[Slot]:
        found = [
            Slot("order", m.group(), m.group().upper(), *m.span()) for pattern in self._orders for m in pattern.finditer(plain)
        ]
        for m in _ORDER_NEAR.finditer(plain):
            number = 1 if m.group(1) else 2
            found.append(Slot("order", m.group(number), m.group(number), *m.span(number)))
        return found

    def _read_products(self, plain: str) -> list[Slot]:
        if self._names is None:
            return []
        found = []
        for m in self._names.finditer(plain):
            name = m.group()
            ends = (name, name.removesuffix("s"), name.removesuffix("es"))
            found.append(Slot("product", name, next(self._products[n] for n in ends if n in self._products), *m.span()))
        return found


def _fold(text: str) -> str:
    """Lower case, full-width forms as ASCII; every character keeps its place."""
    return "".join(f if len(f := unicodedata.normalize("NFKC", c).lower()) == 1 else c for c in text)


def read_amounts(plain: str) -> list[Slot]:
    """Sums of money in lower-case text: a number beside a currency."""
    out = []
    for m in _AMOUNT.finditer(plain):
        number = m.group("n1") or m.group("n2")
        value = read_number(number)
        if value is not None:
            currency = _CURRENCIES[(m.group("before") or m.group("after")).lower()]
            out.append(Slot("amount", m.group(), f"{value:.2f} {currency}", *m.span()))
    return out


def read_number(text: str) -> float | None:
    """The value of figures or of a Chinese numeral; None of one without a value."""
    if text[0].isdigit():
        return float(text.replace(",", ""))
    total, section, digit = 0, 0, 0
    for c in text:
        if c == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        elif c in _UNITS_ZH:
            section, digit = section + (digit or 1) * _UNITS_ZH[c], 0
        else:
            digit = digit * 10 + _DIGITS_ZH[c] if digit else _DIGITS_ZH[c]
    return float(total + section + digit) or None


def _year_near(today: date, month: int, day: int) -> date:
    """The date of this month and day that lies nearest to today."""
    years = [d for y in (today.year - 1, today.year, today.year + 1) if (d := _date(y, month, day))]
    return min(years, key=lambda d: abs(d - today)) if years else today


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _named(m: re.Match[str], today: date) -> date | None:
    month, day = _MONTHS.index(m["month"][:3]) + 1, int(m["day"])
    if not 1 <= day <= 31:
        return None
    return _date(int(m["year"]), month, day) if m["year"] else _checked(month, day, today)


def _checked(month: int, day: int, today: date) -> date | None:
    return _year_near(today, month, day) if _date(2024, month, day) else None


def _weekday(m: re.Match[str], today: date) -> date | None:
    number = _DAYS_EN.index(m["day"])
    back = (today.weekday() - number) % 7
    return today - timedelta(back or 7) if m["which"] == "last" else today + timedelta((-back) % 7 or 7)


def _weekday_zh(m: re.Match[str], today: date) -> date | None:
    number = 6 if m["day"] == "天" else _DAYS_ZH.index(m["day"])
    week = {"上": -1, "下": 1}.get(m["which"] or "", 0)
    return today - timedelta(today.weekday() - number) + timedelta(7 * week)


def _ago(m: re.Match[str], today: date) -> date | None:
    word = m["n"]
    value = float(_COUNTS[word]) if word in _COUNTS else read_number(word)
    size = {"d": 1, "w": 7, "天": 1, "周": 7, "星": 7}[m["unit"][0]]
    days = round(value or 0) * size
    return today - timedelta(days) if days <= 3660 else None


_SHIFTS = {"day before yesterday": -2, "yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1, "day after tomorrow": 2}
_SHIFTS |= {"大前天": -3, "前天": -2, "昨天": -1, "昨晚": -1, "今天": 0, "今晚": 0, "明天": 1, "后天": 2}
_DATES: list[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]]] = [
    (re.compile(r"(?<!\d)(?P<y>20\d\d)[-/.年]\s?(?P<m>\d{1,2})[-/.月]\s?(?P<d>\d{1,2})(?:[日号]|(?!\d))"),
     lambda m, t: _date(int(m["y"]), int(m["m"]), int(m["d"]))),
    (re.compile(r"(?<!\d)(?P<m>\d{1,2})月(?P<d>\d{1,2})[日号]?"), lambda m, t: _checked(int(m["m"]), int(m["d"]), t)),
    (re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? (?P<year>20\d\d))?\b"), _named),
    (re.compile(rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<year>20\d\d)\b)?"), _named),
    (re.compile(rf"\b(?P<which>last|next|this|on)? ?(?P<day>{'|'.join(_DAYS_EN)})\b"), _weekday),
    (re.compile(r"(?P<which>上|下|这|本)?(?:周|星期|礼拜)(?P<day>[一二三四五六日天])"), _weekday_zh),
    (re.compile(r"\b(?P<n>\d{1,3}|a|an|one|two|three|four|five|six|seven|eight|nine|ten) (?P<unit>days?|weeks?) ago\b"), _ago),
    (re.compile(r"(?P<n>\d{1,3}|[一两三四五六七八九十]{1,3})个?(?P<unit>天|周|星期)(?:之?前|以前)"), _ago),
    (re.compile("|".join(sorted(_SHIFTS, key=len, reverse=True))), lambda m, t: t + timedelta(_SHIFTS[m.group()])),
]  # fmt: skip


def read_dates(plain: str, today: date) -> list[Slot]:
    """Dates in lower-case text, absolute or said from today; one that does not exist (30 February) is left out."""
    out = []
    for pattern, resolve in _DATES:
        for m in pattern.finditer(plain):
            when = resolve(m, today)
            if when is not None:
                out.append(Slot("date", m.group(), when.isoformat(), *m.span()))
    return out
