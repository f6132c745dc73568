"""Keys that name several things: "median 4, mode 4", "l = 8 cm, w = 5 cm", 鸡 6 只，兔 4 只. Knows names, no values."""

import re
from collections.abc import Mapping
from functools import cache

from duologue.packs.education.maths.units import read_unit

_NAMES = """
l length 长 长度; w width breadth 宽 宽度; h height 高 高度; median 中位数; mode 众数; mean average 平均数 平均值; range 极差;
area 面积; perimeter 周长; volume 体积; maximum max 最大值 最大; minimum min 最小值 最小; radius 半径; diameter 直径;
circumference 圆周长;
lcm 最小公倍数; gcf hcf gcd 最大公因数 最大公约数; amplitude 振幅; period 周期; vertex 顶点; axis 对称轴; centre center
圆心; slope gradient 斜率;
intercept 截距; domain 定义域; surface 表面积"""
_BETWEEN = re.compile(r"^(?:is|are|=|:|：|＝|是|为|\s)+|[\s,，、;；.。]*(?:\band\b|\bthe\b|和|而|且|[\s,，、;；.。])*$")
_ALL_ALIKE = re.compile(r"(?:都是|都为|均为|是一样的|\bboth\b(?:\s+are|\s+equal)?|\bare both\b)\s*(?:=|:)?\s*")


@cache
def _meaning() -> dict[str, str]:
    rows = [row.split() for row in _NAMES.split(";")]
    return {name: row[0] for row in rows for name in row}


@cache
def _pattern() -> re.Pattern[str]:
    names = sorted(_meaning(), key=len, reverse=True)
    letters = "|".join(
        rf"(?<![A-Za-z]){n}(?=\s*[=:：＝])" if len(n) == 1 and n.isascii() else rf"\b{n}\b" if n.isascii() else n for n in names
    )
    return re.compile(rf"(?:\bthe\s+)?({letters})", re.IGNORECASE)


def _split(text: str) -> list[tuple[str, str]]:
    found = list(_pattern().finditer(text))
    ends = [*(m.start() for m in found[1:]), len(text)][: len(found)]
    return [(_meaning()[m[1].lower()], _BETWEEN.sub("", text[m.end() : end]).strip()) for m, end in zip(found, ends, strict=True)]


_HOW_MANY = r"(?P<v>[£$€¥￥]?[-−]?(?:\d[\d./]*|[零一二两三四五六七八九十百]+))"
_WHO = r"(?P<n>[\u4e00-\u9fff]{1,6}?|[A-Za-z]{3,}(?: [A-Za-z]{3,})??)"
_MEASURE = r"[只个条本支张人名位头棵辆件道题瓶杯次元角岁朵块枚盒箱袋篇座把台匹艘]"
_NAME_FIRST = re.compile(
    rf"(?:the\s+|there are\s+)?{_WHO}\s*(?:各?有|是|为|=|＝|:|：|is|are|has|have|gets?|got|pays?|分得|得到?|需要?|拿)?\s*"
    rf"{_HOW_MANY}\s*(?P<u>{_MEASURE}|[a-zA-Z]{{1,3}}[²³]?|°|%)?",
    re.IGNORECASE,
)
_NUMBER_ALONE = re.compile(rf"{_HOW_MANY}\s*(?:{_MEASURE}|[a-zA-Z]{{1,3}}[²³]?|°|%)?")
_NUMBER_FIRST = re.compile(rf"(?:there are\s+|有)?{_HOW_MANY}\s*(?P<u>{_MEASURE})?\s*{_WHO}", re.IGNORECASE)


def _free(text: str) -> dict[str, str]:
    """Names of the question's own with how many of each: 鸡6只，兔4只; "6 hens and 4 rabbits"; empty for anything else."""
    found: dict[str, str] = {}
    pieces = [p.strip(" .。") for p in re.split(r"[,，、;；]|\band\b|和(?=[\u4e00-\u9fff\d])", text) if p.strip(" .。")]
    for piece in pieces:
        match = _NAME_FIRST.fullmatch(piece) or _NUMBER_FIRST.fullmatch(piece)
        if not match or read_unit(match["n"]):
            return {}
        name = match["n"].casefold().rstrip("s") if match["n"].isascii() else match["n"]
        if name in found:
            return {}
        found[name] = f"{match['v']}{match['u'] or ''}"
    return found if len(found) > 1 else {}


def read_labels(key: str) -> dict[str, str]:
    """What the key says of each thing; empty where it does not name two or more."""
    if len(key) > 200:
        return {}
    parts = _split(key)
    if not parts and (free := _free(key)):
        return free
    names = [name for name, _ in parts]
    if len(parts) < 2 or len(set(names)) < len(names) or not all(re.search(r"\d", value) for _, value in parts):
        return {}
    first = _pattern().search(key)
    return dict(parts) if first and not key[: first.start()].strip() else {}


def split_labels(answer: str, labels: Mapping[str, str]) -> list[str]:
    """The answer's parts in the order of the key's labels, by their names, or as they stand where it has none.

    Empty where it has others.
    """
    if len(answer) > 400:
        return []
    text = answer.strip()
    if (alike := _ALL_ALIKE.search(text)) and re.search(r"\d", text[alike.end() :]):
        return [text[alike.end() :].strip(" .。")] * len(labels)
    is_free = not set(labels) <= set(_meaning().values())
    if is_free and (free := _free(text)):
        mine = [
            next((n for n in free if n == name), "") or next((n for n in free if n in name or name in n), "") for name in labels
        ]
        return [free[name] for name in mine] if len(set(mine) - {""}) == len(free) == len(labels) else []
    parts = _split(text)
    if parts:
        found = dict(parts)
        if len(found) != len(parts) or set(found) != set(labels) or not all(found.values()):
            return []
        return [found[name] for name in labels]
    pieces = [p.strip() for p in re.split(r"[,，、;；]|\band\b|和", text) if p.strip()]
    if is_free and not all(_NUMBER_ALONE.fullmatch(piece) for piece in pieces):
        return []
    return pieces if len(pieces) == len(labels) else []
