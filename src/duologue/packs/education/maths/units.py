"""Units of measure in English and Chinese: a unit's text read as a factor and a dimension. Knows no numbers and no answers.

`km/h`, "km per hour", 千米/时, `cm^2`, "square centimetres", 平方厘米. Some names mean two
things (分: a minute or a hundredth of a yuan; "pounds"): all meanings are returned and the key chooses.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

Dimension = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as `factor` times the base units of `dimension`, such as (("length", 1), ("time", -1))."""

    text: str
    factor: Fraction
    dimension: Dimension


def _table() -> dict[str, list[tuple[Fraction, str]]]:
    out: dict[str, list[tuple[Fraction, str]]] = {}

    def add(kind: str, factor: str | int, names: str) -> None:
        for name in names.split():
            out.setdefault(name, []).append((Fraction(factor), kind))

    for prefix, word, han, factor in (
        ("k", "kilo", "千", "1000"), ("", "", "", "1"), ("d", "deci", "分", "1/10"), ("c", "centi", "厘", "1/100"),
        ("m", "milli", "毫", "1/1000"),
    ):  # fmt: skip
        add("length", factor, f"{prefix}m {word}metre {word}metres {word}meter {word}meters {han}米")
        add("mass", factor, f"{prefix}g {word}gram {word}grams {word}gramme {word}grammes {han}克")
        litre = Fraction(factor) / 1000
        add("volume", str(litre), f"{prefix}l {prefix}L {word}litre {word}litres {word}liter {word}liters {han}升")
    add("length", 1000, "公里 kms")
    add("length", "0.0254", "inch inches")
    add("length", "0.3048", "ft foot feet")
    add("length", "0.9144", "yd yard yards")
    add("length", "1609.344", "mi mile miles")
    add("mass", 1000, "公斤 kgs kilo kilos")
    add("mass", 1, "gr gm gms")
    add("mass", 500, "斤")
    add("mass", 10**6, "t tonne tonnes ton tons 吨")
    add("mass", "453.59237", "lb lbs pound pounds")
    add("mass", "28.349523125", "oz ounce ounces")
    add("time", 1, "s sec secs second seconds 秒 秒钟")
    add("time", 60, "min mins minute minutes 分钟 分")
    add("time", 3600, "h hr hrs hour hours 小时 时 个小时 钟头")
    add("time", 86400, "day days 天 日")
    add("time", 604800, "week weeks 周 星期 个星期")
    add("month", 1, "month months 月 个月")
    add("month", 12, "year years yr yrs 年")
    add("yuan", 1, "元 块 块钱 元钱 圆 yuan rmb cny 人民币")
    add("yuan", "1/10", "角 毛")
    add("yuan", "1/100", "分")
    add("dollar", 1, "dollar dollars usd 美元")
    add("dollar", "1/100", "cent cents ¢")
    add("pound", 1, "pound pounds gbp 英镑")
    add("pound", "1/100", "p pence penny")
    add("euro", 1, "euro euros eur 欧元")
    add("angle", 1, "° degree degrees deg 度")
    add("temperature", 1, "°C ℃ celsius 摄氏度")
    add("area", 1, "平米")
    add("area", 10000, "ha hectare hectares 公顷")
    add("force", 1, "N newton newtons 牛 牛顿")
    add("energy", 1, "J joule joules 焦 焦耳")
    add("power", 1, "W watt watts 瓦")
    add("voltage", 1, "V volt volts 伏")
    add("current", 1, "A amp amps 安")
    add("temperature", 1, "degC C 度C 度 degrees")
    add(
        "count",
        1,
        "unit units 单位 个单位 个 只 条 本 支 枝 张 人 名 位 头 匹 棵 朵 辆 件 双 对 次 页 道 题 颗"
        " 箱 袋 瓶 杯 台 间 座 根 块 片 盒 份 组 排 种 枚 粒 架 艘 套 场 局",
    )
    return out


_NAMES = _table()
_RATES = {"kph": "km/h", "kmph": "km/h", "mph": "mile/h", "km/hr": "km/h", "kmh": "km/h"}
_BASE: dict[str, tuple[str, int]] = {"area": ("length", 2), "volume": ("length", 3)}
_POWER = re.compile(r"^(?P<name>.*?)(?:\^?\(?(?P<power>-?[123])\)?)?$")
_PREFIX = re.compile(r"^(?:(?P<two>square|sq\.?|平方)|(?P<three>cubic|cu\.?|立方))\s*")
LETTERS = frozenset(name for name in _NAMES if len(name) == 1 and name.isascii())
"""Units that look like variables."""


def read_unit(text: str) -> list[Unit]:
    """All meanings of a unit's text; empty where it is none. A bare classifier (个) has the dimension `count`."""
    text = re.sub(r"\s+", " ", text.strip().rstrip(".")).replace("每", "/")
    text = _RATES.get(text.lower(), text)
    parts = re.split(r"\s*/\s*|\s+per\s+|\s+(?:an?|every|each)\s+(?=[a-z])", text)
    meanings: list[tuple[Fraction, dict[str, int]]] = [(Fraction(1), {})]
    for place, part in enumerate(parts):
        sign = 1 if place == 0 else -1
        for piece in re.split(r"\s*[*·]\s*|(?<=[a-z]) (?=[a-z]+\^)", part) if part else []:
            found = _read_piece(piece)
            meanings = [
                (factor * f**sign, _join(dims, kind, power * sign)) for factor, dims in meanings for f, kind, power in found
            ]
        if not part:
            return []
    return [Unit(text, factor, tuple(sorted((k, n) for k, n in dims.items() if n))) for factor, dims in meanings]


def _read_piece(piece: str) -> list[tuple[Fraction, str, int]]:
    power = 1
    if match := _PREFIX.match(piece):
        power, piece = (2 if match["two"] else 3), piece[match.end() :]
    match = _POWER.match(piece)
    if match and match["power"] and (power == 1):
        power, piece = int(match["power"]), match["name"]
    piece = piece.strip()
    found = _NAMES.get(piece) or _NAMES.get(piece.lower()) or []
    out = []
    for factor, kind in found:
        base, times = _BASE.get(kind, (kind, 1))
        out.append((factor**power, base, times * power))
    return out


def _join(dims: dict[str, int], kind: str, power: int) -> dict[str, int]:
    return dims | {kind: dims.get(kind, 0) + power}


_SIGNS = {"$": "dollar", "£": "pound", "€": "euro", "¥": "元"}
_TAIL = re.compile(
    r"(?P<value>.*[\d)π%])\s*(?P<unit>(?:square |sq |cubic )?[A-Za-z°¢℃\u4e00-\u9fff][A-Za-z°\u4e00-\u9fff]*"
    r"(?:\s*\^?\(?-?[123]\)?)?(?:(?:\s*/\s*|\s+per\s+|\s+an?\s+)(?:cubic |square "
    r")?[A-Za-z\u4e00-\u9fff]+(?:\s*\^?\(?-?[123]\)?)?)*)\.?$"
)
_PAIR = re.compile(
    r"(-?\d+(?:\.\d+)?(?:/\d+)?)\s*([A-Za-z]+|[\u4e00-\u9fff]{1,3}?)(?=\s*(?:and\s+)?\d|\s*$|\s*,)\s*(?:and\s+|,\s*)?"
)


def split_unit(text: str, *, with_letters: bool) -> tuple[str, list[Unit]]:
    """The value's text and the meanings of the unit behind it (or the currency sign before it); no unit gives an empty list.

    `with_letters` reads `3 m` as metres; without it, one letter is a variable. `3 kg 500 g` is one sum in kg; the same unit twice,
    or a greater one after a smaller, is two quantities.
    """
    text = text.strip()
    match = re.match(r"^(-?)\s*([$£€¥])\s*(?=[\d.(])", text)
    rated = re.match(r"^(-?)\s*([$£€¥])\s*([\d.,/]+)\s*(?:/|per|an?|every|each|for (?:1|an?|one|each))\s*([A-Za-z]+)$", text)
    rated = rated or re.match(r"^(-?)()([\d.,/]+)\s*([$£€¥])\s*/\s*([A-Za-z]+)$", text)
    if rated:
        sign = next(g for g in rated.groups() if g in _SIGNS)
        return rated[1] + rated[3], read_unit(f"{_SIGNS[sign]}/{rated[rated.lastindex or 4]}")
    if match and not text.endswith("$"):
        rest, units = split_unit(text[match.end() :], with_letters=False)
        return match[1] + rest, units or read_unit(_SIGNS[match[2]])
    tail = re.match(r"^(.*[\d)])\s*([$£€¥])$", text)
    if tail:
        return tail[1], read_unit(_SIGNS[tail[2]])
    pairs = list(_PAIR.finditer(text))
    if len(pairs) > 1 and "".join(m[0] for m in pairs) == text:
        summed = _sum(pairs)
        if summed is not None:
            return summed
    match = _TAIL.match(text)
    if match is None:
        return text, []
    name = match["unit"]
    if name[0] in LETTERS and len(re.sub(r"[\s\d^()-]", "", name)) == 1 and not with_letters:
        return text, []
    units = read_unit(name)
    return (match["value"].strip(), units) if units else (text, [])


def _sum(pairs: list[re.Match[str]]) -> tuple[str, list[Unit]] | None:
    read = [(m[1], read_unit(m[2])) for m in pairs]
    for first in read[0][1]:
        same = [next((u for u in units if u.dimension == first.dimension), None) for _, units in read]
        factors = [u.factor for u in same if u]
        is_falling = len(factors) == len(same) and all(a > b for a, b in pairwise(factors))
        if is_falling and first.dimension != (("count", 1),):
            value = sum((Fraction(n) * u.factor for (n, _), u in zip(read, same, strict=True) if u), Fraction(0)) / first.factor
            return f"{value.numerator}/{value.denominator}" if value.denominator != 1 else str(value.numerator), [first]
    return None
