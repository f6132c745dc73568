"""Numbers that persons say: temperature, saturation, pulse, blood pressure, glucose, age; units read or inferred. Knows no rule.

Chinese numerals (三十八度五) are read too. Values come in °C, %, beats/min, mmHg, mmol/L, and months of age.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from duologue.kit.text import Lang
from duologue.packs.health.language.phrases import fold

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ZH = "零一二三四五六七八九十百两〇"
_WORDS = "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_EN = {w: i for i, w in enumerate(_WORDS.split("|"))}


@dataclass(frozen=True, slots=True)
class Measure:
    """A value with its unit and its place.

    `kind`: temperature, spo2, pulse, systolic, diastolic, glucose, age_months, gestation_weeks.
    """

    kind: str
    value: float
    unit: str
    start: int
    end: int


def zh_number(text: str) -> float:
    """`三十八`, `一百二`, `38.5` or `两`; raises ValueError where it is none."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    total, current = 0, 0
    for c in text:
        if c in _DIGITS:
            current = _DIGITS[c]
        elif c in "十百":
            total += (current or 1) * (10 if c == "十" else 100)
            current = 0
        else:
            raise ValueError(text)
    return float(total + current)


_N = r"\d+(?:\.\d+)?"
_Z = rf"(?:{_N}|[{_ZH}]+)"
_BP = re.compile(r"(?<![\d/])(\d{2,3})\s*(?:/|over)\s*(\d{2,3})(?![\d/])")
_PATTERNS: dict[Lang, list[tuple[str, re.Pattern[str]]]] = {
    "en": [
        (
            "temperature",
            re.compile(
                rf"(?:temp\w*|fever|rectally|thermometer)(?: \w+){{0,4}}?[ :]*"
                rf"(?:of|is|at|was|to)? ?({_N}) ?(?:°|degrees?)? ?(c|f)?\b"
            ),
        ),
        ("temperature", re.compile(rf"({_N}) ?(?:°|degrees?)? ?(c|f)?\b(?:,? \w+){{0,2}} ?(?:fever|temp\w*|rectal\w*)")),
        ("temperature", re.compile(r"\b((?:3[5-9]|4[0-2])\.\d)()(?! ?(?:mmol|kg|%|cm))")),
        ("spo2", re.compile(r"(?:sat\w*|oximeter|oxygen|spo2|o2)(?: \w+){0,4}? ?(\d{2})(?!\d)()")),
        ("pulse", re.compile(r"(?:heart ?rate|pulse|heart|hr)(?: [\w']+){0,4}? (?:at |of |is |to )?(\d{2,3})(?!\d|[/.%])()")),
        ("glucose", re.compile(rf"(?:sugars?|glucose|bm)(?: \w+){{0,3}}? (?:is |was |of |at |reads? )?({_N})() ?(?:mmol|mg)?")),
    ],
    "zh": [
        (
            "temperature",
            re.compile(rf"(?:体温|烧到?了?|发烧|发热|肛温|腋温|耳温|高烧|低烧|温度)[^,。\d{_ZH}]{{0,5}}({_N})()(?:度|℃)?"),
        ),
        ("temperature", re.compile(r"(3[5-9]|4[0-2])\s*(?:度|℃)([0-9]?)")),
        ("temperature", re.compile(r"(三十[五六七八九]|四十[一二]?)度([一二三四五六七八九半]?)")),
        ("temperature", re.compile(r"(?<![\d.])((?:3[5-9]|4[0-2])\.\d)()(?!\d)")),
        ("spo2", re.compile(r"(?:血氧|氧饱和度?|饱和度)[^,。\d]{0,6}(\d{2})(?!\d)()")),
        ("pulse", re.compile(r"(?:心率|脉搏|心跳)[^,。\d]{0,5}(\d{2,3})(?!\d)()")),
        ("glucose", re.compile(rf"血糖[^,。\d]{{0,5}}({_N})()")),
    ],
}
_AGE_EN = re.compile(
    rf"(?<![\w.])(\d{{1,3}}|{_WORDS})[ -]?(day|week|wk|month|mo|year|yr|y)s?[ /-]?(?:olds?|o\b)"
    r"|\bbaby is (?:only )?(\w+) (day|week|month)s"
)
_AGE_ZH = re.compile(rf"({_Z})\s*(?:个)?(天|周|月|岁)(?:大|龄|的?(?:宝宝|孩子|娃|婴儿|宝贝|女儿|儿子|幼儿))?")
_AGE_HE = re.compile(rf"(?:he|she|baby|son|daughter)(?:'s| is) (?:only |just )?(\d{{1,2}}|{_WORDS}) (day|week|month)s?\b")
_BORN_ZH = re.compile(
    rf"(?:出生|生下来)(?:才|刚)?({_Z})\s*(天|周|个月)|(?:娃|宝宝|孩子|女儿|儿子)(?:才|刚)?({_Z})\s*(?:个)?(天|周|月)(?!前|后)"
)
_MONTHS = {"day": 1 / 30.4, "week": 7 / 30.4, "wk": 7 / 30.4, "month": 1.0, "mo": 1.0, "year": 12.0, "yr": 12.0, "y": 12.0}
_MONTHS |= {"天": 1 / 30.4, "周": 7 / 30.4, "月": 1.0, "个月": 1.0, "岁": 12.0}
_WEEKS = re.compile(r"(\d{1,2}) ?(?:weeks?|wks?)|孕期?(\d{1,2})周|(\d{1,2})周")
_RANGE = {"temperature": (30.0, 44.0), "spo2": (50, 100), "pulse": (20, 260), "glucose": (0.5, 60)}


def find_measures(text: str, lang: Lang) -> Iterator[Measure]:
    """All measures of a text, in the order of kinds; a number outside of what is possible is left out."""
    folded = fold(text)
    for kind, pattern in _PATTERNS[lang]:
        for m in pattern.finditer(folded):
            measure = _read(kind, m)
            if measure:
                yield measure
    for m in _BP.finditer(folded):
        systolic, diastolic = float(m.group(1)), float(m.group(2))
        if 60 <= systolic <= 280 and 30 <= diastolic < systolic:
            yield Measure("systolic", systolic, "mmHg", m.start(1), m.end(1))
            yield Measure("diastolic", diastolic, "mmHg", m.start(2), m.end(2))
    yield from _ages(folded, lang)


def _read(kind: str, m: re.Match[str]) -> Measure | None:
    value = zh_number(m.group(1))
    rest = m.group(2) or ""
    if kind == "temperature":
        if rest and rest not in "cf":
            value += 0.5 if rest == "半" else zh_number(rest) / 10
        if rest == "f" or value > 90:
            value = (value - 32) / 1.8
    if kind == "glucose" and value > 60:
        value /= 18.0
    low, high = _RANGE[kind]
    unit = {"temperature": "Cel", "spo2": "%", "pulse": "/min", "glucose": "mmol/L"}[kind]
    return Measure(kind, round(value, 2), unit, m.start(1), m.end()) if low <= value <= high else None


def _ages(folded: str, lang: Lang) -> Iterator[Measure]:
    patterns = (_AGE_EN, _AGE_HE) if lang == "en" else (_BORN_ZH, _AGE_ZH)
    for pattern in patterns:
        for m in pattern.finditer(folded):
            number, unit = [g for g in m.groups() if g is not None][:2]
            if (
                lang == "zh"
                and pattern is _AGE_ZH
                and unit != "岁"
                and not re.search(r"(?:大|龄|宝|孩|娃|婴|女儿|儿子)$|大", m.group())
            ):
                continue
            value = float(_EN[number]) if number in _EN else _number(number)
            if value is not None:
                yield Measure("age_months", round(value * _MONTHS[unit], 3), "mo", m.start(), m.end())
    if re.search(r"pregnan|gestation|孕|胎|破水|waters|baby|预产", folded):
        for m in _WEEKS.finditer(folded):
            value = float(next(g for g in m.groups() if g))
            if 3 <= value <= 43 and not re.match(r"[ -]?old", folded[m.end() :]):
                yield Measure("gestation_weeks", value, "wk", m.start(), m.end())


def _number(text: str) -> float | None:
    try:
        return zh_number(text)
    except ValueError:
        return None


def derive_concepts(text: str, lang: Lang) -> Iterator[tuple[str, int, int]]:
    """Concepts that numbers amount to, as (concept, start, end); limits as in NEWS2 (RCP 2017) and the sources of the rules."""
    measures = list(find_measures(text, lang))
    for m in measures:
        for concept, holds in LIMITS.get(m.kind, []):
            if holds(m.value):
                yield concept, m.start, m.end


_ASKS_AGE = {
    "en": re.compile(r"\bhow (?:old|many (?:days|weeks|months|years))\b|\bage\b"),
    "zh": re.compile(r"多大|几岁|多少岁|年龄|月龄|几个月"),
}
_BARE_AGE = {
    "en": re.compile(rf"(?<![\w.])(?:\d{{1,3}}|{_WORDS})[ -]?(?:day|week|wk|month|mo|year|yr)s?\b"),
    "zh": re.compile(rf"{_Z}\s*(?:个)?(?:天|周|月|岁)"),
}  # fmt: skip


def answered_measures(question: str, answer: str, lang: Lang) -> Iterator[tuple[str, int, int]]:
    """Concepts of a number that only its question explains ("Temperature?" – "38.7"), with their places in the answer."""
    if _ASKS_AGE[lang].search(fold(question)):
        for m in _BARE_AGE[lang].finditer(fold(answer)):
            aged = m.group() + (" old" if lang == "en" else "大")
            yield from ((concept, m.start(), m.end()) for concept, _, _ in derive_concepts(aged, lang))
    asked = fold(question).rstrip(" ?。.") + " "
    if re.match(r"\W*(?:it'?s|it is|about|around|was|是|大概|差不多)?\W*\d", fold(answer)):
        for concept, start, end in derive_concepts(asked + answer, lang):
            if start >= len(asked):
                yield concept, start - len(asked), end - len(asked)


LIMITS: dict[str, list[tuple[str, Callable[[float], bool]]]] = {
    "temperature": [
        ("fever", lambda v: v >= 38.0),
        ("temp_extreme", lambda v: v >= 41.0 or v <= 35.0),
        ("no_fever", lambda v: v < 38.0),
        ("high_fever", lambda v: v >= 39.0),
    ],
    "spo2": [("spo2_low", lambda v: v <= 92)],
    "pulse": [("pulse_high", lambda v: v >= 131), ("pulse_low", lambda v: v <= 40)],
    "systolic": [("bp_severe", lambda v: v >= 180), ("bp_low", lambda v: v <= 90), ("bp_pregnancy", lambda v: v >= 160)],
    "diastolic": [("bp_severe", lambda v: v >= 120), ("bp_pregnancy", lambda v: v >= 110)],
    "glucose": [("sugar_high", lambda v: v >= 14.0), ("sugar_very_high", lambda v: v >= 20.0), ("sugar_low", lambda v: v < 3.9)],
    "age_months": [
        ("infant_u3m", lambda v: v < 3.0),
        ("infant", lambda v: v < 12.0),
        ("young_child", lambda v: v < 72.0),
        ("age_50", lambda v: v >= 600),
    ],
    "gestation_weeks": [("pregnant_20", lambda v: v >= 20), ("gestation", lambda v: v >= 4), ("preterm", lambda v: 20 <= v < 37)],
}
